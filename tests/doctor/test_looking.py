"""`mcli doctor` from outside: each trouble has its line, and no other check suffers from it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.doctor.looking import endpoint, lines, listing
from tests.faults import tls
from tests.faults.scenes import Scene, error, hangup, html, redirect, status
from tests.faults.server import End, FaultyServer
from tests.program import KEY, Program


@pytest.fixture
def well(mcli: Program, server: FaultyServer) -> Program:
    """A program whose endpoint is as it should be."""
    server.play(endpoint(listing("gpt-4", "gpt-4o")))
    return mcli


def test_all_is_well_and_one_request_is_sent(well: Program, server: FaultyServer) -> None:
    done = well("doctor")
    told = lines(done)

    assert (done.code, done.err) == (0, "")
    assert [told[name][0] for name in told] == ["ok"] * len(told), done.out
    assert told["key"][1] == f"from environment TEST_KEY, {len(KEY)} characters"
    assert told["profile"][1] == f"test, by {well.home}/.config/mcli/config.yaml"
    assert told["access"][1] == "GET /models lists 2; the key was not refused"
    assert told["model"][1] == "gpt-4, by the profile: it is listed"
    assert told["tokenizer"][1] == "splintr, cl100k_base for gpt-4: exact"
    assert [seen.path for seen in server.requests] == ["/v1/models"]
    assert KEY not in done.out


def test_json_is_one_document_with_the_same_checks(well: Program) -> None:
    told, shown = well("doctor", "--json").json, lines(well("doctor"))

    assert (told["v"], told["ok"], told["verdict"]) == (1, True, True)
    assert {check["name"]: check["message"] for check in told["checks"]} == {
        name: message for name, (_, message, _) in shown.items()
    }
    assert all(
        set(check) == {"name", "status", "message", "hint", "slug", "support"}
        for check in told["checks"]
    )


ACCESS: list[tuple[str, Scene, str, str, str]] = [
    ("401", error(401, message="no such key"), "problem", "HTTP 401: no such key [auth]",
     "check the key, which came from environment TEST_KEY"),
    ("403", error(403), "problem", "HTTP 403: no [forbidden]", "may not do this"),
    ("404", error(404), "warning", "no list of models: HTTP 404: no [not_found]", "some have none"),
    ("405", status(405), "warning", "HTTP 405 [bad_request]", "some have none"),
    ("quota", error(402), "problem", "[quota]", "check the plan"),
    ("503", error(503), "problem", "[server_busy]", "later"),
    ("portal", html(), "problem", "[not_json]", "login page"),
    ("garbage", status(200, body=b"{]"), "problem", "[bad_json]", ""),
    ("shape", status(200, body={"data": 1}), "problem", "[wrong_shape]", ""),
    ("hang-up", hangup(), "problem", "hung up before it replied [disconnected]", ""),
    ("silence", hangup(End.STALL), "problem", "no complete answer within 1s [deadline]",
     "raise --timeout"),
    ("redirect", redirect(301, "https://elsewhere.example/"), "problem", "[redirected]", ""),
]  # fmt: skip


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("scene", "state", "says", "hint"), [row[1:] for row in ACCESS], ids=[row[0] for row in ACCESS]
)
def test_what_the_endpoint_says_of_the_key(
    mcli: Program, server: FaultyServer, scene: Scene, state: str, says: str, hint: str
) -> None:
    server.play(scene)
    done = mcli("doctor", "--timeout", "1")
    told = lines(done)

    assert done.code == (1 if state == "problem" else 0), done.out
    assert told["access"][0] == state
    assert told["access"][1].endswith(says)
    assert hint in told["access"][2]
    assert "model" not in told
    assert told["state"][0] == told["tokenizer"][0] == "ok"
    assert len(server.requests) == 1  # nothing is tried again: how it is now is what is asked


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("astray_s", "says"), [(-300, "ahead of the server's"), (300, "behind the server's"), (40, "")]
)
def test_the_clock_is_set_beside_the_server_s(
    mcli: Program, server: FaultyServer, astray_s: float, says: str
) -> None:
    server.play(listing("gpt-4", astray_s=astray_s))
    told = lines(mcli("doctor"))["clock"]

    assert told[0] == ("warning" if says else "ok")
    assert told[1].endswith(says or "within a minute of the server's")


def test_a_model_that_is_not_listed_is_a_warning(well: Program) -> None:
    done = well("doctor", "-m", "gtp-4o")

    assert done.code == 0
    assert lines(done)["model"] == [
        "warning", "gtp-4o, by --model: it is not among the 2", 'did you mean "gpt-4o"?',
    ]  # fmt: skip


def test_a_broken_configuration_is_a_line_and_no_crash(mcli: Program, server: FaultyServer) -> None:
    path = mcli.configure("profile: [x\n")
    done = mcli("doctor")
    told = lines(done)

    assert (done.code, done.err, server.connections) == (1, "", 0)
    assert told["config"][0] == "problem"
    assert told["config"][1].startswith(f"{path}:2:1: ")
    assert "endpoint" not in told
    assert {"tokenizer", "state", "terminal"} <= set(told)


SETTINGS = [
    ({"MCLI_PROFILE": "tset"}, "profile", "[unknown_profile]", 'did you mean "test"?'),
    ({"MCLI_BASE_URL": "nonsense"}, "endpoint", "[bad_base_url]", ""),
    ({"MCLI_TIMEOUT": "never"}, "environment", "[bad_environment]", ""),
    ({"TEST_KEY": ""}, "key", "[no_key]", ""),
    ({"TEST_KEY": f'"{KEY}"'}, "key", "[bad_key]", "without quotes"),
    ({"MCLI_API_KEY_FILE": "/nowhere"}, "key", "[no_key]", "look at its source"),
    ({"MCLI_CONFIG": "/nowhere"}, "config", "[bad_config]", ""),
]


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("env", "name", "slug", "hint"), SETTINGS, ids=lambda value: str(value)[:30]
)
def test_settings_that_cannot_be_used(
    mcli: Program, server: FaultyServer, env: dict[str, str], name: str, slug: str, hint: str
) -> None:
    if "TEST_KEY" in env:  # this machine's own server needs none
        mcli.point_at("https://127.0.0.2:9/v1")
        mcli.configure(
            (mcli.home / ".config/mcli/config.yaml").read_text().replace("127.0.0.2", "192.0.2.1")
        )
    done = mcli("doctor", "--offline", **env)
    told = lines(done)[name]

    assert (done.code, told[0]) == (1, "problem"), done.out
    assert told[1].endswith(slug)
    assert hint in told[2]
    assert server.connections == 0
    assert KEY not in done.out


KEYS = [
    (f" {KEY}\n", "white space around it", "take it away"),
    ("sk-your-key-goes-here", "looks like what a manual puts", "the service gave you"),
    ("$MEGALLM_API_KEY", "begins with $", "the service gave you"),
]


@pytest.mark.sweep
@pytest.mark.parametrize(("key", "says", "hint"), KEYS, ids=["blanks", "placeholder", "dollar"])
def test_a_key_that_looks_wrong(well: Program, key: str, says: str, hint: str) -> None:
    told = lines(well("doctor", TEST_KEY=key))["key"]

    assert told[0] == "warning"
    assert says in told[1]
    assert hint in told[2]


def test_a_key_file_that_others_can_read_or_write(well: Program, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n")
    found: list[list[str]] = []
    for mode in (0o600, 0o644, 0o666):
        path.chmod(mode)
        done = well("doctor", "--offline", MCLI_API_KEY_FILE=str(path))
        found.append(lines(done)["key"])

    assert found[0][:2] == ["ok", f"from file {path}, {len(KEY)} characters, mode 0600"]
    assert found[1][0] == "warning"
    assert found[1][2] == f'chmod 600 "{path}"'
    assert found[2][0] == "problem"
    assert found[2][1].endswith("[writable_by_all]")


def test_a_key_command_that_hangs_ends_in_time(well: Program) -> None:
    path = well.home / ".config/mcli/config.yaml"
    well.configure(path.read_text().replace("{env: TEST_KEY}", "{command: [sleep, '60']}"))
    done = well("doctor", "--timeout", "1")

    assert done.code == 1
    assert lines(done)["key"][1] == "the key was not there within 1s [deadline]"


def test_nobody_answers_at_that_port(mcli: Program, server: FaultyServer) -> None:
    server.close()
    done = mcli("doctor")
    told = lines(done)

    assert done.code == 1
    assert told["connection"] == [
        "problem", f"no connection to 127.0.0.1:{server.port}: refused [connect_refused]",
        "is the server running, and is that its port?",
    ]  # fmt: skip
    assert "access" not in told
    assert told["tokenizer"][0] == "ok"


def test_a_proxy_that_is_wrong_is_named(well: Program, server: FaultyServer) -> None:
    well.point_at("http://api.example/v1", allow_http="true")
    env = {"HTTP_PROXY": "http://me:canary-password@127.0.0.1:9"}
    done = well("doctor", **env)
    told = lines(done)

    assert told["endpoint"][0] == "warning"
    assert told["proxy"][1] == "127.0.0.1:9, by HTTP_PROXY"
    assert told["connection"] == [
        "problem", "the proxy: no connection to 127.0.0.1:9: refused [connect_refused]",
        "check HTTP_PROXY",
    ]  # fmt: skip
    assert "canary-password" not in done.out
    assert server.connections == 0


def test_through_a_proxy_the_endpoint_is_asked(well: Program, server: FaultyServer) -> None:
    well.point_at("http://api.example/v1", allow_http="true")
    told = lines(well("doctor", HTTP_PROXY=f"http://127.0.0.1:{server.port}"))

    assert told["connection"][1].startswith(f"the proxy 127.0.0.1:{server.port}, by HTTP_PROXY,")
    assert told["access"][0] == "ok"


def test_no_proxy_stands_before_this_machine(well: Program) -> None:
    told = lines(well("doctor", HTTP_PROXY="http://127.0.0.1:9"))

    assert told["proxy"][:2] == ["ok", "HTTP_PROXY is passed over: the endpoint is this machine"]
    assert told["access"][0] == "ok"


SOCKS = {"HTTPS_PROXY": "socks5://127.0.0.1:9"}


def test_a_proxy_that_is_none(well: Program) -> None:
    well.point_at("https://api.example/v1")
    told = lines(well("doctor", **SOCKS))

    assert told["proxy"][1] == (
        "HTTPS_PROXY is no http proxy: SOCKS is not supported [bad_environment]"
    )
    assert "name" not in told


@pytest.mark.slow
@pytest.mark.sweep
@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("good", "days ("), ("self", "[tls_untrusted]"), ("expired", "expired [tls_untrusted]"),
        ("plain", "[not_tls]"), ("old", "[tls_failed]"), ("reset", "[connect_failed]"),
    ],
)  # fmt: skip
def test_tls(well: Program, server: FaultyServer, kind: str, says: str) -> None:
    with tls.Front(kind, server.port) as front:
        well.point_at(front.base_url)
        done = well("doctor", "--timeout", "10", SSL_CERT_FILE=tls.authority())
    told = lines(done)

    assert says in told["tls"][1]
    if kind == "good":  # of the tests' own authority, for nine days
        assert told["tls"][0] == "warning"
        assert told["tls"][1].startswith("TLSv1.3, the certificate ends in 8 days")
        assert told["tls"][1].endswith(", trusted by SSL_CERT_FILE")
        assert (told["access"][0], done.code) == ("ok", 0)
    else:
        assert (told["tls"][0], done.code, "access" in told) == ("problem", 1, False)


def test_a_handshake_that_never_begins_ends_in_time(well: Program, server: FaultyServer) -> None:
    with tls.Front("silent", server.port) as front:
        well.point_at(front.base_url)
        told = lines(well("doctor", "--timeout", "1"))

    assert told["tls"][:2] == [
        "problem", f"no connection to {front.base_url[8:-3]} within 1s [deadline]",
    ]  # fmt: skip


@pytest.mark.slow
def test_an_authority_that_cannot_be_read(well: Program, server: FaultyServer) -> None:
    with tls.Front("good", server.port) as front:
        well.point_at(front.base_url)
        told = lines(well("doctor", SSL_CERT_FILE="/nowhere"))["tls"]

    assert told[0] == "problem"
    assert told[1].endswith("[bad_environment]")
    assert told[2] == "check SSL_CERT_FILE"


def test_a_port_where_nobody_accepts(mcli: Program) -> None:
    with FaultyServer(listing(), door="jammed") as jammed:
        mcli.point_at(jammed.base_url)
        told = lines(mcli("doctor", "--timeout", "1"))["connection"]

    host = f"127.0.0.1:{jammed.port}"
    assert told[:2] == ["problem", f"no connection to {host} within 1s [deadline]"]


def test_offline_nothing_is_opened(well: Program, server: FaultyServer) -> None:
    done, replayed = well("doctor", "--offline"), well("doctor", MCLI_REPLAY="tape.jsonl")

    assert lines(done)["network"][1] == "not looked at, by --offline"
    assert lines(replayed)["network"][1] == "not looked at, by MCLI_REPLAY"
    assert lines(replayed)["environment"][0] == "warning"
    assert (done.code, replayed.code, server.connections) == (0, 0, 0)


def test_a_variable_of_ours_that_means_nothing(well: Program) -> None:
    told = lines(well("doctor", "--offline", MCLI_MODELL="x"))

    assert told["environment"] == [
        "warning", "MCLI_MODELL means nothing to mcli", 'did you mean "MCLI_MODEL"?',
    ]  # fmt: skip


@pytest.mark.parametrize(
    "argv",
    [("--probe", "--offline"), ("--base-url", "nonsense"), ("-m", " "), ("extra",)],
    ids=" ".join,
)
def test_a_wrong_command_line_is_2(
    well: Program, server: FaultyServer, argv: tuple[str, ...]
) -> None:
    done = well("doctor", *argv)

    assert (done.code, done.out, server.connections) == (2, "", 0)


def test_a_closed_stdout_is_74(well: Program, server: FaultyServer) -> None:
    done = well.shell("mcli doctor >&-")

    assert (done.code, done.slug, server.connections) == (74, "stdout_closed", 0)


def test_a_full_disk_and_a_folder_that_is_none(well: Program, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = well.shell(
        "ulimit -f 0; mcli doctor --offline | cat", XDG_CACHE_HOME=str(tmp_path / "file" / "x")
    )
    told = lines(done)

    assert (told["state"][0], told["cache"][0]) == ("warning", "warning")
    assert told["state"][1].endswith("cannot be written: file too large")
    assert told["cache"][1].endswith("cannot be written: not a directory")
    assert "XDG_CACHE_HOME" in told["cache"][2]


@pytest.mark.slow
def test_a_budget_needs_a_state_folder_and_is_told(well: Program, tmp_path: Path) -> None:
    path = well.home / ".config/mcli/config.yaml"
    path.write_text(path.read_text() + "budget: {usd: 5, per: day}\n")
    (tmp_path / "file").touch()
    before, broken = well("doctor"), well("doctor", XDG_STATE_HOME=str(tmp_path / "file"))
    well("ask", "hi")
    after = well("doctor")

    assert lines(before)["budget"] == ["ok", "5 USD per day, nothing is spent", ""]
    assert (broken.code, lines(broken)["state"][0]) == (1, "problem")
    assert lines(after)["budget"][1].endswith(" USD are spent")
    assert lines(after)["ledger"][0] == "ok"


def test_a_budget_that_is_spent_is_a_problem(well: Program) -> None:
    path = well.home / ".config/mcli/config.yaml"
    told = path.read_text() + "models: {gpt-4: {input_usd: 90, output_usd: 90}}\n"
    path.write_text(f"{told}budget: {{usd: 1, per: day}}\n")
    assert well("ask", "hi", "--max-tokens", "9").code == 0
    path.write_text(f"{told}budget: {{usd: 0.00001, per: day}}\n")
    done = lines(well("doctor"))["budget"]

    assert done[0] == "problem"
    assert done[1].endswith("USD are spent [budget]")
    assert done[2].startswith("wait until ")


def test_without_environment_home_or_stdin(well: Program) -> None:
    argv = well.argv("doctor", "--offline")
    code = f"exec 0<&-; exec {' '.join(argv)}"
    done = subprocess.run(
        ["/bin/bash", "-c", code], env={"PYTHONPATH": well.env["PYTHONPATH"]}, cwd=well.home,
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    out = done.stdout.decode()

    assert (done.returncode, done.stderr) == (1, b"")
    assert "problem\tkey\tno key: MEGALLM_API_KEY is not set [no_key]\t" in out
    assert "warning\tstate\tnothing is kept between runs" in out


def test_another_program_of_the_name_that_is_found_first(well: Program) -> None:
    path = well.home / "first" / "mcli"
    path.parent.mkdir()
    path.write_bytes(b"\x7fELF" + bytes(64))
    path.chmod(0o755)
    found = f"{path.parent}{os.pathsep}{well.env['PATH']}"
    told = lines(well("doctor", "--offline", PATH=found))["program"]

    assert told[0] == "warning"
    assert f'"{path}", which PATH finds first, is another program' in told[1]
    assert "mcli-llm" in told[2]


def test_completion_is_looked_for_where_shells_look(well: Program) -> None:
    without = lines(well("doctor", "--offline", SHELL="/bin/zsh"))["shell"]
    path = well.home / ".zfunc" / "_mcli"
    path.parent.mkdir()
    path.touch()
    (well.home / ".bashrc").write_text('eval "$(mcli completion bash)"\n')

    assert without[0] == "warning"
    assert without[2].startswith("mcli completion zsh > ")
    zsh = lines(well("doctor", "--offline", SHELL="/bin/zsh"))["shell"]
    bash = lines(well("doctor", "--offline", SHELL="/bin/bash"))["shell"]
    assert zsh[:2] == ["ok", f'zsh, completion by "{path}"']
    assert bash[:2] == ["ok", f'bash, completion by "{well.home}/.bashrc"']
