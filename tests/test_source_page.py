"""The cases of the page the project started from, each compared with the body it shows."""

from __future__ import annotations

import pytest

from tests.faults.scenes import as_json, completion, error, ok
from tests.faults.server import FaultyServer
from tests.program import Program

FIBONACCI = "```python\ndef fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\n```"


def system(text: str) -> dict[str, str]:
    return {"role": "system", "content": text}


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def recipe(mcli: Program, text: str) -> str:
    (mcli.home / "page.yaml").write_text(text, encoding="utf-8")
    return "./page.yaml"


def test_basic_completion(mcli: Program, server: FaultyServer) -> None:
    page = recipe(
        mcli,
        "messages:\n- system: You are a helpful assistant.\n- user: '{{ question }}'\ndata: none\n",
    )

    done = mcli(
        "run", page, "-D", "question=What's the weather like?", "-t", "0.7", "--max-tokens", "150"
    )

    assert (done.code, done.out, done.err) == (0, "Paris.\n", "")
    assert server.requests[0].path == "/v1/chat/completions"
    assert server.requests[0].body == {
        "model": "gpt-4",
        "messages": [system("You are a helpful assistant."), user("What's the weather like?")],
        "temperature": 0.7,
        "max_tokens": 150,
    }


def test_ask_sends_the_question_behind_the_system_messages(
    mcli: Program, server: FaultyServer
) -> None:
    done = mcli("ask", "What's the weather like?", "-s", "You are a helpful assistant.")

    assert done.code == 0
    body = server.requests[0].body
    assert list(body) == ["model", "messages"]
    assert body["messages"][-2:] == [
        system("You are a helpful assistant."),
        user("What's the weather like?"),
    ]
    assert body["messages"][0]["role"] == "system"


@pytest.mark.sweep
@pytest.mark.parametrize("temperature", ["0.2", "0.5", "0.9", "0", "1"])
def test_temperature(mcli: Program, server: FaultyServer, temperature: str) -> None:
    mcli("ask", "hi", "--temperature", temperature)

    assert server.requests[0].body["temperature"] == float(temperature)


def test_multi_turn_conversation(mcli: Program, server: FaultyServer) -> None:
    page = recipe(
        mcli,
        """\
data: none
messages:
- system: 你是一个数学导师。
- user: 15 * 12 是多少？
- assistant: 15 * 12 = 180
- user: 现在把它除以 6
""",
    )

    assert mcli("run", page).code == 0
    assert server.requests[0].body["messages"] == [
        system("你是一个数学导师。"),
        user("15 * 12 是多少？"),
        {"role": "assistant", "content": "15 * 12 = 180"},
        user("现在把它除以 6"),
    ]


def test_summary_pattern(mcli: Program, server: FaultyServer) -> None:
    done = mcli(
        "summarize", "--points", "3", "-t", "0.3", "--max-tokens", "150", stdin="长文本。".encode()
    )

    assert done.code == 0
    body = server.requests[0].body
    assert (body["temperature"], body["max_tokens"]) == (0.3, 150)
    assert "3 points" in body["messages"][0]["content"]
    assert body["messages"][-1] == user("长文本。")


def test_classification_pattern(mcli: Program, server: FaultyServer) -> None:
    server.play(ok("积极"))

    done = mcli(
        "classify", "-l", "积极,消极,中性", "--max-tokens", "10",
        stdin="我喜欢这个产品！它运行得很好。".encode(),
    )  # fmt: skip

    assert (done.code, done.out) == (0, "积极\n")
    body = server.requests[0].body
    assert (body["temperature"], body["max_tokens"]) == (0.0, 10)
    assert all(label in body["messages"][0]["content"] for label in ("积极", "消极", "中性"))
    assert body["messages"][-1] == user("我喜欢这个产品！它运行得很好。")


def test_code_pattern(mcli: Program, server: FaultyServer) -> None:
    server.play(ok(FIBONACCI))

    done = mcli(
        "codegen", "编写一个计算斐波那契数的函数", "--lang", "python", "--max-tokens", "500"
    )

    assert (done.code, done.out) == (0, FIBONACCI.split("```")[1].removeprefix("python\n"))
    body = server.requests[0].body
    assert (body["temperature"], body["max_tokens"]) == (0.2, 500)
    assert body["messages"][-1] == user("编写一个计算斐波那契数的函数")


def test_the_page_s_own_messages_by_a_recipe(mcli: Program, server: FaultyServer) -> None:
    page = recipe(
        mcli,
        "params: {temperature: 0.3, max_tokens: 150}\n"
        "messages:\n- system: 你是一个摘要专家。\n- user: '用 3 个要点总结这段文字：{{ data }}'\n",
    )

    mcli("run", page, stdin="长文本".encode())

    assert server.requests[0].body == {
        "model": "gpt-4",
        "messages": [system("你是一个摘要专家。"), user("用 3 个要点总结这段文字：长文本")],
        "temperature": 0.3,
        "max_tokens": 150,
    }


def test_bundled_recipes_do_not_limit_the_answer(mcli: Program, server: FaultyServer) -> None:
    mcli("summarize", stdin=b"text")
    server.play(ok(FIBONACCI))
    mcli("codegen", "fib")

    assert all("max_tokens" not in seen.body for seen in server.requests)


def test_standard_response(mcli: Program, server: FaultyServer) -> None:
    reply = completion("法国的首都是巴黎。")
    reply["usage"] = {"prompt_tokens": 13, "completion_tokens": 17, "total_tokens": 30}
    server.play(as_json(reply, headers={"x-request-id": "req_1"}))

    told = mcli("ask", "法国的首都是什么？", "--json").json

    elapsed = told.pop("elapsed_s")
    assert elapsed > 0
    assert told == {
        "v": 1,
        "ok": True,
        "text": "法国的首都是巴黎。",
        "data": None,
        "message": {"role": "assistant", "content": "法国的首都是巴黎。"},
        "reasoning": None,
        "choices": None,
        "finish_reason": "stop",
        "model": "test-model",
        "usage": {"prompt_tokens": 13, "completion_tokens": 17, "total_tokens": 30}
        | {"cached_tokens": None, "reasoning_tokens": None},
        "cost_usd": 0.00141,
        "attempts": 1,
        "cached": False,
        "request_id": "req_1",
        "recipe": "ask",
        "warnings": [],
    }


@pytest.mark.parametrize(
    ("finish", "code", "out", "slug"),
    [
        ("stop", 0, "Paris.\n", None),
        ("length", 4, "", "truncated"),
        ("content_filter", 4, "", "content_filtered"),
    ],
)
def test_finish_reasons(
    mcli: Program, server: FaultyServer, finish: str, code: int, out: str, slug: str | None
) -> None:
    server.play(as_json(completion("Paris.", finish)))

    done = mcli("ask", "hi")

    assert (done.code, done.out) == (code, out)
    if slug:
        assert done.slug == slug


def test_finish_reason_tool_calls_though_none_were_offered(
    mcli: Program, server: FaultyServer
) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    server.play(as_json(completion(None, "tool_calls", tool_calls=[call])))

    done = mcli("ask", "hi")

    assert (done.code, done.out, done.slug) == (76, "", "unasked_tool_calls")


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("scene", "code", "slug", "attempts"),
    [
        (error(400, "invalid_request_error", "invalid_parameters", "no"), 69, "bad_request", 1),
        (error(401, "invalid_request_error", "invalid_api_key", "no"), 77, "auth", 1),
        (error(429, "rate_limit_error", "rate_limit_exceeded", "no"), 75, "rate_limited", 2),
        (error(500, "api_error", "internal_error", "no"), 75, "server_busy", 2),
    ],
    ids=["api", "auth", "rate", "server"],
)
def test_error_classes(mcli: Program, server: FaultyServer, scene, code, slug, attempts) -> None:
    server.play(scene)

    done = mcli("ask", "hi", "--retries", "1")

    assert (done.code, done.out, done.slug) == (code, "", slug)
    assert len(server.requests) == attempts


def test_tokens_are_counted_before_sending(mcli: Program, server: FaultyServer) -> None:
    counted = mcli("count-tokens", "--model", "gpt-4", stdin="您的消息在这里".encode())

    assert counted.code == 0
    assert int(counted.out) > 0
    assert server.requests == []
