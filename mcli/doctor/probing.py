"""SHELL: the probes sent, each as every request of mcli: within caps, budget, limits and time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from urllib.parse import urlsplit

from mcli import accounting, output, profiles, sending, terms
from mcli.accounting import Work
from mcli.api import codec
from mcli.api.calls import Endpoint
from mcli.api.persist import Patience
from mcli.budget import amount
from mcli.chat import Request
from mcli.doctor import probes
from mcli.doctor.finding import Check, failed
from mcli.doctor.probes import PROBES, Probe, Seen
from mcli.doctor.service import Heard
from mcli.errors import Failure
from mcli.purse import Purse
from mcli.said import Said
from mcli.settings import Settings
from mcli.shapes import frozen, replace
from mcli.tokens import counting

LONGEST_S = 30.0
"""For one of them, unless `--timeout` says how long all may take."""

_WORK = Work("doctor", "doctor")


@frozen
class Prober:
    """Where the probes go, with which key, and what they are paid from."""

    endpoint: Endpoint
    key: str | None
    purse: Purse
    chosen: Settings
    said: Said
    until: float | None

    async def all(self, model: str) -> list[Check]:
        """What came of all; of the first alone if it was not answered."""
        found: list[Check] = []
        params = self.chosen.params
        for probe in PROBES:
            checks, taken = await self._one(probe, probes.request(probe, model, params))
            found += checks
            if found[0].status == "problem":
                break
            if probes.limit(taken.params) not in params:  # else each would be refused once
                params = {**params, probes.limit(taken.params): probes.MOST_TOKENS}
        return found

    async def _one(self, probe: Probe, request: Request) -> tuple[list[Check], Request]:
        """What came of it, and the request as the server took it."""
        heard = Heard()
        endpoint = replace(self.endpoint, open=heard.over(self.endpoint.open))
        reach = sending.direct(endpoint, self.purse, self.said)
        patience = self._patience()
        send = sending.sender(reach, self.key, self.purse, self.chosen, patience)
        note = sending.notes(self.said)
        send = accounting.accounted(send, self.key, self.chosen, _WORK, patience, note)
        try:
            exchange = await send(request)
        except Failure as failure:
            return probes.refused(probe, failure), request
        seen = Seen(exchange.completion, heard.is_stream, exchange.request)
        return probes.judged(probe, seen), exchange.request

    def _patience(self) -> Patience:
        until, limit = time.monotonic() + LONGEST_S, LONGEST_S
        if self.until is not None and (self.said.timeout is not None or self.until < until):
            until, limit = self.until, self.chosen.timeout_s
        return Patience(until, limit, self.chosen.retries)


def prober(chosen: Settings, key: str | None, said: Said, until: float | None) -> Prober | Check:
    """What sends the probes, until that moment of the monotonic clock; or why none can be sent."""
    try:
        endpoint = sending.endpoint(chosen, profiles.ENDING, key, sending.notes(said))
        purse = sending.purse(chosen, chosen.model)
    except Failure as failure:
        return failed(probes.COMPLETION, failure)
    return Prober(endpoint, key, purse, chosen, said, until)


def announce(model: str, chosen: Settings, purse: Purse) -> None:
    """Say on stderr what is about to be spent."""
    requests = [probes.request(probe, model, chosen.params) for probe in PROBES]
    prompts = [_size(each) for each in requests]
    known = purse.terms(model)
    sums = [
        terms.worst(tokens, each.params, known)
        for tokens, each in zip(prompts, requests, strict=True)
    ]
    most = probes.MOST_TOKENS * len(requests)
    usd = _sum(sums)
    cost = "" if usd is None else f", at most {amount(usd)} USD"
    host = urlsplit(chosen.base_url).netloc
    output.note(
        f"--probe sends {len(requests)} requests to {host}: about {sum(prompts)} tokens, and at"
        f" most {most} in the answers of {model}{cost}"
    )


def _size(request: Request) -> int:
    """About how many tokens a request has; what it says beside its words counts too."""
    body = codec.body_of(request)
    words = json.dumps([body["messages"], body.get("tools"), body.get("response_format")])
    return counting.count(words, counting.choose(request.model).encoding)


def _sum(amounts: Iterable[float | None]) -> float | None:
    found = list(amounts)
    known = [each for each in found if each is not None]
    return sum(known) if len(known) == len(found) else None
