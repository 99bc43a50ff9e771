"""EDGE: the tools of a request, from files and recipes, and the programs that may answer for them.

A program is one of the PATH, or a regular file below the directory of the file that names it,
wherever links lead; so is every file that its arguments name. A person says what may run.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from mcli import inputs, strict, system, toolset
from mcli.errors import ConfigFailure, UsageFailure
from mcli.shapes import field, frozen, replace
from mcli.strict import Node
from mcli.toolset import Tool

STEPS = 5
"""Rounds of calls that are run, unless --max-steps says otherwise."""


@frozen
class Command:
    """A program that may be run: its path and arguments, and the directory where it runs."""

    argv: tuple[str, ...]
    folder: str


@frozen
class Toolbox:
    """The tools that are offered, the commands of those that may run, and how many rounds of calls
    are run at most."""

    tools: tuple[Tool, ...] = ()
    commands: Mapping[str, Command] = field(default_factory=dict[str, Command])
    most_steps: int = STEPS

    def as_sent(self) -> dict[str, Any]:
        """The request fields that offer the tools; none if there are none."""
        return {"tools": [tool.as_sent() for tool in self.tools]} if self.tools else {}


def make(
    own: Sequence[Tool], paths: Sequence[str], allowed: Sequence[str], most_steps: int | None
) -> Toolbox:
    """The tools of a recipe and those in the files, of which these may run. ConfigFailure for a
    file that is wrong, or where none may run; UsageFailure for a permission that is about no
    command."""
    if allowed:
        system.need_posix("a tool with a command (--allow-tool)")
    tools = list(own)
    for path in paths:
        for tool in load(path):
            if any(tool.name == other.name for other in tools):
                told = f'the tool "{tool.name}" stands twice'
                raise strict.complaint(Node("", tool.place), told)
            tools.append(tool)
    commands: dict[str, Command] = {}
    known = {tool.name: tool for tool in tools}
    for name in allowed:
        if name not in known:
            hint = strict.did_you_mean(name, known)
            raise UsageFailure("bad_flag", f'--allow-tool "{name[:64]}" names no tool', hint)
        if not known[name].command:
            raise UsageFailure("bad_flag", f'--allow-tool: the tool "{name}" has no command')
        commands[name] = _located(known[name])
    if most_steps is not None and not commands:
        raise UsageFailure("bad_flag", "--max-steps belongs to --allow-tool")
    return Toolbox(tuple(tools), commands, STEPS if most_steps is None else most_steps)


def load(path: str) -> tuple[Tool, ...]:
    """The tools in a file of JSON or YAML, or in stdin for `-`."""
    raw = inputs.read_bytes(path, strict.LARGEST)
    shown = "stdin" if path == "-" else path
    try:
        # JSON first: YAML reads its escapes otherwise, and takes no tabs.
        root = toolset.node_of(json.loads(raw[: strict.LARGEST + 1]), shown)
    except (ValueError, RecursionError):
        from mcli import documents  # yaml: for those who write tools in it

        root = documents.parse(raw, shown)
    folder = "" if path == "-" else os.path.dirname(path)
    return tuple(replace(tool, folder=folder) for tool in toolset.read_file(root))


def _located(tool: Tool) -> Command:
    """The command of a tool with its files found. ConfigFailure for one that must not be named."""
    folder = tool.folder
    if folder is None:
        folder = os.path.dirname(tool.place.rsplit(":", 2)[0])
    folder = os.path.realpath(folder or ".")
    program, *rest = tool.command
    if "/" in program:
        found = _inside(folder, program, tool)
        if found is None or not os.access(found, os.X_OK):
            raise _wrong(tool, f'"{program}" is not there, or not executable')
    else:
        found = _on_the_path(program)
        if found is None:
            raise _wrong(tool, f'no program "{program}" is on the PATH')
    for word in rest:
        _inside(folder, word, tool)
    return Command((found, *rest), folder)


def _on_the_path(program: str) -> str | None:
    """Where a program lies; a directory that is relative may be anybody's."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    path = os.pathsep.join(folder for folder in folders if os.path.isabs(folder))
    return shutil.which(program, path=path)


def _inside(folder: str, word: str, tool: Tool) -> str | None:
    """The file that a word names, if it names one. ConfigFailure for one that lies elsewhere."""
    path = os.path.join(folder, word)
    if not word or not os.path.lexists(path):
        return None
    target = os.path.realpath(path)
    if os.path.commonpath((folder, target)) != folder:
        raise _wrong(tool, f'"{word}" leads out of the directory of the file that names it')
    if not os.path.isfile(target) and not os.path.isdir(target):
        raise _wrong(tool, f'"{word}" is not a regular file')
    return target


def _wrong(tool: Tool, told: str) -> ConfigFailure:
    return ConfigFailure("bad_tool", f'{tool.place}: the tool "{tool.name}": {told}')
