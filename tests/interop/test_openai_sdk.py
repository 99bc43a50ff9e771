"""The official OpenAI SDK against `mcli sandbox`: a client nobody here wrote."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.program import ROOT

pytestmark = pytest.mark.interop


@contextmanager
def sandbox(*flags: str) -> Iterator[str]:
    """The address of a sandbox while the block runs; its first line says it."""
    argv = [sys.executable, "-m", "mcli", "sandbox", "--port", "0", *flags]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def client(python: str, url: str, what: str) -> Any:
    """What the SDK makes of the server at `url`: `what` is a function of openai_client.py."""
    script = Path(__file__).with_name("openai_client.py")
    # The environment's own `openai` and no proxy, whatever the caller's variables say.
    env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
    done = subprocess.run(
        [python, script, url, what], env=env, stdout=subprocess.PIPE, check=True, timeout=60
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def told(interop_python: str) -> Any:
    """What the SDK was told where everything works."""
    with sandbox() as url:
        return client(interop_python, url, "works")


def test_models_are_listed(told: Any) -> None:
    assert told["models"][0] == "sandbox"


def test_a_completion_is_whole(told: Any) -> None:
    reply = told["whole"]
    (choice,) = reply["choices"]
    assert (reply["object"], reply["model"]) == ("chat.completion", "sandbox")
    assert (choice["finish_reason"], choice["message"]["role"]) == ("stop", "assistant")
    assert "mcli sandbox" in choice["message"]["content"]
    usage = reply["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_a_stream_is_what_the_whole_answer_is(told: Any) -> None:
    *chunks, last = told["stream"]
    choices = [chunk["choices"][0] for chunk in chunks]
    text = "".join(choice["delta"]["content"] or "" for choice in choices)
    assert text == told["whole"]["choices"][0]["message"]["content"]
    assert len(chunks) > 3
    assert [choice["finish_reason"] for choice in choices if choice["finish_reason"]] == ["stop"]
    assert (last["choices"], last["usage"]) == ([], told["whole"]["usage"])


def test_a_token_limit_cuts_the_answer(told: Any) -> None:
    (choice,) = told["cut"]["choices"]
    assert choice["finish_reason"] == "length"
    assert told["cut"]["usage"]["completion_tokens"] == 3
    assert told["whole"]["choices"][0]["message"]["content"].startswith(
        choice["message"]["content"]
    )


def test_an_answer_fits_its_schema(told: Any) -> None:
    assert set(told["schema"]) == {"color", "count"}
    assert told["schema"]["color"] in ("red", "blue")
    assert type(told["schema"]["count"]) is int


def test_the_sdk_itself_finds_that_it_fits(told: Any) -> None:
    assert set(told["parsed"]) == {"name", "age", "tags"}


def test_refusals_are_the_errors_that_they_should_be(interop_python: str) -> None:
    with sandbox() as url:
        told = client(interop_python, url, "fails")
    refused = {"type": "invalid_request_error", "named": True}
    assert told["path"] == {
        "class": "NotFoundError", "status": 404, "code": "unknown_url", **refused
    }  # fmt: skip
    assert told["messages"] == {
        "class": "BadRequestError", "status": 400, "code": "empty_array", **refused
    }  # fmt: skip


def test_a_rehearsed_429_is_a_rate_limit(interop_python: str) -> None:
    with sandbox("--fail", "429:1") as url:
        told = client(interop_python, url, "limited")
    assert (told["class"], told["status"]) == ("RateLimitError", 429)
    assert (told["code"], told["named"]) == ("rate_limit_exceeded", True)
