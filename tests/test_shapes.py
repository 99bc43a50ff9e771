from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as plain_field
from typing import Any

import pytest

from mcli.shapes import as_dict, field, frozen, mutable, names, replace, values


@frozen
class Point:
    """A place."""

    x: int
    y: int = 2
    seen: list[str] = field(default_factory=list[str])

    def far(self) -> int:
        return self.x + self.y


@mutable
class Count:
    ok: int = 0
    of: list[int] = field(default_factory=list[int])


@frozen
class Odd:
    x: int

    def __eq__(self, other: object) -> bool:
        return True

    def __repr__(self) -> str:
        return "odd"


@frozen
class Nothing:
    pass


@dataclass(frozen=True, slots=True)
class Standard:
    x: int
    y: int = 2
    seen: list[str] = plain_field(default_factory=list[str])


REFUSED: tuple[tuple[tuple[Any, ...], dict[str, Any]], ...] = (
    ((), {}),
    ((1, 2, [], 4), {}),
    ((1,), {"z": 3}),
    ((1,), {"x": 3}),
    ((), {"y": 1}),
)


@pytest.mark.parametrize(("given", "named"), REFUSED, ids=str)
def test_what_the_standard_one_refuses_is_refused_with_its_words(
    given: tuple[Any, ...], named: dict[str, Any]
) -> None:
    with pytest.raises(TypeError) as said:
        Standard(*given, **named)
    for _ in range(2):  # the first one is made by another way than the rest
        with pytest.raises(TypeError, match="argument") as told:
            Point(*given, **named)
        assert str(told.value).replace("Point", "Standard") == str(said.value)


@pytest.mark.parametrize("given", [(1,), (1, 3), (1, 3, ["a"])], ids=str)
def test_it_holds_what_the_standard_one_holds(given: tuple[Any, ...]) -> None:
    found, standard = Point(*given), Standard(*given)

    assert values(found) == (standard.x, standard.y, standard.seen)
    assert repr(found) == repr(standard).replace("Standard", "Point")
    assert Point.__doc__ == "A place."
    assert found.far() == found.x + found.y


def test_each_has_a_default_of_its_own() -> None:
    first, second = Point(1), Point(1)
    first.seen.append("a")

    assert second.seen == []
    assert Count().of is not Count().of


def test_equal_fields_make_equals_and_another_class_never() -> None:
    assert Point(1) == Point(1, 2)
    assert Point(1) != Point(2)
    assert Odd(1) == Odd(2)
    assert Nothing() == Nothing()
    assert Point(1) != Count(1)
    assert Count() != Nothing()
    assert hash(Nothing()) == hash(Nothing())
    assert repr(Odd(1)) == "odd"


def test_a_frozen_one_never_changes_and_has_no_room_for_more() -> None:
    point: Any = Point(1)

    for change in (
        lambda: setattr(point, "x", 2),
        lambda: setattr(point, "z", 2),
        lambda: delattr(point, "x"),
    ):
        with pytest.raises(AttributeError):
            change()
    assert point == Point(1)
    assert not hasattr(point, "__dict__")


def test_a_mutable_one_changes_in_its_fields_and_is_no_key() -> None:
    count: Any = Count()
    count.ok += 1

    assert count == Count(1)
    with pytest.raises(TypeError):
        hash(count)
    with pytest.raises(AttributeError):
        count.bad = 1


def test_a_copy_with_changes() -> None:
    assert replace(Point(1, seen=["a"]), x=5) == Point(5, 2, ["a"])
    with pytest.raises(TypeError):
        replace(Point(1), z=1)


def test_as_dictionaries_all_the_way_down() -> None:
    deep = Point(1, seen=[Odd(3), {"k": (Nothing(), 1)}])  # pyright: ignore[reportArgumentType]

    assert as_dict(deep) == {"x": 1, "y": 2, "seen": [{"x": 3}, {"k": [{}, 1]}]}
    assert names(deep) == names(Point) == ("x", "y", "seen")
