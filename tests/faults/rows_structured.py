"""Rows: answers that were to be JSON: what does not fit is asked for again, and is never exit 0."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from . import scenes as s
from .catalogue import IN_PIPE, PLAIN, Again, Call, Row, answers, fails
from .oracles import Expect
from .server import Reply, Scene, Seen

SCHEMA = b'{"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}'
GOOD, BAD = '{"n": 7}', '{"n": "seven"}'
LIKE = Call(("ask", "hi", "--schema", "s.json"), files={"s.json": SCHEMA})
ONCE = replace(LIKE, argv=(*LIKE.argv, "--repair", "0"))
FIELD = replace(LIKE, argv=(*LIKE.argv, "--get", ".n"))
ANY = Call(("ask", "hi", "--get", ".n"))
AGAIN = Again(LIKE, s.ok(GOOD), answers(GOOD))
WELL = Again(FIELD, s.ok(GOOD), answers("7"))


def takes(*ways: str) -> Scene:
    """A server that knows only these types of `response_format` ("none": a request without)."""

    def reply(seen: Seen) -> Reply:
        asked: dict[str, Any] = seen.fields.get("response_format") or {"type": "none"}
        told = json.dumps(seen.fields["messages"])
        if asked["type"] not in ways:
            return s.error(400, message=f"response_format {asked['type']} is not supported")
        if asked["type"] != "json_schema" and not ("JSON" in told and "integer" in told):
            return s.error(400, message="'messages' must contain the schema")
        return s.as_json(s.completion(GOOD))

    return reply


def mends(first: str, *words: str) -> Scene:
    """Answers `first`, and rightly when it is told what was wrong with that, in these words."""

    def reply(seen: Seen) -> Reply:
        turns = seen.fields["messages"]
        if turns[-2]["role"] != "assistant":
            return s.as_json(s.completion(first))
        told = turns[-2]["content"] == first and all(word in turns[-1]["content"] for word in words)
        return s.as_json(s.completion(GOOD if told else "the error was not told"))

    return reply


def varied(expect: Expect) -> Expect:
    """The same end after requests that differ."""
    return replace(expect, alike=False)


def warned(attempts: int, *warnings: str) -> Expect:
    return varied(replace(answers(GOOD, attempts), told={"warnings": list(warnings)}))


BY_OBJECT = "JSON asked for by json_object: the server refuses json_schema"
BY_PROMPT = "JSON asked for by prompt: the server refuses json_object"
SAID = "asked again: the answer is not JSON"
UNFIT = varied(fails(4, "schema_mismatch", 2, says=".n"))

# fmt: off
ROWS = [
    Row("O-15", s.ok(GOOD), answers(GOOD), call=LIKE, again=None),
    Row("O-15-get", s.ok(GOOD), answers("7"), call=FIELD, again=None),
    Row("O-15-any", s.ok(GOOD), answers("7"), call=ANY, again=None, modes=IN_PIPE),
    Row("O-15-fence", s.ok(f"```json\n{GOOD}\n```"), answers(GOOD), call=LIKE, again=None, modes=IN_PIPE),
    Row("O-15-think", s.ok(f"<think>{BAD}</think>\n{GOOD}"), answers(GOOD), call=LIKE, again=None, modes=IN_PIPE),
    Row("O-15-prose", s.ok(f"Here you are: {GOOD}"), answers(GOOD), call=LIKE, again=None, modes=IN_PIPE),
    Row("O-15-unfit", s.ok(BAD), UNFIT, call=LIKE, again=AGAIN),
    Row("O-15-once", s.ok(BAD), fails(4, "schema_mismatch", says=".n"), call=ONCE, again=AGAIN, modes=IN_PIPE),
    Row("O-15-words", s.ok("I cannot say"), varied(fails(4, "not_json", 2)), call=LIKE, again=AGAIN, modes=IN_PIPE),
    Row("O-15-two", s.ok(f"{GOOD} {GOOD}"), varied(fails(4, "not_json", 2)), call=LIKE, again=AGAIN, modes=IN_PIPE, why="which is meant is not ours to choose"),
    Row("O-15-nan", s.ok('{"n": NaN}'), varied(fails(4, "not_json", 2)), call=LIKE, again=AGAIN, modes=IN_PIPE),
    Row("O-15-deep", s.ok("[" * 100_000), varied(fails(4, "not_json", 2)), call=ANY, again=WELL, modes=IN_PIPE),
    Row("O-15-digits", s.ok('{"n": ' + "9" * 5000 + "}"), varied(fails(4, "not_json", 2)), call=ANY, again=WELL, modes=IN_PIPE),
    Row("O-15-missing", s.ok('{"m": 1}'), varied(fails(4, "missing_field", 2, says=".n")), call=ANY, again=WELL, modes=IN_PIPE),
    Row("O-15-cut", s.ok(GOOD[:4], "length"), fails(4, "truncated"), call=LIKE, again=AGAIN, modes=IN_PIPE, why="what was cut is not mended by asking the same again"),
    Row("O-15-refused", s.as_json(s.completion(None, refusal="no")), fails(4, "refusal"), call=LIKE, again=AGAIN, modes=IN_PIPE),
    Row("O-15-mended", mends(BAD, ".n", "integer"), warned(2, 'asked again: the answer does not fit its schema: .n: "seven" is not of type "integer"'), call=LIKE, again=None, modes=IN_PIPE),
    Row("O-15-told", mends("seven", "JSON", "integer"), warned(2, SAID), call=LIKE, again=None, modes=IN_PIPE, why="a server that silently ignores the form is told the schema"),
    Row("O-15-object", takes("json_object", "none"), warned(2, BY_OBJECT), call=LIKE, again=None, modes=IN_PIPE),
    Row("O-15-prompt", takes("none"), warned(3, BY_OBJECT, BY_PROMPT), call=LIKE, again=None, modes=IN_PIPE),
    Row("O-15-nowhere", takes(), varied(fails(69, "bad_request", 3)), call=LIKE, again=AGAIN, modes=IN_PIPE),
    Row("O-15-fails", [s.ok(BAD), s.error(401)], varied(fails(77, "auth", 2)), call=LIKE, again=AGAIN, modes=IN_PIPE, why="what the first answer cost is counted"),
    Row("O-15-schema", s.ok(GOOD), fails(78, "bad_schema", 0), call=replace(LIKE, files={"s.json": b'{"type": "nonsense"}'}), again=AGAIN, modes=PLAIN),
    Row("O-15-no-schema", s.ok(GOOD), fails(66, "unreadable", 0), call=replace(LIKE, files={}), again=AGAIN, modes=PLAIN),
    Row("O-15-fetch", s.ok(GOOD), fails(78, "bad_schema", 0, says="not fetched"), call=replace(LIKE, files={"s.json": b'{"$ref": "@URL@/schema"}'}), again=AGAIN, modes=PLAIN),
    Row("O-15-path", s.ok(GOOD), fails(2, "bad_flag", 0), call=replace(ANY, argv=("ask", "hi", "--get", ".a[")), again=WELL, modes=PLAIN),
]
# fmt: on
