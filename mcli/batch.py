"""CORE: the arithmetic of a batch: what came of its records, and what that means for the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcli.errors import Charged, ExitCode, Failure, Partial, TryAgain
from mcli.shapes import frozen, mutable

ENOUGH = 20
"""How many records must have ended before a percentage of them says something."""

CAPS = ("max_cost", "max_requests", "budget")
"""Slugs of what a person set: one request more would pass it, and those before may go."""

_STOPS = (ExitCode.BUG, ExitCode.IO_ERROR, ExitCode.NOT_ALLOWED, ExitCode.CONFIG)
_PRECEDENCE = (*_STOPS, ExitCode.TRY_AGAIN, ExitCode.PARTIAL)


@frozen
class Halt:
    """Stop when so many of the records that ended have failed: a number, or a share of them."""

    count: int | None = None
    share: float | None = None

    def reached(self, failed: int, ended: int) -> bool:
        """Whether it is time to stop."""
        if self.count is not None:
            return failed >= self.count
        return self.share is not None and ended >= ENOUGH and failed >= self.share * ended


def halt(word: str) -> Halt:
    """`5` or `10%` as a Halt. Raises ValueError."""
    number = word.removesuffix("%")
    try:
        value = float(number) if number != word else int(number)
    except ValueError:
        value = 0
    if not (word.isascii() and 0 < value < float("inf")) or (number != word and value > 100):
        raise ValueError(f'"{word[:40]}" is neither a number from 1 on nor a percentage')
    return Halt(share=value / 100) if number != word else Halt(count=int(value))


@mutable
class Tally:
    """What came of the records that ended: `ok`, `failed` for good, or `transient`: asked again by
    the next run. `kept` are those of them that an earlier run had ended. Attempts, tokens, USD and
    whether anything was `charged` are those of this run; None as soon as one is not known. `first`
    is where the first of the bad ones stands, and what is wrong with it."""

    ok: int = 0
    failed: int = 0
    transient: int = 0
    kept: int = 0
    in_flight: int = 0
    attempts: int = 0
    charged: Charged = "no"
    tokens: int = 0
    cost_usd: float | None = 0.0
    first: str = ""

    @property
    def ended(self) -> int:
        """How many have ended."""
        return self.ok + self.failed + self.transient

    @property
    def bad(self) -> int:
        """How many have no answer."""
        return self.failed + self.transient

    def count(self, envelope: Mapping[str, Any], kept: bool, place: str) -> None:
        """One more has ended, as its envelope says; `place` is where it stands in the input."""
        if not envelope["ok"] and not self.first:
            why = str(envelope["error"]["message"])
            self.first = why if why.startswith(place) else f"{place}: {why}"
        if envelope["ok"]:
            self.ok += 1
        elif envelope["error"]["retryable"]:
            self.transient += 1
        else:
            self.failed += 1
        self.kept += kept
        if kept or envelope["cached"]:
            return
        usage: Mapping[str, int | None] = envelope["usage"] or {}
        self.tokens += usage.get("total_tokens") or 0
        charged: Charged = "yes" if envelope["ok"] else envelope["error"]["charged"]
        self.spent(envelope["attempts"], charged, envelope["cost_usd"])

    def spent(self, attempts: int, charged: Charged, cost_usd: float | None) -> None:
        """So many requests were sent, and what became of them."""
        self.attempts += attempts
        if _CHARGED.index(charged) > _CHARGED.index(self.charged):
            self.charged = charged
        if charged != "no":
            cost = self.cost_usd
            self.cost_usd = None if cost is None or cost_usd is None else cost + cost_usd


_CHARGED = ("no", "maybe", "yes")


def of_run(failure: Failure, tally: Tally) -> Failure:
    """A failure of the run, with what all of it took: who reads its end asks what it did, and not
    what the record did with which it ended."""
    failure.attempts, failure.charged = tally.attempts, tally.charged
    failure.cost_usd = tally.cost_usd
    return failure


def stops(failure: Failure) -> bool:
    """Whether what failed for one record fails for all: a key, a quota, a cap, a disk, a host."""
    return failure.slug in OF_ALL or (failure.exit_code in _STOPS and failure.slug not in OWN)


OWN = ("over_tpm", "tool_not_allowed", "bad_template")
"""Slugs that would stop a run, and are of one record all the same: a template that can be read may
yet make too much of what one record brings."""

OF_ALL = ("dns_unknown", "tls_failed", "tls_untrusted")
"""Slugs that are of no record: where a network is away, all would have failed for good."""


def worst(one: Failure | None, other: Failure) -> Failure:
    """The one whose exit code goes before."""
    if one is None:
        return other
    return min(one, other, key=_place)


def _place(failure: Failure) -> int:
    code = failure.exit_code
    return _PRECEDENCE.index(code) if code in _PRECEDENCE else len(_STOPS)


def verdict(tally: Tally, journal: bool, told: bool) -> Failure | None:
    """What is wrong with a run that came to its end; `told` is whether the output says of each
    record why it failed."""
    if not tally.bad:
        return None
    if tally.transient:
        again = (
            "run it again for them" if journal else "run it again, with --journal for them alone"
        )
        some = "" if not tally.failed else f", {tally.transient:,} for now"
        return TryAgain("batch_try_again", failures(tally, some), again)
    hint = "their lines say why" if told else "without --text or -q their lines say why"
    hint += "; --retry-failed asks again" if journal else ""
    return Partial("batch_partial", failures(tally), hint)


def failures(tally: Tally, more: str = "") -> str:
    """How many failed, and the first of them."""
    return f"{tally.bad:,} of {tally.ended:,} records failed{more}; the first: {tally.first}"


def summary(tally: Tally, elapsed_s: float) -> str:
    """What -v says at the end, or once a minute."""
    kept = f" ({tally.kept} from the journal)" if tally.kept else ""
    told = _so_far(tally, elapsed_s, kept)
    return f"{told}, tokens={tally.tokens} cost={_cost(tally)}"


def glance(tally: Tally, elapsed_s: float, left: str) -> str:
    """The same for a line of a terminal, which may be cut: what matters least comes last."""
    told = _so_far(tally, elapsed_s, "")
    return f"{left}{told}, cost={_cost(tally)} tokens={tally.tokens}"


def _so_far(tally: Tally, elapsed_s: float, kept: str) -> str:
    rate = tally.ended / elapsed_s if elapsed_s > 0 else 0.0
    flying = f"{tally.in_flight} in flight"
    return f"{tally.ended} done{kept}, {tally.bad} failed, {flying}, {rate:.1f}/s"


def _cost(tally: Tally) -> str:
    return "unknown" if tally.cost_usd is None else f"{tally.cost_usd:.6g}"
