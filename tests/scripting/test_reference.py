"""The examples of `mcli help input`, `json`, `sandbox` and `settings`, each in the sandbox."""

from __future__ import annotations

import re
import stat

import pytest

from mcli import manual
from tests.program import Program
from tests.scripting.page import need

FILES = {
    "change.diff": "-a\n+b\n", "old.txt": "a\n", "new.txt": "b\n", "names.txt": "Ann\n",
    "chapter-1.txt": "one\n", "chapter-2.txt": "two\n", "report.txt": "three\n",
    "list": "old.txt\nnew.txt\n", "topics": "Rome\nOslo\n",
}  # fmt: skip
EXAMPLES = {
    topic: "\n".join(
        re.findall(r"^```sh\n(.*?)^```$", manual.page(topic), re.MULTILINE | re.DOTALL)
    )
    for topic in ("input", "json", "sandbox", "settings")
}


@pytest.mark.slow
@pytest.mark.parametrize("topic", EXAMPLES)
def test_the_examples_run(mcli: Program, topic: str) -> None:
    for tool in ("jq", "git"):
        need(tool)
    (mcli.home / ".config" / "mcli" / "config.yaml").unlink()
    for name, text in FILES.items():
        (mcli.home / name).write_text(text)
    commit = "git -c user.name=a -c user.email=a@b commit -q --allow-empty -m 1"
    (mcli.home / "script").write_text(f"set -e\n{EXAMPLES[topic]}")
    begin = "" if topic == "sandbox" else "mcli sandbox -- "
    done = mcli.shell(f"git init -q . && {commit} && {begin}bash script")

    assert done.code == 0, done.err
    failed = [line for line in done.err.splitlines() if "attempt" not in line]
    assert failed == []
    assert topic == "settings" or "mcli sandbox" in done.out


@pytest.mark.slow
def test_a_key_that_is_pasted_is_its_owner_s_alone(mcli: Program) -> None:
    (mcli.home / "script").write_text(EXAMPLES["settings"])
    mcli.shell("echo sk-0123456789abc | bash script")
    path = mcli.home / ".config" / "mcli" / "key"

    assert path.read_text() == "sk-0123456789abc\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
