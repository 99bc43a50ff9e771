"""CORE: what an endpoint says of its models, in one form whatever its own (api-contract §1, §6)."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping
from typing import Any, cast

from mcli.shapes import frozen, replace
from mcli.terms import Terms

_WINDOW = (
    "context_length", "max_model_len", "context_window", "max_context_length",
    "capabilities.max_context_length", "top_provider.context_length", "meta.n_ctx",
    "meta.n_ctx_train",
)  # fmt: skip
_MOST_OUTPUT = (
    "max_output_tokens", "max_completion_tokens", "top_provider.max_completion_tokens",
)  # fmt: skip
_PRICES = (
    ("pricing.input_tokens_cost_per_million", "pricing.output_tokens_cost_per_million", 1.0),
    ("pricing.prompt", "pricing.completion", 1e6),
)
"""Where prices stand (MegaLLM, OpenRouter), and how many times that is USD per million tokens."""
_MODALITY = "architecture.input_modalities"
_PARAMETERS = {
    "tools": "function_calling", "structured_outputs": "structured_output",
    "reasoning": "reasoning",
}  # fmt: skip
"""Parameters that OpenRouter lists, as the ability that they are."""


@frozen
class Offer:
    """A model: tokens of its window and longest answer, USD per million tokens, and what it can do;
    what is not known is None or missing. `ours` names what the endpoint did not say, and our table
    or a person's configuration does."""

    id: str
    window: int | None = None
    most_output: int | None = None
    input_usd: float | None = None
    output_usd: float | None = None
    capabilities: tuple[str, ...] = ()
    owner: str = ""
    ours: tuple[str, ...] = ()


def read(entry: Mapping[str, Any]) -> Offer:
    """The offer in an entry of the list; what makes no sense is not known."""
    input_usd, output_usd = _prices(entry)
    return Offer(
        id=str(entry["id"]),
        window=_first(entry, _WINDOW),
        most_output=_first(entry, _MOST_OUTPUT),
        input_usd=input_usd,
        output_usd=output_usd,
        capabilities=tuple(dict.fromkeys(_capabilities(entry))),
        owner=entry["owned_by"] if isinstance(entry.get("owned_by"), str) else "",
    )


def completed(offer: Offer, known: Terms) -> Offer:
    """The offer, with what is `known` of the model where the endpoint says nothing."""
    found: dict[str, Any] = {}
    if offer.window is None and known.window is not None:
        found["window"] = known.window
    if offer.most_output is None and known.most_output is not None:
        found["most_output"] = known.most_output
    if offer.input_usd is None and offer.output_usd is None and known.input_usd is not None:
        found["input_usd"] = _per_million(known.input_usd)
        found["output_usd"] = _per_million(known.output_usd)
    return replace(offer, **found, ours=tuple(found))


def wanted(name: str, sought: str) -> bool:
    """Whether `sought` stands in a model's name, or matches all of it where it has * or ?; capitals
    and small letters are the same."""
    name, sought = name.lower(), sought.lower()
    if any(mark in sought for mark in "*?"):
        return fnmatch.fnmatchcase(name, sought.replace("[", "[[]"))
    return sought in name


def told(offer: Offer) -> dict[str, Any]:
    """The offer for JSON."""
    return {
        "context_length": offer.window,
        "max_output_tokens": offer.most_output,
        "input_usd": offer.input_usd,
        "output_usd": offer.output_usd,
        "capabilities": list(offer.capabilities),
        "ours": [_TOLD[name] for name in offer.ours],
    }


_TOLD = {
    "window": "context_length", "most_output": "max_output_tokens", "input_usd": "input_usd",
    "output_usd": "output_usd",
}  # fmt: skip


def in_short(offer: Offer) -> str:
    """The offer in a few words, for a list of names."""
    window = "" if offer.window is None else f"{offer.window:,} tokens"
    costs = (offer.input_usd, offer.output_usd)
    price = "" if None in costs else f"${costs[0]:.10g}/{costs[1]:.10g} per million"
    return ", ".join(filter(None, (window, price, offer.owner)))


def row(offer: Offer) -> tuple[str, ...]:
    """The offer for a table; the last cell names the columns that are ours."""
    return (
        offer.id,
        "" if offer.window is None else str(offer.window),
        offer.owner,
        "" if offer.most_output is None else str(offer.most_output),
        "" if offer.input_usd is None else f"{offer.input_usd:.10g}",
        "" if offer.output_usd is None else f"{offer.output_usd:.10g}",
        ",".join(offer.capabilities),
        ",".join(_COLUMNS[name] for name in offer.ours),
    )


HEADER = ("model", "context", "owner", "output", "$/M in", "$/M out", "can", "not its own word")
_COLUMNS = {"window": "context", "most_output": "output", "input_usd": "in", "output_usd": "out"}


def _prices(entry: Mapping[str, Any]) -> tuple[float | None, float | None]:
    currency = _at(entry, "pricing.currency")
    if currency not in (None, "USD", "usd"):
        return None, None
    for input_path, output_path, times in _PRICES:
        found = [_usd(_at(entry, path)) for path in (input_path, output_path)]
        if any(usd is not None for usd in found):
            return tuple(None if usd is None else round(usd * times, 9) for usd in found)  # pyright: ignore[reportReturnType]
    return None, None


def _usd(value: Any) -> float | None:
    """A price: a number, or a text that is one. OpenRouter's -1 says that it depends."""
    try:
        usd = float(value) if isinstance(value, int | float | str) else -1.0
    except ValueError:
        return None
    return usd if 0 <= usd < 1e9 and not isinstance(value, bool) else None


def _per_million(usd: float | None) -> float | None:
    return None if usd is None else round(usd * 1e6, 9)


def _capabilities(entry: Mapping[str, Any]) -> Iterator[str]:
    told = entry.get("capabilities")
    if isinstance(told, dict):
        for name, value in cast("dict[str, Any]", told).items():
            if value is True:
                yield name.removeprefix("supports_")
    elif isinstance(told, list):  # llama.cpp, Ollama
        yield from (name for name in cast("list[Any]", told) if isinstance(name, str))
    kinds: Any = _at(entry, _MODALITY)
    for kind in cast("list[Any]", kinds) if isinstance(kinds, list) else []:
        if isinstance(kind, str) and kind != "text":
            yield "vision" if kind == "image" else kind
    params: Any = entry.get("supported_parameters")
    for name in cast("list[Any]", params) if isinstance(params, list) else []:
        if isinstance(name, str) and name in _PARAMETERS:
            yield _PARAMETERS[name]


def _first(entry: Mapping[str, Any], paths: tuple[str, ...]) -> int | None:
    found = (_at(entry, path) for path in paths)
    return next((value for value in found if type(value) is int and value > 0), None)


def _at(entry: Mapping[str, Any], path: str) -> Any:
    value: Any = entry
    for name in path.split("."):
        if not isinstance(value, dict):
            return None
        value = cast("dict[str, Any]", value).get(name)
    return value
