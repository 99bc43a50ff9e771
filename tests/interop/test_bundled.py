"""The bundled recipes against llama.cpp with random weights: the right shape comes out, or 4."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcli import library, schema
from tests.program import ROOT

from .conftest import Llama, pointed_at, serving

pytestmark = pytest.mark.interop

GIVEN = {
    "ask": ("-D", "prompt=hi"),
    "classify": ("-D", "labels=a,b"),
    "codegen": ("-D", "task=print 1"),
    "extract": ("-D", "fields=name,date"),
    "translate": ("-D", "to=French"),
}
NAMES = sorted(path.stem for path in (ROOT / "recipes").iterdir())


@pytest.fixture(scope="module")
def roomy(interop_python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Llama]:
    """A server with room for a prompt and its schema: to this model a byte is a token."""
    with serving(interop_python, tmp_path_factory.mktemp("roomy"), window=8192) as server:
        yield server


@pytest.mark.parametrize("seed", ["1", "2"])
@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_recipe_gets_an_answer_of_its_shape_or_none(
    roomy: Llama, tmp_path: Path, name: str, seed: str
) -> None:
    mcli = pointed_at(roomy, tmp_path)
    argv = ("run", name, *GIVEN.get(name, ()), "--seed", seed, "--max-tokens", "100")
    done = mcli(*argv, stdin=b"a\n")
    wanted = library.bundled(name).recipe.output

    assert done.code in (0, 4), done.err
    if done.code == 4:
        assert done.out == ""
        assert done.slug
    elif wanted.kind == "json":
        assert not schema.complaint(json.loads(done.out), wanted.schema)
