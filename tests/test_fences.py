"""Code is what stands between fences, whole; where there is none, nothing is passed off as code."""

from __future__ import annotations

import warnings
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli import commonmark, fences
from mcli.errors import UnusableAnswer
from mcli.fences import Block

CODE = "x = 1\nprint(x)"


@pytest.mark.parametrize(
    ("answer", "block"),
    [
        (f"```\n{CODE}\n```", Block("", CODE)),
        (f"```python\n{CODE}\n```", Block("python", CODE)),
        (f"Here you are:\n\n```python\n{CODE}\n```\nEnjoy!\n", Block("python", CODE)),
        (f"``` Python title=x.py\n{CODE}\n```", Block("python", CODE)),
        (f"```{{.python .numberLines}}\n{CODE}\n```", Block("python", CODE)),
        (f"```js{{1,3}}\n{CODE}\n```", Block("js", CODE)),
        (f"```python,ignore\n{CODE}\n```", Block("python", CODE)),
        (f"~~~python\n{CODE}\n~~~", Block("python", CODE)),
        (f"~~~ a`b`c\n{CODE}\n~~~", Block("a`b`c", CODE)),
        (f"`````python\n{CODE}\n`````", Block("python", CODE)),
        (f"```python\n{CODE}\n``````", Block("python", CODE)),
        (f"```python\n{CODE}\n```  \t", Block("python", CODE)),
        ("   ```python\n   x = 1\n   print(x)\n   ```", Block("python", CODE)),
        ("  ```\n  if a:\n      b\n  ```", Block("", "if a:\n    b")),
        ("  ```\n    a\n b\n```", Block("", "  a\nb")),
        ("```python\r\nx = 1\r\nprint(x)\r\n```\r\n", Block("python", CODE)),
        ("```\rx\r```", Block("", "x")),
        ("````md\n```sh\nls\n```\n````", Block("md", "```sh\nls\n```")),
        ("~~~\n```\nx\n```\n~~~", Block("", "```\nx\n```")),
        ("```\n~~~\nx\n```", Block("", "~~~\nx")),
        ("```\nx\n    ```\ny\n```", Block("", "x\n    ```\ny")),
        ("```\nx\n```y\n```", Block("", "x\n```y")),
        ("```\na\n\n\nb\n```", Block("", "a\n\n\nb")),
        ("```\n  a\n\tb\n```", Block("", "  a\n\tb")),
        ("```\na\u2028b\x0cc\x85d\n```", Block("", "a\u2028b\x0cc\x85d")),
        ("```c++\nx;\n```", Block("c++", "x;")),
    ],
)  # fmt: skip
def test_a_fenced_block(answer: str, block: Block) -> None:
    assert fences.blocks_in(answer) == [block]
    assert fences.code_in(answer, "") == block


@pytest.mark.parametrize(
    ("answer", "block"),
    [
        (f"<details>\n```python\n{CODE}\n```\n</details>", Block("python", CODE)),
        (f"<!--\n```python\n{CODE}\n```", Block("python", CODE)),
        ("1. So:\n\n   ```python\n   x = 1\n   print(x)\n   ```\n2. Done.", Block("python", CODE)),
        ("1. So:\n   - or so:\n\n     ```sh\n     ls\n     ```", Block("sh", "ls")),
        ("- ```python\n  x = 1\n  print(x)\n  ```", Block("python", CODE)),
        (f"1. So:\n   ```python\n{CODE}\n```\n2. Done.", Block("python", CODE)),
        ("1. So:\n   ```python\nif a:\n    b\n```\n2. Done.", Block("python", "if a:\n    b")),
        ("- a\n  ```sh\n\n  ls\n  ```", Block("sh", "\nls")),
        ("> ```python\n> x = 1\n> print(x)\n> ```", Block("python", CODE)),
        (f"[a]: b\n```python\n{CODE}\n```", Block("python", CODE)),
        ("```\nx\0y\n```", Block("", "x\0y")),
        (f"```python:src/x.py\n{CODE}\n```", Block("python", CODE)),
        (f"``` {{#id .python}}\n{CODE}\n```", Block("python", CODE)),
        (f"```{{python}}\n{CODE}\n```", Block("python", CODE)),
        (f"```{{r, echo=FALSE}}\n{CODE}\n```", Block("r", CODE)),
        (f'```title="x.py"\n{CODE}\n```', Block("", CODE)),
        (f"```language-python\n{CODE}\n```", Block("python", CODE)),
        (f"```C#\n{CODE}\n```", Block("c#", CODE)),
    ],
)
def test_a_fence_where_models_put_them(answer: str, block: Block) -> None:
    assert fences.blocks_in(answer) == [block]


@pytest.mark.parametrize(
    "answer",
    [">" * 50_000 + " ```", "- " * 20_000 + "```", "```\nx\n```\n" * 5000, "> " * 30 + "```\nx"],
    ids=["quotes", "lists", "blocks", "deep"],
)
def test_a_hostile_nest_of_blocks_ends(answer: str) -> None:
    try:
        fences.blocks_in(answer)
    except UnusableAnswer:
        pass


@pytest.mark.parametrize(
    "answer",
    ["", "no code here", "inline ``` code ``` only", "```inline``` code", "    ```\n    x\n    ```",
     "``\nx\n``", "a ```\nx"],
)  # fmt: skip
def test_what_is_no_fence(answer: str) -> None:
    assert fences.blocks_in(answer) == []


@pytest.mark.parametrize(
    "answer",
    [
        f"```python\n{CODE}",
        f"```python\n{CODE}\n``",
        f"````python\n{CODE}\n```",
        f"```python\n{CODE}\n~~~",
        f"```python\n{CODE}\n``` python",
        "```",
        f"```sh\nls\n```\n```python\n{CODE}",
    ],
)
def test_a_block_that_was_never_closed_is_not_an_answer(answer: str) -> None:
    with pytest.raises(UnusableAnswer) as caught:
        fences.code_in(answer, "python")
    assert (caught.value.exit_code, caught.value.slug) == (4, "unclosed_code")


@pytest.mark.parametrize(
    "answer",
    ["```\n```", "```python\n```", "```python\n\n```", "~~~\n \t\n\n~~~", "Sure!\n```\n```\n"],
)
def test_an_empty_block_is_no_code(answer: str) -> None:
    with pytest.raises(UnusableAnswer):
        fences.code_in(answer, "")


SEVERAL = "\n".join(
    f"```{name}\n{code}\n```"
    for name, code in [
        ("sh", "pip install a-package-with-a-very-long-name-that-goes-on-and-on"),
        ("py", "a = 1"),
        ("python", "a = 1\nb = 2\nprint(a + b)"),
        ("yml", "a: 1"),
    ]
)


@pytest.mark.parametrize(
    ("language", "start"),
    [
        ("python", "a = 1\nb"),
        ("Python", "a = 1\nb"),
        ("py", "a = 1\nb"),
        ("python3", "a = 1\nb"),
        ("bash", "pip"),
        ("shell", "pip"),
        ("yaml", "a: 1"),
        ("", "pip"),
        ("rust", "pip"),
    ],
)
def test_of_several_blocks_the_one_in_the_language_or_the_largest(
    language: str, start: str
) -> None:
    assert fences.code_in(SEVERAL, language).code.startswith(start)


@pytest.mark.parametrize(
    ("answer", "language"),
    [
        (CODE, "python"),
        (CODE, ""),
        ("def f():\n    return 1\n", "python"),
        ("print('hi')", ""),
        ("#!/bin/sh\necho hi there", "shell"),
        ("const a = 1;\nlet b = 2;", "javascript"),
        ("int main() {\n  return 0;\n}", "c"),
        ("SELECT 1;", "sql"),
        ("package main\n\nfunc main() {\n}", "go"),
    ],
)
def test_an_answer_that_is_plainly_code(answer: str, language: str) -> None:
    assert fences.code_in(answer, language).code == answer.strip("\n")


@pytest.mark.parametrize(
    "answer",
    [
        "I'm sorry, I can't help with that.",
        "Sure",
        "Sorry, no",
        "no",
        "'quoted'",
        "42",
        "As an AI, I cannot write malware.",
        "Please tell me more about what the function should do.\nThen I can write it.",
        "Error: unknown",
        "Note: impossible",
        "for this I would need to know more.",
        "use a library instead of writing it yourself.",
        "A block of it begins with a brace, as in\nint main() {\nand all else follows from that.",
    ],
)
@pytest.mark.parametrize("language", ["", "python", "rust"])
def test_prose_is_not_code(answer: str, language: str) -> None:
    with pytest.raises(UnusableAnswer) as caught:
        fences.code_in(answer, language)
    assert caught.value.slug == "no_code"


@pytest.mark.parametrize("answer", ["-" * 100_000 + "1", "(" * 100_000, "x = '\x00'", "[" * 3000])
def test_a_hostile_answer_is_code_or_not_and_no_crash(answer: str) -> None:
    assert fences.plainly_code(answer, "python") in (True, False)


@pytest.mark.parametrize("answer", ['import re\nx = re.compile("\\d+")', "x = 1if 2else 3"])
def test_looking_at_code_warns_nobody(answer: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert fences.code_in(answer, "python").code == answer
    assert not caught


lines = st.text(st.characters(exclude_characters="\r\n`~"), max_size=20)


@given(st.lists(lines, min_size=1).filter(any), st.sampled_from(["```", "~~~", "`````"]), st.text())
def test_code_comes_out_as_it_went_in(body: list[str], fence: str, before: str) -> None:
    prose = before.replace("`", "").replace("~", "").replace("\r", "\n")
    answer = "\n".join([prose, f"{fence}python", *body, fence, "done"])
    assert fences.blocks_in(answer) == [Block("python", "\n".join(body))]


marks = st.sampled_from(["```", "~~~", "````", "\n", "\r\n", "python", " ", "x = 1", "    ", "{"])


@given(st.lists(marks, max_size=30).map("".join) | st.text(), st.sampled_from(["", "python", "c"]))
def test_any_answer_is_code_or_no_answer(answer: str, language: str) -> None:
    slug = ""
    try:
        assert fences.code_in(answer, language).code.strip()
    except UnusableAnswer as failure:
        slug = failure.slug
    assert slug in ("", "no_code", "unclosed_code")


def test_a_fence_is_found_behind_more_lists_than_are_read() -> None:
    answer = "- a\n" * (commonmark.MOST_LINES + 1)

    assert fences.code_in(f"{answer}\n```python\n{CODE}\n```", "") == Block("python", CODE)


@pytest.mark.parametrize("line", ["- a\n", "x = 1\n"])
def test_what_has_no_fence_is_not_parsed_beyond_a_size(
    monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    def parsed(text: str) -> NoReturn:
        pytest.fail("parsed")

    monkeypatch.setattr("ast.parse", parsed)
    answer = line * (fences.MOST_PARSED // len(line) + 1)

    assert not fences.plainly_code(answer, "python")
