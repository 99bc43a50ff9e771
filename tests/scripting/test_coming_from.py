"""Our lines of `mcli help coming-from`, each in the sandbox."""

from __future__ import annotations

import base64
import json

import pytest

from mcli import manual
from tests.faults.server import FaultyServer
from tests.program import Program
from tests.scripting.page import fences

FENCES = fences(manual.page("coming-from"))
PROGRAMS = sorted({program for program, _ in FENCES})
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
    "AAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
SAYS = {"gh models": '"state": "ok"', "mods": '"sender"', "fabric": "in German: "}
"""What must be in what our lines print, beside something."""
SCHEMA = {
    "type": "object",
    "required": ["sender", "at"],
    "properties": {"sender": {"type": "string"}, "at": {"type": "string"}},
}
FILES = {
    "mail.txt": "From: Ann\nThe page is down since nine.\n",
    "report.txt": "start\nError: disk full\n",
    "mail.schema.json": json.dumps(SCHEMA),
    "triage.yaml": "messages:\n  - user: 'Is this urgent? {{ data }}'\n",
    "terse.yaml": "data: none\nmessages:\n  - system: You are terse.\n  - user: '{{ question }}'\n",
    "mine.yaml": "messages:\n  - user: 'Say it in {{ to }}: {{ data }}'\n",
    "greet.prompt.yml": (
        "name: greet\nmessages:\n  - role: user\n    content: 'Greet {{name}}'\ntestData:\n"
        "  - {name: Ann}\nevaluators:\n  - name: by name\n    string: {contains: Ann}\n"
    ),
}


def test_each_program_has_its_lines_and_ours() -> None:
    for program in PROGRAMS:
        (theirs, words), (ours, lines) = FENCES[program, 0], FENCES[program, 1]
        assert (theirs, ours) == ("text", "sh")
        assert len(words.splitlines()) == len(lines.splitlines())
        assert all(f"{program} " in line for line in words.splitlines())
        assert all(line.startswith("mcli ") for line in lines.splitlines())
    assert len(FENCES) == 2 * len(PROGRAMS) == manual.page("coming-from").count("```") // 2


@pytest.mark.sweep
@pytest.mark.parametrize("program", PROGRAMS)
def test_our_lines_run(mcli: Program, server: FaultyServer, program: str) -> None:
    mcli.configure("")
    for name, text in FILES.items():
        (mcli.home / name).write_text(text)
    (mcli.home / "photo.png").write_bytes(base64.b64decode(PIXEL))
    lines = FENCES[program, 1][1].splitlines()
    (mcli.home / "script").write_text("\n".join(f"{line}\necho status $?" for line in lines))
    done = mcli.shell("mcli sandbox -- bash script")

    assert done.err == ""
    assert done.out.count("status ") == done.out.count("status 0\n") == len(lines)
    assert all(said.strip() for said in done.out.split("status 0\n")[:-1])
    assert SAYS.get(program, "") in done.out
    assert server.connections == 0
