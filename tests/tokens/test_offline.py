"""What a clean interpreter imports and does: nothing before counting, and never the network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

IMPORTED = """
import sys
import mcli.tokens.counting
mcli.tokens.counting.ENCODINGS, mcli.tokens.counting.Choice("o200k_base", approximate=True)
print(*sorted(sys.modules))
"""

COUNTED = """
import sys

def no_network(event, arguments):
    if event.startswith("socket."):
        raise RuntimeError(event)

sys.addaudithook(no_network)
from mcli.tokens import counting
counts = [counting.count("tiktoken is great!", encoding) for encoding in counting.ENCODINGS]
assert counts == [6, 6, 6], counts
assert counting.choose("gpt-4").encoding == "cl100k_base"
assert counting.cut("tiktoken is great!", "o200k_base", 3) == "tiktoken"
print(*sorted(sys.modules))
"""


PROVEN = """
import sys
from mcli.tokens import counting
assert counting.cut("é" * 100, "o200k_base", 200) == "é" * 100
assert counting.cut("é" * 100, "cl100k_base", 200, "middle") == "é" * 100
assert counting.choose("gpt-4").encoding == "cl100k_base"
assert counting.choose("claude-x").approximate
print(*sorted(sys.modules))
"""


def modules_after(code: str, cache: Path) -> set[str]:
    """The modules that a clean interpreter has imported after running `code`."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TIKTOKEN_CACHE_DIR": str(cache)}
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return set(ran.stdout.split())


def test_the_module_commands_import_is_cheap(tmp_path: Path) -> None:
    modules = modules_after(IMPORTED, tmp_path)

    assert "mcli.tokens.counting" in modules
    assert not modules & {"tiktoken", "splintr", "regex", "requests", "json", "unicodedata"}


@pytest.mark.parametrize("engine", ["splintr", "tiktoken"])
def test_counting_needs_no_network_and_no_cache(tmp_path: Path, engine: str) -> None:
    without = "import sys; sys.modules['splintr'] = None\n" if engine == "tiktoken" else ""

    modules = modules_after(without + COUNTED, tmp_path)

    assert modules & {"tiktoken", "splintr"} >= {engine}
    assert ("tiktoken" in modules) == (engine == "tiktoken")
    assert not modules & {"requests", "regex", "urllib3", "tiktoken_ext.openai_public"}
    assert not list(tmp_path.iterdir())


def test_what_the_bytes_prove_needs_no_tokenizer(tmp_path: Path) -> None:
    modules = modules_after(PROVEN, tmp_path)

    assert not modules & {"tiktoken", "splintr"}
