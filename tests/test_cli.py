"""The command line as a whole: failures, the envelope, keys, and an end that tells the truth."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest

from mcli.errors import ExitCode
from tests.faults.scenes import as_json, completion, error, ok
from tests.faults.server import FaultyServer
from tests.program import KEY, ROOT, Program

SCHEMA = json.loads((ROOT / "mcli" / "envelope.schema.json").read_text())


def valid(envelope: object) -> bool:
    return jsonschema_rs.is_valid(SCHEMA, envelope)


class TestUsage:
    @pytest.mark.sweep
    @pytest.mark.parametrize(
        "argv",
        [
            [],
            ["frobnicate"],
            ["ask", "--jsno"],
            ["ask", "hi", "there"],
            ["codegen"],
            ["run"],
            ["ask", "hi", "--timeout", "0"],
            ["ask", "hi", "--timeout", "nan"],
            ["ask", "hi", "--timeout", "-1"],
            ["ask", "hi", "--retries", "-1"],
            ["ask", "hi", "--retries", "1e9"],
            ["ask", "hi", "--max-tokens", "0"],
            ["ask", "hi", "-t", "inf"],
            ["ask", "hi", "-t", "warm"],
            ["ask", "hi", "--color", "blue"],
            ["ask", "hi", "--param", "novalue"],
            ["ask", "hi", "--param", "model=x"],
            ["ask", "hi", "-D", "=x"],
            ["ask", "hi", "-D", "unknown=x"],
            ["ask", "hi", "--base-url", "ftp://x"],
            ["ask", "hi", "--base-url", "http://u:p@x"],
            ["summarize", "--points", "many"],
            ["summarize", "--style", "sonnet"],
            ["classify"],
            ["classify", "-l", "a"],
            ["classify", "-l", "a,A"],
            ["classify", "-l", "a,b", "--expect", "c"],
            ["run", "no-such-recipe"],
            ["count-tokens", "--encoding", "p50k"],
            ["count-tokens", "--model", "gpt-4", "--encoding", "cl100k_base"],
            ["sandbox", "--fail", "429"],
            ["sandbox", "--port", "70000"],
        ],
        ids=" ".join,
    )
    def test_one_line_and_2_and_nothing_is_sent(
        self, mcli: Program, server: FaultyServer, argv: list[str]
    ) -> None:
        plain, told = mcli(*argv, stdin=b"x"), mcli(*argv, "--json", stdin=b"x")

        assert (plain.code, plain.out) == (2, "")
        assert plain.slug
        assert server.requests == []
        if argv[:1] not in ([], ["frobnicate"]):
            assert told.code == 2
            assert valid(told.json)
            assert told.json["error"]["exit_code"] == 2

    def test_near_misses_are_named(self, mcli: Program) -> None:
        assert 'did you mean "summarize"' in mcli("run", "sumarize").err
        assert 'did you mean "points"' in mcli("summarize", "-D", "point=3", stdin=b"x").err

    def test_a_prompt_may_begin_with_a_dash(self, mcli: Program, server: FaultyServer) -> None:
        assert mcli("ask", "--", "--json").out == "Paris.\n"
        assert server.requests[0].body["messages"][-1]["content"] == "--json"

    def test_version_and_help(self, mcli: Program) -> None:
        assert mcli("--version").out.startswith("mcli 0.")
        assert mcli("--help").code == mcli("ask", "-h").code == 0


class TestKeys:
    def test_no_key_and_no_profile(self, tmp_path: Path) -> None:
        done = Program(tmp_path / "home")("ask", "hi")

        assert (done.code, done.slug) == (78, "no_key")
        assert "MEGALLM_API_KEY" in done.err

    def test_the_key_goes_to_its_host(self, mcli: Program, server: FaultyServer) -> None:
        mcli("ask", "hi")

        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"

    def test_the_key_goes_to_no_other_host(self, mcli: Program, serve) -> None:
        other = serve(ok("other"))

        assert mcli("ask", "hi", "--base-url", other.base_url, MEGALLM_API_KEY=KEY).code == 0
        assert "authorization" not in other.requests[0].headers

    def test_another_host_gets_the_key_made_for_it(self, mcli: Program, serve) -> None:
        other = serve(ok("other"))

        mcli("ask", "hi", "--base-url", other.base_url, MCLI_API_KEY="sk-for-the-other")

        assert other.requests[0].headers["authorization"] == "Bearer sk-for-the-other"

    def test_another_machine_without_a_key(self, mcli: Program) -> None:
        done = mcli("ask", "hi", "--base-url", "https://elsewhere.invalid/v1")

        assert (done.code, done.slug) == (78, "no_key_for_host")

    def test_no_key_on_demand(self, mcli: Program, server: FaultyServer) -> None:
        mcli("ask", "hi", "--no-key")
        mcli("ask", "hi", MCLI_NO_KEY="1")

        assert all("authorization" not in seen.headers for seen in server.requests)

    def test_a_key_from_a_file_or_a_command(self, mcli: Program, server: FaultyServer) -> None:
        (mcli.home / "key").write_text("sk-from-the-file\n")
        config = "profile: t\nprofiles:\n  t: {base_url: '%s', model: m, key: {%s}}\n"
        mcli.configure(config % (server.base_url, f"file: {mcli.home / 'key'}"))
        mcli("ask", "hi")
        mcli.configure(config % (server.base_url, "command: [printf, 'sk-from-a-command\\nuser']"))
        mcli("ask", "hi")

        keys = [seen.headers["authorization"] for seen in server.requests]
        assert keys == ["Bearer sk-from-the-file", "Bearer sk-from-a-command"]

    @pytest.mark.parametrize("key", ["sk-in\nner", "sk-ünï", 'sk "quoted"'])
    def test_a_key_that_cannot_be_one(self, mcli: Program, server: FaultyServer, key: str) -> None:
        done = mcli("ask", "hi", TEST_KEY=key)

        assert (done.code, done.slug) == (78, "bad_key")
        assert key[3:] not in done.err
        assert server.requests == []

    def test_no_key_over_plain_http_to_another_machine(self, mcli: Program) -> None:
        done = mcli("ask", "hi", "--base-url", "http://192.0.2.1/v1", MCLI_API_KEY=KEY)

        assert (done.code, done.slug) == (78, "plaintext_key")

    def test_a_server_that_echoes_the_key(self, mcli: Program, server: FaultyServer) -> None:
        server.play(error(401, "auth", "bad", f"Incorrect API key provided: {KEY}."))

        done = mcli("ask", "hi", "--json", "-v")

        assert done.code == 77
        assert KEY.encode() not in done.stdout + done.stderr

    def test_a_refusal_that_echoes_the_key(self, mcli: Program, server: FaultyServer) -> None:
        server.play(as_json(completion(None, refusal=f"I will not say {KEY}.")))

        done = mcli("ask", "hi", "--json")

        assert (done.code, done.json["error"]["slug"]) == (4, "refusal")
        assert KEY.encode() not in done.stdout + done.stderr

    def test_a_dry_run_masks_it_sends_nothing_and_needs_none(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        done = mcli("ask", "hi", "--dry-run")

        assert done.json["headers"]["Authorization"] == "Bearer ***"
        assert done.json["method"] == "POST"
        assert done.json["url"] == f"{server.base_url}/chat/completions"
        assert done.json["body"]["messages"][-1]["content"] == "hi"
        assert mcli("ask", "hi", "--dry-run", TEST_KEY="").json == done.json
        assert mcli("ask", "hi", "--dry-run", "--json").json["data"] == done.json
        assert KEY.encode() not in done.stdout
        assert server.requests == []


class TestEnvelope:
    @pytest.mark.sweep
    @pytest.mark.parametrize(
        "argv",
        [
            ["ask", "hi"],
            ["classify", "-l", "Paris,London", "-f", "f"],
            ["classify", "-l", "Paris,London", "-f", "f", "--expect", "London"],
            ["classify", "-l", "Rome,London", "-f", "f"],
            ["codegen", "x"],
            ["ask", "hi", "--profile", "gone"],
            ["ask", "hi", "-f", "gone"],
            ["ask", "hi", "--base-url", "http://127.0.0.1:1/v1", "--retries", "0"],
            ["count-tokens", "f"],
            ["count-tokens", "f", "--max", "0"],
            ["config", "show"],
            ["config", "path"],
            ["models"],
            ["ask", "hi", "--dry-run"],
        ],
        ids=" ".join,
    )
    def test_every_command_fits_the_schema(self, mcli: Program, argv: list[str]) -> None:
        (mcli.home / "f").write_text("text")

        done = mcli(*argv, "--json")

        assert done.out.count("\n") == 1
        told = done.json
        jsonschema_rs.validate(SCHEMA, told)
        assert told["ok"] == (done.code in (0, 1))
        if not told["ok"]:
            assert told["error"]["exit_code"] == done.code
            assert told["error"]["retryable"] == (done.code == 75)

    def test_the_schema_knows_every_exit_code(self) -> None:
        codes = SCHEMA["properties"]["error"]["properties"]["exit_code"]["enum"]

        assert codes == sorted(int(code) for code in ExitCode if code > 1)

    def test_a_verdict_is_no_error(self, mcli: Program) -> None:
        argv = ("classify", "-l", "Paris,London", "--expect", "London")
        plain, told = mcli(*argv, stdin=b"x"), mcli(*argv, "--json", stdin=b"x")

        assert (plain.code, plain.out, plain.err) == (1, "Paris\n", "")
        assert (told.code, told.err) == (1, "")
        assert (told.json["ok"], told.json["verdict"]) == (True, False)
        assert mcli(*argv, "--expect", "Paris", stdin=b"x").code == 0

    def test_attempts_are_counted(self, mcli: Program, server: FaultyServer) -> None:
        server.play([error(503), error(503), ok("yes")])

        done = mcli("ask", "hi", "--json")

        assert (done.code, done.err, done.json["attempts"]) == (0, "", 3)

    def test_an_adapted_parameter_is_a_warning(self, mcli: Program, server: FaultyServer) -> None:
        told = "Unsupported parameter: 'max_tokens' is not supported with this model."
        server.play([error(400, "invalid_request_error", "unsupported_parameter", told), ok("yes")])

        done = mcli("ask", "hi", "--max-tokens", "9", "--json")

        assert done.json["warnings"] == ["max_tokens sent as max_completion_tokens"]
        assert done.json["attempts"] == 2
        assert server.requests[1].body["max_completion_tokens"] == 9
        assert "max_tokens" not in server.requests[1].body

    def test_a_temperature_that_a_person_gave_is_not_dropped(
        self, mcli: Program, server: FaultyServer
    ) -> None:
        told = "Unsupported value: 'temperature' does not support 0.2 with this model."
        server.play([error(400, "invalid_request_error", "unsupported_value", told), ok("yes")])

        assert mcli("summarize", "-t", "0.2", stdin=b"x").code == 69
        server.play([error(400, "invalid_request_error", "unsupported_value", told), ok("yes")])
        assert mcli("summarize", stdin=b"x").out == "yes\n"
        assert "temperature" not in server.requests[1].body


def test_a_label_is_spelled_as_given(mcli: Program, server: FaultyServer) -> None:
    server.play(ok('The sentiment is "POSITIVE".'))

    done = mcli("classify", "-l", "Positive,Negative=bad mood", "--json", stdin=b"x")

    assert done.json["data"] == {"label": "Positive", "confidence": None, "scores": None}
    assert "- Negative: bad mood" in server.requests[0].body["messages"][0]["content"]
    assert "max_tokens" not in server.requests[0].body


def test_only_a_label_of_the_set_is_printed(mcli: Program, server: FaultyServer) -> None:
    server.play(ok("Hard to say: positive or negative."))

    done = mcli("classify", "-l", "positive,negative", stdin=b"x")

    assert (done.code, done.out, done.slug) == (4, "", "not_a_label")


def test_labels_from_a_file(mcli: Program, server: FaultyServer) -> None:
    (mcli.home / "labels").write_text("bug=a defect, or a crash\n\nidea\n")
    server.play(ok("idea"))

    assert mcli("classify", "--labels-file", "labels", stdin=b"x").out == "idea\n"
    assert (
        "- bug: a defect, or a crash\n- idea" in server.requests[0].body["messages"][0]["content"]
    )


def test_code_without_fences(mcli: Program, server: FaultyServer) -> None:
    server.play(ok("Here it is:\n\n```js\nlet a = 1;\n```\n\n```python\nx = 1\n```\nEnjoy!"))

    assert mcli("codegen", "x", "--lang", "python").out == "x = 1\n"
    server.play(ok("I am sorry, I cannot do that."))
    assert (mcli("codegen", "x").code, mcli("codegen", "x").slug) == (4, "no_code")


def test_params_of_every_kind(mcli: Program, server: FaultyServer) -> None:
    mcli(
        "ask", "hi", "--top-p", "0.5", "--stop", "END", "--seed", "7",
        "--param", "reasoning_effort=low", "--param", 'logit_bias={"5":-1}', "--param", "x=NaN",
    )  # fmt: skip

    body = server.requests[0].body
    assert (body["top_p"], body["stop"], body["seed"]) == (0.5, "END", 7)
    assert (body["reasoning_effort"], body["logit_bias"], body["x"]) == ("low", {"5": -1}, "NaN")
    mcli("ask", "hi", "--stop", "a", "--stop", "b")
    assert server.requests[1].body["stop"] == ["a", "b"]


def test_a_person_s_own_recipe_shadows_only_for_run(mcli: Program, server: FaultyServer) -> None:
    own = mcli.home / ".config" / "mcli" / "recipes"
    own.mkdir()
    (own / "ask.yaml").write_text("data: none\nmessages:\n- user: mine\n")

    shadowed = mcli("run", "ask", "-v")
    mcli("ask", "hi")

    assert "ask.yaml" in shadowed.err
    contents = [seen.body["messages"][-1]["content"] for seen in server.requests]
    assert contents == ["mine", "hi"]


def test_models(mcli: Program, server: FaultyServer) -> None:
    listed = {"object": "list", "data": [{"id": "m/1", "context_length": 8}, {"id": "m2"}]}
    server.play(as_json(listed))

    assert mcli("models").out == "m/1\t8" + "\t" * 6 + "\nm2" + "\t" * 7 + "\n"
    assert mcli("models", "--json").json["data"][1]["id"] == "m2"
    assert server.requests[0].method == "GET"
    assert server.requests[0].path == "/v1/models"


def test_count_tokens_like_wc(mcli: Program, server: FaultyServer) -> None:
    (mcli.home / "a").write_text("hello world")
    (mcli.home / "b").write_text("tiktoken is great!")

    assert mcli("count-tokens", stdin=b"tiktoken is great!").out == "6\n"
    assert mcli("count-tokens", "-", stdin=b"").out == "0\n"
    assert mcli("count-tokens", "a").out == "2 a\n"
    assert mcli("count-tokens", "a", "b").out == "2 a\n6 b\n8 total\n"
    assert (
        mcli("count-tokens", "a", "--max", "2").code,
        mcli("count-tokens", "a", "--max", "1").code,
    ) == (0, 1)
    told = mcli("count-tokens", "a", "-m", "claude-x", "--json").json["data"]
    assert (told["encoding"], told["approximate"], told["total"]) == ("o200k_base", True, 2)
    assert mcli("count-tokens", "gone").code == 66


class TestConfig:
    def test_show_tells_where_each_value_came_from(self, mcli: Program) -> None:
        told = mcli("config", "show", "--json", "--retries", "5", MCLI_TIMEOUT="10m").json["data"]

        assert told["retries"] == {"value": 5, "origin": "--retries"}
        assert told["timeout"] == {"value": 600.0, "origin": "MCLI_TIMEOUT"}
        assert told["model"] == {"value": "gpt-4", "origin": "profile"}
        assert told["key"] == {"value": "***", "origin": "environment TEST_KEY"}
        assert told["profile"]["origin"].endswith("config.yaml")

    def test_no_key_is_ever_shown(self, mcli: Program) -> None:
        assert KEY not in mcli("config", "show").out + mcli("config", "show", "--json").out

    def test_path(self, mcli: Program) -> None:
        assert mcli("config", "path").out == f"{mcli.home}/.config/mcli/config.yaml\n"
        assert mcli("config", "path", MCLI_CONFIG="/x/y").out == "/x/y\n"

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("profil: x", 'did you mean "profile"'),
            ("profiles: {a: {base_ulr: x}}", 'did you mean "base_url"'),
            ("profile: gone", "megallm"),
            ("a: [", "config.yaml:2:1"),
            ("profiles: {a: {base_url: 'ftp://x'}}", "config.yaml:1"),
        ],
    )
    def test_mistakes_are_named(self, mcli: Program, text: str, told: str) -> None:
        mcli.configure(text + "\n")

        done = mcli("ask", "hi")

        assert done.code == 78
        assert told in done.err

    @pytest.mark.sweep
    @pytest.mark.parametrize(
        ("name", "value"),
        [("MCLI_TIMEOUT", "soon"), ("MCLI_RETRIES", "x"), ("MCLI_NO_STDIN", "maybe"),
         ("MCLI_PROFILE", "gone"), ("MCLI_BASE_URL", "x"), ("MCLI_CONFIG", "/gone")],
    )  # fmt: skip
    def test_a_bad_variable(self, mcli: Program, name: str, value: str) -> None:
        assert mcli("ask", "hi", **{name: value}).code == 78
        assert mcli("ask", "hi", **{name: ""}).code == 0

    def test_an_alias(self, mcli: Program, server: FaultyServer) -> None:
        path = mcli.home / ".config" / "mcli" / "config.yaml"
        mcli.configure(path.read_text() + "aliases: {fast: gpt-4o-mini}\n")

        mcli("ask", "hi", "-m", "fast")

        assert server.requests[0].body["model"] == "gpt-4o-mini"


def test_cron_s_environment(mcli: Program, server: FaultyServer) -> None:
    done = subprocess.run(
        ["env", "-i", sys.executable, "-m", "mcli", "ask", "hi", "--base-url", server.base_url],
        cwd=ROOT,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, b"Paris.\n", b"")


def test_an_internal_error_is_70_and_tells_no_secrets(mcli: Program, server: FaultyServer) -> None:
    sitecustomize = mcli.home / "sitecustomize.py"
    sitecustomize.write_text(
        "import mcli.reading\n"
        f"def broken(*a): raise KeyError('{KEY}', 'what was asked')\n"
        "mcli.reading.read = broken\n"
    )
    path = f"{mcli.home}:{mcli.env['PYTHONPATH']}"

    plain = mcli("ask", "hi", PYTHONPATH=path)
    debug = mcli("ask", "hi", "--debug", PYTHONPATH=path)

    assert (plain.code, plain.out, plain.slug) == (70, "", "bug")
    assert debug.code == 70
    assert "Traceback" in debug.err
    assert KEY not in plain.err + debug.err
    assert "what was asked" not in plain.err


@pytest.mark.parametrize("finish", ["stop", "length"])
def test_it_never_exits_0_on_less_than_the_whole(
    mcli: Program, server: FaultyServer, finish: str
) -> None:
    server.play(as_json(completion("", finish)))

    assert mcli("ask", "hi").code == 4


def test_an_expectation_that_was_not_set_is_a_mistake(mcli: Program) -> None:
    for blank in ("", " , "):
        assert mcli("classify", "-l", "a1,b1", "--expect", blank, stdin=b"x").code == 2


def test_no_proxy_stands_between_a_machine_and_itself(mcli: Program, serve) -> None:
    proxy = serve(ok("from the proxy"))

    done = mcli("ask", "hi", http_proxy=proxy.base_url.removesuffix("/v1"))

    assert (done.code, done.out) == (0, "Paris.\n")
    assert proxy.requests == []


def test_a_proxy_is_honoured_for_other_machines(mcli: Program, serve) -> None:
    proxy = serve(ok("from the proxy"))

    done = mcli(
        "ask", "hi", "--no-key", "--base-url", "http://api.test/v1",
        http_proxy=proxy.base_url.removesuffix("/v1"),
    )  # fmt: skip

    assert done.out == "from the proxy\n"
    assert proxy.requests[0].path == "http://api.test/v1/chat/completions"


def test_a_dry_run_needs_no_key_for_any_host(mcli: Program) -> None:
    assert mcli("ask", "hi", "--dry-run", "--base-url", "https://elsewhere.test/v1").code == 0


def test_an_odd_file_name_does_not_spoil_the_json(mcli: Program) -> None:
    name = os.fsencode(mcli.home) + b"/odd\xff"
    Path(os.fsdecode(name)).write_text("hello world")

    done = mcli("count-tokens", os.fsdecode(name), "--json")

    assert done.json["data"]["total"] == 2


def test_the_key_in_the_place_of_its_variable_is_not_told(mcli: Program) -> None:
    mcli.configure(f"profiles: {{megallm: {{key: {{env: {KEY}}}}}}}\n")

    for argv in (("ask", "hi"), ("config", "show")):
        done = mcli(*argv)
        assert done.code == 78
        assert KEY not in done.out + done.err


def test_tokens_are_counted_for_the_model_in_force(mcli: Program) -> None:
    path = mcli.home / ".config" / "mcli" / "config.yaml"
    mcli.configure(path.read_text().replace("gpt-4", "gpt-4o") + "aliases: {old: gpt-4}\n")

    assert mcli("count-tokens", "--json", stdin=b"x").json["data"]["encoding"] == "o200k_base"
    told = mcli("count-tokens", "--json", "-m", "old", stdin=b"x").json["data"]
    assert (told["model"], told["encoding"]) == ("gpt-4", "cl100k_base")
