"""What an answer costs is told, and a cap is kept, as a script sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.faults import scenes
from tests.faults.server import FaultyServer
from tests.program import Program

NUMBER = '{"type": "integer"}'


def mcli_config(mcli: Program) -> Path:
    return mcli.home / ".config" / "mcli" / "config.yaml"


@pytest.fixture
def priced(mcli: Program, server: FaultyServer) -> Program:
    """The program, whose model costs 1 USD for 1000 tokens of a prompt and for 100 of an answer."""
    config = mcli_config(mcli)
    config.write_text(
        config.read_text() + "models: {gpt-4: {input_usd: 1000, output_usd: 10000}}\n"
    )
    (mcli.home / "number").write_text(NUMBER)
    return mcli


def test_an_answer_tells_what_it_cost(priced: Program) -> None:
    told = priced("ask", "hi", "--json", "--max-tokens", "5", "--max-cost", "1")
    assert told.json["cost_usd"] == 0.039  # 9 tokens and 3
    assert "cost=0.039 " in priced("ask", "hi", "-v", "--max-tokens", "5").err


def test_an_answer_that_cannot_be_used_cost_as_much(priced: Program, server: FaultyServer) -> None:
    server.play(scenes.ok("cut", finish="length"))
    done = priced("ask", "hi", "--json", "--max-tokens", "5")
    assert (done.code, done.json["cost_usd"], done.json["error"]["charged"]) == (4, 0.039, "yes")


def test_an_answer_that_was_asked_for_again_cost_both(
    priced: Program, server: FaultyServer
) -> None:
    server.play([scenes.ok("seven"), scenes.ok("7")])
    argv = ("ask", "hi", "--schema", "number", "--json", "--max-tokens", "5", "--max-cost", "9")
    assert priced(*argv).json["cost_usd"] == 0.078
    server.play([scenes.ok("seven"), scenes.error(401)])
    failed = priced(*argv).json
    assert (failed["cost_usd"], failed["error"]["charged"]) == (0.039, "yes")


def test_what_is_not_known_is_null(mcli: Program, server: FaultyServer) -> None:
    assert mcli("ask", "hi", "--json", "-m", "nobody/knows").json["cost_usd"] is None
    assert "cost=unknown" in mcli("ask", "hi", "-v", "-m", "nobody/knows").err
    server.play(scenes.error(401))
    assert mcli("ask", "hi", "--json").json["cost_usd"] is None


def test_what_may_pass_the_cap_is_not_sent(priced: Program, server: FaultyServer) -> None:
    for argv in (
        ("ask", "hi"),
        ("classify", "-l", "a,b", "number"),
        ("codegen", "task"),
        ("summarize", "number"),
        ("run", "-e", "hi", "-n"),
    ):
        done = priced(*argv, "--max-tokens", "200", "--max-cost", "1.5")
        assert (done.code, done.slug, done.out) == (77, "max_cost", "")
        assert "the cap is 1.5 USD: raise --max-cost" in done.err
    assert server.requests == []


def test_one_command_spends_a_dollar_at_most_unless_told_otherwise(
    priced: Program, server: FaultyServer
) -> None:
    assert priced("ask", "hi", "--max-tokens", "101").slug == "max_cost"
    assert server.requests == []
    assert priced("ask", "hi", "--max-tokens", "101", "--max-cost", "2").code == 0
    assert priced("ask", "hi", "--max-tokens", "101", MCLI_MAX_COST="2").code == 0


def test_numbers_beyond_all_reason_are_refused_or_unknown(
    priced: Program, server: FaultyServer
) -> None:
    for limit in ("1" + "0" * 400, "1" + "0" * 15):
        assert priced("ask", "hi", "--param", f"max_tokens={limit}").slug == "max_cost"
    dear = "models: {gpt-4: {input_usd: 1.0e+308, output_usd: 1.0e+308}}\n"
    config = mcli_config(priced)
    config.write_text(config.read_text().partition("models:")[0] + dear)
    assert priced("ask", "hi", "--max-tokens", "5").slug == "max_cost"
    assert server.requests == []
    reply = scenes.completion("hi") | {"usage": {"prompt_tokens": 10**400, "completion_tokens": 1}}
    server.play(scenes.as_json(reply))
    config.write_text(config.read_text().replace("1.0e+308", "1"))
    assert priced("ask", "hi", "--json", "--max-tokens", "5").json["cost_usd"] is None


def test_a_flag_stands_over_the_environment(priced: Program) -> None:
    argv = ("ask", "hi", "--max-tokens", "101")
    assert priced(*argv, "--max-cost", "0.5", MCLI_MAX_COST="2").slug == "max_cost"
    assert priced(*argv, "--max-cost", "2", MCLI_MAX_COST="0.5").code == 0
    assert priced(*argv, "--max-cost", "2", MCLI_MAX_COST="nonsense").code == 0
    assert priced("ask", "hi", MCLI_MAX_COST="nonsense").slug == "bad_environment"
    assert priced("ask", "hi", "--max-tokens", "5", MCLI_MAX_COST="").code == 0


@pytest.mark.sweep
@pytest.mark.parametrize("word", ["nan", "inf", "-1", "1e999", "", "$1", "1_0", "0x1", "١"])
def test_what_is_no_amount(priced: Program, server: FaultyServer, word: str) -> None:
    assert priced("ask", "hi", f"--max-cost={word}").code == 2
    assert priced("ask", "hi", f"--max-requests={word}").code == 2
    assert server.requests == []


def test_asking_again_is_refused_where_it_would_pass_the_cap(
    priced: Program, server: FaultyServer
) -> None:
    server.play(scenes.ok("seven"))
    argv = ("ask", "hi", "--schema", "number", "--json", "--max-tokens", "5")
    for cap, slug in (("--max-cost=0.26", "max_cost"), ("--max-requests=1", "max_requests")):
        done = priced(*argv, cap, "--repair", "3").json
        assert (done["error"]["slug"], done["error"]["exit_code"]) == (slug, 77)
        assert (done["error"]["charged"], done["attempts"], done["cost_usd"]) == ("yes", 1, 0.039)
    assert len(server.requests) == 2


def test_a_parameter_changed_is_a_request_more(priced: Program, server: FaultyServer) -> None:
    refusal = scenes.as_json(
        {"error": {"message": "use max_completion_tokens", "param": "max_tokens"}}, status=400
    )
    server.play([refusal, scenes.ok("Paris.")])
    argv = ("ask", "hi", "--max-tokens", "5", "--json", "--max-requests")
    failed = priced(*argv, "1").json
    assert (failed["error"]["slug"], failed["attempts"]) == ("max_requests", 1)
    assert failed["error"]["charged"] == "no"
    server.play([refusal, scenes.ok("Paris.")])
    told = priced(*argv, "2").json
    assert (told["ok"], told["attempts"], told["cost_usd"]) == (True, 2, 0.039)


def test_an_attempt_that_may_have_been_charged_is_spent_at_its_worst(
    priced: Program, server: FaultyServer
) -> None:
    cut = scenes.Reply((scenes.End.RST,))
    server.play([cut, scenes.ok("seven"), scenes.ok("7")])
    argv = ("ask", "hi", "--schema", "number", "--json", "--max-tokens", "5", "--max-cost")
    failed = priced(*argv, "0.5").json  # 0.217 at worst, twice, and more for the answer
    assert (failed["error"]["slug"], failed["attempts"]) == ("max_cost", 2)
    assert failed["cost_usd"] == 0.039  # what the answer cost
    server.play([cut, scenes.ok("seven"), scenes.ok("7")])
    assert priced(*argv, "9").json["attempts"] == 3


def test_a_cap_without_a_price_is_refused_before_data_is_read(
    mcli: Program, server: FaultyServer
) -> None:
    argv = ("ask", "hi", "-m", "nobody/knows", "-f", "nosuch")
    assert mcli(*argv).slug == "unreadable"
    for done in (mcli(*argv, "--max-cost", "5"), mcli(*argv, MCLI_MAX_COST="5")):
        assert (done.code, done.slug) == (78, "unknown_price")
    assert server.requests == []


def test_a_replay_and_a_dry_run_spend_nothing(priced: Program, server: FaultyServer) -> None:
    live = priced("ask", "hi", "--json", "--max-tokens", "5", "--record", "tape")
    for cap in ("0", "0.000001"):
        again = priced("ask", "hi", "--json", "--max-tokens", "5", "--replay", "tape",
                       MCLI_MAX_COST=cap)  # fmt: skip
        assert again.json["cost_usd"] == live.json["cost_usd"] == 0.039
    assert priced("ask", "hi", "--dry-run", "--max-cost", "0", "-m", "nobody/knows").code == 0
    assert len(server.requests) == 1


def test_an_answer_from_the_cache_costs_nothing(priced: Program, server: FaultyServer) -> None:
    argv = ("ask", "hi", "--json", "--max-tokens", "5", "--cache", "1h")
    assert priced(*argv).json["cost_usd"] == 0.039
    again = priced(*argv, "--max-cost", "0", "--max-requests", "0").json
    assert (again["cached"], again["cost_usd"]) == (True, 0.0)
    assert len(server.requests) == 1


RECIPE = """\
params: {max_tokens: 5}
data: none
messages: [{user: hi}]
tests:
"""


def many_tests(priced: Program, many: int) -> Path:
    recipe = priced.home / "many.yaml"
    cases = "".join(f'  - {{name: "{n}", expect: {{contains: Paris}}}}\n' for n in range(many))
    recipe.write_text(RECIPE + cases)
    return recipe


def test_the_tests_of_recipes_share_one_purse(priced: Program, server: FaultyServer) -> None:
    many_tests(priced, 6)
    argv = ("recipes", "test", "./many.yaml", "--json")
    told = priced(*argv, "--max-cost", "0.4", "--jobs", "8").json
    assert (told["ok"], told["cost_usd"]) == (True, 0.234)
    failed = priced(*argv, "--max-cost", "0.2", "--jobs", "8").json
    assert (failed["error"]["slug"], failed["cost_usd"]) == ("max_cost", 0.117)
    failed = priced(*argv, "--max-requests", "3").json
    assert (failed["error"]["slug"], failed["cost_usd"]) == ("max_requests", 0.117)
    assert len(server.requests) == 6 + 3 + 3
    assert priced(*argv, "--max-cost", "5", "-m", "nobody/knows").json["error"]["exit_code"] == 78


def test_the_settings_tell_the_caps(priced: Program) -> None:
    told = json.loads(priced("config", "show", "--json").out)["data"]
    assert told["max_cost"] == {"value": 1.0, "origin": "default"}
    assert told["max_requests"] == {"value": None, "origin": "default"}
    told = json.loads(priced("config", "show", "--json", MCLI_MAX_COST="3").out)["data"]
    assert told["max_cost"] == {"value": 3.0, "origin": "MCLI_MAX_COST"}
    assert told["model gpt-4"]["value"] == {"input_usd": 1000.0, "output_usd": 10000.0}


def test_the_default_cap_lets_a_short_question_pass(mcli: Program, server: FaultyServer) -> None:
    """To the letter gpt-5 may answer for 1.28 USD; a cap that a person set is kept so."""
    assert mcli("ask", "hi", "-m", "gpt-5").code == 0
    refused = mcli("ask", "hi", "-m", "gpt-5", "--max-cost", "1")
    assert (refused.code, refused.slug) == (77, "max_cost")
    assert len(server.requests) == 1


def test_a_summary_in_parts_is_refused_before_its_first_request(
    mcli: Program, server: FaultyServer
) -> None:
    (mcli.home / "book.txt").write_text("The river rose by a metre.\n\n" * 20_000)
    refused = mcli("summarize", "book.txt")
    assert (refused.code, refused.slug) == (77, "max_cost")
    few = mcli("summarize", "book.txt", "--max-cost", "100", "--max-requests", "10")
    assert (few.code, few.slug) == (77, "max_requests")
    assert server.requests == []
