"""CORE: classes that are their fields, at a tenth of what the standard library takes to make one.

`dataclasses` writes and compiles six methods for every class when its module is loaded, 0.5 ms of a
start each, and a command loads a hundred. Here `__init__` is compiled when the first one is made,
which most never are, and the others are the same functions for all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast, dataclass_transform

T = TypeVar("T")

_FIELDS = "__shape__"
"""Where a class keeps the names of its fields, in order."""


class _Made:
    """A default that is made for each one."""

    def __init__(self, factory: Callable[[], Any]) -> None:
        self.factory = factory


def field(*, default_factory: Callable[[], T]) -> T:
    """The default of a field that is made anew for each one."""
    return cast(T, _Made(default_factory))


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(made: type[T]) -> type[T]:
    """A class whose instances are equal if their fields are, and never change: to assign to one
    raises AttributeError."""
    return _shaped(made, {**_ALIKE, "__hash__": _hash, "__setattr__": _keep, "__delattr__": _keep})


@dataclass_transform(field_specifiers=(field,))
def mutable(made: type[T]) -> type[T]:
    """A class whose instances are equal if their fields are, which may be assigned to."""
    return _shaped(made, {**_ALIKE, "__hash__": None})


def replace(value: T, **changes: Any) -> T:
    """A copy in which `changes` take the place of fields. Raises TypeError for what is none."""
    return type(value)(**{name: getattr(value, name) for name in names(value)} | changes)


def names(shape: Any) -> tuple[str, ...]:
    """The fields of a class or one of its instances."""
    return getattr(shape, _FIELDS)


def values(shape: Any) -> tuple[Any, ...]:
    """What its fields hold, in order."""
    return tuple(getattr(shape, name) for name in names(shape))


def as_dict(value: Any) -> Any:
    """The same in dictionaries and lists, as far down as there are shapes."""
    if hasattr(value, _FIELDS):
        return {name: as_dict(getattr(value, name)) for name in names(value)}
    if isinstance(value, dict):
        return {key: as_dict(each) for key, each in cast("dict[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [as_dict(each) for each in cast("list[Any]", value)]
    return value


def _shaped(plain: type[T], methods: dict[str, Any]) -> type[T]:
    """`plain` again, with slots for its fields; what it says of itself stays."""
    body = dict(plain.__dict__)
    fields = tuple(body.get("__annotations__", ()))
    defaults = {name: body.pop(name) for name in fields if name in body}
    for absent in ("__dict__", "__weakref__"):
        body.pop(absent, None)
    own = {name: method for name, method in methods.items() if body.get(name) is None}
    slots = {"__slots__": fields, _FIELDS: fields, "__qualname__": plain.__qualname__}
    made: Any = type(plain)(plain.__name__, plain.__bases__, {**body, **own, **slots})
    made.__init__ = _first(made, fields, defaults)
    return made


def _first(made: Any, fields: tuple[str, ...], defaults: dict[str, Any]) -> Callable[..., None]:
    """What makes the first instance, and before it what makes all others."""

    def __init__(self: Any, *given: Any, **named: Any) -> None:  # noqa: N807
        made.__init__ = _maker(made, fields, defaults)
        made.__init__(self, *given, **named)

    return __init__


def _maker(made: Any, fields: tuple[str, ...], defaults: dict[str, Any]) -> Callable[..., None]:
    """`__init__`: it fills the slots themselves, which the assignment to a frozen one cannot."""
    known: dict[str, Any] = {"_Made": _Made}
    taken: list[str] = []
    lines: list[str] = []
    for name in fields:
        known[f"_set_{name}"] = getattr(made, name).__set__
        value = name
        if name in defaults:
            known[f"_default_{name}"] = default = defaults[name]
            taken.append(f"{name}=_default_{name}")
            if isinstance(default, _Made):
                value = f"{name}.factory() if {name} is _default_{name} else {name}"
        else:
            taken.append(name)
        lines.append(f"    _set_{name}(self, {value})")
    source = "\n".join((f"def __init__(self, {', '.join(taken)}):", *(lines or ["    pass"])))
    exec(source, known)
    known["__init__"].__qualname__ = f"{made.__qualname__}.__init__"
    return known["__init__"]


def _equal(self: Any, other: Any) -> bool:
    if type(other) is not type(self):
        return NotImplemented
    return values(self) == values(other)


def _hash(self: Any) -> int:
    return hash(values(self))


def _told(self: Any) -> str:
    fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in names(self))
    return f"{type(self).__qualname__}({fields})"


def _keep(self: Any, name: str, value: object = None) -> None:
    raise AttributeError(f"{type(self).__qualname__}.{name} never changes")


_ALIKE: dict[str, Any] = {"__eq__": _equal, "__repr__": _told}
