"""The table of prices: what it has, how a name is found, and that the script makes it."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli import prices
from mcli.chat import Usage
from mcli.terms import Terms, cost, worst
from tests.program import ROOT

SMALL = ROOT / "tests" / "prices"
TEXT = prices.TABLE.read_text()
LINES = [line.split("\t") for line in TEXT.splitlines() if not line.startswith("#")]


def per_million(model: str) -> tuple[float | None, ...]:
    found = prices.find(model, {})
    prices_usd = (found.input_usd, found.output_usd)
    return tuple(None if usd is None else round(usd * 1e6, 9) for usd in prices_usd)


def test_the_table_says_as_of_when_and_where_from() -> None:
    first, second, *_ = TEXT.splitlines()
    found = re.search(r"as of (\d{4}-\d\d-\d\d)$", first)
    assert found
    assert date.fromisoformat(found[1]) >= date(2026, 11, 26)
    assert re.search(r"of the Python package litellm [\d.]+, MIT License$", second)


def test_its_lines_are_what_is_read() -> None:
    names = [name for name, *_ in LINES]
    assert len(names) > 3000
    assert names == sorted(set(names), key=str.encode)
    for name, *fields in LINES:
        assert name == name.lower().strip()
        assert name.isprintable()
        assert len(fields) == 5
        found = prices.find(name, {})
        assert found != Terms()
        assert (found.input_usd is None) == (found.output_usd is None)
        for size in (found.window, found.most_output):
            assert size is None or 0 < size < 10**9
        for price in (found.input_usd, found.output_usd):
            assert price is None or 0 < price < 0.01


def test_a_longer_prompt_costs_more() -> None:
    """So what is set aside for too many tokens is never too little."""
    for name, *_, tiers in LINES:
        found = prices.find(name, {})
        if tiers:
            steps = [(0, found.input_usd, found.output_usd), *(found.longer or ())]
            assert steps == sorted(steps, key=lambda step: step[0]), name
            assert all(a[1] <= b[1] and a[2] <= b[2] for a, b in pairwise(steps)), name


@pytest.mark.parametrize(
    ("model", "window", "prompt", "answer"),
    [
        ("gpt-4", 8192, 30, 60),
        ("gpt-4o", 128_000, 2.5, 10),
        ("gpt-4o-mini", 128_000, 0.15, 0.6),
        ("gpt-4o-2024-05-13", 128_000, 5, 15),
        ("gpt-5", 272_000, 1.25, 10),
        ("claude-opus-4-5-20251101", 200_000, 5, 25),
        ("gemini-2.5-pro", 1_048_576, 1.25, 10),
        ("deepseek-chat", 131_072, 0.28, 0.42),
        ("mistral-large-latest", 262_144, 0.5, 1.5),
        ("openai/gpt-4o", 128_000, 2.5, 10),
        ("anthropic/claude-opus-4.5", 200_000, 5, 25),
        ("GPT-4o", 128_000, 2.5, 10),
        ("ft:gpt-4o-2024-08-06:org::id", 128_000, 3.75, 15),
        ("gpt-4o:free", 128_000, 0, 0),
        ("nobody/knows:free", None, 0, 0),
        ("gpt-4o-search-preview", 128_000, None, None),
        ("sandbox", 128_000, 0, 0),
    ],
)
def test_what_is_known(
    model: str, window: int | None, prompt: float | None, answer: float | None
) -> None:
    assert prices.find(model, {}).window == window
    assert per_million(model) == (prompt, answer)


@pytest.mark.parametrize(
    "model",
    [
        "", "gpt", "gpt-4o-2199-01-01", "gpt-4o\t128000", "\ngpt-4o", "#", "# From", "x" * 10**6,
        "my-own", "default", "llama3.2", "gpt-4o:nitro", "meta-llama/llama-3.3-70b-instruct",
        "deepseek-r1", "deepseek-ai/deepseek-v3.1", "openai-gpt-oss-20b", "other/gpt-4o", "\ud800",
        "ft:gpt-4o-2024-08-06-more:org", "claude-opus-4-1-20250805",
    ],
)  # fmt: skip
def test_nothing_is_guessed(model: str) -> None:
    """Nor for what MegaLLM lists and makers no longer sell, or never did."""
    assert prices.find(model, {}) == Terms()


@given(st.text() | st.sampled_from([name for name, *_ in LINES]).map(lambda n: n[1:] + "x"))
def test_any_name_can_be_asked_for(model: str) -> None:
    assert isinstance(prices.find(model, {}), Terms)


def test_a_person_stands_over_the_table_field_by_field() -> None:
    mine = {"gpt-5.5": Terms(window=1000), "gemini-2.5-pro": Terms(input_usd=1e-6)}
    found = prices.find("gpt-5.5", mine)
    assert (found.window, found.most_output) == (1000, 128_000)
    assert found.input_usd is not None
    assert prices.find("gemini-2.5-pro", mine).longer == ()


def test_from_so_many_tokens_on_all_of_them_cost_more() -> None:
    found = prices.find("gemini-2.5-pro", {})
    assert cost(Usage(200_000, 1000), found) == pytest.approx(0.26)
    assert cost(Usage(200_001, 1000), found) == pytest.approx(0.515, abs=1e-4)
    assert worst(200_001, {"max_tokens": 1000}, found) == pytest.approx(0.515, abs=1e-4)


def test_the_script_makes_the_same_bytes_every_time(tmp_path: Path) -> None:
    wheel = tmp_path / "litellm-1.2.3-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        packed.write(SMALL / "source.json", "litellm/model_prices_and_context_window_backup.json")
        packed.writestr("litellm-1.2.3.dist-info/licenses/LICENSE", "MIT")
    argv = [sys.executable, str(ROOT / ".ci" / "make-prices"), str(wheel), "2026-11-26"]
    subprocess.run([*argv, "--out", str(tmp_path / "out")], check=True)
    made = (tmp_path / "out" / "prices.tsv").read_bytes()
    assert made == (SMALL / "prices.tsv").read_bytes()
    failed = subprocess.run([*argv[:3], "today"], check=False, capture_output=True)
    assert failed.returncode == 1


def test_the_readme_of_the_table_has_its_date() -> None:
    dated = re.search(r"as of ([\d-]{10})", TEXT)
    assert dated
    assert dated[1] in (prices.TABLE.parent / "README.md").read_text()
    assert "MIT" in (prices.TABLE.parent / "LICENSE").read_text()
