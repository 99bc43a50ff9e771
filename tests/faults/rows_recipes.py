"""Rows: recipes that are wrong or hostile: 78 with their place, at once, and nothing is sent."""

from __future__ import annotations

from dataclasses import replace

from . import scenes as s
from .catalogue import PLAIN, Again, Call, Row, answers, fails
from .oracles import Expect

GOOD = b'messages: [{user: "{{ data }}"}]\n'
RUN = Call(("run", "./r.yaml"), b"hi", files={"r.yaml": GOOD})
FINE = Again(RUN)


def refused(id: str, recipe: bytes | str, says: str, slug: str = "bad_document") -> Row:
    """A recipe that is refused in these words before anything is sent."""
    raw = recipe if isinstance(recipe, bytes) else recipe.encode()
    call = replace(RUN, files={"r.yaml": raw})
    return Row(id, s.ok(), fails(78, slug, 0, says=says), call=call, modes=PLAIN, again=FINE)


def beside(id: str, says: str, via: str = "", **files: bytes) -> Row:
    """The same where further files, named without their ending, stand beside the recipe."""
    found = {f"{name}.yaml": raw for name, raw in files.items()}
    call = replace(RUN, files=found, via=via)
    expect = Expect(78, "bad_document", "", 0, says=(says,) if says else ())
    return Row(id, s.ok(), expect, call=call, modes=PLAIN, again=FINE)


def asks(id: str, recipe: bytes, sent: str) -> Row:
    """A recipe that is odd and right: what it asks stands in the request."""
    call = replace(RUN, files={"r.yaml": recipe})
    return Row(id, s.ok(), replace(answers(), sent=sent), call=call, modes=PLAIN, again=None)


ALIASES = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGES = "a: &a {x: 1}\n" + "".join(f"m{n}: {{<<: *a}}\n" for n in range(9))
DOUBLING = "{% for a in x %}" * 17 + "y" + "{% endfor %}" * 17
FAN = "{" + ", ".join(
    f'a{n}: {{allOf: [{{$ref: "#/$defs/a{n + 1}"}}, {{$ref: "#/$defs/a{n + 1}"}}]}}'
    for n in range(40)
) + ", a40: {type: string}}"  # fmt: skip
BOMB = f'output: {{kind: json, schema: {{$defs: {FAN}, $ref: "#/$defs/a0"}}}}\n'.encode() + GOOD
CHAIN = {f"r{n}": f"extends: ./r{n + 1}.yaml\n".encode() for n in range(1, 13)}
FROM_1 = {"r": b"extends: ./r1.yaml\n"}
LINK = 'ln -s /etc/passwd out.yaml; "$@"; code=$?; rm out.yaml; exit $code'
PIPE = 'mkfifo out.yaml; "$@"; code=$?; rm out.yaml; exit $code'
ZERO = 'ln -s /dev/zero r.yaml; "$@"; code=$?; rm r.yaml; exit $code'

# fmt: off
ROWS = [
    refused("I-01", "messages: [\n", "r.yaml:2:1: "),
    refused("I-01-tab", "messages:\n\t- user: x\n", "r.yaml:2:1: "),
    refused("I-01-nul", "messages: x\0\n", "r.yaml:1:12: the character U+0000"),
    refused("I-01-latin", b"description: caf\xe9\n" + GOOD, "r.yaml: not UTF-8 at byte 16"),
    refused("I-01-utf16", GOOD.decode().encode("utf-16"), "r.yaml: not UTF-8 at byte 0"),
    refused("I-02", b"tempreature: 0\n" + GOOD, 'r.yaml:1:1: unknown key "tempreature"'),
    refused("I-02-near", b"parms: {}\n" + GOOD, 'did you mean "params"?'),
    refused("I-02-test", b"tests: [{expct: {label: x}}]\n" + GOOD, 'did you mean "expect"?'),
    refused("I-03", b"params: {max_tokens: many}\n" + GOOD, "expected a whole number"),
    refused("I-03-boolean", b"inputs: {a: {required: no}}\n" + GOOD, "expected true or false"),
    refused("I-03-binary", b"description: !!binary aGk=\n" + GOOD, "tags are not allowed"),
    refused("I-03-set", b"inputs: !!set {a}\n" + GOOD, "tags are not allowed"),
    asks("I-03-words", b"inputs: {a: {default: no}, b: {default: 1:30}, c: {default: 2024-01-01}}\nmessages: [{user: '{{ a }} {{ b }} {{ c }} {{ data }}'}]\n", "no 1:30 2024-01-01 hi"),
    refused("I-04", b"data: none\ndata: required\n" + GOOD, 'r.yaml:2:1: the key "data" stands twice'),
    refused("I-05", ALIASES, "anchors and aliases are not allowed"),
    refused("I-05-self", "messages: &a [*a]\n", "anchors and aliases are not allowed"),
    refused("I-05-merge", MERGES, "anchors and aliases are not allowed"),
    refused("I-06", "messages: " + "[" * 100_000, "nest"),
    refused("I-06-map", "messages: " + "{a: " * 100_000, "nest"),
    refused("I-06-wide", "messages: [" + "x, " * 200_000 + "x]\n", "nested too deep or too large"),
    refused("I-06-digits", b"params: {seed: " + b"9" * 100_000 + b"}\n" + GOOD, "expected a"),
    refused("I-06-loops", "messages: [{user: '" + DOUBLING + "'}]\n", "nested too deep", "bad_template"),
    refused("I-06-schema", BOMB, "its references multiply", "bad_schema"),
    refused("I-06-pattern", b"output: {kind: json, schema: {pattern: '(a'}}\n" + GOOD, "not a JSON Schema", "bad_schema"),
    refused("I-07", b'description: !!python/object/apply:os.system ["touch pwned"]\n' + GOOD, "tags are not allowed"),
    refused("I-08", b"", "the file is empty"),
    refused("I-08-comment", b"# nothing\n", "the file is empty"),
    refused("I-08-scalar", b"hello\n", "expected a mapping"),
    refused("I-08-list", b"- user: x\n", "expected a mapping"),
    refused("I-08-two", GOOD + b"---\n" + GOOD, "more than one document"),
    refused("I-09", b"#" * (1 << 20) + b"\n" + GOOD, "larger than 1 MiB"),
    beside("I-09-endless", "larger than 1 MiB", ZERO),
    beside("I-13", "extends in a circle: r.yaml → s.yaml → r.yaml", r=b"extends: ./s.yaml\n", s=b"extends: ./r.yaml\n"),
    beside("I-13-self", "extends in a circle", r=b"extends: ./r.yaml\n"),
    beside("I-13-deep", "more than 10 levels", **FROM_1, **CHAIN),
    beside("I-13-missing", 'extends the recipe "none.yaml"', r=b"extends: ./none.yaml\n"),
    beside("I-13-name", 'did you mean "summarize"?', r=b"extends: sumarize\n"),
    beside("I-14", "is not below the directory", r=b"extends: ../r.yaml\n"),
    beside("I-14-absolute", "is not below the directory", r=b"extends: /etc/passwd.yaml\n"),
    beside("I-14-proc", "is not below the directory", r=b"extends: /proc/self/environ.yml\n"),
    beside("I-14-link", "is not below the directory", LINK, r=b"extends: ./out.yaml\n"),
    beside("I-14-fifo", "is not a regular file", PIPE, r=b"extends: ./out.yaml\n"),
    *(refused(f"I-15-{key}", f"{key}: x\n".encode() + GOOD, f'unknown key "{key}"') for key in ("base_url", "api_key", "headers", "proxy", "output_file")),
    refused("I-15-params", b"params: {stream: true}\n" + GOOD, '"stream" cannot be set in params'),
    refused("I-15-file", b"inputs: {a: {type: file, default: /etc/passwd}}\n" + GOOD, "cannot have a default"),
]
# fmt: on
