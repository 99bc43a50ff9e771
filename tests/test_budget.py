"""`budget` from outside: nothing is sent that could pass it, whoever else is running."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mcli import budget, periods, profiles, state, terms
from mcli.budget import Budget
from mcli.errors import ConfigFailure
from mcli.terms import Terms
from tests.faults.scenes import as_json, completion, drip, dumps, error, hangup, ok, whole
from tests.faults.server import FaultyServer, Pause, Reply
from tests.program import KEY, Program
from tests.test_ledger import at, entries, files, folder, this_months
from tests.test_usage import fill

PRICE = "models:\n  gpt-4: {input_usd: 0, output_usd: 10000}\n"
"""A cent a token of the answer, which has three; of `--max-tokens 10`, 10 cents at worst."""
ASK = ("ask", "hi", "--max-tokens", "10")


@pytest.fixture
def poor(mcli: Program) -> Program:
    """A quarter of a dollar a day."""
    return allow(mcli, "budget: {usd: 0.25, per: day}\n")


def allow(program: Program, text: str, price: str = PRICE) -> Program:
    path = program.home / ".config" / "mcli" / "config.yaml"
    path.write_text(path.read_text() + price + text)
    return program


def today(usd: float | None, **fields: Any) -> bytes:
    """The line of a request of today."""
    return at(periods.now().isoformat(), cost_usd=usd, **fields)


def mine(program: Program) -> str:
    """The fingerprint of the key of the tests."""
    return state.fingerprint(KEY, {"HOME": str(program.home)})


def spend(program: Program, usd: float | None, **fields: Any) -> None:
    fill(program, today(usd, **{"key": mine(program), **fields}))


class TestWithin:
    @pytest.mark.slow
    def test_what_fits_is_sent_and_then_no_more(self, poor: Program, server: FaultyServer) -> None:
        codes = [poor(*ASK).code for _ in range(8)]
        refused = poor(*ASK)

        # 3 cents each: after six, 18 are spent, and the worst case is 10.
        assert codes == [0] * 6 + [77] * 2
        assert (refused.code, refused.slug, refused.out) == (77, "budget", "")
        assert len(server.requests) == 6
        tomorrow = periods.end("day", periods.now())
        assert refused.err == (
            "mcli: this may cost 0.1 USD, and of the budget of 0.25 USD per day 0.18 USD are spent"
            f": wait until {tomorrow:%Y-%m-%d %H:%M}, lower --max-tokens, or raise the budget"
            " [budget]\n"
        )

    def test_what_is_dearer_than_all_of_it_is_never_sent(self, poor: Program) -> None:
        done = poor("ask", "hi", "--max-tokens", "26", "--json")

        assert (done.code, done.json["error"]["charged"]) == (77, "no")
        assert "wait until" not in done.err
        assert entries(poor) == []

    def test_less_may_still_be_asked_for(self, poor: Program) -> None:
        spend(poor, 0.2)
        assert poor(*ASK).code == 77
        assert poor("ask", "hi", "--max-tokens", "5").code == 0

    def test_the_prompt_is_counted_where_its_bytes_are_too_many(self, mcli: Program) -> None:
        prompt = "the same word " * 100  # 1,400 bytes, some 300 tokens
        price = "models:\n  gpt-4: {input_usd: 1000, output_usd: 0}\n"
        allow(mcli, "budget: {usd: 0.5, per: day}\n", price)
        assert mcli("ask", prompt).code == 0
        assert mcli("ask", prompt * 2).code == 77

    def test_what_is_of_another_period_does_not_count(self, mcli: Program) -> None:
        allow(mcli, "budget: {usd: 0.25, per: month}\n")
        now = periods.now()
        month = periods.begin("month", now)
        for moment in (month - timedelta(seconds=1), periods.end("month", now)):
            fill(mcli, at(moment.isoformat(), cost_usd=9, key=mine(mcli)))
        assert mcli(*ASK).code == 0
        fill(mcli, at(month.isoformat(), cost_usd=0.2, key=mine(mcli)))
        assert mcli(*ASK).slug == "budget"


class TestWhatCounts:
    def test_a_reply_without_usage_is_its_worst_case(
        self, poor: Program, server: FaultyServer
    ) -> None:
        server.play(as_json({**completion("hi"), "usage": None}))
        assert [poor(*ASK).code for _ in range(3)] == [0, 0, 77]

    @pytest.mark.parametrize(("scene", "codes"), [
        (error(401), [77] * 4), (error(400), [69] * 4), (hangup(), [75, 75, 77, 77]),
    ])  # fmt: skip
    @pytest.mark.sweep
    def test_a_failure_counts_where_it_may_be_charged(
        self, poor: Program, server: FaultyServer, scene: Any, codes: list[int]
    ) -> None:
        server.play(scene)
        assert [poor(*ASK, "--retries", "0").code for _ in codes] == codes

    def test_what_was_killed_stays_counted_and_is_told(
        self, poor: Program, server: FaultyServer
    ) -> None:
        server.play(Reply((Pause(30),)))
        for _ in range(2):
            process = subprocess.Popen(poor.argv(*ASK), env=poor.env, cwd=poor.home)
            seen = len(server.requests)
            while len(server.requests) == seen:
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            process.wait()
        server.play(ok("sent"))
        done = poor(*ASK)

        assert done.slug == "budget"
        assert "0.2 USD are spent, 0.2 of it for requests that have not ended" in done.err
        told = poor("usage", "--json").json
        assert told["data"]["total"]["requests"] == told["data"]["total"]["unknown_cost"] == 2
        assert "whose end is not in the ledger: 2; 0.2 USD" in told["warnings"][0]

    def test_each_time_it_asks_again(self, poor: Program, server: FaultyServer) -> None:
        server.play(ok("no json"))
        argv = ("ask", "hi", "--max-tokens", "20", "--get", ".a", "--repair", "5")
        done = poor(*argv, "--json")

        assert (done.code, done.json["error"]["slug"]) == (77, "budget")
        assert done.json["error"]["charged"] == "yes"
        assert len(server.requests) == 2

    def test_another_key_does_not(self, poor: Program) -> None:
        fill(poor, today(9.0, key="0123456789abcdef"), today(9.0))
        assert poor(*ASK).code == 0
        spend(poor, 9.0)
        assert poor(*ASK).code == 77
        assert poor(*ASK, TEST_KEY="sk-another-key").code == 0

    def test_no_key_is_under_no_budget(self, poor: Program) -> None:
        spend(poor, 9.0)
        assert poor(*ASK, "--no-key").code == 0

    def test_a_kept_or_recorded_answer_is_free(self, poor: Program) -> None:
        assert poor(*ASK, "--record", "tape").code == 0
        assert poor(*ASK, "--cache", "1h").code == 0
        spend(poor, 9.0)
        assert poor(*ASK).code == 77
        assert poor(*ASK, "--replay", "tape").code == 0
        assert poor(*ASK, "--cache", "1h").code == 0
        assert poor(*ASK, "--dry-run").code == 0

    def test_an_unknown_cost_of_before_is_told(self, poor: Program) -> None:
        spend(poor, None)
        done = poor(*ASK, "-v")
        assert done.code == 0
        assert "the budget leaves out 1 requests of unknown cost" in done.err


class TestTheSum:
    """It is kept beside the ledger, and never believed against it."""

    def kept(self, program: Program) -> Path:
        (path,) = folder(program).glob("spent-*.json")
        return path

    def test_it_goes_up_to_what_was_read(self, poor: Program) -> None:
        spend(poor, 0.05)
        poor(*ASK)
        poor(*ASK)
        told = json.loads(self.kept(poor).read_bytes())

        assert told["usd"] == pytest.approx(0.08)
        assert (told["lines"], len(files(poor)[0].read_bytes().splitlines())) == (3, 5)
        assert self.kept(poor).stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize("damage", ["gone", "rubbish", "yesterday", "directory", "fifo"])
    def test_without_it_all_is_read_again(self, poor: Program, damage: str) -> None:
        spend(poor, 0.2)
        assert poor(*ASK).code == 77
        path = self.kept(poor)
        if damage in ("rubbish", "yesterday"):
            old = {**json.loads(path.read_bytes()), "since": "2026-01-01", "usd": 0}
            path.write_bytes(json.dumps(old).encode() if damage == "yesterday" else b'{"v":1,"u')
        else:
            path.unlink()
            {"gone": lambda _: None, "directory": os.mkdir, "fifo": os.mkfifo}[damage](path)
        assert poor(*ASK).code == 77

    def test_a_ledger_that_was_cut_is_read_again(self, poor: Program) -> None:
        spend(poor, 0.2)
        assert poor(*ASK).code == 77
        this_months(poor).write_bytes(b"")
        assert poor(*ASK).code == 0
        spend(poor, 0.2)
        assert poor(*ASK).code == 77
        this_months(poor).unlink()
        assert poor(*ASK).code == 0


class TestWhereItCannotBeKept:
    def refuses(self, program: Program, server: FaultyServer, slug: str, **env: str) -> str:
        done = program(*ASK, **env)
        assert (done.code, done.slug, done.out) == (78, slug, "")
        assert server.connections == 0
        return done.err

    def test_an_unknown_price(self, mcli: Program, server: FaultyServer) -> None:
        allow(mcli, "budget: {usd: 1, per: day}\n", "models:\n  mine: {input_usd: 1}\n")
        mcli.env["MCLI_MODEL"] = "mine"
        config = mcli.home / ".config/mcli/config.yaml"
        config.write_text(config.read_text().replace("    model: gpt-4\n", ""))
        told = self.refuses(mcli, server, "unknown_price")
        assert "input_usd and output_usd" in told

    def test_a_directory(self, poor: Program, server: FaultyServer) -> None:
        this_months(poor).mkdir()
        assert "no regular file" in self.refuses(poor, server, "ledger")

    def test_a_fifo(self, poor: Program, server: FaultyServer) -> None:
        os.mkfifo(this_months(poor))
        assert "no regular file" in self.refuses(poor, server, "ledger")

    def test_no_home(self, poor: Program, server: FaultyServer) -> None:
        config = str(poor.home / ".config" / "mcli" / "config.yaml")
        self.refuses(poor, server, "ledger", HOME="", MCLI_CONFIG=config)

    def test_a_damaged_salt(self, poor: Program, server: FaultyServer) -> None:
        this_months(poor)
        (folder(poor).parent / "salt").write_bytes(b"short")
        assert "the salt is damaged" in self.refuses(poor, server, "ledger")

    def test_more_damage_than_lines(self, poor: Program, server: FaultyServer) -> None:
        this_months(poor).write_bytes(b"\xff\0\xff\n" * 3 + at("2026-11-01T00:00:00Z"))
        assert "of 4 lines 3 are damaged" in self.refuses(poor, server, "ledger")

    def test_a_full_disk(self, poor: Program, server: FaultyServer) -> None:
        mine(poor)
        this_months(poor).write_bytes(b"\n" * 900)
        done = poor.shell("ulimit -f 1; mcli ask hi --max-tokens 10")
        assert (done.code, done.slug, server.connections) == (78, "ledger", 0)
        assert poor(*ASK).code == 0

    def test_a_torn_line_and_a_few_odd_ones_are_no_obstacle(self, poor: Program) -> None:
        spend(poor, 0.01)
        spend(poor, 0.01)
        fill(poor, b"x" * 100_000 + b"\n", b'{"at":"2026-11-2')
        assert poor(*ASK).code == 0
        assert [line[:7] for line in this_months(poor).read_bytes().splitlines()[-2:]] == [
            b'{"at":"', b'{"at":"',
        ]  # fmt: skip

    def test_a_lock_that_others_hold_is_waited_for(self, poor: Program) -> None:
        poor(*ASK)
        with (folder(poor) / "lock").open("r") as held:
            assert state.is_locked(held.fileno())
            process = subprocess.Popen(poor.argv(*ASK), env=poor.env, stdout=subprocess.PIPE)
            time.sleep(0.6)
            assert process.poll() is None
        assert process.communicate(timeout=20)[0] == b"Paris.\n"

    def test_it_is_waited_for_no_longer_than_the_deadline(
        self, poor: Program, server: FaultyServer
    ) -> None:
        poor("usage")
        this_months(poor)
        with (folder(poor) / "lock").open("w") as held:
            assert state.is_locked(held.fileno())
            done = poor(*ASK, "--timeout", "1")
        assert (done.code, done.slug, server.connections) == (75, "deadline", 0)
        assert entries(poor) == []


@pytest.mark.slow
def test_side_by_side_they_cannot_pass_it_together(poor: Program, server: FaultyServer) -> None:
    """Each holds 10 of the 25 cents while it waits for its answer: two at a time."""
    server.play(drip(whole(dumps(completion("hi"))), 0.005))
    running = [
        subprocess.Popen(
            poor.argv(*ASK), env=poor.env, cwd=poor.home,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ) for _ in range(8)
    ]  # fmt: skip
    codes = [process.wait(60) for process in running]
    spent = sum(told["cost_usd"] or 0 for told in entries(poor))

    assert set(codes) == {0, 77}
    assert codes.count(0) == len(server.requests)
    assert spent == pytest.approx(0.03 * codes.count(0))
    assert most_at_once(entries(poor)) <= 0.25 + 1e-9


@pytest.mark.slow
def test_a_batch_waits_for_what_is_set_aside_for_its_own(
    poor: Program, server: FaultyServer
) -> None:
    """Two at a time may each cost 10 of the 25 cents; six in all cost 3 each, and then no more."""
    server.play(drip(whole(dumps(completion("hi"))), 0.005))
    command = ("batch", "-e", "Say", "--max-tokens", "10", "-j", "8", "--journal", "j")
    done = poor(*command, stdin=b"".join(b"%d\n" % n for n in range(20)))

    assert (done.code, done.slug) == (77, "budget")
    assert [json.loads(line)["n"] for line in done.out.splitlines()] == [1, 2, 3, 4, 5, 6]
    assert len(server.requests) == 6
    assert most_at_once(entries(poor)) <= 0.25 + 1e-9


def most_at_once(told: list[dict[str, Any]]) -> float:
    """What was at most spent and set aside, line after line."""
    spent, held, most = 0.0, dict[str, float](), 0.0
    for line in told:
        held.pop(line["id"], None)
        if "held_usd" in line:
            held[line["id"]] = line["held_usd"]
        spent += line["cost_usd"] or 0
        most = max(most, spent + sum(held.values()))
    return most


def configured(tmp_path: Path, text: str) -> Budget | None:
    file = tmp_path / "c.yaml"
    file.write_text(text)
    return profiles.load({"MCLI_CONFIG": str(file)}).budget


def test_the_configuration_says_it(tmp_path: Path, poor: Program) -> None:
    assert configured(tmp_path, "budget: {usd: 2.5, per: week}") == Budget(2.5, "week")
    assert configured(tmp_path, "profile: openai") is None
    shown = poor("config", "show").out
    assert f'budget\t{{"usd": 0.25, "per": "day"}}\t{poor.home}/.config/mcli/config.yaml\n' in shown
    assert f"ledger\t{folder(poor)}\tdefault\n" in shown


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("{usd: 0, per: day}", "above 0"),
        ("{usd: -1, per: day}", "above 0"),
        ("{usd: five, per: day}", "expected a number"),
        ("{usd: 5}", "needs usd and per"),
        ("{per: day}", "needs usd and per"),
        ("{usd: 5, per: days}", 'unknown value "days"'),
        ("{usd: 5, pre: day}", 'unknown key "pre"'),
        ("5", "expected a mapping"),
        ("", "needs usd and per"),
    ],
)
def test_what_is_wrong_with_it_is_told_with_its_place(
    tmp_path: Path, said: str, words: str
) -> None:
    with pytest.raises(ConfigFailure, match=r"c\.yaml:1:") as caught:
        configured(tmp_path, f"budget: {said}\n")
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("per", "begins", "ends"),
    [
        ("day", "2026-03-29T00:00:00", "2026-03-30T00:00:00"),
        ("week", "2026-03-23T00:00:00", "2026-03-30T00:00:00"),
        ("month", "2026-03-01T00:00:00", "2026-04-01T00:00:00"),
    ],
)
def test_a_period_is_of_local_days_also_where_the_clock_changes(
    monkeypatch: pytest.MonkeyPatch, per: budget.Per, begins: str, ends: str
) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    moment = datetime.fromisoformat("2026-03-29T12:00:00").astimezone()
    found = periods.begin(per, moment), periods.end(per, moment)
    monkeypatch.undo()
    time.tzset()

    assert [f"{each:%Y-%m-%dT%H:%M:%S}" for each in found] == [begins, ends]
    assert found[1].utcoffset() == timedelta(hours=2)


def test_december_ends_in_january() -> None:
    assert f"{periods.end('month', datetime(2026, 12, 9).astimezone()):%Y-%m-%d}" == "2027-01-01"


def test_sums_that_floats_make_of_a_budget_are_within_it() -> None:
    assert Budget(0.3, "day").allows(0.1 + 0.1 + 0.1)
    assert not Budget(0.3, "day").allows(0.300001)
    assert [budget.amount(usd) for usd in (0, 0.25, 1.0000001, 10, 1e308)] == [
        "0",
        "0.25",
        "1.000001",
        "10",
        "1e+308",
    ]
    assert terms.worst(0, {}, Terms(0, 0, 0.0, 0.0)) == 0
