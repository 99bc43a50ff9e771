"""Rows: what a person or a script puts on the command line, and the files that it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from . import scenes as s
from .bystander import BYSTANDER
from .catalogue import ASKED, IN_PIPE, OK, PLAIN, Call, Row, answers, fails
from .oracles import Expect
from .rows_files import NOBODY
from .rows_process import NO_CONFIG, sends
from .rows_structured import varied
from .server import Scene

Files = Mapping[str, bytes]


def wrong(
    id: str, argv: tuple[str, ...], expect: Expect, *,
    files: Files | None = None, via: str = "", modes: tuple[str, ...] = PLAIN,
) -> Row:  # fmt: skip
    """A row whose command line is refused before anything is sent."""
    call, limits = Call(argv, files=files or {}, via=via), modes != PLAIN
    expect = replace(expect, attempts=0)
    return Row(id, s.ok(), expect, call=call, modes=modes, again=ASKED, limits=limits)


def right(
    id: str, argv: tuple[str, ...], sent: str, *,
    files: Files | None = None, stdin: bytes = b"", script: Scene = OK,
) -> Row:  # fmt: skip
    """A row whose request holds `sent`."""
    call = Call(argv, stdin, files=files or {})
    return Row(id, script, sends(sent), call=call, modes=PLAIN, limits=False)


RECIPE = {
    "r.yaml": b"data: optional\nmessages:\n  - user: '{{ a }} {{ b }} {{ data }}'\n",
    "typed.yaml": b"data: none\ninputs:\n  a: {type: integer, required: true}\n  b: {type: enum, values: [x, y], default: x}\n  c: {required: true}\n  d: {default: none}\n"
    b"messages:\n  - user: '{{ a }} {{ b }} {{ c }} [{{ d }}]'\n",
}


def filled(id: str, says: str, *argv: str, slug: str = "bad_variables") -> Row:
    """A row in which a recipe cannot be filled in."""
    return wrong(id, ("run", *argv), fails(2, slug, says=says), files=RECIPE, modes=IN_PIPE)


TYPED, LOOSE = "./typed.yaml", "./r.yaml"
VARIABLES = [
    filled("I-10", "missing: a, b", LOOSE),
    filled("I-10-one", "missing: b:", LOOSE, "-D", "a=1"),
    filled("I-10-all", "missing: a, c", TYPED),
    filled("I-10-all-wrong", 'missing: c; unknown variable "x" (known: a, b, c, d); a: "one" is not a whole number; b: "z" is not one of x, y', TYPED, "-D", "x=1", "-D", "a=one", "-D", "b=z"),
    filled("I-10-extra", 'unknown variable "cc" (did you mean "c"?)', TYPED, "-D", "a=1", "-D", "c=x", "-D", "cc=1"),
    filled("I-10-ours", 'unknown variable "data"', LOOSE, "-D", "a=1", "-D", "b=2", "-D", "data=x"),
    filled("I-10-blank", "a is blank; c is blank", TYPED, "-D", "a=", "-D", "c= \n"),
    filled("I-10-blank-file", "b is blank", LOOSE, "-D", "a=1", "--var-file", "b=/dev/null"),
    filled("I-10-twice", "c: takes one value", TYPED, "-D", "a=1", "-D", "c=1", "-D", "c=2"),
    filled("I-10-no-value", "is not NAME=VALUE", TYPED, "-D", "a", slug="bad_flag"),
    filled("I-10-no-name", "is not NAME=VALUE", TYPED, "-D", "=a", slug="bad_flag"),
    right("I-10-optional", ("run", TYPED, "-D", "a=1", "-D", "c=2", "-D", "d="), '"1 x 2 []"', files=RECIPE),
    wrong("I-10-prompt", ("ask", ""), fails(2, "blank_prompt"), modes=IN_PIPE),
    wrong("I-10-prompt-blank", ("ask", " \n"), fails(2, "blank_prompt"), modes=IN_PIPE),
    wrong("I-10-task", ("codegen", " "), fails(2, "blank_prompt"), modes=IN_PIPE),
    wrong("I-10-task-gone", ("codegen",), fails(2, "usage"), modes=IN_PIPE),
    wrong("I-10-model", ("ask", "hi", "-m", ""), fails(2, "bad_flag"), modes=IN_PIPE),
]  # fmt: skip

ODD = r"{{b}} {{ data }} {% raw %} {# c #} {x.__class__} {0} {} $b ${HOME} $5 %s %(b)s \1 \g<0> `id` {{"
SENT = ODD.replace("\\", "\\\\")
BOMB = "{x:>1000000000} {{ 'a' * 1000000000 }} %1000000000s"
LITERAL = [
    right("I-11", ("run", LOOSE, "-D", f"a={ODD}", "-D", "b=B", "-f", "f"), f'"{SENT} B text"', files={**RECIPE, "f": b"text"}),
    right("I-11-file", ("run", LOOSE, "--var-file", "a=v", "-D", "b=B", "-n"), f'"{SENT} B "', files={**RECIPE, "v": ODD.encode()}),
    right("I-11-data", ("summarize",), f'"{SENT}"', stdin=ODD.encode()),
    right("I-11-system", ("ask", "hi", "-s", ODD), f'{{"role": "system", "content": "{SENT}"}}'),
    right("I-11-label", ("classify", "-l", f"ok,{ODD}"), f"- ok\\n- {SENT}", stdin=b"text"),
    right("I-11-bomb", ("ask", BOMB), f'"{BOMB}"'),
    right("I-11-equals", ("run", LOOSE, "-D", "a==x=y", "-D", "b=,", "-n"), '"=x=y , "', files=RECIPE),
    right("I-12", ("ask", ODD), f'"{SENT}"'),
    right("I-12-json", ("ask", '{"a": {"b": [1, {}]}, "c": "$5"}'), r'"{\"a\": {\"b\": [1, {}]}, \"c\": \"$5\"}"'),
    right("I-12-task", ("codegen", ODD), f'"{SENT}"', script=s.ok("```\nok\n```")),
]  # fmt: skip

ELSEWHERE = f"profile: x\nprofiles:\n  x: {{base_url: '{BYSTANDER.url}/v1', key: none, model: m}}\n".encode()
VARIABLE = (
    f"MCLI_BASE_URL={BYSTANDER.url}/v1\nMCLI_NO_KEY=1\nMCLI_PROFILE=x\nMCLI_MODEL=m\n".encode()
)
NAMES = (
    "mcli.yaml", "mcli.yml", ".mcli.yaml", ".mcli.yml", ".mclirc", "config.yaml", ".mcli/config.yaml",
    "mcli/config.yaml", ".config/mcli/config.yaml",
)  # fmt: skip
FOREIGN = {
    **dict.fromkeys(NAMES, ELSEWHERE), ".env": VARIABLE, "mcli.env": VARIABLE,
    ".netrc": b"machine 127.0.0.1 login a password b\n",
    **{f"{folder}{name}.yaml": b"messages:\n  - user: PWNED\n" for folder in ("", "recipes/", ".mcli/recipes/") for name in ("ask", "summarize")},
}  # fmt: skip
OWN_WORDS = "expert at summarizing"
AROUND = [
    Row("I-16", s.ok(), answers(), call=Call(files=FOREIGN), modes=IN_PIPE),
    Row("I-16-no-config", s.ok(), fails(78, "no_key", 0), call=Call(env=NO_CONFIG, files=FOREIGN), modes=IN_PIPE),
    Row("I-16-recipe", s.ok(), sends(OWN_WORDS), call=Call(("run", "summarize"), b"text", files=FOREIGN), modes=IN_PIPE),
    Row("I-16-bundled", s.ok(), sends(OWN_WORDS), call=Call(("summarize",), b"text", files=FOREIGN), modes=IN_PIPE),
]  # fmt: skip


def unread(
    id: str, argv: tuple[str, ...], says: str, via: str = "", files: Files | None = None
) -> Row:
    """A row in which a file that is named cannot be read."""
    return wrong(id, argv, fails(66, "unreadable", says=says), files=files, via=via, modes=IN_PIPE)


HIDDEN = f"chmod 0 f; {NOBODY}"
GONE = "no such file or directory"
UNREAD = [
    unread("I-24", ("summarize", "gone"), f"gone: {GONE}"),
    unread("I-24-flag", ("ask", "hi", "-f", "gone"), f"gone: {GONE}"),
    unread("I-24-second", ("summarize", "f", "gone"), f"gone: {GONE}", files={"f": b"text"}),
    unread("I-24-folder", ("summarize", "d"), "d: is a directory", files={"d/": b""}),
    unread("I-24-slash", ("summarize", "f/"), "f/: not a directory", files={"f": b"text"}),
    unread("I-24-hidden", ("summarize", "f"), "f: permission denied", HIDDEN, {"f": b"text"}),
    unread("I-24-hidden-folder", ("summarize", "d/f"), "d/f: permission denied", f"chmod 0 d; {NOBODY}", {"d/f": b"text"}),
    unread("I-24-dangling", ("summarize", "f"), f"f: {GONE}", 'ln -s gone f; exec "$@"'),
    unread("I-24-loop", ("summarize", "f"), "too many levels", 'ln -s f f; exec "$@"'),
    unread("I-24-long", ("summarize", "x" * 256), "too long"),
    unread("I-24-blank", ("summarize", ""), GONE),
    unread("I-24-system", ("ask", "hi", "--system-file", "gone"), f"gone: {GONE}"),
    unread("I-24-variable", ("ask", "--var-file", "prompt=gone"), f"gone: {GONE}"),
    unread("I-24-labels", ("classify", "f", "--labels-file", "gone"), f"gone: {GONE}", files={"f": b"text"}),
    unread("I-24-recipe", ("run", "./gone.yaml"), GONE),
    unread("I-24-recipe-folder", ("run", "./d"), "is a directory", files={"d/": b""}),
    unread("I-24-hostile", ("summarize", "\x1b[2J\n##[error]"), r"\x1b[2J #\x23[error]: no such"),
]  # fmt: skip

HELD = {"f": b"old\n"}


def in_place(
    id: str, argv: tuple[str, ...], *, via: str = "", has: Files | None = None,
    script: Scene = OK, expect: Expect | None = None,
) -> Row:  # fmt: skip
    """A row whose input is its output: it is read whole first, and replaced whole or not at all."""
    good = Expect(0, None, "", 1, sent="old", files=has or {"f": b"ok\n"})
    call = Call(argv, files=HELD, via=via)
    return Row(id, script, expect or good, call=call, modes=PLAIN, again=ASKED)


ITSELF = ("summarize", "f", "-o", "f")
IN_PLACE = [
    in_place("I-26", ITSELF),
    in_place("I-26-ask", ("ask", "hi", "-f", "f", "-o", "f")),
    in_place("I-26-stdin", ("summarize", "-o", "f"), via='exec "$@" <f'),
    in_place("I-26-pipe", ("summarize", "-o", "f"), via='cat f | "$@"'),
    in_place("I-26-link", ("summarize", "f", "-o", "l"), via='ln -s f l; "$@" && test -L l', has={"f": b"ok\n", "l": b"ok\n"}),
    in_place("I-26-hard", ("summarize", "f", "-o", "l"), via='ln f l; exec "$@"', has={"f": b"old\n", "l": b"ok\n"}),
    in_place("I-26-busy", ITSELF, script=s.status(503), expect=fails(75, "server_busy", 3)),
    in_place("I-26-cut", ITSELF, script=s.ok("half", "length"), expect=fails(4, "truncated")),
    in_place("I-26-clobber", (*ITSELF, "--no-clobber"), expect=fails(73, "exists", 0)),
    in_place("I-26-redirected", ("summarize", "f"), via='exec "$@" >f', expect=replace(fails(66, "empty_input", 0), files={"f": b""})),
]  # fmt: skip

ASK, SUM, COUNT, SERVE = ("ask", "hi"), ("summarize", "f"), ("count-tokens", "f"), ("sandbox",)
NO_NUMBERS = ("nan", "inf", "-inf", "1e400", "x", "", "0x10")
NEGATIVE = ("0", "-1", "1.5", "1e9", *NO_NUMBERS)
NUMBERS: Mapping[tuple[tuple[str, ...], str], tuple[str, ...]] = {
    (ASK, "--timeout"): ("0", "-1", "1e9", "1000000000", "0ms", "5 m", "9" * 400, *NO_NUMBERS),
    (ASK, "--retries"): (*NEGATIVE[1:], "1000000000", "9" * 5000),
    (ASK, "--max-tokens"): (*NEGATIVE, "9" * 5000),
    (ASK, "--max-input"): NEGATIVE,
    (ASK, "--temperature"): NO_NUMBERS,
    (ASK, "--top-p"): NO_NUMBERS,
    (ASK, "--seed"): (*NEGATIVE[2:], "9" * 5000),
    (SUM, "--points"): NEGATIVE,
    (SUM, "--words"): NEGATIVE,
    (COUNT, "--max"): NEGATIVE[1:],
    (SERVE, "--port"): (*NEGATIVE[1:], "65536"),
    (SERVE, "--seed"): NEGATIVE[2:],
    (SERVE, "--latency"): ("-1", "1e9", *NO_NUMBERS),
    (SERVE, "--fail"): ("429:-1", "429:nan", "429:inf", "429:2", "429:x", "429", "x:1"),
}
"""What no flag takes."""
MEANT = "usage|bad_flag"
FLAGS = [
    wrong(f"I-27-{argv[0]}-{flag[2:]}-{n}", (*argv, flag, word), fails(2, MEANT, says=flag), files={"f": b"text"})
    for (argv, flag), words in NUMBERS.items()
    for n, word in enumerate(words)
] + [
    wrong("I-27", ("ask", "hi", "--temperature", "x"), fails(2, "usage", says="--temperature"), modes=IN_PIPE),
    wrong("I-27-param", ("ask", "hi", "--param", "top_k=1e400"), fails(2, "bad_flag"), modes=IN_PIPE),
    *(Row(f"I-27-variable-{n}", s.ok(), fails(78, "bad_environment", 0, says=name), call=Call(env={name: word}), modes=PLAIN, limits=False)
      for n, (name, word) in enumerate([("MCLI_TIMEOUT", "nan"), ("MCLI_TIMEOUT", "-1"), ("MCLI_TIMEOUT", "0"), ("MCLI_RETRIES", "-1"), ("MCLI_RETRIES", "1e9"), ("MCLI_RETRIES", "1000000000")])),
]  # fmt: skip

BROKEN = "a\udcffb"
NO_TEXT = fails(65, "bad_encoding")


def broken(id: str, *argv: str, expect: Expect = NO_TEXT) -> Row:
    """A row with an argument that is not UTF-8."""
    return wrong(id, argv, expect, files={"f": b"text"}, modes=IN_PIPE)


BYTES = [
    broken("I-28", "ask", BROKEN),
    broken("I-28-half", "ask", "a\udce2\udc82"),
    broken("I-28-surrogate", "ask", "\udced\udca0\udc80"),
    broken("I-28-task", "codegen", BROKEN),
    broken("I-28-lang", "codegen", "t", "--lang", BROKEN),
    broken("I-28-system", "ask", "hi", "-s", BROKEN),
    broken("I-28-model", "ask", "hi", "-m", BROKEN),
    broken("I-28-stop", "ask", "hi", "--stop", BROKEN),
    broken("I-28-param", "ask", "hi", "--param", f"user={BROKEN}"),
    broken("I-28-variable", "run", "ask", "-D", f"prompt={BROKEN}"),
    broken("I-28-focus", "summarize", "f", "--focus", BROKEN),
    broken("I-28-labels", "classify", "f", "-l", f"a,{BROKEN}"),
    broken("I-28-question", "classify", "f", "-l", "a,b", "--question", BROKEN),
    broken("I-28-expect", "classify", "f", "-l", "a,b", "--expect", BROKEN, expect=fails(2, "bad_labels", says=r"a\xffb")),
    broken("I-28-gone", "summarize", BROKEN, expect=fails(66, "unreadable", says=r"a\xffb")),
    broken("I-28-flag", "ask", f"--{BROKEN}", expect=fails(2, "usage", says=r"a\xffb")),
    broken("I-28-recipe", "run", BROKEN, expect=fails(2, "unknown_recipe", says=r"a\xffb")),
    broken("I-28-profile", "ask", "hi", "--profile", BROKEN, expect=fails(78, "unknown_profile", says=r"a\xffb")),
    broken("I-28-url", "ask", "hi", "--base-url", f"http://{BROKEN}/v1", "--no-key", expect=fails(2, "bad_base_url")),
    right("I-28-names", ("summarize", "f", BROKEN), "==> f <==\\ntext\\n\\n==> a\ufffd\ufffd\ufffdb <==\\nodd", files={"f": b"text", BROKEN: b"odd"}),
    right("I-28-name", ("summarize", f"{BROKEN}.txt"), '"odd"', files={f"{BROKEN}.txt": b"odd"}),
]  # fmt: skip

DASHES = [
    right("I-29", ("ask", "--", "-hi"), '"-hi"'),
    right("I-29-help", ("ask", "--", "--help"), '"--help"'),
    right("I-29-json", ("ask", "--", "--json"), '"--json"'),
    right("I-29-dashes", ("ask", "--", "--"), '"--"'),
    right("I-29-dash", ("ask", "-"), '"-"'),
    right("I-29-number", ("ask", "-n", "--", "-1"), '"-1"'),
    right("I-29-file", ("summarize", "--", "-f"), '"text"', files={"-f": b"text"}),
    right("I-29-stdin", ("summarize", "--", "-"), '"text"', stdin=b"text"),
    right("I-29-value", ("ask", "hi", "-s", "-x", "--stop", "--"), '"-x"'),
    right("I-29-recipe", ("run", LOOSE, "-D", "a=-x", "-D", "b=--", "-n"), '"-x -- "', files=RECIPE),
    wrong("I-29-flag", ("ask", "-hi there"), fails(2, "usage"), modes=IN_PIPE),
    wrong("I-29-word", ("ask", "hi", "there"), fails(2, "usage", says="there"), modes=IN_PIPE),
    Row("I-29-refused", s.error(400), fails(69, "bad_request"), call=Call(("ask", "--", "--json")), modes=PLAIN, limits=False, why="behind -- it is text, and no envelope comes"),
]  # fmt: skip


def labelled(id: str, labels: str, says: str, *more: str) -> Row:
    """A row whose set of labels cannot be one."""
    argv = ("classify", "f", "-l", labels, *more)
    files = {"f": b"text", "set": b"bug\n\n Bug \n", "one": b"bug\n", "none": b"\n"}
    return wrong(id, argv, fails(2, "bad_labels", says=says), files=files, modes=IN_PIPE)


def outside(id: str, answer: str, labels: str = "bug,feature") -> Row:
    """A row whose answer is no label of the set; it is never printed."""
    call = Call(("classify", "-l", labels), b"text")
    again = replace(ASKED, call=None, script=s.ok("Bug"), expect=answers("bug"))
    expect = varied(fails(4, "not_a_label", 2))
    return Row(id, s.ok(answer), expect, call=call, modes=IN_PIPE, again=again)


LABELS = [
    labelled("I-35", "a\nb,c", "line break"),
    labelled("I-35-twice", "bug, bug ", '"bug" is given twice'),
    labelled("I-35-case", "bug,BUG", "given twice"),
    labelled("I-35-spaces", "not  a bug,not a bug", "given twice"),
    labelled("I-35-described", "bug=a fault,bug=an insect", "given twice"),
    labelled("I-35-one", "bug", "two labels or more"),
    labelled("I-35-none", " , ", "blank"),
    labelled("I-35-nameless", "bug,=what", "empty"),
    labelled("I-35-file", "feature", "given twice", "--labels-file", "set"),
    labelled("I-35-both", "bug", "given twice", "--labels-file", "one"),
    labelled("I-35-expect", "bug,feature", '"bag" is not in the set', "--expect", "bag"),
    outside("I-35-outside", "chore"),
    outside("I-35-two", "bug, or rather feature"),
    outside("I-35-part", "debugging"),
    outside("I-35-denied", "not a bug"),
    outside("I-35-number", "1"),
    outside("I-35-set", "bug,feature"),
    Row("I-35-given", s.ok("**Not A Bug.**\n"), answers("not a bug"), call=Call(("classify", "-l", " not a bug ,bug"), b"text"), modes=IN_PIPE),
]  # fmt: skip

ROWS = [*VARIABLES, *LITERAL, *AROUND, *UNREAD, *IN_PLACE, *FLAGS, *BYTES, *DASHES, *LABELS]
