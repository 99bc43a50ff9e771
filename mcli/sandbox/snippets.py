"""EDGE: a fenced block of code that is valid, trivial, and says where it comes from."""

from __future__ import annotations

import json
import re

MARK = "one fenced code block"
"""What the bundled codegen recipe's system message says, and how it is known."""
FILES_MARK = "every file in a fenced code block"
"""What it says where several files are wanted."""

_LONGEST_TASK = 80

_ALIASES = {
    **dict.fromkeys(("py", "python3"), "python"),
    **dict.fromkeys(("js", "node"), "javascript"),
    **dict.fromkeys(("sh", "shell", "zsh"), "bash"),
    **dict.fromkeys(("cpp", "cxx"), "c++"),
    "ts": "typescript",
    "golang": "go",
    "rs": "rust",
    "rb": "ruby",
    "yml": "yaml",
}

# NOTE stands for a line of prose that is safe in a comment of any of these languages.
_TEMPLATES = {
    "python": 'def from_the_sandbox() -> str:\n    """NOTE"""\n    return "mcli sandbox"',
    "javascript": '// NOTE\nconsole.log("mcli sandbox");',
    "typescript": '// NOTE\nconst source: string = "mcli sandbox";\nconsole.log(source);',
    "bash": '# NOTE\necho "mcli sandbox"',
    "go": (
        'package main\n\nimport "fmt"\n\n// NOTE\nfunc main() {\n\tfmt.Println("mcli sandbox")\n}'
    ),
    "rust": '// NOTE\nfn main() {\n    println!("mcli sandbox");\n}',
    "c": (
        "/* NOTE */\n#include <stdio.h>\n\n"
        'int main(void) {\n    return puts("mcli sandbox") < 0;\n}'
    ),
    "c++": '// NOTE\n#include <iostream>\n\nint main() {\n    std::cout << "mcli sandbox\\n";\n}',
    "java": (
        "// NOTE\nclass Sandbox {\n    public static void main(String[] args) {\n"
        '        System.out.println("mcli sandbox");\n    }\n}'
    ),
    "ruby": '# NOTE\nputs "mcli sandbox"',
    "php": '<?php\n// NOTE\necho "mcli sandbox\\n";',
    "sql": "-- NOTE\nSELECT 'mcli sandbox' AS source;",
    "yaml": "# NOTE\nsource: mcli sandbox",
    "toml": '# NOTE\nsource = "mcli sandbox"',
    "html": "<!doctype html>\n<!-- NOTE -->\n<title>mcli sandbox</title>\n<p>mcli sandbox</p>",
    "css": "/* NOTE */\nbody {\n  color: inherit;\n}",
}

_ENDINGS = {
    "python": "py", "javascript": "js", "typescript": "ts", "bash": "sh", "rust": "rs",
    "c++": "cpp", "ruby": "rb",
}  # fmt: skip


def language(system: str) -> str:
    """The language that a system message asks for in a line `Language: NAME`, else python."""
    match = re.search(r"^Language:[ \t]*(\S.*?)[ \t]*$", system, re.MULTILINE)
    return match[1] if match else "python"


def block(name: str, task: str) -> str:
    """One fenced block in the language `name`, quoting the first line of `task`."""
    known = _ALIASES.get(name.casefold(), name.casefold())
    note = f'From the mcli sandbox, not from a model. The task: "{_quotable(task)}".'
    if known == "json":
        code = json.dumps({"source": "mcli sandbox", "note": note}, ensure_ascii=False, indent=2)
    else:
        code = _TEMPLATES.get(known, "# NOTE").replace("NOTE", note)
    tag = re.sub(r"[^\w+#.-]", "", known)
    return f"```{tag}\n{code}\n```"


def files(name: str, task: str) -> str:
    """Two files, each in a fenced block that names it: code, and a page about it."""
    code = block(name, task)
    tag, _, rest = code[3:].partition("\n")
    ending = _ENDINGS.get(tag, tag) or "txt"
    about = f"# mcli sandbox\n\nThe task: {_quotable(task)}"
    return (
        f'```{tag} path="src/sandbox.{ending}"\n{rest}\n\n'
        f'```markdown path="README.md"\n{about}\n```'
    )


def _quotable(task: str) -> str:
    """The task's first line, without any character that could end a comment or a fence.

    Replaced rather than escaped: no escape means the same in all these languages. `--` would end
    an HTML comment, a backslash would continue a C one, `*/` needs its star, `?>` its angle.
    """
    line = next((line for line in task.splitlines() if line.strip()), "")
    line = line.translate(str.maketrans({'"': "'", "`": "'", "\\": "/"}))
    line = "".join(c if c.isalnum() or c in " .,:;!?'()[]=+_/@#&%-" else " " for c in line)
    line = " ".join(re.sub(r"-{2,}", "-", line).split())
    return line[:_LONGEST_TASK].rstrip("-")
