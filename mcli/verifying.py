"""SHELL: the code of an answer, checked by what knows its language."""

from __future__ import annotations

from typing import Any

from mcli import codecheck
from mcli.asking import Check
from mcli.errors import UnusableAnswer
from mcli.reading import Answer, Reading


def check(how: Reading, until: float) -> Check | None:
    """What looks at an answer that is read as `how` says, until the moment `until` of the monotonic
    clock at the latest; None where nothing does."""
    if how.kind != "code" or not how.check:
        return None

    async def look(answer: Answer) -> tuple[Answer, tuple[str, ...]]:
        told: list[dict[str, Any]] = answer.data["files"] if how.files else [answer.data]
        warnings: list[str] = []
        for one in told:
            wanted = "" if how.files else how.language
            verdict = await codecheck.verdict(one["language"] or "", one["code"], wanted, until)
            place = f"{one['path']}: " if how.files else ""
            if verdict.passed is False:
                raise _unfit(f"{place}{verdict.tool}: {verdict.said}")
            if verdict.said:
                warnings.append(f"{place}not checked: {verdict.said}")
            one["checked"] = verdict.passed
        if how.files:
            answer.data["checked"] = all(one["checked"] for one in told) or None
        return answer, tuple(warnings)

    return look


def _unfit(said: str) -> UnusableAnswer:
    return UnusableAnswer(
        "check_failed", f"the code is not well formed: {said}",
        "raise --repair, or take it as it is with --no-check",
    )  # fmt: skip
