"""SHELL: the tests that recipes bring along, run side by side and told in their order."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mcli import (
    abreast,
    cases,
    catalogue,
    envelope,
    inputs,
    library,
    loop,
    outfile,
    output,
    plan,
    profiles,
    redaction,
    results,
    sending,
    settings,
)
from mcli.accounting import Work
from mcli.answering import Asker
from mcli.cases import Case, Outcome
from mcli.chat import Completion
from mcli.errors import (
    BadInput,
    ConfigFailure,
    ExitCode,
    Failure,
    NoInput,
    UnusableAnswer,
    UsageFailure,
)
from mcli.inputs import Bounds
from mcli.job import Job
from mcli.recipe import Recipe
from mcli.results import Result, State
from mcli.said import Said
from mcli.settings import Settings
from mcli.shapes import frozen, replace
from mcli.strict import Node
from mcli.variables import FROM_FLAGS

if TYPE_CHECKING:
    from mcli.api.calls import Endpoint
    from mcli.purse import Purse

_BLINK_S = 0.1
"""How often the progress is drawn."""


@frozen
class Trial:
    """One test, its recipe and the file of that, what the recipe is called here, and the settings
    in force for it."""

    name: str
    path: str
    recipe: Recipe
    settings: Settings
    case: Case


def run(paths: Sequence[str], jobs: int, junit: str | None, said: Said) -> ExitCode:
    """Run the tests of the recipes in `paths`, of all that have a name if there are none, and
    print how they ended. Raises the failure of a request, once what is in flight has ended."""
    began = time.monotonic()
    said = replace(said, stream=False)  # an answer is judged, not shown
    try:
        if not said.quiet:
            output.check_stdout()
        if junit is not None:
            outfile.check(junit, no_clobber=False)
        trials = _trials(paths, said)
        tests = _Tests(trials, said, began)
        if trials:
            chosen = trials[0].settings  # a recipe has no say in where to and with which key
            key, note = plan.key_for(chosen, began), sending.notes(said)
            endpoint = sending.endpoint(chosen, profiles.ENDING, key, note)
            models = {trial.settings.model for trial in trials}
            purse = sending.purse(chosen, *sorted(filter(None, models)))
            loop.run(tests.all(jobs, endpoint, purse), watch=not said.quiet)
        return _tell(tests, junit, said, began)
    except Failure as failure:
        failure.elapsed_s = time.monotonic() - began
        raise


def _trials(paths: Sequence[str], said: Said) -> list[Trial]:
    """Every test, read before the first is run: what is no recipe ends it at once."""
    config = profiles.load(os.environ)
    if paths:
        named = [(str(path), path) for path in library.files(paths)]
    else:
        named = [(place.name, place.path) for place in catalogue.places(os.environ)]
    trials: list[Trial] = []
    for name, path in named:
        found = library.load(path, os.environ)
        chosen = settings.load(said, os.environ, found, config)
        # What is judged is what the model says today.
        chosen = replace(chosen, keeping=replace(chosen.keeping, cache_s=None))
        for case in found.tests:
            trials.append(Trial(name, str(path), found, chosen, case))
            _refuse_outside(trials[-1])
    return trials


class _Tests:
    """The tests in flight; a line is printed as soon as all before it are."""

    def __init__(self, trials: Sequence[Trial], said: Said, began: float) -> None:
        self.trials = trials
        self.done: dict[int, Result] = {}
        self.failures: list[Failure] = []
        self.attempts = 0
        self.cost_usd: float | None = 0.0
        self._said = said
        self._began = began
        self._shown = 0
        self._drawn = 0.0

    async def all(self, jobs: int, endpoint: Endpoint, purse: Purse) -> None:
        """Run them, `jobs` at a time."""

        async def one(number: int) -> None:
            await self._one(number, endpoint, purse)

        try:
            await abreast.run(len(self.trials), one, self.failures, jobs)
        finally:
            self.cost_usd = purse.cost_usd

    def results(self) -> list[Result]:
        """What has ended, in the order of the files."""
        return [self.done[number] for number in sorted(self.done)]

    async def _one(self, number: int, endpoint: Endpoint, purse: Purse) -> None:
        trial, began = self.trials[number], time.monotonic()
        try:
            state, told = await self._judged(trial, endpoint, purse)
        except Failure as failure:
            failure.recipe = trial.recipe.name
            self.attempts += failure.attempts
            self._end(number, "error", (_told(failure),), began)
            raise
        self._end(number, state, told, began)

    def _end(self, number: int, state: State, told: tuple[str, ...], began: float) -> None:
        trial, elapsed = self.trials[number], time.monotonic() - began
        self.done[number] = Result(trial.name, trial.path, trial.case, state, told, elapsed)
        self._show()

    async def _judged(
        self, trial: Trial, endpoint: Endpoint, purse: Purse
    ) -> tuple[State, tuple[str, ...]]:
        case = trial.case
        judges = ", ".join(case.unchecked)
        if judges and case.expected == cases.Expected(loosely=True):
            return "skip", (f"mcli does not judge by {judges}",)
        patience = sending.patience(trial.settings, self._began)
        try:
            job = _job(trial)
            planned = plan.of(trial.recipe, trial.settings, job, self._said, self._began)
            material = plan.read(planned, self._said)
            work = Work("recipes test", trial.name)
            reach = sending.direct(endpoint, purse, self._said)
            asker = Asker(reach, endpoint.key, purse, work, self._said, patience)
            answer, exchange = await asker.answer(planned, material)
            self.attempts += exchange.attempts
            outcome = _outcome(exchange.completion, answer.text, answer.data)
        except (UsageFailure, NoInput, BadInput) as failure:
            if failure.attempts:
                raise
            return "not ok", (_told(failure),)
        except UnusableAnswer as failure:
            self.attempts += failure.attempts
            outcome = _outcome(failure.completion, problem=_told(failure))
        if unmet := cases.unmet(case.expected, outcome):
            return "not ok", tuple(unmet)
        if judges:
            return "skip", (f"mcli does not judge by {judges}; what it can check is met",)
        return "ok", ()

    def _show(self) -> None:
        """The lines that are due, and now and then how far it is."""
        if self._said.quiet:
            return
        if not self._said.json and self._shown in self.done:
            output.progress("")
            while self._shown in self.done:
                output.text(results.line(self.done[self._shown]))
                self._shown += 1
        now = time.monotonic()
        if now >= self._drawn + _BLINK_S:
            self._drawn = now
            output.progress_of(len(self.done), len(self.trials), self._said.color)

    def show_rest(self) -> None:
        """The lines behind a test that was not run."""
        for number in sorted(self.done):
            if number >= self._shown:
                output.text(results.line(self.done[number]))


def _job(trial: Trial) -> Job:
    """What is put in. Raises NoInput for a file that the recipe may not read."""
    case = trial.case
    data = _text(trial, case.data_file) if case.data_file is not None else case.data
    given = {
        name: _given(trial, trial.recipe.inputs[name].type, value)
        for name, value in case.variables.items()
    }
    return Job(trial.recipe.name, variables=given, data=data)


def _refuse_outside(trial: Trial) -> None:
    """Raise ConfigFailure for a test that names a file which its recipe may not read."""
    case, inputs = trial.case, trial.recipe.inputs
    named = [case.data_file] if case.data_file is not None else []
    own = [name for name in case.variables if inputs[name].type in FROM_FLAGS]
    named += [str(case.variables[name]) for name in own]
    for name in named:
        library.beside(Path(trial.path), name, Node("", case.place))


def _given(trial: Trial, kind: str, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
    """A variable; where it names a file, the text or the path of one that the recipe may read."""
    if kind not in FROM_FLAGS or not isinstance(value, str):
        return value
    return _text(trial, value) if kind == "file" else _beside(trial, value)


def _text(trial: Trial, name: str) -> str:
    return inputs.read_file(_beside(trial, name), Bounds())


def _beside(trial: Trial, name: str) -> str:
    """The path of a regular file below the recipe's directory."""
    place = trial.case.place
    try:
        target = library.beside(Path(trial.path), name, Node("", place))
    except ConfigFailure as failure:
        message = failure.message.removeprefix(f"{place}: ")
        raise NoInput("unreadable", message, failure.hint) from None
    return os.path.join(".", target)  # one that is called - is not stdin


def _outcome(
    completion: Completion | None, text: str = "", data: object = None, problem: str = ""
) -> Outcome:
    usage = completion.usage if completion else None
    tokens = usage.completion_tokens if usage else None
    return Outcome(text, data, completion.text if completion else "", problem, tokens)


def _told(failure: Failure) -> str:
    """What a failure says, fit for any output: a server may have put anything into it."""
    return f"{redaction.excerpt(failure.message)} [{failure.slug}]"


def _tell(tests: _Tests, junit: str | None, said: Said, began: float) -> ExitCode:
    ended = tests.results()
    output.progress("")
    if not said.quiet and not said.json:
        tests.show_rest()
        output.text(results.summary(ended, len(tests.trials)))
    if junit is not None:
        outfile.write(junit, results.junit(ended), no_clobber=False)
    if tests.failures:
        failure = results.worst(tests.failures)
        failure.data, failure.cost_usd = results.data(ended), tests.cost_usd
        raise failure
    verdict = results.passed(ended)
    if said.json and not said.quiet:
        elapsed = time.monotonic() - began
        told = envelope.of_data(
            results.data(ended), elapsed, verdict, tests.attempts, tests.cost_usd
        )
        output.json_line(told)
    return ExitCode.OK if verdict else ExitCode.NO
