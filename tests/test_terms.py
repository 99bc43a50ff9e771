"""The arithmetic of costs, and what the configuration says of a model."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcli import prices, profiles, terms
from mcli.chat import Usage
from mcli.errors import ConfigFailure
from mcli.terms import Terms

PRICED = Terms(8192, 4096, 2e-6, 4e-6)


def test_a_cost_is_known_where_counts_and_prices_are() -> None:
    assert terms.cost(Usage(1000, 500, 1500), PRICED) == pytest.approx(0.004)
    assert terms.cost(None, PRICED) is None
    assert terms.cost(Usage(None, 500), PRICED) is None
    assert terms.cost(Usage(1000, 500), Terms(input_usd=2e-6)) is None


def test_the_worst_is_the_limit_of_the_request_of_the_model_or_assumed() -> None:
    assert terms.worst(1000, {"max_tokens": 10}, PRICED) == pytest.approx(0.00204)
    assert terms.most_output({"max_completion_tokens": 7, "max_tokens": 9}, PRICED) == 7
    assert terms.most_output({}, PRICED) == 4096
    assert terms.most_output({"max_tokens": "many"}, Terms()) == terms.ASSUMED_OUTPUT
    assert terms.worst(1000, {}, Terms()) is None


def test_numbers_that_are_too_large_are_no_numbers() -> None:
    assert terms.cost(Usage(10**400, 1), PRICED) is None
    assert terms.cost(Usage(9, 9), Terms(input_usd=1e308, output_usd=1e308)) is None
    assert terms.most_output({"max_tokens": 10**400}, PRICED) == terms.MOST
    assert terms.most_output({"max_tokens": True}, Terms(most_output=10**400)) == terms.MOST
    assert terms.worst(10, {"max_tokens": 10**400}, PRICED) == pytest.approx(4e6, rel=0.01)


def test_own_terms_stand_over_what_is_built_in_field_by_field() -> None:
    found = prices.find("sandbox", {"sandbox": Terms(window=512)})
    assert found.window == 512
    assert found.input_usd == 0.0
    assert prices.find("nobody/knows", {}) == Terms()


def configured(tmp_path: Path, text: str) -> profiles.Config:
    file = tmp_path / "c.yaml"
    file.write_text(text)
    return profiles.load({"MCLI_CONFIG": str(file)})


def test_a_person_says_what_a_model_offers_and_charges(tmp_path: Path) -> None:
    said = "{window: 8192, max_output: 100, input_usd: 2, output_usd: 0.5, encoding: cl100k_base}"
    config = configured(tmp_path, f"models: {{mine: {said}}}\n")
    assert config.models == {"mine": Terms(8192, 100, 2e-6, 5e-7, "cl100k_base")}


@pytest.mark.parametrize(
    "said", ["{window: 0}", "{input_usd: -1}", "{input_usd: a}", "{encoding: gpt2}", "{widow: 1}"]
)
def test_what_is_wrong_with_them_is_told_with_its_place(tmp_path: Path, said: str) -> None:
    with pytest.raises(ConfigFailure, match=r"c\.yaml:1:"):
        configured(tmp_path, f"models: {{mine: {said}}}\n")
