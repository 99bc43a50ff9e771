"""SHELL: `mcli doctor`: all checks in their order, each on the ground of those before it."""

from __future__ import annotations

import os
import time
from urllib.parse import urlsplit

from mcli import keys, loop, output, plan, sending
from mcli.doctor import (
    addressing,
    completing,
    configuring,
    finding,
    folders,
    keying,
    machine,
    probing,
    proxying,
)
from mcli.doctor.finding import Check, failed, ok, warning
from mcli.errors import ExitCode, Failure, UsageFailure
from mcli.keeping import Keeping
from mcli.said import Said
from mcli.settings import Settings
from mcli.shapes import field, mutable, replace

LOOKING_S = 30.0
"""For the endpoint at most, unless `--timeout` says how long: who has jobs of an hour, and has said
so in the environment or the profile, does not want to wait that long to hear that all is well."""

_GAP = "\n"


@mutable
class _Visit:
    """One examination: what was found so far. `began` is of the monotonic clock; `may_call` says
    that nothing is known that would keep a call from the endpoint."""

    said: Said
    began: float
    checks: list[Check] = field(default_factory=list[Check])
    key: str | None = None
    may_call: bool = True

    def add(self, *checks: Check) -> None:
        """Put checks behind the others."""
        self.checks += checks
        self.may_call = self.may_call and finding.is_well(checks)


def examine(said: Said, probe: bool, offline: bool) -> ExitCode:
    """Look at everything and print what was found; NO if a command would fail of it."""
    if probe and offline:
        raise UsageFailure("bad_flag", "--probe needs the network, and --offline forbids it")
    visit = _Visit(said, time.monotonic())
    output.check_stdout()
    keys.hide_all(os.environ)
    config, check = configuring.configuration(os.environ)
    visit.add(machine.program(os.environ), check)
    visit.checks += configuring.environment(os.environ)
    chosen = None
    if config is not None:
        chosen, found = configuring.settled(said, os.environ, config)
        visit.add(*found)
    if chosen is not None:
        chosen = _outside(visit, chosen, probe, offline)
    _inside(visit, chosen)
    _show(visit)
    return ExitCode.OK if finding.is_well(visit.checks) else ExitCode.NO


def _outside(visit: _Visit, chosen: Settings, probe: bool, offline: bool) -> Settings:
    """Everything about the endpoint. The settings, with the time in force for all."""
    replays = chosen.keeping.replay is not None
    if probe and replays:
        raise UsageFailure("bad_flag", "--probe needs the network, and MCLI_REPLAY forbids it")
    chosen = replace(chosen, keeping=Keeping())  # what is asked here is asked, and of no recording
    visit.add(configuring.profile(chosen))
    named = any(check.name == "key" for check in visit.checks)
    _take_key(visit, chosen, named)
    at_home = keys.is_loopback(chosen.base_url)
    origin = chosen.origins["base_url"]
    visit.add(addressing.base_url(chosen.base_url, origin, at_home, visit.key is not None))
    if offline or replays:
        why = "--offline" if offline else "MCLI_REPLAY"
        visit.add(ok("network", f"not looked at, by {why}"))
        return chosen
    proxy, check = proxying.found(chosen.base_url, os.environ)
    visit.add(check)
    if check.status == "problem":
        return chosen
    output.progress("looking at the endpoint")
    try:
        loop.run(_called(visit, chosen, proxy, probe), watch=True)
    finally:
        output.progress("")
    return chosen


def _take_key(visit: _Visit, chosen: Settings, is_missing: bool) -> None:
    if is_missing:
        return
    limit = _limit(visit.said, chosen)
    try:
        timed = replace(chosen, timeout_s=limit, timeout_given=True)
        visit.key = plan.key_for(timed, visit.began)
    except Failure as failure:
        visit.add(failed("key", failure))
        return
    visit.add(keying.examined(visit.key, chosen, os.environ))


def _limit(said: Said, chosen: Settings) -> float:
    """Seconds until the endpoint has said what it is asked for nothing."""
    return said.timeout if said.timeout is not None else min(chosen.timeout_s, LOOKING_S)


async def _called(
    visit: _Visit, chosen: Settings, proxy: proxying.Proxy | None, probe: bool
) -> None:
    """The steps to the endpoint, and what it says."""
    from mcli.doctor import network

    limit = _limit(visit.said, chosen)
    until = (visit.began if chosen.timeout_given else time.monotonic()) + limit
    may_call = visit.may_call
    try:
        there = network.place(chosen.base_url, proxy)
    except Failure as failure:
        visit.add(failed("endpoint", failure))
        return
    steps = await network.reached(chosen.base_url, there, network.Span(until, limit))
    visit.add(*steps)
    if not (may_call and finding.is_well(steps)):
        return
    await _asked(visit, chosen, until, limit, bool(there.by_proxy))
    if not probe or not visit.may_call:
        return
    await _probed(visit, chosen, chosen.ends(visit.began))


async def _asked(
    visit: _Visit, chosen: Settings, until: float, limit: float, by_proxy: bool
) -> None:
    """What the endpoint says for nothing."""
    from mcli.api.persist import Patience
    from mcli.doctor import service

    patience = Patience(until, limit, 0)
    endpoint = sending.endpoint(chosen, "/models", visit.key)
    listed, found = await service.asked(endpoint, patience, chosen.key)
    if by_proxy and len(found) > 1 and urlsplit(chosen.base_url).scheme == "https":
        visit.add(ok("tls", "through the proxy; the certificate is trusted"))
    visit.add(*found)
    if listed is not None:
        origin = chosen.origins.get("model", "")
        visit.add(addressing.model(chosen.model, origin, listed))


async def _probed(visit: _Visit, chosen: Settings, until: float | None) -> None:
    """What the endpoint can do, for a few tokens."""
    if chosen.model is None:
        hint = "name a model with -m"
        visit.add(warning("completion", "unclear: there is no model to probe", hint))
        return
    made = probing.prober(chosen, visit.key, visit.said, until)
    if isinstance(made, Check):
        visit.add(made)
        return
    output.progress("")
    probing.announce(chosen.model, chosen, made.purse)
    output.progress("probing the endpoint")
    visit.add(*await made.all(chosen.model))


def _inside(visit: _Visit, chosen: Settings | None) -> None:
    """Everything that is on this machine."""
    environ = os.environ
    model = chosen.model if chosen else None
    own = chosen.models.get(model) if chosen and model else None
    visit.add(machine.tokenizer(model, own.encoding if own else None))
    budget = chosen.budget if chosen else None
    visit.add(*folders.kept(environ, must=budget is not None))
    if read := folders.ledger_of(environ):
        visit.add(read)
    if budget is not None:
        visit.add(folders.budget(budget, visit.key, environ))
    visit.add(machine.terminal(environ, visit.said.color), machine.locale(environ))
    visit.add(completing.installed(environ))


def _show(visit: _Visit) -> None:
    if visit.said.json:
        output.json_line(finding.document(visit.checks, time.monotonic() - visit.began))
        return
    rows = [finding.row(check) for check in visit.checks]
    if os.isatty(output.STDOUT):
        # A line of its own for what to do, under what was found.
        folded = [(status, name, _GAP.join(filter(None, rest))) for status, name, *rest in rows]
        output.table(("", "check", "found"), folded, visit.said.color)
        return
    output.table(("", "check", "found", "to do"), list[tuple[str, ...]](rows), visit.said.color)
