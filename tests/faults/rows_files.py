"""Rows: the file that `-o` names: what is there already, what it is, and whether it may be written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from . import scenes as s
from .catalogue import (
    ASKED,
    BOTH,
    BUFFERED,
    IN_PIPE,
    JSON,
    PLAIN,
    SEEN,
    TERMINAL,
    Call,
    Row,
    answers,
    fails,
)
from .oracles import Expect
from .rows_process import MUCH, OLD, READ_ONLY
from .server import Scene

EMPTY: Mapping[str, bytes] = {}
ASKS = ("ask", "hi", "-o")
NEW = {"answer": b"ok\n"}
NOBODY = 'exec unshare -U --map-user=65534 --map-group=65534 "$@"'
"""As a user without privileges."""


def put(
    id: str, via: str = "", told: str = "", to: str = "answer", *,
    had: Mapping[str, bytes] = OLD, has: Mapping[str, bytes] = NEW,
) -> Row:  # fmt: skip
    """A row in which the answer is written; `via` tells what has become of the file."""
    call = Call((*ASKS, to), via=via, files=had)
    return Row(id, s.ok(), Expect(0, None, told, 1, files=has), call=call, modes=PLAIN)


def mode(bits: str) -> tuple[str, str]:
    """A file of that mode keeps it."""
    return f'chmod {bits} answer; "$@" && stat -c %a answer', f"{bits}\n"


def kept(id: str, script: Scene, expect: Expect, *flags: str, via: str = "") -> Row:
    """A row that fails, and leaves the file as it was."""
    call = Call((*ASKS, "answer", *flags), files=OLD, via=via)
    return Row(id, script, expect, call=call, modes=IN_PIPE, again=ASKED)


FRESH = 'umask 027; "$@" && stat -c %a answer'
TARGET = {"real": b"old\n"}
BOTH_NEW = {"answer": b"ok\n", "real": b"ok\n"}
EXISTS = fails(73, "exists", 0, says="--no-clobber")
REPLACED = [
    put("O-08"),
    put("O-08-640", *mode("640")),
    put("O-08-600", *mode("600")),
    put("O-08-755", *mode("755")),
    put("O-08-444", *mode("444")),
    put("O-08-fresh", FRESH, "640\n", had=EMPTY),
    put("O-08-fresh-private", FRESH.replace("027", "077"), "600\n", had=EMPTY),
    put("O-08-empty", had={"answer": b""}),
    put("O-08-long", had={"answer": b"old\n" * 100_000}),
    put("O-08-draft", had={**OLD, ".mcli-dadd4a25": b"torn"}),
    put("O-08-odd-name", to="-\udcff\x1b[2J \n$(x)", had=EMPTY, has={"-\udcff\x1b[2J \n$(x)": b"ok\n"}),
    put("O-08-folder", to="../cwd/./d/../answer", had={**OLD, "d/x": b""}, has={**NEW, "d/x": b""}),
    kept("O-08-truncated", s.ok("half", "length"), fails(4, "truncated")),
    kept("O-08-busy", s.status(503), fails(75, "server_busy", 3)),
    kept("O-08-clobber", s.ok(), EXISTS, "--no-clobber"),
    put("O-09", 'ln -s real answer; "$@" && readlink answer', "real\n", had=TARGET, has=BOTH_NEW),
    put("O-09-chain", 'ln -s b answer; ln -s real b; "$@" && readlink answer b', "b\nreal\n", had=TARGET, has={**BOTH_NEW, "b": b"ok\n"}),
    put("O-09-dangling", 'ln -s real answer; "$@" && readlink answer', "real\n", had=EMPTY, has=BOTH_NEW),
    put("O-09-folder", 'ln -s d/real answer; "$@" && readlink answer; ls -A d', "d/real\nreal\n", had={"d/real": b"old\n"}, has={"answer": b"ok\n", "d/real": b"ok\n"}),
    put("O-09-linked-folder", 'ln -s d e; "$@" && readlink e; ls -A d', "d\nanswer\n", to="e/answer", had={"d/answer": b"old\n"}, has={"d/answer": b"ok\n"}),
    put("O-09-mode", 'ln -s real answer; chmod 640 real; "$@" && stat -c %a real', "640\n", had=TARGET, has=BOTH_NEW),
    put("O-09-null", 'ln -s /dev/null answer; "$@" && readlink answer', "/dev/null\n", had=EMPTY, has=EMPTY),
    put("O-09-hard", 'ln answer other; exec "$@"', has={**NEW, "other": b"old\n"}),
]  # fmt: skip


def refused(
    id: str, path: str, slug: str, says: str = "", *, via: str = "", files: Mapping[str, bytes] = EMPTY,
) -> Row:  # fmt: skip
    """A row in which the file cannot be written, which is known before anything is sent."""
    call = Call((*ASKS, path), via=via, files=files)
    return Row(id, s.ok(), fails(73, slug, 0, says=says), call=call, modes=IN_PIPE, again=ASKED)


STICKY = "chmod 1777 d; chmod 666 d/answer; chown 1 d d/answer; "
OTHERS = {"d/answer": b"old\n"}
FOREIGN = NOBODY.replace("65534", "1000")
"""As a user whose number is not the one that foreign files seem to have."""
READ_ONLY_DISK = (
    'exec unshare -Urm bash -c "mount -t tmpfs -o ro none /mnt && exec \\"\\$@\\"" row "$@"'
)
REFUSED = [
    refused("O-09-nowhere", "answer", "no_directory", via='ln -s gone/real answer; exec "$@"'),
    refused("O-09-loop", "answer", "cannot_create", "symbolic links", via='ln -s b answer; ln -s answer b; exec "$@"'),
    refused("O-09-to-folder", "answer", "is_directory", via='mkdir d; ln -s d answer; exec "$@"'),
    refused("O-11", "gone/answer", "no_directory", "gone/answer"),
    refused("O-11-directory", "d", "is_directory", files={"d/": b""}),
    refused("O-11-slash", "d/", "is_directory", files={"d/": b""}),
    refused("O-11-slash-gone", "gone/", "is_directory|no_directory"),
    refused("O-11-dot", ".", "is_directory"),
    refused("O-11-blank", "", "is_directory|cannot_create"),
    refused("O-11-in-a-file", "f/answer", "cannot_create", "not a directory", files={"f": b""}),
    refused("O-11-slash-file", "f/", "cannot_create|is_directory", files={"f": b""}),
    refused("O-11-long", "x" * 300, "cannot_create", "xxx"),
    refused("O-11-hostile", "\x1b[2J\n##[error]\udc9b/x", "no_directory", r"\x1b[2J #\x23[error]\x9b/x"),
    refused("O-11-read-only", "answer", "no_permission", via=READ_ONLY),
    refused("O-11-read-only-old", "answer", "no_permission", via=READ_ONLY, files=OLD),
    refused("O-11-read-only-file", "answer", "no_permission", via=f"chmod 444 answer; {NOBODY}", files=OLD),
    refused("O-11-closed-folder", "d/answer", "no_permission|cannot_create", via=f"chmod 0 d; {NOBODY}", files={"d/": b""}),
    refused("O-11-read-only-disk", "/mnt/answer", "no_permission", via=READ_ONLY_DISK),
    refused("O-11-sticky", "d/answer", "no_permission", "somebody else", via=STICKY + FOREIGN, files=OTHERS),
    put("O-11-sticky-own", "mkdir -m 1777 d; chown 1 d; echo old >d/answer; " + FOREIGN, to="d/answer", had=EMPTY, has={"d/answer": b"ok\n"}),
    put("O-11-sticky-new", "mkdir -m 1777 d; chown 1 d; " + FOREIGN, to="d/answer", had=EMPTY, has={"d/answer": b"ok\n"}),
]  # fmt: skip

NOTHING = Expect(0, None, "", 1)
EVIL, HARMLESS = "\x1b[2J\x9b\r\u202e", r"\x1b[2J\x9b\x0d\u202e"
READ = 'mkfifo pipe; cat pipe & "$@"; status=$?; wait; exit $status'
LEFT = 'mkfifo pipe; head -c 1 pipe & "$@"; status=$?; wait; exit $status'


def given(
    id: str, path: str, expect: Expect, modes: tuple[str, ...], script: Scene | str = "ok",
    **more: object,
) -> Row:  # fmt: skip
    """A row whose `-o` is no regular file."""
    call = Call((*ASKS, path), **more)  # pyright: ignore[reportArgumentType]
    scene = s.ok(script) if isinstance(script, str) else script
    return Row(id, scene, expect, call=call, modes=modes, again=ASKED, timeout=3)


SPECIAL = [
    given("O-10", "/dev/null", NOTHING, (BUFFERED, TERMINAL), via='"$@" && test -c /dev/null'),
    given("O-10-both-null", "/dev/null", NOTHING, PLAIN, via='exec "$@" >/dev/null'),
    given("O-10-stdout", "/dev/stdout", answers(EVIL), BOTH, EVIL),
    given("O-10-dash", "-", answers(), (*BOTH, TERMINAL)),
    given("O-10-fd", "/dev/fd/1", answers(), (BUFFERED, JSON, TERMINAL)),
    given("O-10-proc", "/proc/self/fd/1", answers(), (BUFFERED, TERMINAL)),
    given("O-10-appended", "/dev/stdout", replace(NOTHING, files={"answer": b"old\nok\n"}), PLAIN, via='exec "$@" >>answer', files=OLD),
    given("O-10-itself", "answer", replace(NOTHING, files=NEW), PLAIN, via='exec "$@" >answer', files=OLD),
    given("O-10-stderr", "/dev/stderr", answers(EVIL), PLAIN, EVIL, via='exec "$@" 3>&1 >/dev/null 2>&3'),
    given("O-10-substitution", "/dev/fd/5", answers(EVIL), PLAIN, EVIL, via='exec 5> >(cat); "$@"; status=$?; exec 5>&-; wait $!; exit $status'),
    given("O-10-fifo", "pipe", answers(EVIL), PLAIN, EVIL, via=READ),
    given("O-10-fifo-long", "pipe", answers("line\n" * 100_000 + "end"), PLAIN, "line\n" * 100_000 + "end", via=READ),
    given("O-10-fifo-alone", "pipe", fails(75, "deadline"), IN_PIPE, via='mkfifo pipe; exec "$@"'),
    given("O-10-fifo-left", "pipe", fails(74, "write_failed", 1, "l", "reader has gone"), PLAIN, MUCH, via=LEFT),
    given("O-10-clobber", "/dev/null", NOTHING, PLAIN, via='exec "$@" --no-clobber'),
    given("O-10-terminal", "/dev/fd/3", answers(HARMLESS), SEEN, EVIL, via='exec "$@" 3>&1 >&2'),
    given("O-10-stdout-terminal", "/dev/stdout", answers(HARMLESS), SEEN, EVIL),
    given("O-10-socket", "sock", fails(74, "write_failed", 1), IN_PIPE, via="python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"sock\")'; exec \"$@\""),
]  # fmt: skip

TINY = 'unshare -Urm bash -c "mount -t tmpfs -o SIZE none /mnt && echo old >/mnt/answer && \\"\\$@\\"; s=\\$?; cat /mnt/answer; ls -A /mnt; exit \\$s" row "$@"'
FULL = fails(74, "write_failed", 1, "old\nanswer\n", "no space")


def full(id: str, size: str, script: Scene = MUCH) -> Row:
    """A row on a disk that is full when the answer has come; the old file is shown, and all files."""
    call = Call((*ASKS, "/mnt/answer"), via=TINY.replace("SIZE", size))
    return Row(id, script, FULL, call=call, modes=PLAIN, again=ASKED)


DISK = [
    full("O-12", "size=8k"),
    full("O-12-no-room", "size=4k", s.ok()),
    full("O-12-no-inode", "nr_inodes=2", s.ok()),
    Row("O-12-device", s.ok(), replace(fails(74, "write_failed", says="no space"), told={"text": "ok", "error.charged": "yes"}), call=Call((*ASKS, "/dev/full")), modes=IN_PIPE, again=ASKED),
]  # fmt: skip

ROWS = [*REPLACED, *REFUSED, *SPECIAL, *DISK]
