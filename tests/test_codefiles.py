"""Several files in one answer: each with a name that is proven, or none of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli import codefiles
from mcli.codefiles import File
from mcli.errors import UnusableAnswer


def block(info: str, code: str = "x") -> str:
    return f"```{info}\n{code}\n```\n"


def test_each_block_is_the_file_that_its_first_line_names() -> None:
    answer = (
        "Here:\n\n" + block('python path="src/a.py"', "a = 1") + block('path="Makefile"', "all:")
        + '1. then\n\n   ````markdown title="x" path="docs/My page.md"\n'
        + "   ```sh\n   ls\n   ```\n   ````\n"
        + block('path="b.rs" {.x}') + block('path="c/include.h"')
    )  # fmt: skip

    assert codefiles.files_in(answer) == (
        File("src/a.py", "python", "a = 1"),
        File("Makefile", "", "all:"),
        File("docs/My page.md", "markdown", "```sh\nls\n```"),
        File("b.rs", "rs", "x"),
        File("c/include.h", "", "x"),
    )


def test_a_file_may_be_empty() -> None:
    assert codefiles.files_in('```python path="a/__init__.py"\n```') == (
        File("a/__init__.py", "python", ""),
    )


@pytest.mark.parametrize(
    ("answer", "slug"),
    [
        ("", "no_code"),
        ("x = 1", "no_code"),
        (block("python"), "unnamed_file"),
        (block('python path="a.py"') + block("sh", "make"), "unnamed_file"),
        (block("python path=a.py"), "unnamed_file"),
        (block("python xpath=\"a.py\""), "unnamed_file"),
        (block('python path="a"b"'), "unnamed_file"),
        (block('python path="a.py"x'), "unnamed_file"),
        (block('python path="a.py" path="b.py"'), "unnamed_file"),
        ('```python path="a.py"\nx', "unclosed_code"),
    ],
)  # fmt: skip
def test_what_is_no_set_of_files(answer: str, slug: str) -> None:
    with pytest.raises(UnusableAnswer) as caught:
        codefiles.files_in(answer)
    assert caught.value.slug == slug


def test_what_a_file_is_called_says_more_than_a_fence_of_text() -> None:
    answer = block('text path="a.json"') + block('{.python path="b.py"}') + block('text path="c"')

    assert [file.language for file in codefiles.files_in(answer)] == ["json", "python", "text"]


UNSAFE = [
    ["../x"], ["/etc/x"], ["a/../../x"], ["a/.."], ["a/./b"], ["./a"], ["a//b"], ["a/"], [""],
    [" "], ["~/x"], ["~root/x"], [".git/hooks/x"], [".GIT/hooks/x"], ["a/.git/x"], [".gitignore"],
    [".github/workflows/x"], [".envrc"], ["GIT~1/hooks/x"], ["a\0b"], ["a\nb"], ["a\u202eb"],
    ["a\u200cb"], ["a\x7f"], ["a\ud800"], ["x" * 300], ["/".join("a" * 30)],
    ["/".join(["x" * 199] * 6)], ["CON"], ["con.txt"], ["a/Nul .c"], ["aux.c/x"], ["COM1"],
    ["lpt\u00b2.x"], ["C:x"], ["C:/x"], ["a\\..\\b"], ["a\\b"], ["a:b"], ["a*"], ["a?"], ["a|b"],
    ["a<b"], ["a "], [" a"], ["a/ b"], ["a."], ["a./b"], ["a", "A"], ["a", "a"],
    ["stra\u00dfe", "STRASSE"], ["\u00e9", "e\u0301"], ["a/b", "A/c"], ["a", "a/b"], ["a/b", "a"],
    ["A", "a/b"], ["ok", "../x"], ["\uff0e\uff0e/x", "x"], ["\u212a", "k"],
    ["-rf"], ["--help"], ["a/-x"], ["\uff0dx"],
]  # fmt: skip


@pytest.mark.parametrize("paths", UNSAFE, ids=repr)
def test_a_name_that_is_not_safe_refuses_all(paths: list[str]) -> None:
    with pytest.raises(UnusableAnswer) as caught:
        codefiles.prove(paths)
    assert (caught.value.exit_code, caught.value.slug) == (4, "unsafe_path")
    assert caught.value.message.startswith("nothing is written: ")


def test_many_files_are_too_many() -> None:
    codefiles.prove([f"a{n}" for n in range(codefiles.MOST_FILES)])
    with pytest.raises(UnusableAnswer):
        codefiles.prove([f"a{n}" for n in range(codefiles.MOST_FILES + 1)])


@pytest.mark.parametrize(
    "paths",
    [["a"], ["a.py", "b.py"], ["src/a/b.py", "src/a/c.py", "src/d"], ["My page.md"], ["ü/日本.txt"],
     ["console.py"], ["common1"], ["a..b"], ["x" * 200], ["a-b_c+d@e#f(1),2;3=4!.txt"], ["a~b"]],
    ids=repr,
)  # fmt: skip
def test_a_name_that_is_safe(paths: list[str]) -> None:
    codefiles.prove(paths)


pieces = st.sampled_from(["..", ".", "/", "a", "A", "\\", "\0", ":", "~", "con", ".git", " ", "é"])


@given(st.lists(st.lists(pieces, max_size=6).map("".join) | st.text(), max_size=4))
def test_what_is_proven_stays_inside(paths: list[str]) -> None:
    try:
        codefiles.prove(paths)
    except UnusableAnswer:
        return
    for path in paths:
        assert not path.startswith(("/", "~"))
        assert all(part and not part.startswith(".") for part in path.split("/"))
        assert not set(path) & set('\\:\0\n*?<>|"')
    assert len({path.casefold() for path in paths}) == len(paths)
