"""EDGE (pure): a reply that is an error, in any of the shapes servers use, to a Failure.

Shapes and texts: api-contract §5.1 to §5.3. Total: any status, headers and body give one Failure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, cast

from mcli.api import retry
from mcli.api.textflow import joined
from mcli.errors import (
    BadInput,
    BadReply,
    ConfigFailure,
    Failure,
    NotAllowed,
    Recovery,
    Refused,
    TryAgain,
)
from mcli.expressions import expression
from mcli.redaction import excerpt
from mcli.shapes import frozen

QUOTA = (
    "insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded", "organization_usage_limit_exceeded", "billing_not_active",
    "billing_hard_limit_reached", "insufficient_user_quota", "insufficient_balance",
    "insufficient_credits", "insufficient balance", "insufficient credit",
    "exceeded your current quota", "credit balance", "out of credits", "not enough credits",
)  # fmt: skip
CONTEXT = (
    "context_length_exceeded", "exceed_context_size", "maximum context length",
    "maximum context limit", "exceed context limit", "longer than the model's context length",
    "exceeds the available context size", "input tokens exceed", "prompt is too long",
    "exceeds the maximum number of tokens", "`max_new_tokens` must be", "context window",
    "while limit is",
)  # fmt: skip
POLICY = (
    "content_policy", "content_filter", "responsibleaipolicyviolation",
    "content management policy", "rejected as a result of our safety system",
)  # fmt: skip
BUSY = (
    "rate_limit_exceeded", "rate_limit_error", "overloaded", "server_error", "timeout",
    "slow_down", "api_error", "internal_error", "unavailable",
)  # fmt: skip

INVALID_BODY = ("validation error", "'loc': ('body'")
"""How llama-cpp-python says in a 500 that it does not take the request."""

LATER = frozenset({408, 409, 425, 429, 498, 500, 502, 503, 504, *range(520, 525), 529})
_DEEPEST = 5
"""Objects around a message that are opened; gateways wrap each other's errors."""

REQUEST_IDS = ("x-request-id", "request-id", "cf-ray", "x-generation-id")
_TITLE = expression(r"<(title|h1)[^>]*>(.*?)</\1>", re.IGNORECASE | re.DOTALL)


@frozen
class ErrorBody:
    """What an error reply says, whatever its shape; absent parts are empty."""

    message: str = ""
    type: str = ""
    code: str = ""
    param: str = ""

    @property
    def words(self) -> str:
        """Everything it says in lower case, to look for known phrases."""
        return f"{self.code} {self.type} {self.message}".lower()


def of_status(status: int, headers: Mapping[str, str], body: bytes, host: str) -> Failure:
    """The Failure that a reply with an error status (or a redirect) means."""
    if 300 <= status < 400:
        return _redirect(status, headers, host)
    parsed = _parse(body)
    told = error_in(parsed) or ErrorBody(_plain_text(body))
    failure = _classify(status, told, headers)
    failure.status = status
    return failure


def of_error_in_ok(told: ErrorBody, headers: Mapping[str, str]) -> Failure:
    """The Failure of an error that came with status 200, in a body or in the stream."""
    number = int(told.code) if re.fullmatch("[45][0-9][0-9]", told.code) else 0
    if not number:
        known = _says(told, (*QUOTA, *CONTEXT, *POLICY))
        invalid = "invalid" in told.type.lower() or "not_found" in told.words
        number = 400 if (known or invalid) and not _says(told, BUSY) else 500
    if "rate_limit" in told.words:
        number = 429
    failure = _classify(number, told, headers, "an error inside the reply")
    failure.status = 200
    return failure


def request_id(headers: Mapping[str, str]) -> str | None:
    """The name under which the provider's support finds this request."""
    found = next((headers[name] for name in REQUEST_IDS if headers.get(name)), None)
    return excerpt(found, 100) if found else None


def error_in(value: Any) -> ErrorBody | None:
    """The error that a JSON value is, or None if it is not one."""
    if isinstance(value, list) and value:
        value = cast(Any, value[0])  # Gemini wraps its error in a list
    if not isinstance(value, dict):
        return None
    body = cast("dict[str, Any]", value)
    inner = body.get("error")
    if isinstance(inner, dict):
        return _read(cast("dict[str, Any]", inner))
    if inner:
        return _read({**body, "message": inner})
    if "choices" in body:
        return None
    if body.get("object") == "error" or body.get("type") == "error":
        return _read(body)
    return _read(body) if any(name in body for name in ("message", "msg", "detail")) else None


def _classify(
    status: int, told: ErrorBody, headers: Mapping[str, str], called: str = ""
) -> Failure:
    said = _sentence(called or f"HTTP {status}", told)
    failure = _account(status, told, headers, said) or _request(status, told, said)
    if failure is None:
        failure = _later(status, said)
    failure.param = told.param
    failure.wait = retry.wait_asked(headers)
    failure.request_id = request_id(headers)
    advice = headers.get("x-should-retry")
    if advice == "false":
        failure.recovery = Recovery.PERMANENT
    elif advice == "true" and not isinstance(failure, NotAllowed):
        failure.recovery = Recovery.REJECTED
    return failure


def _account(status: int, told: ErrorBody, headers: Mapping[str, str], said: str) -> Failure | None:
    """What only a person can mend: key, quota, permission."""
    if status == 402 and "retry-after" in headers:
        # OpenRouter's budget for what is in flight: it frees itself.
        return TryAgain("rate_limited", said, "run it again later", recovery=Recovery.REJECTED)
    if status == 402 or (status in (400, 401, 403, 429) and _says(told, QUOTA)):
        return NotAllowed("quota", said, "check the plan and billing of the account")
    if status == 401:
        return NotAllowed("auth", said, "check the key")
    if status == 407:
        return NotAllowed("proxy_auth", said, "put the proxy's user and password into its variable")
    if status == 403 and not _says(told, POLICY):
        return NotAllowed("forbidden", said, "the key may not do this, or a firewall is in the way")
    return None


def _request(status: int, told: ErrorBody, said: str) -> Failure | None:
    """What is wrong with this request and will be the next time."""
    if (
        status in (400, 413, 422, 429, 500)
        and _says(told, CONTEXT)
        and "string_above_max_length" not in told.code
    ):
        return BadInput(
            "context_length", said, "send less text, or use a model with a larger window"
        )
    if status == 413 or (status == 429 and "request too large" in told.words):
        return BadInput("too_large", said, "send less text")
    if status in (400, 403, 422) and _says(told, POLICY):
        return Refused("content_policy", said, "change the prompt")
    if status == 404 or told.code.lower() in ("model_not_found", "deploymentnotfound"):
        return Refused("not_found", said, "check the model (mcli models) and the base URL")
    invalid = status == 500 and all(word in told.words for word in INVALID_BODY)
    if (status < 500 and status not in LATER) or invalid:
        return Refused("bad_request", said, "change the request")
    if status not in LATER:
        return Refused("server_refused", said, "check the base URL")
    return None


def _later(status: int, said: str) -> Failure:
    slug = "rate_limited" if status == 429 else "server_busy"
    return TryAgain(slug, said, "run it again later", recovery=Recovery.REJECTED)


def _redirect(status: int, headers: Mapping[str, str], host: str) -> Failure:
    where = excerpt(headers.get("location", "nowhere"), 200)
    failure: Failure = ConfigFailure(
        "redirected", f"{host} redirects to {where}", "set that as base URL if you trust it"
    )
    failure.status = status
    failure.request_id = request_id(headers)
    return failure


def _sentence(called: str, told: ErrorBody) -> str:
    name = excerpt(told.code or told.type, 60)
    message = excerpt(told.message).removesuffix(".")
    named = called if not name or called.endswith(name) else f"{called} {name}"
    return f"{named}: {message}" if message else named


def _says(told: ErrorBody, phrases: tuple[str, ...]) -> bool:
    return any(phrase in told.words for phrase in phrases)


def _read(fields: dict[str, Any]) -> ErrorBody:
    detail = fields.get("detail")
    if isinstance(detail, str) and detail.lstrip().startswith("{"):
        wrapped = error_in(_parse(detail.encode("utf-8", "replace")))
        if wrapped:
            return wrapped  # a gateway put the real error into its own as text
    message = next((fields[n] for n in ("message", "msg", "detail") if fields.get(n)), "")
    code = fields.get("code")
    inner = fields.get("innererror")
    if isinstance(inner, dict):
        words = (_word(code), _word(cast("dict[str, Any]", inner).get("code")))
        code = " ".join(word for word in words if word)
    upstream = _upstream(fields.get("metadata"))
    return ErrorBody(
        joined(": ".join(part for part in (_message(message), upstream) if part)),
        joined(_word(fields.get("type") or fields.get("status"))),
        joined(_word(code)),
        joined(_word(fields.get("param"))),
    )


def _upstream(metadata: Any) -> str:
    """What the provider behind an aggregator said; OpenRouter puts it into `metadata.raw`."""
    raw = cast("dict[str, Any]", metadata).get("raw") if isinstance(metadata, dict) else None
    if not isinstance(raw, str):
        return ""
    told = error_in(_parse(raw.encode("utf-8", "replace")))
    return f"{told.code} {told.message}".strip() if told else raw


def _message(value: Any) -> str:
    """A message that is text, an object around one, or FastAPI's list of complaints."""
    for _ in range(_DEEPEST):
        if not isinstance(value, dict):
            break
        inner = cast("dict[str, Any]", value)
        value = inner.get("message") or inner.get("detail") or inner.get("msg") or ""
    if isinstance(value, list):
        return "; ".join(_complaint(item) for item in cast("list[Any]", value))
    return value if isinstance(value, str) else ""


def _complaint(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    fields = cast("dict[str, Any]", item)
    where = fields.get("loc")
    path = (
        ".".join(str(part) for part in cast("list[Any]", where)) if isinstance(where, list) else ""
    )
    return f"{path}: {fields.get('msg', '')}"


def _word(value: Any) -> str:
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return None


def _plain_text(body: bytes) -> str:
    """The gist of a page that is not JSON: its title, or its words without tags."""
    text = body[:4096].decode("utf-8", "replace")
    titled = _TITLE.search(text)
    return excerpt(titled[2] if titled else re.sub(r"<[^>]*>", " ", text), 200)


def not_json(headers: Mapping[str, str], body: bytes, host: str) -> BadReply:
    """A 200 that is a page: a captive portal, a login, a wrong base URL."""
    kind = excerpt(headers.get("content-type", "no content type"), 60)
    failure = BadReply(
        "not_json",
        f"expected JSON, got {kind} from {host}: “{_plain_text(body)}”",
        "a proxy or login page, or a base URL without its /v1?",
    )
    failure.request_id = request_id(headers)
    return failure
