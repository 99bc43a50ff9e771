"""CORE: a `.prompt.yml`, the format of GitHub Models, read strictly as the recipe that it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, cast

from mcli import params, placeholders, schema, strict
from mcli.cases import Case, Expected, Words
from mcli.chat import Role
from mcli.errors import ConfigFailure
from mcli.recipe import MOST_TURNS, Output, Recipe, Room, Turn, names
from mcli.strict import Complaints, Node
from mcli.variables import Input

T = TypeVar("T")
D = TypeVar("D")

KEYS = (
    "name", "description", "model", "modelParameters", "responseFormat", "jsonSchema", "messages",
    "testData", "evaluators",
)  # fmt: skip
_CAMELS = {
    "maxTokens": "max_tokens",
    "maxCompletionTokens": "max_completion_tokens",
    "topP": "top_p",
    "frequencyPenalty": "frequency_penalty",
    "presencePenalty": "presence_penalty",
}
PARAMETERS = {
    **{name: name for name in ("temperature", "stop", "seed", *_CAMELS.values())},
    **_CAMELS,
}
"""What the request calls a parameter; many files write the request's own names."""

FORMATS = ("text", "json_object", "json_schema")
ROLES = ("system", "user", "assistant")
STRINGS = ("equals", "contains", "startsWith", "endsWith")
_MOST_COMPARISONS = 100_000
"""Tests times evaluators, each with texts of its own."""
ENDINGS = (".prompt.yml", ".prompt.yaml")

Judge = tuple[str, dict[str, str]]
"""An evaluator: its name, and the texts it compares with; none if it takes a model to judge."""


def read(root: Node, name: str, complaints: Complaints = strict.STRICT) -> Recipe:
    """The recipe that the document in `root` is. Raises ConfigFailure as for a recipe."""
    fields = strict.mapping(root, KEYS, complaints)

    def part(key: str, read: Callable[[Node], T], absent: D) -> T | D:
        return complaints.spare(lambda: strict.optional(fields, key, read, absent), absent)

    if "messages" not in fields:
        complaints.add(strict.complaint(root, "a prompt needs messages"))
    turns = part("messages", lambda n: _turns(n, complaints), ())
    used = names(turns)
    others = {*used} - {placeholders.DATA}
    judges = part("evaluators", lambda n: complaints.each(strict.items(n), _judge), list[Judge]())
    title = part("name", strict.text, "")
    return Recipe(
        name=name,
        turns=turns,
        description=part("description", strict.text, "") or title,
        model=part("model", strict.text, "").strip() or None,
        params=part("modelParameters", lambda n: _params(n, complaints), dict[str, Any]()),
        inputs={word: Input(required=True) for word in sorted(others)},
        data="required" if placeholders.DATA in used else "none",
        output=complaints.spare(lambda: _output(fields), Output()),
        tests=part("testData", lambda n: _cases(n, others, judges, complaints), ()),
    )


def _turns(node: Node, complaints: Complaints) -> tuple[Turn, ...]:
    nodes = strict.items(node, MOST_TURNS)
    turns = complaints.each(nodes, _turn)
    if len(turns) == len(nodes) and not any(turn.role == "user" for turn in turns):
        turns.append(Turn("user", f"{{{{{placeholders.DATA}}}}}", node.place, plain=True))
    return tuple(turns)


def _turn(node: Node) -> Turn:
    fields = strict.mapping(node, ("role", "content"))
    for key in ("role", "content"):
        if key not in fields:
            raise strict.complaint(node, f"a message needs its {key}")
    role, content = fields["role"], fields["content"]
    written = Node(strict.text(role).lower(), role.place)
    return Turn(
        cast(Role, strict.choice(written, ROLES)), strict.text(content), content.place, plain=True
    )


def _params(node: Node, complaints: Complaints) -> dict[str, Any]:
    fields = strict.mapping(node, PARAMETERS, complaints)
    told: dict[str, Any] = {}
    for name, node in fields.items():
        field = PARAMETERS.get(name, "")
        if field in told:
            complaints.add(strict.complaint(node, f'"{field}" stands twice'))
        elif field:
            told[field] = complaints.spare(partial(params.read, field, node), None)
    return told


def _output(fields: dict[str, Node]) -> Output:
    way = strict.optional(fields, "responseFormat", lambda n: strict.choice(n, FORMATS), "text")
    if way != "json_schema":
        if "jsonSchema" in fields:
            told = '"jsonSchema" needs "responseFormat: json_schema"'
            raise strict.complaint(fields["jsonSchema"], told)
        return Output("text" if way == "text" else "json")
    if "jsonSchema" not in fields:
        raise strict.complaint(fields["responseFormat"], "json_schema needs its jsonSchema")
    return Output("json", _schema(fields["jsonSchema"]))


def _schema(node: Node) -> Any:
    """The schema: JSON in a text or written out, bare or as the API wraps it."""
    try:
        text = node.value if isinstance(node.value, str) else ""
        told: Any = json.loads(text) if text else strict.anything(node)
        if not isinstance(told, dict):
            raise ValueError("not a mapping")
        wrapped = cast("dict[str, Any]", told)
        wanted: Any = wrapped.get("schema", wrapped)
        schema.check(wanted)
    except (ValueError, RecursionError) as error:
        message = " ".join(str(error).split()) or "nested too deep"
        raise ConfigFailure("bad_schema", f"{node.place}: {message}") from None
    return wanted


def _judge(node: Node) -> Judge:
    fields = strict.mapping(node, ("name", "description", "string", "llm", "uses"))
    ways = fields.keys() - {"name", "description"}
    if len(ways) != 1:
        raise strict.complaint(node, "an evaluator has one of string, llm or uses")
    name = strict.optional(fields, "name", strict.text, "an evaluator")
    if "string" not in fields:
        uses = strict.optional(fields, "uses", strict.text, "a model")
        return f"{name} ({uses})", {}
    texts = {
        way: strict.text(child) for way, child in strict.mapping(fields["string"], STRINGS).items()
    }
    if not texts or not all(texts.values()):
        raise strict.complaint(fields["string"], f"expected one of {', '.join(STRINGS)}")
    return name, texts


def _cases(
    node: Node, used: set[str], judges: list[Judge], complaints: Complaints
) -> tuple[Case, ...]:
    nodes = strict.items(node)
    if len(nodes) * len(judges) > _MOST_COMPARISONS:
        raise strict.complaint(node, "too many tests for so many evaluators")
    room = Room(0)
    return tuple(
        complaints.each(
            enumerate(nodes, 1), lambda told: _case(told[1], told[0], used, judges, room)
        )
    )


def _case(node: Node, number: int, used: set[str], judges: list[Judge], room: Room) -> Case:
    values = {key: strict.text_or_json(child) for key, child in strict.mapping(node).items()}

    def texts(way: str) -> Words:
        compared = [judge[way] for _, judge in judges if way in judge]
        return tuple(room.fill(text, values, node.place) for text in compared)

    equals = texts("equals")
    if len({*equals}) > 1:
        raise strict.complaint(node, "no answer can equal several texts")
    expected = Expected(
        equals=equals[0] if equals else None,
        contains=texts("contains"),
        starts_with=texts("startsWith"),
        ends_with=texts("endsWith"),
        loosely=True,
    )
    return Case(
        name=f"test {number}",
        place=node.place,
        data=values.get(placeholders.DATA, ""),
        variables={name: values[name] for name in used if name in values},
        expected=expected,
        unchecked=tuple(name for name, compared in judges if not compared),
    )
