"""The script for PowerShell 5 or newer."""

from __future__ import annotations

from string import Template

from tree import PROGRAMS, Command, Flag, Value

_SCRIPT = Template(r"""# Completion of $programs in PowerShell. Made by .ci/make-completions: change that instead.

Register-ArgumentCompleter -Native -CommandName $names -ScriptBlock {
  param($$wordToComplete, $$commandAst, $$cursorPosition)

  # Of each command: the commands below it, its flags (name, kind of value, meaning), its arguments.
  $$commands = @{
$tables
  }

  $$words = @($$commandAst.CommandElements |
    Where-Object { $$_.Extent.EndOffset -lt $$cursorPosition } |
    ForEach-Object { if ($$_.Value -is [string]) { $$_.Value } else { $$_.Extent.Text } })
  $$program = if ([IO.Path]::GetFileNameWithoutExtension($$words[0]) -in $names) { $$words[0] } else { 'mcli' }
  $$path = ''; $$kind = ''; $$place = 0; $$ended = $$false; $$lead = ''
  $$table = $$commands['']
  for ($$i = 1; $$i -lt $$words.Count; $$i++) {
    $$word = $$words[$$i]
    if ($$kind) { $$kind = '' }
    elseif (-not $$ended -and $$word -eq '--') { $$ended = $$true }
    elseif (-not $$ended -and $$word.StartsWith('-')) {
      $$flag = $$table.Flags | Where-Object { $$_[0] -ceq $$word } | Select-Object -First 1
      if ($$flag) { $$kind = $$flag[1] }
    }
    elseif ($$table.Below.Count) {
      $$path = "$$path $$word".Trim()
      if (-not $$commands.ContainsKey($$path)) { return }
      $$table = $$commands[$$path]
    }
    else { $$place++ }
  }

  function offer($$word, $$meant) {
    $$text = if ($$word -cmatch '^[\w./:=-]+$$') { $$word } else { "'" + $$word.Replace("'", "''") + "'" }
    if (-not $$meant) { $$meant = $$word }
    [Management.Automation.CompletionResult]::new($$lead + $$text, $$word, 'ParameterValue', $$meant)
  }

  $$current = $$wordToComplete
  if (-not $$kind -and -not $$ended -and $$current -cmatch '^(--[a-z-]+)=(.*)$$') {
    $$name = $$Matches[1]; $$rest = $$Matches[2]
    $$flag = $$table.Flags | Where-Object { $$_[0] -ceq $$name } | Select-Object -First 1
    if ($$flag) { $$kind = $$flag[1]; $$lead = "$$name="; $$current = $$rest }
  }
  elseif (-not $$kind -and -not $$ended -and $$current.StartsWith('-')) {
    $$table.Flags | Where-Object { $$_[0].StartsWith($$current, 'Ordinal') } |
      ForEach-Object { offer $$_[0] $$_[2] }
    return
  }
  elseif (-not $$kind -and $$table.Below.Count) {
    $$table.Below | Where-Object { $$_[0].StartsWith($$current, 'Ordinal') } |
      ForEach-Object { offer $$_[0] $$_[1] }
    return
  }
  elseif (-not $$kind -and $$table.Arguments.Count) {
    $$kind = if ($$place -lt $$table.Arguments.Count) { $$table.Arguments[$$place] }
      elseif ($$table.Arguments[-1].EndsWith('*')) { $$table.Arguments[-1] } else { 'free' }
    $$kind = $$kind.TrimEnd('*')
  }

  if ($$kind.StartsWith('words:')) {
    $$kind.Substring(6).Split(',') | Where-Object { $$_.StartsWith($$current, 'Ordinal') } |
      ForEach-Object { offer $$_ '' }
  }
  elseif ($$kind -cin 'profiles', 'models', 'recipes', 'inputs', 'files-of-inputs') {
    if ($$kind -ceq 'files-of-inputs') { $$kind = 'inputs' }
    $$before = @($$words | Select-Object -Skip 1)
    $$null | & $$program __complete $$kind @before $$current 2>$$null | ForEach-Object {
      $$word, $$meant = $$_ -split "`t", 2
      if ($$word.StartsWith($$current, 'Ordinal')) { offer $$word $$meant }
    }
  }
  # Of anything else PowerShell offers files.
}
""")


def script(root: Command) -> str:
    """The whole script."""
    tables = "\n".join(_table(command) for command in root.all())
    names = ", ".join(_quoted(name) for name in PROGRAMS)
    return _SCRIPT.substitute(programs=" ".join(PROGRAMS), names=names, tables=tables)


def _table(command: Command) -> str:
    rows = {
        "Below": [_row(each.path[-1], each.told) for each in command.below],
        "Flags": [_flag(name, flag) for flag in command.flags for name in flag.names],
        "Arguments": [_quoted(_kind(each.value) + "*" * each.many) for each in command.arguments],
    }
    lines = [f"      {name} = @({_lines(told)})" for name, told in rows.items()]
    return f"    {_quoted(' '.join(command.path))} = @{{\n" + "\n".join(lines) + "\n    }"


def _lines(rows: list[str]) -> str:
    """A comma in front keeps a list of one list from becoming that list."""
    return "".join(
        f"\n        , {row}" if row.startswith("@") else f"{row}, " for row in rows
    ).rstrip(", ")


def _flag(name: str, flag: Flag) -> str:
    return _row(name, "" if flag.value is None else _kind(flag.value), flag.told)


def _row(*cells: str) -> str:
    return f"@({', '.join(map(_quoted, cells))})"


def _kind(value: Value) -> str:
    if value.kind == "words":
        return "words:" + ",".join(word for word, _ in value.words)
    return value.kind


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
