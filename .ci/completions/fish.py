"""The script for fish 3 or newer."""

from __future__ import annotations

from string import Template

from tree import PROGRAMS, Argument, Command, Flag, Value

_SCRIPT = Template(r"""# Completion of $programs in fish. Made by .ci/make-completions: change that instead.

# The words in front of the cursor that are no flags, as far as `--`, without the program.
function __mcli_words
    set -l words (commandline -opc)
    for word in $$words[2..-1]
        test "$$word" = --; and break
        string match -q -- '-*' $$word; or echo -- $$word
    end
end

# Whether the command line has come to that command; without words, to none yet.
function __mcli_at
    set -l words (__mcli_words)
    set -l many (count $$argv)
    if test $$many = 0
        test (count $$words) = 0
    else
        test (count $$words) -ge $$many
        and test "$$words[1..$$many]" = "$$argv"
    end
end

# Whether it has come to that group, and to no command of it yet.
function __mcli_in
    set -l words (__mcli_words)
    test "$$words" = "$$argv"
end

# Whether that command has its first word, or still awaits it.
function __mcli_first
    __mcli_at $$argv; or return
    set -l words (commandline -opc)
    set -l valued (__mcli_valued "$$argv")
    set -l left (count $$argv)
    set -l skip 0
    set -l ended 0
    for word in $$words[2..-1]
        if test $$skip = 1
            set skip 0
        else if test $$ended = 0 -a "$$word" = --
            set ended 1
        else if test $$ended = 0; and string match -q -- '-*' $$word
            test "$$word" = -e; and return 1
            contains -- $$word $$valued; and set skip 1
        else
            set left (math $$left - 1)
            test $$left -ge 0; or return 1
        end
    end
end

# The flags of that command that take a value.
function __mcli_valued
    switch $$argv[1]
$valued
    end
end

# What the program knows of a kind; of files behind `NAME=` it knows nothing.
function __mcli_offer
    set -l words (commandline -opc)
    set -l current (commandline -ct | string replace -r -- '^(--[a-z-]+=|-D)' '')
    set -l program mcli
    string match -qr '(^|/)mcli(-llm)?$$' -- $$words[1]; and set program $$words[1]
    set -l before (string match -r '^[^=]*=' -- $$current)
    set -l offered
    if not test "$$argv[1]" = files-of-inputs -a -n "$$before"
        set -l kind (string replace files-of- '' $$argv[1])
        set offered (command $$program __complete $$kind $$words[2..-1] "$$current" 2>/dev/null </dev/null)
    end
    if test (count $$offered) -gt 0
        printf '%s\n' $$offered
    else if test -n "$$before"
        for path in (__fish_complete_path (string sub -s (math (string length -- $$before) + 1) -- $$current))
            echo -- $$before$$path
        end
    end
end

# The completions of the command line behind `--`.
function __mcli_command
    set -l words (commandline -opc)
    set -l at (contains -i -- -- $$words); or return
    set -l inner
    test $$at -lt (count $$words); and set inner (string escape -- $$words[(math $$at + 1)..-1])
    complete -C (string join ' ' -- $$inner (commandline -ct))
end

complete -c mcli -f
$lines
complete -c mcli-llm -w mcli
""")
LINK = "# mcli-llm is mcli.\ncomplete -c mcli-llm -w mcli\n"
"""The file in which fish looks for the second name."""


def script(root: Command) -> str:
    """The whole script."""
    lines = [line for command in root.all() for line in _lines(command)]
    valued = [
        f"        case {_quoted(' '.join(command.path))}\n            printf '%s\\n' {' '.join(names)}"
        for command in root.all()
        if (names := [n for flag in command.flags if flag.value for n in flag.names])
        and command.arguments
    ]
    return _SCRIPT.substitute(
        programs=" ".join(PROGRAMS), valued="\n".join(valued), lines="\n".join(lines)
    )


def _lines(command: Command) -> list[str]:
    at = " ".join(("__mcli_at", *command.path))
    if command.below:
        where = at if not command.path else " ".join(("__mcli_in", *command.path))
        told = [(where, each.path[-1], each.told) for each in command.below]
        lines = [f"{_at(w)} -a {word} -d {_quoted(meant)}" for w, word, meant in told]
    else:
        where = at
        lines = [_argument(command, each) for each in command.arguments]
    return lines + [f"{_at(where)} {_flag(flag)}" for flag in command.flags]


def _at(condition: str) -> str:
    return f"complete -c mcli -n {_quoted(condition)}"


def _argument(command: Command, argument: Argument) -> str:
    name = "__mcli_at" if argument.many else "__mcli_first"
    condition = " ".join((name, *command.path))
    if argument.value.kind == "command":
        condition += "; and contains -- -- (commandline -opc)"
    if argument.value.kind == "recipes":
        return f"{_at(condition)} -F -a '(__mcli_offer recipes)'"
    return f"{_at(condition)} {_value(argument.value)}".rstrip()


def _flag(flag: Flag) -> str:
    names = [f"-l {n[2:]}" if n.startswith("--") else f"-s {n[1:]}" for n in flag.names]
    if flag.value is not None:
        names += ["-r" if flag.value.kind == "files" else "-x", _value(flag.value)]
    return " ".join([*filter(None, names), "-d", _quoted(flag.told)])


def _value(value: Value) -> str:
    if value.kind == "files":
        return "-F"
    if value.kind == "folders":
        return "-a '(__fish_complete_directories)'"
    if value.kind == "command":
        return "-a '(__mcli_command)'"
    if value.kind == "words":
        return f"-a {_quoted(' '.join(_word(word, told) for word, told in value.words))}"
    return "" if value.kind == "free" else f"-a '(__mcli_offer {value.kind})'"


def _word(word: str, told: str) -> str:
    """A word of a list that fish evaluates, with what it means behind a tab."""
    return f"{word}\\t{_quoted(told)}" if told else word


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
