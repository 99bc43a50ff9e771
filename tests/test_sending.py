"""From when on the time counts."""

from __future__ import annotations

import time

from mcli import sending, settings
from mcli.said import Said
from mcli.shapes import replace


def test_a_timeout_that_was_given_counts_from_the_start() -> None:
    chosen = settings.load(Said(timeout=5.0), {"HOME": "/gone"})

    assert sending.patience(chosen, began=100.0).deadline == 105.0


def test_another_counts_from_when_the_input_is_complete() -> None:
    chosen = replace(settings.load(Said(), {"HOME": "/gone"}), timeout_s=5.0)
    before = time.monotonic()

    deadline = sending.patience(chosen, began=before - 100).deadline

    assert before + 5 <= deadline <= time.monotonic() + 5
