"""The picture of the README: what it shows is what runs show now, and it fetches nothing."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests import picture
from tests.program import ROOT

SVG = picture.PICTURE.read_text()
SPACE = "http://www.w3.org/2000/svg"
STALE = "an answer or a message was changed: run .ci/make-picture, and look at the picture"


def test_it_is_one_picture_that_fetches_nothing() -> None:
    assert ElementTree.fromstring(SVG).tag == f"{{{SPACE}}}svg"
    assert re.findall(r"\w+://[^\"'\s<]+", SVG) == [SPACE]
    assert not re.search(r"href|@import|@font-face|url\((?!#)", SVG)


def test_it_shows_the_lines_that_are_run() -> None:
    typed = [line[2:] for line in picture.texts(SVG) if line.startswith("$ ")]

    assert typed == list(picture.LINES)


def test_the_readme_shows_it() -> None:
    assert f"]({picture.PICTURE.relative_to(ROOT)})" in (ROOT / "README.md").read_text()


@pytest.mark.slow
def test_the_runs_are_those_of_now(tmp_path: Path) -> None:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    now = picture.texts(picture.drawn(picture.session(tmp_path, path)))

    assert picture.texts(SVG) == now, STALE
