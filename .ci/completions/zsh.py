"""The script for zsh 5: a file of `fpath`, or to be evaluated behind compinit."""

from __future__ import annotations

from string import Template

from tree import PROGRAMS, Argument, Command, Flag, Value

_SCRIPT = Template(r"""#compdef $programs
# Completion of $programs in zsh. Made by .ci/make-completions: change that instead.

# Offers what the program knows of a kind; where it knows nothing and files may stand there, files.
__mcli_offer() {
  local kind=$$1 line told
  local -a offered words_so_far
  words_so_far=("$${(@Q)words[2,CURRENT-1]}")
  if [[ $$kind == recipes ]] && (( $${words_so_far[(I)-e]} )); then
    _files
    return
  fi
  if [[ $$kind == files-of-inputs ]]; then
    if compset -P '*='; then
      _files
      return
    fi
    kind=inputs
  fi
  for line in "$${(@f)$$(command $$__mcli_program __complete $$kind "$${(@Q)words[1]}" "$${words_so_far[@]}" "$${(Q)PREFIX}" 2>/dev/null </dev/null)}"; do
    [[ -n $$line ]] || continue
    told=$${line#*$$'\t'}
    offered+=("$${$${line%%$$'\t'*}//:/\\:}$${told:+:$$told}")
  done
  case $$kind in
    inputs)
      if [[ $$PREFIX == *=* ]] && (( ! $$#offered )); then
        compset -P '*='
        _files
      elif [[ $$PREFIX == *=* ]]; then
        _describe -t values value offered
      else
        _describe -t inputs input offered -S ''
      fi ;;
    recipes) _describe -t recipes recipe offered || _files ;;
    *) _describe -t $$kind $${kind%s} offered ;;
  esac
}

# Offers the command line of another program.
__mcli_command() {
  if (( CURRENT > 1 )) && [[ $$words[1] == -- ]]; then
    shift words
    (( CURRENT-- ))
  fi
  _normal
}

$functions
_mcli "$$@"
""")

_PROGRAM = r"""  # The program that is asked: never an alias or a function, which may do more than answer.
  typeset -g __mcli_program=${${(Q)words[1]}/#\~\//$HOME/}
  [[ ${__mcli_program:t} == (mcli|mcli-llm) ]] || __mcli_program=mcli
"""

_GROUP = Template(r"""$name() {
  local curcontext=$$curcontext state line
  local -A opt_args
  local -a below
$first  _arguments -s -S -C : \
$specs
    '1: :->command' \
    '*:: :->rest' && return
  case $$state in
    command)
      below=(
$commands
      )
      _describe -t commands command below ;;
    rest)
      case $$words[1] in
$cases
      esac ;;
  esac
}
""")

_LEAF = Template(r"""$name() {
  local curcontext=$$curcontext
  _arguments -s -S : \
$specs
}
""")

_END = Template(r"""if (( $$+functions[compdef] )); then
  compdef _mcli $programs
fi
""")


def script(root: Command) -> str:
    """The whole script."""
    functions = "\n".join(_function(command) for command in root.all())
    programs = " ".join(PROGRAMS)
    text = _SCRIPT.substitute(programs=programs, functions=functions)
    # Read from fpath this file is the body of the function _mcli; evaluated, it is to define it.
    body, call = text.rsplit("_mcli ", 1)
    end = _END.substitute(programs=programs).replace("\n", "\n  ").rstrip()
    return (
        f"{body}if [[ $funcstack[1] == _mcli ]]; then\n  _mcli {call.rstrip()}\nelse\n  {end}\nfi\n"
    )


def _function(command: Command) -> str:
    specs = [_flag(flag) for flag in command.flags]
    if not command.below:
        specs += [_argument(n, each) for n, each in enumerate(command.arguments, 1)]
        return _LEAF.substitute(name=_name(command), specs=_lines(specs))
    return _GROUP.substitute(
        name=_name(command),
        first="" if command.path else _PROGRAM,
        specs=_lines(specs) + " \\",
        commands="\n".join(f"        {_pair(each.path[-1], each.told)}" for each in command.below),
        cases="\n".join(f"        {each.path[-1]}) {_name(each)} ;;" for each in command.below),
    )


def _name(command: Command) -> str:
    return "-".join(("_mcli", *command.path))


def _lines(specs: list[str]) -> str:
    return " \\\n".join(f"    {spec}" for spec in specs)


def _flag(flag: Flag) -> str:
    """`'(-m --model)'{-m+,--model=}'[Model]:ID: __mcli_offer models'`."""
    names = flag.names
    if flag.value is not None:
        names = tuple(f"{name}=" if name.startswith("--") else f"{name}+" for name in names)
    rest = f"[{_bracketed(flag.told)}]" + (_action(flag.called, flag.value) if flag.value else "")
    if flag.many:
        before = "'*'"
    elif len(names) > 1:
        before = _quoted(f"({' '.join(flag.names)})")
    else:
        return _quoted(names[0] + rest)
    braces = f"{{{','.join(names)}}}" if len(names) > 1 else names[0]
    return before + braces + _quoted(rest)


def _argument(place: int, argument: Argument) -> str:
    if argument.value.kind == "command":
        return _quoted(f"*::{_plain(argument.called)}: __mcli_command")
    return _quoted(
        ("*" if argument.many else str(place)) + _action(argument.called, argument.value)
    )


def _action(called: str, value: Value) -> str:
    action = {"files": "_files", "folders": "_files -/", "free": " ", "command": " "}
    if value.kind == "words":
        told = any(meant for _, meant in value.words)
        words = [f"{_plain(w)}\\:{_word(meant)}" if told else _plain(w) for w, meant in value.words]
        does = f"(({' '.join(words)}))" if told else f"({' '.join(words)})"
    else:
        does = action.get(value.kind, f" __mcli_offer {value.kind}")
    return f":{_plain(called)}:{does}"


def _pair(word: str, told: str) -> str:
    return _quoted(f"{_plain(word)}:{told}")


def _word(text: str) -> str:
    """A text as one word of a list in a spec."""
    return '"' + _plain(text).replace('"', "'").replace("$", "").replace("`", "") + '"'


def _plain(text: str) -> str:
    """A text in which no colon ends a part of a spec."""
    return text.replace("\\", "\\\\").replace(":", "\\:")


def _bracketed(text: str) -> str:
    return _plain(text).replace("[", "\\[").replace("]", "\\]")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
