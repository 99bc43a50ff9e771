"""Every error that servers send is one Failure with the right exit code; none is an exception."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mcli.api import verdicts
from mcli.errors import ExitCode, Failure, NotAllowed, Recovery
from tests.api import json_like

AGAIN = Recovery.REJECTED
NEVER = Recovery.PERMANENT


def verdict(status: int, body: Any = b"", **headers: str) -> Failure:
    """The failure of a reply; header names are written with underscores."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return verdicts.of_status(status, named, raw, "api.test")


def error(message: str = "boom", **fields: Any) -> dict[str, Any]:
    return {"error": {"message": message, **fields}}


AZURE = error(
    "filtered",
    code="content_filter",
    innererror={"code": "ResponsibleAIPolicyViolation", "content_filter_result": {}},
)
WRAPPED = {"detail": json.dumps(error("wrapped", code="context_length_exceeded"))}
COMPLAINTS = [{"loc": ["body", "top_p"], "msg": "too large", "type": "value_error"}, "and more"]

SHAPES = [
    (error("boom", type="invalid_request_error", param="top_p", code=None), "boom", "top_p"),
    (error("boom", code=400), "boom", ""),
    (error("boom", code="400"), "boom", ""),
    (error("boom", code=400, metadata={"provider_name": "x", "raw": "y"}), "boom", ""),
    ([{"error": {"code": 400, "message": "boom", "status": "INVALID_ARGUMENT"}}], "boom", ""),
    (AZURE, "filtered", ""),
    ({"type": "error", "error": {"type": "invalid_request_error", "message": "boom"}}, "boom", ""),
    (
        {"object": "error", "message": "boom", "type": "t", "param": "n", "code": "1300"},
        "boom",
        "n",
    ),
    ({"object": "error", "message": {"detail": COMPLAINTS}}, "body.top_p: too large", ""),
    ({"detail": COMPLAINTS}, "body.top_p: too large", ""),
    ({"detail": "boom"}, "boom", ""),
    (WRAPPED, "wrapped", ""),
    ({"error": "boom"}, "boom", ""),
    ({"message": "boom"}, "boom", ""),
    ({"code": 30011, "message": "boom", "data": None}, "boom", ""),
    ({"msg": "boom"}, "boom", ""),
    (error("\ud83d\ude00 \udcff", param="\udcff"), "😀 \ufffd", "\ufffd"),
    (b"<html><head><title>Bad\n day</title></head><body>x</body></html>", "Bad day", ""),
    (b"<h1>Bad day</h1><p>x</p>", "Bad day", ""),
    (b"<div>upstream <b>gone</b></div>", "upstream gone", ""),
    (b"error code: 1010", "error code: 1010", ""),
    (b'"boom"', "boom", ""),
    (b'{"error":', '{"error":', ""),
    (b"", "HTTP 400", ""),
    (b"\xff\xfe", "HTTP 400", ""),
    ({"error": {}}, "HTTP 400", ""),
    ({"error": None}, "HTTP 400", ""),
    ([], "HTTP 400", ""),
]


@pytest.mark.parametrize(("body", "says", "param"), SHAPES)
def test_the_words_of_an_error_in_any_shape(body: Any, says: str, param: str) -> None:
    failure = verdict(400, body)
    assert says in failure.message
    assert failure.message.startswith("HTTP 400")
    assert failure.param == param
    assert failure.status == 400


def test_a_code_that_is_missing_is_not_called_none() -> None:
    inner = {"code": "ResponsibleAIPolicyViolation"}
    failure = verdict(400, error("filtered", innererror=inner))
    assert failure.slug == "content_policy"
    assert "None" not in failure.message


QUOTA_CODES = [
    "insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded", "organization_usage_limit_exceeded",
    "billing_hard_limit_reached", "billing_not_active", "insufficient_user_quota",
    "insufficient_credits",
]  # fmt: skip
QUOTA_WORDS = [
    "You exceeded your current quota, please check your plan and billing details.",
    "Insufficient Balance",
    "Insufficient credits. Add more using the account page",
    "Your credit balance is too low to access the API.",
    "You are out of credits",
]
TOO_LONG = [
    "This model's maximum context length is 8192 tokens.",
    "prompt is too long: 210000 tokens > 200000 maximum",
    "The input token count (9) exceeds the maximum number of tokens allowed (8).",
    "the request exceeds the available context size. try increasing it",
    "`inputs` tokens + `max_new_tokens` must be <= 4096",
    "input length and `max_tokens` exceed context limit: 1 + 2 > 3",
    "Input tokens exceed the configured limit",
    "The decoder prompt (length 9) is longer than the model's context length",
    "Please reduce the length. Current length is 9000 while limit is 8192",
]
POLICIES = [
    "The response was filtered due to the prompt triggering the content management policy",
    "Your request was rejected as a result of our safety system",
]

ROWS: list[tuple[int, Any, int, str, Recovery]] = [
    *((s, b"", 69, "bad_request", NEVER) for s in (400, 405, 406, 410, 415, 422, 424)),
    (404, error("no such model", code="model_not_found"), 69, "not_found", NEVER),
    (400, error("x", code="DeploymentNotFound"), 69, "not_found", NEVER),
    (413, b"", 65, "too_large", NEVER),
    (401, b"", 77, "auth", NEVER),
    (402, b"", 77, "quota", NEVER),
    (403, b"error code: 1010", 77, "forbidden", NEVER),
    (407, b"", 77, "proxy_auth", NEVER),
    *((s, b"", 75, "server_busy", AGAIN) for s in (408, 409, 425, 498, 500, 502, 503, 504)),
    *((s, b"", 75, "server_busy", AGAIN) for s in (520, 521, 522, 523, 524, 529)),
    (503, error("Loading model", code=503), 75, "server_busy", AGAIN),
    *((s, b"", 69, "server_refused", NEVER) for s in (501, 505, 511, 525, 526, 599)),
    (429, b"", 75, "rate_limited", AGAIN),
    (429, error(type="requests", code="rate_limit_exceeded"), 75, "rate_limited", AGAIN),
    (429, error(type="rate_limit_error", code="slow_down"), 75, "rate_limited", AGAIN),
    (429, error("Request too large for m on tokens per min"), 65, "too_large", NEVER),
    (429, error(type="insufficient_quota", code="x"), 77, "quota", NEVER),
    *((429, error(code=code), 77, "quota", NEVER) for code in QUOTA_CODES),
    *((403, error(code=code), 77, "quota", NEVER) for code in QUOTA_CODES),
    *((400, error(words), 77, "quota", NEVER) for words in QUOTA_WORDS),
    *((s, error(code="context_length_exceeded"), 65, "context_length", NEVER)
      for s in (400, 413, 422, 429, 500)),
    (400, error(type="exceed_context_size_error", n_ctx=8), 65, "context_length", NEVER),
    *((400, error(words), 65, "context_length", NEVER) for words in TOO_LONG),
    (400, error("string too long: context window", code="string_above_max_length"),
     69, "bad_request", NEVER),
    (400, AZURE, 69, "content_policy", NEVER),
    (403, error(code="content_policy_violation"), 69, "content_policy", NEVER),
    *((400, error(words), 69, "content_policy", NEVER) for words in POLICIES),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "code", "slug", "recovery"), ROWS)
def test_what_a_status_and_its_words_mean(
    status: int, body: Any, code: int, slug: str, recovery: Recovery
) -> None:
    failure = verdict(status, body)
    assert (failure.exit_code, failure.slug, failure.recovery) == (code, slug, recovery)
    assert failure.hint


def test_an_account_in_debt_only_while_requests_are_in_flight_is_asked_again() -> None:
    failure = verdict(402, error("in flight"), retry_after="2")
    assert (failure.exit_code, failure.wait) == (75, 2.0)


@pytest.mark.parametrize(
    ("status", "body", "advice", "recovery"),
    [
        (503, b"", "false", NEVER),
        (429, b"", "false", NEVER),
        (400, b"", "true", AGAIN),
        (501, b"", "true", AGAIN),
        (401, b"", "true", NEVER),
        (402, b"", "true", NEVER),
        (429, error(code="insufficient_quota"), "true", NEVER),
        (503, b"", "perhaps", AGAIN),
        (503, b"", "", AGAIN),
    ],
)
def test_the_servers_own_advice(status: int, body: Any, advice: str, recovery: Recovery) -> None:
    assert verdict(status, body, x_should_retry=advice).recovery is recovery


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_matter_of_configuration(status: int) -> None:
    failure = verdict(status, b"", location="https://evil.test/v1\x1b[2J?" + "x" * 5000)
    assert (failure.exit_code, failure.recovery) == (78, NEVER)
    assert "https://evil.test/v1" in failure.message
    assert "\x1b" not in failure.message
    assert len(failure.message) < 300


def test_a_redirect_keeps_its_status() -> None:
    assert verdict(307, b"", location="https://other.test").status == 307


def test_a_long_or_hostile_message_is_cut_and_made_visible() -> None:
    failure = verdict(400, error("\x1b]52;c;x\x07\u202e" + "y" * 100_000, code="\x1b[2J" * 100))
    assert failure.message.isprintable()
    assert len(failure.message) < 400


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"x_request_id": "a", "cf_ray": "b"}, "a"),
        ({"request_id": "a", "cf_ray": "b"}, "a"),
        ({"cf_ray": "b", "x_generation_id": "c"}, "b"),
        ({"x_generation_id": "c"}, "c"),
        ({"x_request_id": "", "cf_ray": "b"}, "b"),
        ({}, None),
    ],
)
def test_the_request_is_named(headers: dict[str, str], name: str | None) -> None:
    assert verdict(500, b"", **headers).request_id == name


@pytest.mark.parametrize(
    ("body", "code", "slug"),
    [
        (error(code=503), 75, "server_busy"),
        (error(code="429"), 75, "rate_limited"),
        (error(code=401), 77, "auth"),
        (error(code=404), 69, "not_found"),
        (error(type="server_error"), 75, "server_busy"),
        (error(type="overloaded_error"), 75, "server_busy"),
        (error(type="rate_limit_error"), 75, "rate_limited"),
        (error(type="requests", code="rate_limit_exceeded"), 75, "rate_limited"),
        (error(type="insufficient_quota", code="insufficient_quota"), 77, "quota"),
        (error(type="invalid_request_error"), 69, "bad_request"),
        (error(code="context_length_exceeded"), 65, "context_length"),
        (error(code="content_filter"), 69, "content_policy"),
        (error(code="model_not_found"), 69, "not_found"),
        (error(code="9" * 5000), 75, "server_busy"),
        (error(code=99), 75, "server_busy"),
        ({"error": "boom"}, 75, "server_busy"),
    ],
)
def test_an_error_with_status_200(body: Any, code: int, slug: str) -> None:
    told = verdicts.error_in(body)
    assert told is not None
    failure = verdicts.of_error_in_ok(told, {})
    assert (failure.exit_code, failure.slug) == (code, slug)


@pytest.mark.parametrize(
    "value",
    [None, 1, "x", [], {}, [[]], {"choices": []}, {"choices": [], "message": "x"}, {"a": 1}],
)
def test_what_is_no_error(value: Any) -> None:
    assert verdicts.error_in(value) is None


@pytest.mark.parametrize("depth", [10, 500, 900, 3000, 9000])
def test_a_nest_of_messages_is_no_bottomless_pit(depth: int) -> None:
    nest = b'{"error":' + b'{"message":' * depth + b'"x"' + b"}" * depth + b"}"
    code = None
    try:
        code = verdict(400, nest).exit_code
    except RecursionError:
        pass  # its traceback alone would take minutes
    assert code == 69


values = json_like("error message msg detail type code param status innererror loc choices object")
bodies = st.binary(max_size=40) | values.map(lambda value: json.dumps(value).encode())
header_names = st.sampled_from(
    ["retry-after", "retry-after-ms", "date", "x-should-retry", "x-request-id", "location"]
)
header_values = st.text(max_size=10) | st.sampled_from(["true", "false", "5", "nan"])


@given(st.integers(0, 999), st.dictionaries(header_names | st.text(), header_values), bodies)
@example(400, {}, b"[" * 100_000)
@example(400, {}, b'{"error":{"code":' + b"9" * 5000 + b"}}")
@settings(deadline=None)
def test_any_reply_is_one_failure(status: int, headers: dict[str, str], body: bytes) -> None:
    failure = verdicts.of_status(status, headers, body, "api.test")
    assert type(failure) in Failure.__subclasses__()
    assert failure.exit_code in {65, 69, 75, 76, 77, 78}
    assert failure.slug
    assert failure.message
    assert failure.hint
    assert failure.wait is None or 0 < failure.wait < math.inf
    assert failure.recovery is not AGAIN or not isinstance(failure, NotAllowed)


@given(values, st.dictionaries(header_names, header_values))
def test_any_error_in_a_good_reply_is_one_failure(value: Any, headers: dict[str, str]) -> None:
    told = verdicts.error_in(value)
    if told is not None:
        failure = verdicts.of_error_in_ok(told, headers)
        assert failure.exit_code not in (ExitCode.OK, ExitCode.NO, ExitCode.BUG)
        assert failure.status == 200


def test_a_500_that_says_that_the_request_is_invalid_is_not_tried_again() -> None:
    told = "1 validation error: {'type': 'literal_error', 'loc': ('body', 'response_format')}"
    refused = verdict(500, error(told, type="internal_server_error"))
    busy = verdict(500, error("1 validation error in our own reply", type="internal_server_error"))

    assert (refused.slug, refused.exit_code, refused.recovery) == ("bad_request", 69, NEVER)
    assert (busy.slug, busy.exit_code) == ("server_busy", 75)
