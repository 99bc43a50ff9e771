"""mcli's columns of `mcli help peers` and `mcli help codegen`, without its peers."""

from __future__ import annotations

import pytest

from mcli import manual, reading
from mcli.chat import Completion
from mcli.errors import UnusableAnswer
from mcli.reading import Reading
from tests.benchmarks import fences, peers, tools
from tests.benchmarks.forms import FORMS, Form
from tests.benchmarks.rows import ROWS, Row


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@pytest.mark.parametrize("streams", [False, True], ids=["whole", "streamed"])
def test_mcli_does_what_it_owes(row: Row, streams: bool) -> None:
    owed = row.streamed if streams else row.whole

    assert peers.complaints(owed, tools.run(tools.ours()[streams], row)) == []


def test_the_page_has_the_rows_that_are_measured() -> None:
    measured = manual.page("peers").partition(peers.BEGIN)[2].partition(peers.END)[0]

    names = [line[2:].split(" | ")[0] for line in measured.splitlines() if line.startswith("| ")]
    assert names == ["fault", "---", *(row.name for row in ROWS)]


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_codegen_owes_the_code_or_nothing(form: Form) -> None:
    assert fences.complaints(form, fences.run(fences.ours(form), form)) == []


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_codegen_reads_each_form_as_the_page_says(form: Form) -> None:
    how = Reading("code", language=form.flags[-1] if form.flags else "")
    told: tuple[str | None, str]
    try:
        told = reading.read(Completion(form.answer, form.finish), how).text, ""
    except UnusableAnswer as failure:
        told = None, failure.slug
    assert told == (form.code, form.slug)


def test_the_page_of_codegen_has_the_twenty_forms() -> None:
    measured = manual.page("codegen").partition(peers.BEGIN)[2].partition(peers.END)[0]

    rows = [line[2:].split(" | ")[:2] for line in measured.splitlines() if line.startswith("| ")]
    assert len(FORMS) == 20
    assert [name for name, _ in rows[2:]] == [form.name for form in FORMS]
    ours = [f"exit 4 `{form.slug}`, nothing" if form.slug else "the code" for form in FORMS]
    assert [cell for _, cell in rows[2:]] == ours
