"""CORE: requests of the ledger added up, in memory that grows with the rows and not with them."""

from __future__ import annotations

from typing import Any

from mcli.shapes import field, mutable


@mutable
class Sums:
    """What some requests came to. `cost_usd` is what is known of the cost, and `unknown` counts the
    requests for which nothing is known; those that were certainly not charged cost nothing."""

    requests: int = 0
    failed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    unknown: int = 0

    @property
    def known_usd(self) -> float | None:
        """The known cost; None where none is, which is not 0."""
        return None if self.unknown and self.unknown == self.requests else self.cost_usd

    def data(self) -> dict[str, Any]:
        """The sums as JSON has them."""
        known = self.known_usd
        return {
            "requests": self.requests,
            "failed": self.failed,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "cost_usd": None if known is None else round(known, 9),
            "unknown_cost": self.unknown,
        }


@mutable
class Tally:
    """The sums of each row and of all together."""

    rows: dict[str, Sums] = field(default_factory=dict[str, Sums])
    total: Sums = field(default_factory=Sums)

    def add(self, row: str, one: Sums) -> None:
        """One request, as its sums, to the row of that name."""
        for sums in (self.rows.setdefault(row, Sums()), self.total):
            sums.requests += one.requests
            sums.failed += one.failed
            sums.prompt_tokens += one.prompt_tokens
            sums.completion_tokens += one.completion_tokens
            sums.cost_usd += one.cost_usd
            sums.unknown += one.unknown

    def shares(self, names: list[str]) -> list[float]:
        """Of each row its part of the largest: by cost, or by requests where no cost is known."""
        costs = [self.rows[name].cost_usd for name in names]
        sizes = costs if any(costs) else [float(self.rows[name].requests) for name in names]
        largest = max(sizes, default=0.0) or 1.0
        return [size / largest for size in sizes]
