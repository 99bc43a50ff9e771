"""Twenty ways in which a model hands over code, and what codegen owes its caller for each."""

from __future__ import annotations

from dataclasses import dataclass

CODE = 'def area(r):\n    """Of a circle."""\n    return 3.14159 * r * r'
CPP = "#include <vector>\n\nint main() { return std::vector<int>{}.empty() ? 0 : 1; }"
PAGE = "# Use\n\n```sh\nmake\n```"


@dataclass(frozen=True, slots=True)
class Form:
    """One answer. `code` is what must be printed; None: nothing, and exit 4 with that `slug`."""

    name: str
    answer: str
    code: str | None
    slug: str = ""
    flags: tuple[str, ...] = ()
    finish: str = "stop"


def fenced(info: str = "python", code: str = CODE, fence: str = "```", indent: str = "") -> str:
    lines = [f"{fence}{info}", *code.split("\n"), fence]
    return "\n".join(indent + line if line else "" for line in lines)


SHELL = fenced("sh", "python3 -m pip install --upgrade some-package another-package one-more")
LISTED = f"1. Save this:\n\n{fenced(indent='   ')}\n\n2. Run it."
FORMS = (
    Form("```` ```python ````", fenced(), CODE),
    Form("no language", fenced(""), CODE),
    Form("prose around it, with ```` ```inline``` ````", f"Use ```area``` so:\n\n{fenced()}\n\nEnjoy!", CODE),
    Form("`~~~`", fenced(fence="~~~"), CODE),
    Form("```` ```c++ ````", fenced("c++", CPP), CPP),
    Form("`{.python .numberLines}`", fenced("{.python .numberLines}"), CODE),
    Form('`python title="area.py"`', fenced('python title="area.py"'), CODE),
    Form("a page with fences, in four backticks", fenced("markdown", PAGE, "````"), PAGE),
    Form("CRLF", fenced().replace("\n", "\r\n"), CODE),
    Form("in a list", LISTED, CODE),
    Form("in a list, its lines not indented", f"1. Save this:\n\n   {fenced()}\n\n2. Run it.", CODE),
    Form("in a quote", fenced(indent="> ").replace("\n\n", "\n>\n"), CODE),
    Form("in `<details>`", f"<details>\n{fenced()}\n</details>", CODE),
    Form("a shell line first; `--lang python`", f"{SHELL}\n\n{fenced()}", CODE, flags=("--lang", "python")),
    Form("behind a short call of it", f"{fenced(code='area(1)')}\n\nwhere\n\n{fenced()}", CODE),
    Form("before its output", f"{fenced()}\n\nprints\n\n{fenced('', '3.14159 ' * 30)}", CODE),
    Form("never closed", fenced().removesuffix("```"), None, "unclosed_code"),
    Form("cut by the token limit", fenced()[:40], None, "truncated", finish="length"),
    Form("no fence, plainly code", CODE, CODE),
    Form("no code at all", "I'm sorry, I can't help with that.", None, "no_code"),
)  # fmt: skip
