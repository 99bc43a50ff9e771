from __future__ import annotations

import random
import re

import pytest

from mcli.sandbox.rehearsal import CUT, Rehearsal, draw, parse_faults


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", ()),
        ("  ", ()),
        ("429:0.2", (("429", 0.2),)),
        ("429:0.2,500:0.05,cut:0.01", (("429", 0.2), ("500", 0.05), (CUT, 0.01))),
        (" 400 : .5 , 599 : 0. ", (("400", 0.5), ("599", 0.0))),
        ("cut:1", ((CUT, 1.0),)),
        ("401:0.1,402:0.2,403:0.7", (("401", 0.1), ("402", 0.2), ("403", 0.7))),
    ],
)
def test_faults_are_pairs(text: str, faults: tuple[tuple[str, float], ...]) -> None:
    assert parse_faults(text) == faults


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("429", '"429"'),
        ("429:", '""'),
        (":0.5", '""'),
        ("429:0.2,", '""'),
        ("399:0.1", '"399"'),
        ("600:0.1", '"600"'),
        ("42:0.1", '"42"'),
        ("slow:0.1", '"slow"'),
        ("429:lots", '"lots"'),
        ("429:20%", '"20%"'),
        ("429:-0.1", '"-0.1"'),
        ("429:1.1", '"1.1"'),
        ("429:nan", '"nan"'),
        ("429:inf", '"inf"'),
        ("429:1e-3", '"1e-3"'),
        ("429:0_1", '"0_1"'),
        ("٤٢٩:0.1", '"٤٢٩"'),
        ("429:0.1,500:0.1,429:0.1", '"429" is given twice'),
        ("429:0.6,500:0.5", "1.1"),
    ],
)
def test_a_bad_part_is_named(text: str, named: str) -> None:
    with pytest.raises(ValueError, match=re.escape(named)):
        parse_faults(text)


def test_the_same_seed_draws_the_same() -> None:
    rehearsal = Rehearsal(faults=(("429", 0.3), (CUT, 0.2)))

    def drawn(seed: int) -> list[str | None]:
        dice = random.Random(seed)
        return [draw(rehearsal, dice) for _ in range(1000)]

    assert drawn(7) == drawn(7)
    assert drawn(7) != drawn(8)
    assert 250 < drawn(7).count("429") < 350
    assert 150 < drawn(7).count(CUT) < 250


def test_without_faults_nothing_fails_and_with_certain_ones_everything_does() -> None:
    dice = random.Random(1)
    assert {draw(Rehearsal(), dice) for _ in range(100)} == {None}
    certain = Rehearsal(faults=(("429", 0.5), ("500", 0.5)))
    assert {draw(certain, dice) for _ in range(100)} == {"429", "500"}
