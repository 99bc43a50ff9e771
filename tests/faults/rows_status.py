"""Rows: what the server refuses, puts off, or sends elsewhere, and the waits it asks for."""

from __future__ import annotations

from dataclasses import replace
from email.utils import formatdate
from time import time
from typing import Any

from . import scenes as s
from .bystander import BYSTANDER
from .catalogue import IN_PIPE, PLAIN, Call, Row, answers, fails
from .oracles import CANARY, Expect
from .server import End, Pause, Reply, Seen

MOVED = fails(78, "redirected")
ELSEWHERE = f"{BYSTANDER.url}/v1/chat/completions"
HERE = "/v1/chat/completions"

REDIRECTS = [
    Row("N-53-307", s.redirect(307, ELSEWHERE), fails(78, "redirected", says="127.0.0.2")),
    Row("N-53-308", s.redirect(308, ELSEWHERE), MOVED, modes=IN_PIPE),
    Row("N-54-301", s.redirect(301, ELSEWHERE), MOVED, modes=IN_PIPE),
    Row("N-54-302", s.redirect(302, ELSEWHERE), MOVED, modes=IN_PIPE),
    Row("N-54-303", s.redirect(303, ELSEWHERE), MOVED, modes=IN_PIPE),
    Row("N-55-loop", s.redirect(307, HERE), MOVED, modes=IN_PIPE),
    Row("N-55-file", s.redirect(302, "file:///etc/passwd"), MOVED, modes=IN_PIPE),
    Row("N-55-none", s.status(302), MOVED, modes=IN_PIPE),
]

BAD = fails(69, "bad_request")
LOUD = s.error(400, message="no\n\x1b[31m\u202e" + "loud " * 2000)
ECHO = s.error(401, message=f"Incorrect API key provided: {CANARY}. See your settings")
POLICY = s.error(400, "invalid_request_error", "content_policy_violation")
LENGTH = s.error(400, "invalid_request_error", "context_length_exceeded")
CUT_401 = Reply((s.head(401, {"Content-Length": "99"}) + b"no", End.FIN))
STALLED_401 = Reply((s.head(401, {"Content-Length": "99"}) + b"no", End.STALL))
QUOTA = s.error(429, "insufficient_quota", "insufficient_quota")
LIMIT = s.error(429, None, "billing_hard_limit_reached")
PAY = fails(77, "quota")
SPENT = [
    *(s.error(429, None, code) for code in (
        "credit_balance_exhausted", "organization_spend_limit_exceeded", "billing_not_active",
        "project_spend_limit_exceeded", "organization_usage_limit_exceeded",
    )),
    s.error(403, None, "insufficient_user_quota"),
    s.error(429, message="You exceeded your current quota, please check your plan"),
    s.error(400, message="Your credit balance is too low"),
    s.status(429, {}, {"code": 1008, "msg": "insufficient balance"}),
]  # fmt: skip
"""The same thing in other words."""
BUSY = fails(75, "server_busy", 2)
TOO_LARGE = "Request too large for gpt-4 on tokens per min (TPM): Limit 10000, Requested 20000"
FULL = s.error(500, message="maximum context length is 9")
SAYS_IT = fails(69, "bad_request", says="bad x")
SHAPES: dict[str, Any] = {
    "fastapi": {"detail": [{"loc": ["body", "x"], "msg": "bad x", "type": "value_error"}]},
    "detail": {"detail": "bad x"},
    "gemini": [s.failure("bad x", code=422)],
    "ollama": {"error": "bad x"},
    "mistral": {"object": "error", "message": "bad x", "type": "t", "code": "1300"},
    "page": b"<html><title>bad x</title></html>",
    "openai": s.failure("bad x", "invalid_request_error", "bad_x"),
    "vllm": {"error": {"message": "bad x", "type": "BadRequestError", "param": None, "code": 422}},
    "litellm": {"error": {"message": "bad x", "type": None, "param": None, "code": "422"}},
    "anthropic": {"type": "error", "error": {"type": "invalid_request_error", "message": "bad x"}},
    "silicon": {"code": 30011, "message": "bad x", "data": None},
    "msg": {"msg": "bad x"},
    "nested": {"object": "error", "message": {"detail": [{"loc": ["body"], "msg": "bad x"}]}},
    "wrapped": {"detail": s.dumps(s.failure("bad x")).decode()},
    "router": {"error": {"message": "Provider returned error", "code": 422,
                         "metadata": {"provider_name": "Up", "raw": "bad x"}}},
    "plain": b"bad x",
    "latin": "b\xe4d: bad x".encode("latin-1"),
}  # fmt: skip
"""Error bodies as different servers word them (api-contract §5.1)."""
AZURE = s.failure("filtered", None, "content_filter")
AZURE["error"]["innererror"] = {"code": "ResponsibleAIPolicyViolation"}
NAMED = replace(fails(69, "bad_request", says="req=r-7"), told={"request_id": "r-7"})
BUSY_STATUSES = (408, 409, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529)

REFUSALS = [
    Row("N-56-400", s.error(400), BAD),
    Row("N-56-loud", LOUD, BAD),
    Row("N-56-policy", POLICY, fails(69, "content_policy"), modes=IN_PIPE),
    Row("N-56-404", s.error(404, None, "model_not_found"), fails(69, "not_found"), modes=IN_PIPE),
    Row("N-56-405", s.status(405), BAD, modes=IN_PIPE),
    Row("N-56-422", s.error(422), BAD, modes=IN_PIPE),
    Row("N-56-418", s.status(418), BAD, modes=IN_PIPE),
    *(
        Row(f"N-56-{name}", s.status(422, {}, body), SAYS_IT, modes=IN_PIPE)
        for name, body in SHAPES.items()
    ),
    Row("N-56-azure", s.status(400, {}, AZURE), fails(69, "content_policy"), modes=IN_PIPE),
    Row("N-56-empty", s.status(400), fails(69, "bad_request", says="HTTP 400"), modes=IN_PIPE),
    *(
        Row(f"N-56-{name}", s.error(400, headers={name: "r-7"}), NAMED, modes=IN_PIPE)
        for name in ("x-request-id", "request-id", "cf-ray", "x-generation-id")
    ),
    Row("N-57-413", s.status(413), fails(65, "too_large"), modes=IN_PIPE),
    Row("N-57-length", LENGTH, fails(65, "context_length"), modes=IN_PIPE),
    Row("N-57-500", FULL, fails(65, "context_length"), modes=IN_PIPE),
    Row("N-57-minute", s.error(429, "tokens", message=TOO_LARGE), fails(65, "too_large")),
    # The status says enough, and what it says is not "run me again".
    Row("N-58-cut", CUT_401, fails(77, "auth"), modes=IN_PIPE),
    Row("N-58-stalled", STALLED_401, fails(77, "auth"), timeout=2, modes=IN_PIPE),
    Row("N-58-401", s.error(401), fails(77, "auth", says="CANARY_KEY")),
    Row("N-58-echo", ECHO, fails(77, "auth")),
    Row("N-58-403", s.error(403), fails(77, "forbidden"), modes=IN_PIPE),
    *(
        Row(f"N-59-{code}", s.status(code), BUSY, modes=IN_PIPE, retries=1)
        for code in BUSY_STATUSES
    ),
    Row("N-60-501", s.status(501), fails(69, "server_refused"), modes=IN_PIPE),
    Row("N-60-505", s.status(505), fails(69, "server_refused"), modes=IN_PIPE),
    Row("N-66", QUOTA, PAY),
    *(Row(f"N-66-{n}", reply, PAY, modes=PLAIN) for n, reply in enumerate(SPENT)),
    Row(
        "N-66-inflight",
        [s.status(402, {"Retry-After": "1"}), s.ok()],
        answers(attempts=2, gap=1),
        modes=PLAIN,
        why="OpenRouter's budget for what is in flight frees itself",
    ),
    Row("N-66-billing", LIMIT, PAY, modes=IN_PIPE),
    Row("N-66-402", s.status(402), PAY, modes=IN_PIPE),
]

LATER = fails(75, "rate_limited", 3)
NOW_ONLY = fails(75, "rate_limited")
DAY, HOUR = 86400, 3600
THEN = 1900000000


def limited(*values: object, name: str = "Retry-After", **more: str) -> Reply:
    """A 429 that asks for these waits."""
    pairs = [(name, str(value)) for value in values]
    return s.status(429, pairs + list(more.items()))


def dated(ahead: int, clock: int = THEN) -> Reply:
    """A 429 that says when to come back, `ahead` seconds from what it says the time is."""
    return limited(formatdate(clock + ahead, usegmt=True), Date=formatdate(clock, usegmt=True))


def undated(_: Seen) -> Reply:
    """A 429 that says when to come back, two seconds from now, and not what the time is."""
    return limited(formatdate(time() + 2, usegmt=True))


MIXED = [s.hangup(), s.status(503), s.status(429), s.ok()]
NOT_THE_KEY = s.error(401, headers={"x-should-retry": "true"})

WAITS = [
    Row("N-61", limited(), LATER),
    Row("N-62-one", [limited(1), s.ok()], answers(attempts=2, gap=1)),
    Row("N-62-half", [limited("0.5"), s.ok()], answers(attempts=2, gap=0.5), modes=IN_PIPE),
    Row(
        "N-62-ms",
        [limited(700, name="retry-after-ms"), s.ok()],
        answers(attempts=2, gap=0.7),
        modes=IN_PIPE,
    ),
    Row(
        "N-62-503",
        [s.status(503, {"Retry-After": "1"}), s.ok()],
        answers(attempts=2, gap=1),
        modes=IN_PIPE,
    ),
    Row("N-63", limited(DAY), NOW_ONLY),
    Row("N-63-cap", limited(121), NOW_ONLY, timeout=300, modes=IN_PIPE),
    Row("N-63-late", limited(30), NOW_ONLY, timeout=5, why="past the deadline"),
    Row("N-64", [dated(1), s.ok()], answers(attempts=2, gap=1), modes=IN_PIPE),
    Row("N-64-far", dated(DAY), NOW_ONLY, modes=IN_PIPE),
    Row("N-64-past", [dated(-HOUR), s.ok()], answers(attempts=2), modes=IN_PIPE),
    Row(
        "N-64-undated",
        [undated, s.ok()],
        answers(attempts=2, gap=1),
        modes=IN_PIPE,
        why="without a Date the local clock is the best there is; a date is whole seconds",
    ),
    *(
        Row(
            f"N-65-{value or 'empty'}", [limited(value), s.ok()], answers(attempts=2), modes=IN_PIPE
        )
        for value in ("nan", "inf", "-5", "0", "abc", "")
    ),
    Row("N-65-digits", limited("9" * 40), fails(75, "rate_limited", range(1, 4)), modes=IN_PIPE),
    Row("N-65-two", [limited("0.2", "0.9"), s.ok()], answers(attempts=2, gap=0.9), modes=IN_PIPE),
    Row(
        "N-67-no",
        s.status(503, {"x-should-retry": "false"}),
        fails(75, "server_busy"),
        modes=IN_PIPE,
    ),
    Row("N-67-yes", [s.status(400, {"x-should-retry": "true"}), s.ok()], answers(attempts=2)),
    Row(
        "N-67-often",
        s.status(400, {"x-should-retry": "true"}),
        fails(69, "bad_request", 3),
        modes=IN_PIPE,
    ),
    Row(
        "N-67-quota",
        s.error(429, None, "insufficient_quota", headers={"x-should-retry": "true"}),
        PAY,
        modes=IN_PIPE,
    ),
    Row("N-67-auth", NOT_THE_KEY, fails(77, "auth"), modes=IN_PIPE),
    Row("N-68", [s.status(503), s.status(503), s.ok()], answers(attempts=3)),
    Row("N-69", s.status(503), fails(75, "server_busy", 3, says="attempts=3")),
    Row("N-69-mixed", MIXED, LATER, modes=IN_PIPE, why="one count over all kinds of failure"),
    Row("N-69-none", s.status(503), fails(75, "server_busy"), retries=0, modes=IN_PIPE),
]


def refuses(*names: str, why: str = "Unsupported parameter: '{}' is not supported") -> s.Scene:
    """A server that objects to each of these fields as long as it is sent, one at a time."""

    def judge(seen: Seen) -> Reply:
        found = next((name for name in names if name in seen.fields), None)
        if found is None:
            return s.as_json(s.completion())
        return s.error(400, "invalid_request_error", "unsupported_parameter", why.format(found))

    return judge


def adapted(attempts: int, *warnings: str) -> Expect:
    """An answer after so many attempts, each change named in the envelope."""
    return replace(answers(attempts=attempts), alike=False, told={"warnings": list(warnings)})


UNSUPPORTED = s.error(400, None, "unsupported_parameter", "'max_tokens' is not supported")
RENAMED = "max_tokens sent as max_completion_tokens"
BACK = "max_completion_tokens sent as max_tokens"
DROPPED = "temperature left out: the server refuses it"
LIMITED = Call(("ask", "hi", "--max-tokens", "9"))
OTHER = Call(("ask", "hi", "--param", "max_completion_tokens=9"))
COLD = Call(("classify", "-l", "ok,no"), b"text")
SET = Call(("ask", "hi", "-t", "0.2"))
ADAPTED = [
    Row("N-56-rename", refuses("max_tokens"), adapted(2, RENAMED), call=LIMITED, modes=IN_PIPE),
    Row("N-56-back", refuses("max_completion_tokens"), adapted(2, BACK), call=OTHER, modes=IN_PIPE),
    Row("N-56-soft", refuses("temperature"), adapted(2, DROPPED), call=COLD, modes=IN_PIPE),
    Row("N-56-both", refuses("temperature", "max_tokens"), adapted(3, DROPPED, RENAMED), call=replace(COLD, argv=(*COLD.argv, "--max-tokens", "9")), modes=IN_PIPE),
    Row("N-56-person", refuses("temperature"), fails(69, "bad_request", says="temperature"), call=SET, modes=IN_PIPE, why="what a person asked for is not dropped"),
    Row("N-56-never", refuses("max_tokens", "max_completion_tokens"), replace(fails(69, "bad_request", 2), alike=False), call=LIMITED, modes=IN_PIPE, why="no name is tried twice"),
    Row("N-56-busy", [s.status(503), UNSUPPORTED, s.ok()], replace(answers(attempts=3), alike=False), call=LIMITED, modes=IN_PIPE, why="an adapted request has its own attempts"),
]  # fmt: skip

BIG = b"word " * 700_000
HASTY_413 = s.unread(s.status(413), Pause(0.3), End.RST)
HASTY_401 = s.unread(s.error(401), Pause(0.3), End.RST)

# To a host that is not loopback a key is not sent in the clear; this server must see nothing.
ABROAD = {"MCLI_BASE_URL": "http://192.0.2.1/v1", "MCLI_API_KEY": CANARY}

HASTY = [
    Row("N-74", s.ok(), fails(78, "plaintext_key", 0), call=Call(env=ABROAD), modes=IN_PIPE),
    Row("N-77-413", HASTY_413, fails(65, "too_large"), call=Call(stdin=BIG), modes=IN_PIPE),
    Row("N-77-401", HASTY_401, fails(77, "auth"), call=Call(stdin=BIG), modes=IN_PIPE),
]

ROWS = [*REDIRECTS, *REFUSALS, *ADAPTED, *WAITS, *HASTY]
