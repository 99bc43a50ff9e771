"""The seam of a batch: what is on the other side of an engine knows nothing but lines of JSON."""

from __future__ import annotations

import asyncio
import json
import math
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any, TypeVar

import pytest

from mcli import cli, many
from mcli.api import codec, verdicts
from mcli.api.persist import Patience
from mcli.chat import Completion, Exchange, Message, Request
from mcli.engine import Desk, Engine, Local, Outcome, Task
from mcli.errors import Failure, TryAgain
from mcli.records import openai_batch
from tests.faults.scenes import completion, failure
from tests.program import KEY

T = TypeVar("T")
PATIENCE = Patience(math.inf, math.inf, 0)
SCHEMA = {
    "type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"],
    "additionalProperties": False,
}  # fmt: skip
QUIET_S = 0.05
"""After so long without a task those that came are sent."""


def elsewhere(lines: str) -> str:
    """Another side: lines of OpenAI's Batch API to lines with their replies, the last one first."""
    replies: list[str] = []
    for line in lines.splitlines():
        asked = json.loads(line)
        assert set(asked) == {"custom_id", "method", "url", "body"}
        assert "stream" not in asked["body"]
        said = asked["body"]["messages"]
        status, body = replied(str(said[0]["content"]), len(said))
        response = {"status_code": status, "body": body}
        replies.append(json.dumps({"custom_id": asked["custom_id"], "response": response}))
    return "".join(f"{line}\n" for line in reversed(replies))


def replied(said: str, turns: int) -> tuple[int, Any]:
    """`2` is wrong at first, and `3` is refused."""
    if "Say 3" in said:
        return 400, failure("never say three", "invalid_request_error")
    if "Say 2" in said and turns == 1:
        return 200, completion("two")
    return 200, completion(json.dumps({"n": int(said.split()[1])}))


class Far:
    """Hands over all tasks that came together as one text, and reads one text back."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def run(self, tasks: AsyncIterator[Task]) -> AsyncGenerator[Outcome]:
        """The outcome of each of `tasks`."""
        async for batch in gathered(tasks):
            lines = [openai_batch.told(task.id, codec.body_of(task.request)) for task in batch]
            self.sent.append("".join(f"{json.dumps(line)}\n" for line in lines))
            asked = {task.id: task.request for task in batch}
            for line in elsewhere(self.sent[-1]).splitlines():
                told = json.loads(line)
                yield outcome(told["custom_id"], told["response"], asked[told["custom_id"]])


def outcome(id: str, response: Any, request: Request) -> Outcome:
    raw = json.dumps(response["body"]).encode()
    if response["status_code"] != 200:
        failed = verdicts.of_status(response["status_code"], {}, raw, "elsewhere")
        failed.attempts = 1
        return Outcome(id, failure=failed)
    return Outcome(id, Exchange(codec.decode(raw, {}, "elsewhere"), 1, request))


async def gathered(tasks: AsyncIterator[Task]) -> AsyncGenerator[list[Task]]:
    """What comes together."""
    batch: list[Task] = []
    coming = asyncio.ensure_future(anext(tasks, None))
    try:
        while True:
            await asyncio.wait({coming}, timeout=QUIET_S if batch else None)
            if not coming.done():
                yield batch
                batch = []
            elif (task := coming.result()) is None:
                break
            else:
                batch.append(task)
                coming = asyncio.ensure_future(anext(tasks, None))
        if batch:
            yield batch
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


@pytest.fixture
def in_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home whose endpoint nobody answers, for the program in this process."""
    (tmp_path / "config.yaml").write_text(
        "profile: p\nprofiles:\n  p: {base_url: 'http://127.0.0.1:9/v1', key: {env: TEST_KEY}, "
        "model: gpt-4}\n"
    )
    for name, value in {"MCLI_CONFIG": "config.yaml", "TEST_KEY": KEY, "HOME": ""}.items():
        monkeypatch.setenv(name, str(tmp_path / value) if name != "TEST_KEY" else value)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    yield tmp_path
    for each, handler in before.items():
        signal.signal(each, handler)


def test_nothing_local_goes_through_the_seam(
    in_process: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    far = Far()

    def instead(*local: object) -> Engine:
        return far

    monkeypatch.setattr(many, "Local", instead)
    (in_process / "in.txt").write_text("0\n1\n2\n3\n4\n")
    (in_process / "r.yaml").write_text(
        "messages: [{user: 'Say {{ data }}'}]\n"
        f"output: {{repair: 1, schema: {json.dumps(SCHEMA)}}}\n"
    )
    words = ["batch", "./r.yaml", "in.txt", "--journal", "j", "-j", "5"]

    assert cli.main(words) == 3  # the one that was refused
    told = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [each["data"] for each in told] == [{"n": 0}, {"n": 1}, {"n": 2}, None, {"n": 4}]
    assert [each["attempts"] for each in told] == [1, 1, 2, 1, 1]
    assert "never say three" in told[3]["error"]["message"]
    assert [lines.count("\n") for lines in far.sent] == [5, 1]
    assert not [lines for lines in far.sent if KEY in lines]

    # What the journal has of them is what it has of any other engine.
    far.sent.clear()
    assert cli.main(words) == 3
    assert far.sent == []


def request(text: str) -> Request:
    return Request("m", (Message("user", text),))


def exchange(asked: Request) -> Exchange:
    return Exchange(Completion(asked.messages[0].content + "!", "stop"), 1, asked)


def at_desk(engine: Engine, story: Callable[[Desk], Coroutine[Any, Any, T]]) -> T:
    """What the story comes to, while the desk serves."""

    async def run() -> T:
        desk = Desk(engine)
        serving = asyncio.ensure_future(desk.serve())
        try:
            return await asyncio.wait_for(story(desk), 10)
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    return asyncio.run(run())


class Cut:
    """Asks with a reach that answers `ok`, fails on `bad`, breaks on `worse` and hangs on `hang`;
    who was cut off is in `cut`."""

    def __init__(self) -> None:
        self.cut: list[str] = []
        self.local = Local(self.reach, lambda limit_s: Patience(limit_s, limit_s, 0))

    async def reach(self, asked: Request, patience: Patience, show: object) -> Exchange:
        text = asked.messages[0].content
        if text == "bad":
            raise TryAgain("later", "not now")
        if text == "worse":
            raise ZeroDivisionError
        try:
            await asyncio.sleep(60 if text == "hang" else 0)
        except asyncio.CancelledError:
            self.cut.append(text)
            raise
        return exchange(asked)


def test_each_gets_its_own_outcome() -> None:
    async def story(desk: Desk) -> list[Any]:
        asked = [request(word) for word in ("a", "bad", "b")]
        reached = (desk.reach(each, PATIENCE, None) for each in asked)
        return await asyncio.gather(*reached, return_exceptions=True)

    one, failed, other = at_desk(Cut().local, story)
    assert (one.completion.text, other.completion.text) == ("a!", "b!")
    assert isinstance(failed, Failure)
    assert failed.slug == "later"


def test_an_engine_that_breaks_is_told_to_all_who_wait_and_who_come() -> None:
    async def story(desk: Desk) -> list[Any]:
        asked = [request(word) for word in ("hang", "worse")]
        reached = (desk.reach(each, PATIENCE, None) for each in asked)
        told: list[Any] = list(await asyncio.gather(*reached, return_exceptions=True))
        told += await asyncio.gather(
            desk.reach(request("a"), PATIENCE, None), return_exceptions=True
        )
        return told

    engine = Cut()
    assert [type(each) for each in at_desk(engine.local, story)] == [ZeroDivisionError] * 3
    assert engine.cut == ["hang"]


def test_who_has_gone_is_not_missed() -> None:
    """An outcome for nobody is no outcome for anybody else."""

    async def story(desk: Desk) -> Exchange:
        gone = asyncio.ensure_future(desk.reach(request("gone"), PATIENCE, None))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        return await desk.reach(request("a"), PATIENCE, None)

    assert at_desk(Cut().local, story).completion.text == "a!"


def test_an_outcome_that_nobody_asked_for() -> None:
    class Odd:
        async def run(self, tasks: AsyncIterator[Task]) -> AsyncGenerator[Outcome]:
            async for task in tasks:
                yield Outcome("nobody", exchange(task.request))
                yield Outcome(task.id, exchange(task.request))
                yield Outcome(task.id, failure=TryAgain("late", "once more"))

    async def story(desk: Desk) -> list[str]:
        return [(await desk.reach(request(word), PATIENCE, None)).completion.text for word in "ab"]

    assert at_desk(Odd(), story) == ["a!", "b!"]


def test_when_nobody_listens_any_more_what_is_asked_is_cut_off() -> None:
    engine = Cut()

    async def tasks() -> AsyncIterator[Task]:
        for n, word in enumerate(("hang", "a", "hang")):
            yield Task(str(n), request(word), 1.0)

    async def story() -> str:
        async with aclosing(engine.local.run(tasks())) as outcomes:
            async for outcome in outcomes:
                return outcome.id
        return "none"

    assert asyncio.run(story()) == "1"
    assert engine.cut == ["hang", "hang"]


def test_tasks_that_end_are_all_answered() -> None:
    async def tasks() -> AsyncIterator[Task]:
        for n, word in enumerate(("a", "bad", "b")):
            yield Task(str(n), request(word), 1.0)

    async def story() -> dict[str, bool]:
        return {each.id: each.failure is None async for each in Cut().local.run(tasks())}

    assert asyncio.run(story()) == {"0": True, "1": False, "2": True}


def test_a_desk_that_is_closed_serves_to_the_end() -> None:
    async def run() -> str:
        desk = Desk(Cut().local)
        answer = asyncio.ensure_future(desk.reach(request("a"), PATIENCE, None))
        await asyncio.sleep(0)
        desk.close()
        await asyncio.wait_for(desk.serve(), 10)
        return (await answer).completion.text

    assert asyncio.run(run()) == "a!"
