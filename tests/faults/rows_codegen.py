"""Rows: several files in one answer, whose names a model gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from . import scenes as s
from .catalogue import IN_PIPE, PLAIN, Again, Call, Row, answers, fails
from .oracles import Expect

WRITES = Call(("codegen", "t", "--write", "d"), files={"d/mine": b"mine\n"})
MINE: Mapping[str, bytes] = {"d/mine": b"mine\n"}
WELL = Again(None, s.ok('```text path="a/b"\nok\n```'), replace(answers("a/b"), files={**MINE, "d/a/b": b"ok\n"}))  # fmt: skip


def blocks(*names: str) -> str:
    """An answer with a file of each name, behind a good one."""
    return "".join(f'```text path="{name}"\nx\n```\n' for name in ("good/first", *names))


def refused(id: str, *names: str) -> Row:
    """A row in which a name is not safe: the model is asked once more, and nothing is written."""
    unsafe = replace(fails(4, "unsafe_path", 2, says="nothing is written"), alike=False)
    return Row(id, s.ok(blocks(*names)), unsafe, call=WRITES, modes=IN_PIPE, again=WELL)


def taken(id: str, via: str, slug: str, name: str = "a/b") -> Row:
    """A row in which the name is safe, but its place is not to be had; all is left as it was."""
    call = replace(WRITES, via=via)
    return Row(id, s.ok(blocks(name)), fails(73, slug, 1), call=call, modes=IN_PIPE, again=WELL)


def written(id: str, answer: str, files: Mapping[str, bytes], told: str, via: str = "") -> Row:
    """A row in which all files are written."""
    expect = Expect(0, None, told, 1, files={**MINE, **files})
    return Row(id, s.ok(answer), expect, call=replace(WRITES, via=via), modes=PLAIN)


ROWS = [
    refused("O-13", "../x"),
    refused("O-13-absolute", "/etc/x"),
    refused("O-13-inside-out", "a/../../x"),
    refused("O-13-back", "a/../x"),
    refused("O-13-git", ".git/hooks/x"),
    refused("O-13-git-case", "a/.GIT/hooks/x"),
    refused("O-13-git-short", "GIT~1/hooks/x"),
    refused("O-13-github", ".github/workflows/x"),
    refused("O-13-hidden", ".envrc"),
    refused("O-13-nul", "a\0b"),
    refused("O-13-nul-coded", "a\u2400b\x01"),
    refused("O-13-long", "x" * 300),
    refused("O-13-device", "CON"),
    refused("O-13-device-ending", "a/nul.txt"),
    refused("O-13-drive", "C:\\x"),
    refused("O-13-stream", "a:b"),
    refused("O-13-home", "~/x"),
    refused("O-13-bidi", "a\u202exe"),
    refused("O-13-case", "a/b", "A/b"),
    refused("O-13-case-of-folders", "a/b", "A/c"),
    refused("O-13-composed", "\u00e9", "e\u0301"),
    refused("O-13-twice", "a", "a"),
    refused("O-13-both", "a", "a/b"),
    refused("O-13-blank", " "),
    taken("O-13-link", 'ln -s ../user d/a; "$@"; s=$?; rm d/a; exit $s', "not_inside"),
    taken("O-13-link-out", 'ln -s /etc d/a; "$@"; s=$?; rm d/a; exit $s', "not_inside"),
    taken("O-13-link-last", 'ln -s mine d/a; "$@"; s=$?; rm d/a; exit $s', "exists", "a"),
    taken("O-13-dangling", 'ln -s ../x d/a; "$@"; s=$?; rm d/a; exit $s', "exists", "a"),
    taken("O-13-exists", 'exec "$@"', "exists", "mine"),
    taken("O-13-file", 'exec "$@"', "not_inside", "mine/a"),
    Row("O-13-nowhere", s.ok(), fails(73, "no_directory", 0), call=replace(WRITES, argv=(*WRITES.argv[:3], "gone/d")), modes=IN_PIPE, again=replace(WELL, call=WRITES)),
    Row("O-13-unnamed", s.ok(blocks("a") + "```sh\nmake\n```"), replace(fails(4, "unnamed_file", 2), alike=False), call=WRITES, modes=IN_PIPE, again=WELL),
    Row("O-13-cut", s.ok(blocks("a") + '```sh path="b"\nmake'), fails(4, "unclosed_code"), call=WRITES, modes=IN_PIPE, again=WELL),
    written("O-13-mode", blocks("run.sh"), {"d/good/first": b"x\n", "d/run.sh": b"x\n"}, "good/first\nrun.sh\n644\n", 'umask 022; "$@" && stat -c %a d/run.sh'),
    written("O-13-umask", blocks("run.sh"), {"d/good/first": b"x\n", "d/run.sh": b"x\n"}, "good/first\nrun.sh\n600\n700\n", 'umask 077; "$@" && stat -c %a d/run.sh d/good'),
]  # fmt: skip
"""`mine` stands in the directory before, and as it was afterwards."""
