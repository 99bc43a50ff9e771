"""Code is parsed by what knows its language, never run; what cannot be checked is no failure."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mcli import checkers, codecheck
from mcli.codecheck import Verdict
from tests.faults.scenes import ok
from tests.faults.server import FaultyServer
from tests.program import KEY, Program
from tests.scripting.page import missing, need

LATER = 60.0


def verdict(named: str, code: str, wanted: str = "", within: float = LATER) -> Verdict:
    return asyncio.run(codecheck.verdict(named, code, wanted, time.monotonic() + within))


NEEDS = {
    "js": "node", "bash": "bash", "sh": "sh", "c": "gcc", "c++": "g++", "go": "gofmt",
    "ruby": "ruby", "php": "php", "zsh": "zsh", "lua": "luac",
    "fish": "fish",
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "good", "bad"),
    [
        ("python", "def f():\n    return 1", "def f(:\n"),
        ("python", "x = '\u00e9\U0001f600'", "return 1"),
        ("python", "import re\nre.compile('\\d')\nassert (1, 2)", "x = 1 +"),
        ("py", "", "if True:\nx = 1"),
        ("json", '{"a": [1, 2]}', "{'a': 1}"),
        ("json", "9" * 5000, "-"),
        ("json", "NaN1".replace("NaN", ""), "NaN"),
        ("yaml", "a: &x !Ref [1]\n---\nb: *y\n".replace("*y", "1"), "a: [1"),
        ("yaml", "a: &x 1\nb: *x", "b: *nowhere"),
        ("yml", "a: 1", "\ta: 1"),
        ("toml", "a = 1\n[b]", "a ="),
        ("bash", "a=(1 2); [[ $a == 1 ]] && echo", "if true; then"),
        ("bash", "shopt -s extglob\ncase x in +(a)) ;; esac", "case x in +(a) ;; esac ;;"),
        ("sh", "#!/bin/sh\n[ -z 1 ]", "#!/bin/sh\na=(1 2)"),
        ("zsh", "print -l *(.)", "if true; then"),
        ("fish", "if test 1 = (echo 1)\n  set x 1\nend", "if true; then"),
        ("js", "const a = 1; return", "const a = ;"),
        ("js", 'import a from "b"; await 1; export const c = 1', 'import a from "b"; x ='),
        ("go", "package main\n\nfunc main() {}", "package main\n\nfunc main( {"),
        ("ruby", "puts 'é'", "puts ("),
        ("php", "<?php echo 1;", "<?php echo 1"),
        ("php", "echo 1;", "echo ("),
        ("lua", "x = 1", "x = = 1"),
        ("c", "#include <stdio.h>\nint main(void) { return puts(\"a\"); }", "int main( { }"),
        ("c++", "#include <vector>\nstd::vector<int> v{1};", "int main() { return 1 }"),
    ],
)  # fmt: skip
def test_what_is_well_formed_and_what_is_not(language: str, good: str, bad: str) -> None:
    tool = NEEDS.get(language)
    if tool:
        need(tool)

    assert verdict(language, good).passed is True
    told = verdict(language, bad)
    assert told.passed is False
    assert told.tool
    assert told.said


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("", "anything"),
        ("text", "anything"),
        ("rust", "fn main( {"),
        ("perl", "BEGIN { print 1 }"),
        ("java", "class {"),
        ("c", '#include "local.h"\nint x'),
        ("c", "#include </etc/passwd>\n"),
        ("c", "#include <../../etc/passwd>\n"),
        ("c", "/* */ #include \"/etc/passwd\"\n"),
        ("c", "#/* */include \"/etc/passwd\"\n"),
        ("c", "#inc\\\nlude \"/etc/passwd\"\n"),
        ("c", "#inc\\  \nlude \"/etc/passwd\"\n"),
        ("c", "%:include \"/etc/passwd\"\n"),
        ("c", "??=include \"/etc/passwd\"\n"),
        ("c", "#define F \"/etc/passwd\"\n#include F\n"),
        ("c", "#include_next <stdio.h>\n"),
        ("c", "#embed \"/etc/passwd\"\n"),
        ("c", "#if __has_include(\"/etc/passwd\")\n#endif"),
        ("c", "#pragma GCC dependency \"/etc/passwd\"\n"),
        ("c", "# 1 \"/etc/passwd\"\nint x = ;"),
        ("c++", "#import \"/etc/passwd\"\n"),
    ],
)  # fmt: skip
def test_what_has_no_checker_that_would_be_safe(language: str, code: str) -> None:
    assert checkers.find(language, code, "") is None
    assert verdict(language, code) == Verdict(None)


@pytest.mark.skipif(missing("gcc"), reason="gcc is not installed")
def test_a_header_that_is_not_installed_is_no_fault_of_the_code() -> None:
    assert verdict("c", "#include <no_such/header.h>\nint x;") == Verdict(None)


@pytest.mark.skipif(missing("gcc"), reason="gcc is not installed")
def test_a_compiler_quotes_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("swordfish\n")

    told = verdict("c", f'#line 1 "{tmp_path}/secret"\nint x = ;\n')
    assert told.passed is False
    assert "swordfish" not in told.said


@pytest.mark.skipif(missing("node"), reason="node is not installed")
def test_markup_in_javascript_is_not_judged() -> None:
    assert verdict("js", "const a = <div/>;") == Verdict(None)


@pytest.mark.parametrize(
    ("named", "code", "wanted", "program"),
    [
        ("bash", "", "", "bash"),
        ("sh", "", "", "bash"),
        ("shell", "", "", "bash"),
        ("", "", "shell", "bash"),
        ("sh", "", "bash", "bash"),
        ("sh", "", "sh", "sh"),
        ("bash", "", "dash", "sh"),
        ("zsh", "", "", "zsh"),
        ("zsh", "", "bash", "bash"),
        ("sh", "#!/bin/sh\n", "", "sh"),
        ("sh", "#!/usr/bin/env bash\n", "sh", "bash"),
        ("sh", "#!/usr/bin/env zsh", "", "zsh"),
        ("c++", "", "python", "python"),
        ("text", "", "python", "python"),
        ("js", "", "json", "json"),
        ("console", "", "bash", "bash"),
        ("python", "", "klingon", "python"),
        ("fish", "", "bash", "bash"),
        ("sh", "", "fish", "fish"),
        ("sh", "#!/usr/bin/fish\n", "", "fish"),
        ("", "", "py", "python"),
    ],
)
def test_which_program(named: str, code: str, wanted: str, program: str) -> None:
    found = checkers.find(named, code, wanted)

    assert found is not None
    assert found.program == program


HOSTILE = {
    "python": ["(" * 100_000, "-" * 100_000 + "1", "[" * 3000, "x" + ".a" * 100_000, "\0",
               "x = " + "1 + " * 100_000 + "1", "9" * 100_000, "f(" * 90 + ")" * 90,
               "x = 'a' * (1 << 40)", "\ud800"],
    "json": ["[" * 100_000, "9" * 5000, "\0", '"\\ud800"'],
    "toml": ["a = " + "[" * 100_000, "a." * 5000 + "a = 1", "\0"],
    "yaml": ["[" * 100_000, "- " * 5000, "&a [*a]", "\0", "!!python/object/apply:os.system [ls]"],
    "bash": ["$(" * 1000, "{" * 10_000],
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "code"),
    [(language, code) for language, codes in HOSTILE.items() for code in codes],
    ids=lambda value: value[:12].encode("ascii", "backslashreplace").decode(),
)
def test_hostile_code_is_a_verdict_or_none(language: str, code: str) -> None:
    told = verdict(language, code)

    assert told.passed in (True, False, None)
    assert len(told.said) <= codecheck.MOST_SAID


RUNS = {
    "python": "open('PATH', 'w')\nimport os; os.system('touch PATH')",
    "bash": "touch PATH; x=$(touch PATH); a[$(touch PATH)]=1\nset +n; touch PATH\nexec touch PATH",
    "sh": "#!/bin/sh\ntouch PATH\nset +n\n: $(touch PATH) `touch PATH`",
    "zsh": "touch PATH; x==(touch PATH)\nset +n; touch PATH",
    "fish": "touch PATH; set x (touch PATH)\nfunction f; touch PATH; end\nf; exec touch PATH",
    "js": "require('fs').writeFileSync('PATH', '')",
    "ruby": "#!ruby -e File.write('PATH','')\nBEGIN { File.write('PATH', '') }",
    "php": "<?php declare(ticks=1); touch('PATH');",
    "lua": "io.open('PATH', 'w')",
    "go": 'package main\n\nimport "os"\n\nfunc init() { os.Create("PATH") }',
    "c": '__attribute__((constructor)) void f(void) { fopen("PATH", "w"); }',
    "yaml": "!!python/object/apply:os.system ['touch PATH']",
}


@pytest.mark.parametrize("language", RUNS)
def test_nothing_is_run(tmp_path: Path, language: str) -> None:
    tool = NEEDS.get(language)
    if tool:
        need(tool)
    path = tmp_path / "pwned"

    assert verdict(language, RUNS[language].replace("PATH", str(path))).passed is not None
    assert not path.exists()


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in front of PATH, for programs that are not what they should be."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def tool(folder: Path, script: str, name: str = "ruby") -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_a_tool_sees_the_code_and_neither_keys_nor_home(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEGALLM_API_KEY", KEY)
    monkeypatch.setenv("MCLI_MODEL", "x")
    tool(tools, "cat >&2; env; pwd; [ $# = 0 ] && exit; exit $(wc -c </dev/null | tr -d ' ')1")
    told = verdict("ruby", "some code")

    # It refuses good code too, so what it says is not told; run it as it is run.
    assert told == Verdict(None, "ruby", "ruby does not work here")
    checker = checkers.find("ruby", "", "")
    assert checker is not None
    run = codecheck._run([str(tools / "ruby"), "-c"], checker, "some code", time.monotonic() + 9)
    _, said = asyncio.run(run)
    assert "some code" in said
    assert "HOME=/nonexistent" in said
    assert KEY not in said
    assert "MCLI_" not in said


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            "cat >/dev/null; echo internal compiler error; exit 4",
            "ruby could not check it (status 4)",
        ),
        ("exit 127", "ruby could not check it (status 127)"),
        ("kill -SEGV $$", "ruby could not check it (status -11)"),
        ("cat >/dev/null; exit 1", "ruby does not work here"),
        ("cat >/dev/null; echo broken; exit 1", "ruby does not work here"),
        ("sleep 60", "ruby did not end in time"),
        ("sleep 60 & sleep 60", "ruby did not end in time"),
        ("yes", "ruby did not end in time"),
        ("cat >/dev/null; yes >&2", "ruby did not end in time"),
    ],
)
def test_a_tool_that_is_broken_or_slow_is_a_warning(tools: Path, script: str, said: str) -> None:
    tool(tools, script)

    assert verdict("ruby", "puts 1", within=2) == Verdict(None, "ruby", said)


def test_what_a_tool_left_behind_is_ended_with_it(tools: Path) -> None:
    tool(tools, f"sleep 60 & echo $! >{tools}/pid; exit 0")

    assert verdict("ruby", "puts 1", within=2).passed is None
    assert gone(int((tools / "pid").read_text()))


def test_a_tool_may_leave_its_input_and_say_much(tools: Path) -> None:
    tool(
        tools, 'exec <&-; [ -n "$(head -c 1 /dev/null)" ] || head -c 300000 /dev/zero | tr "\\0" x'
    )

    assert verdict("ruby", "x" * 1_000_000).passed is True


def test_what_a_tool_says_is_harmless_and_bounded(tools: Path) -> None:
    tool(
        tools,
        r"read -r line || exit 0; printf '\033[2J\r'; head -c 5000 /dev/zero | tr '\0' x; exit 1",
    )
    told = verdict("ruby", "puts 1\n")

    assert told.passed is False
    assert told.said.startswith(r"\x1b[2J")
    assert len(told.said) == codecheck.MOST_SAID


def test_a_tool_in_the_current_directory_is_none(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool(tools, "exit 0", "gofmt")
    monkeypatch.chdir(tools)
    monkeypatch.setenv("PATH", ".")

    assert verdict("go", "package x") == Verdict(None)


@pytest.mark.sweep
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_takes_the_checker_along(
    mcli: Program, server: FaultyServer, tools: Path, number: signal.Signals
) -> None:
    server.play(ok("```ruby\nputs 1\n```"))
    tool(tools, f"echo $$ >{tools}/pid.new; mv {tools}/pid.new {tools}/pid; sleep 60")
    env = {**mcli.env, "PATH": os.environ["PATH"]}
    words = ["env", "--default-signal", *mcli.argv("codegen", "x")]
    child = subprocess.Popen(words, env=env, cwd=mcli.home, stdin=subprocess.DEVNULL)
    while not (tools / "pid").exists():
        assert child.poll() is None
        time.sleep(0.02)
    child.send_signal(number)

    assert child.wait(30) == -number
    assert gone(int((tools / "pid").read_text()))


STRUCK_AT_BIRTH = """
import asyncio, os, signal, sys
from mcli import checkers, codecheck
bear = asyncio.create_subprocess_exec
async def struck(*words, **more):
    process = await bear(*words, **more)
    print(process.pid, flush=True)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(0.1)
    return process
asyncio.create_subprocess_exec = struck
checker = checkers.find("ruby", "puts 1", "")
asyncio.run(codecheck._run(["/bin/sleep", "60"], checker, "x", 9e9))
"""


def test_a_signal_while_the_checker_is_being_born_takes_it_along(mcli: Program) -> None:
    done = subprocess.run(
        ["env", "--default-signal", sys.executable, "-c", STRUCK_AT_BIRTH],
        env=mcli.env, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (-signal.SIGTERM, b"")
    assert gone(int(done.stdout))


def gone(pid: int) -> bool:
    """Whether it ends soon."""
    until = time.monotonic() + 10
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not alive(pid)


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
