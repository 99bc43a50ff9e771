"""What is changed of a request that a server refuses: little, once each, and never a person's."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli.api import adapt, verdicts
from mcli.chat import Message, Request
from mcli.errors import Failure, TryAgain

NOTHING: frozenset[str] = frozenset()


def asking(params: dict[str, Any], *soft: str) -> Request:
    return Request("m", (Message("user", "hi"),), params, frozenset(soft))


def refusal(message: str, param: str = "", status: int = 400, code: str = "") -> Failure:
    """The failure of a reply in which a server refuses a parameter."""
    failure = verdicts.of_status(status, {}, b"{}", "host")
    told = verdicts.ErrorBody(message, "invalid_request_error", code, param)
    failure.message = f"HTTP {status} {code}: {told.message}"
    failure.param = told.param
    return failure


USE_OTHER = (
    "Unsupported parameter: 'max_tokens' is not supported with this model. "
    "Use 'max_completion_tokens' instead."
)


@pytest.mark.parametrize(
    ("params", "soft", "failure", "changed"),
    [
        ({"max_tokens": 5}, (), refusal(USE_OTHER, "max_tokens"), {"max_completion_tokens": 5}),
        ({"max_tokens": 5}, (), refusal(USE_OTHER), {"max_completion_tokens": 5}),
        (
            {"max_completion_tokens": 5},
            (),
            refusal("body.max_completion_tokens: Extra inputs are not permitted", status=422),
            {"max_tokens": 5},
        ),
        (
            {"max_tokens": 5, "seed": 1},
            (),
            refusal(USE_OTHER, "max_tokens"),
            {"max_completion_tokens": 5, "seed": 1},
        ),
        ({"stream_options": {}}, (), refusal("unknown field stream_options"), {}),
        ({"temperature": 0.2}, ("temperature",), refusal("no temperature", "temperature"), {}),
        (
            {"temperature": 0.2, "top_p": 1},
            ("temperature",),
            refusal("'temperature' does not support 0.2 with this model"),
            {"top_p": 1},
        ),
    ],
)
def test_what_may_be_changed_is_changed(
    params: dict[str, Any], soft: tuple[str, ...], failure: Failure, changed: dict[str, Any]
) -> None:
    found = adapt.adapted(asking(params, *soft), failure, NOTHING)
    assert found is not None
    _, request, warning = found
    assert request.params == changed
    assert warning


@pytest.mark.parametrize(
    ("params", "soft", "failure"),
    [
        ({"temperature": 0.2}, (), refusal("no temperature", "temperature")),
        ({"max_tokens": 5}, (), refusal("the model does not like you")),
        ({}, (), refusal(USE_OTHER, "max_tokens")),
        ({"temperature": 0.2}, ("temperature",), refusal("no", "temperature", 404)),
        ({"temperature": 0.2}, ("temperature",), refusal("no", "temperature", 401)),
        ({"temperature": 0.2}, ("temperature",), TryAgain("busy", "temperature")),
    ],
)
def test_nothing_else_is(params: dict[str, Any], soft: tuple[str, ...], failure: Failure) -> None:
    assert adapt.adapted(asking(params, *soft), failure, NOTHING) is None


def test_a_name_is_not_changed_back() -> None:
    request = asking({"max_completion_tokens": 5})
    again = refusal("no max_completion_tokens", "max_completion_tokens")
    assert adapt.adapted(request, again, frozenset({"max_tokens"})) is None


def test_the_recipes_own_limit_is_dropped_when_it_has_no_name_that_pleases() -> None:
    request = asking({"max_tokens": 5}, "max_tokens")
    first = adapt.adapted(request, refusal("no max_tokens", "max_tokens"), NOTHING)
    assert first is not None
    refused = refusal("no max_completion_tokens", "max_completion_tokens")
    second = adapt.adapted(first[1], refused, frozenset({first[0]}))
    assert second is not None
    assert second[1].params == {}


def test_both_names_at_once_become_one() -> None:
    request = asking({"max_tokens": 5, "max_completion_tokens": 5})
    message = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
    found = adapt.adapted(request, refusal(message), NOTHING)
    assert found is not None
    assert len(found[1].params) == 1


def test_the_request_given_stays_as_it_is() -> None:
    request = asking({"max_tokens": 5}, "max_tokens")
    adapt.adapted(request, refusal(USE_OTHER, "max_tokens"), NOTHING)
    assert request == asking({"max_tokens": 5}, "max_tokens")


names = st.sampled_from(["max_tokens", "max_completion_tokens", "temperature", "top_p", "seed"])
params = st.dictionaries(names, st.integers(0, 9))


@given(params, st.frozensets(names), st.lists(names, max_size=12))
def test_a_server_that_refuses_everything_is_asked_three_times_more_at_most(
    given_params: dict[str, Any], soft: frozenset[str], refused: list[str]
) -> None:
    request = asking(given_params, *soft)
    changed: list[str] = []
    for name in refused:
        found = adapt.adapted(request, refusal(f"no {name}", name), frozenset(changed))
        if found is None:
            continue
        changed.append(found[0])
        request = found[1]
    assert len(changed) == len(set(changed)) <= adapt.MOST_CHANGES
    hard = {name: value for name, value in given_params.items() if name not in soft}
    kept = hard.keys() - {"max_tokens", "max_completion_tokens"}
    assert kept <= request.params.keys()
    assert all(value in given_params.values() for value in request.params.values())


def test_a_value_that_is_too_large_is_not_a_name_that_is_unknown() -> None:
    failure = refusal("max_tokens is too large: 100000. At most 4096 are supported", "max_tokens")

    assert adapt.adapted(asking({"max_tokens": 100000}), failure, NOTHING) is None
