"""`mcli models` from outside: what each kind of endpoint says of its models, and what we know."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli import offers
from mcli.offers import Offer
from mcli.terms import Terms
from tests.faults.scenes import as_json
from tests.faults.server import FaultyServer
from tests.program import Program

MEGALLM = {
    "id": "vendor/model-a", "object": "model", "type": "chat", "owned_by": "vendor",
    "context_length": 131072, "max_output_tokens": 8192,
    "capabilities": {"supports_function_calling": True, "supports_vision": False},
    "pricing": {"input_tokens_cost_per_million": 0.5, "output_tokens_cost_per_million": 1.5,
                "currency": "USD"},
}  # fmt: skip
OPENROUTER = {
    "id": "x/y", "context_length": 4096, "top_provider": {"max_completion_tokens": 512},
    "pricing": {"prompt": "0.0000005", "completion": "0"},
    "architecture": {"input_modalities": ["text", "image"]},
    "supported_parameters": ["tools", "seed"],
}  # fmt: skip
READ = [
    (MEGALLM, Offer("vendor/model-a", 131072, 8192, 0.5, 1.5, ("function_calling",), "vendor")),
    (OPENROUTER, Offer("x/y", 4096, 512, 0.5, 0.0, ("vision", "function_calling"))),
    ({"id": "v", "max_model_len": 8, "owned_by": "vllm"}, Offer("v", 8, owner="vllm")),
    ({"id": "l", "meta": {"n_ctx_train": 9}, "capabilities": ["completion"]},
     Offer("l", 9, capabilities=("completion",))),
    ({"id": "old", "capabilities": {"vision": True, "max_context_length": 7}},
     Offer("old", 7, capabilities=("vision",))),
    ({"id": "auto", "pricing": {"prompt": "-1", "completion": "-1"}}, Offer("auto")),
    ({"id": "euro", "pricing": MEGALLM["pricing"] | {"currency": "EUR"}}, Offer("euro")),
    ({"id": "odd", "context_length": True, "pricing": 5, "capabilities": "all", "owned_by": 1,
      "max_output_tokens": -1, "supported_parameters": [None], "architecture": []}, Offer("odd")),
    ({"id": "nan", "pricing": {"prompt": "nan", "completion": "inf"}}, Offer("nan")),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "offer"), READ, ids=lambda value: str(value)[:24])
def test_what_endpoints_say(entry: dict[str, Any], offer: Offer) -> None:
    assert offers.read(entry) == offer


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["prompt", "completion", "currency", "n_ctx"]), inner)
    ),
)
NAMES = ["context_length", "pricing", "capabilities", "meta", "architecture", "owned_by"]


@given(st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_whatever_they_say_is_read(entry: dict[str, Any]) -> None:
    offer = offers.read({"id": "m", **entry})
    assert all(isinstance(cell, str) for cell in offers.row(offer))
    assert offer.input_usd is None or offer.input_usd >= 0


def test_ours_stand_in_and_are_marked() -> None:
    known = Terms(100, 10, 1e-6, 2e-6)
    full = offers.completed(Offer("m"), known)
    assert full == Offer("m", 100, 10, 1.0, 2.0, ours=tuple(full.ours))
    assert offers.row(full)[-1] == "context,output,in,out"
    part = offers.completed(Offer("m", 5, input_usd=7.0), known)
    assert (part.window, part.input_usd, part.output_usd, part.ours) == (
        5, 7.0, None, ("most_output",),
    )  # fmt: skip
    assert offers.completed(Offer("m"), Terms()) == Offer("m")


LISTED = as_json({"object": "list", "data": [MEGALLM, {"id": "gpt-4"}, {"id": "a\tb\x1b[2J"}]})


def test_the_table_and_the_envelope(mcli: Program, server: FaultyServer) -> None:
    server.play(LISTED)
    done, told = mcli("models"), mcli("models", "--json").json

    rows = [line.split("\t") for line in done.out.splitlines()]
    assert rows[0] == [
        "vendor/model-a", "131072", "vendor", "8192", "0.5", "1.5", "function_calling", "",
    ]  # fmt: skip
    assert rows[1][:2] == ["gpt-4", "8192"]
    assert rows[1][4:6] == ["30", "60"]
    assert rows[1][7].endswith("in,out")
    assert len(rows) == 3
    assert {len(row) for row in rows} == {8}
    first = told["data"][0]
    own = first.pop("mcli")
    assert first == MEGALLM
    assert (own["context_length"], own["output_usd"], own["ours"]) == (131072, 1.5, [])
    assert "input_usd" in told["data"][1]["mcli"]["ours"]


def test_a_person_s_own_word_counts(mcli: Program, server: FaultyServer) -> None:
    path = mcli.home / ".config" / "mcli" / "config.yaml"
    path.write_text(path.read_text() + "models: {gpt-4: {window: 77}}\n")
    server.play(LISTED)

    assert mcli("models", "--filter", "gpt-4").out.split("\t")[1] == "77"


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("sought", "names"),
    [
        ("GPT", ["gpt-4", "gpt-4o", "x/GPT-5"]),
        ("gpt-4*", ["gpt-4", "gpt-4o"]), ("*5", ["x/GPT-5"]),
        ("gpt-4?", ["gpt-4o"]), ("[", []), ("4", ["gpt-4", "gpt-4o"]), ("claude", []),
    ],
)  # fmt: skip
def test_a_filter_is_a_text_or_a_pattern_and_finding_none_is_1(
    mcli: Program, server: FaultyServer, sought: str, names: list[str]
) -> None:
    server.play(as_json({"data": [{"id": name} for name in ("gpt-4", "gpt-4o", "x/GPT-5")]}))
    done, told = mcli("models", "--filter", sought), mcli("models", "--json", "--filter", sought)

    assert [line.split("\t")[0] for line in done.out.splitlines()] == names
    assert (done.code, done.err, told.code) == (0 if names else 1, "", done.code)
    assert told.json["verdict"] is bool(names)
    assert [entry["id"] for entry in told.json["data"]] == names


def test_a_blank_filter_and_a_list_without_end(mcli: Program, server: FaultyServer) -> None:
    assert (mcli("models", "--filter", " ").code, server.requests) == (2, [])
    server.play(as_json({"data": ["m"] * 20_001}))
    done = mcli("models")
    assert (done.code, done.slug, done.out) == (76, "limit_exceeded", "")
