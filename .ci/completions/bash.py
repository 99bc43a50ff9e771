"""The script for bash, 3.2 (macOS) or newer, with or without the package bash-completion."""

from __future__ import annotations

from string import Template

from tree import PROGRAMS, Command, Value

_SCRIPT = Template(r"""# Completion of $programs in bash. Made by .ci/make-completions: change that instead.

# What command $$1 takes: words that name the commands below it, flags, flags with a value (each with
# its kind), and the kinds of its arguments, of which the last, with a plus, stands for all that follow.
_mcli_takes() {
  below='' flags='' values='' arguments=''
  case $$1 in
$cases
  esac
}

# The words of the command line as far as the cursor: bash has them cut at COMP_WORDBREAKS.
_mcli_words() {
  local line=$${COMP_LINE:0:COMP_POINT} gap word i last=-1
  words=()
  for ((i = 0; i <= COMP_CWORD; i++)); do
    gap=$${line%%[![:space:]]*}
    line=$${line#"$$gap"}
    word=$${COMP_WORDS[i]}
    ((i == COMP_CWORD)) && word=$$line
    line=$${line#"$$word"}
    if ((last >= 0)) && [[ -z $$gap ]]; then
      words[last]+=$$word
    else
      words[++last]=$$word
    fi
  done
}

# Sets `kind` to what flag $$1 of the command takes; false if it takes nothing.
_mcli_kind() {
  kind=$${values#*" $$1="}
  [[ $$kind != "$$values" ]] || return
  kind=$${kind%% *}
}

# Offers what the program knows of `kind`.
_mcli_ask() {
  local line program=$${words[0]} tab=$$'\t'
  case $${program##*/} in mcli | mcli-llm) ;; *) program=mcli ;; esac
  program=$${program/#\~\//$$HOME/}
  while IFS= read -r line; do
    line=$${line%%"$$tab"*}
    [[ $$line == "$$current"* ]] && COMPREPLY+=("$$line")
  done < <(command "$$program" __complete "$$1" "$${words[@]:1:$${#words[@]}-2}" "$$current" 2>/dev/null </dev/null)
  [[ $${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null
}

# Offers what begins with `current` of `kind`. Where there is nothing, bash offers files.
_mcli_offer() {
  local IFS=$$' \t\n'
  case $$kind in
    files) return ;;
    folders) compopt -o dirnames +o default 2>/dev/null; return ;;
    inputs) _mcli_ask inputs; [[ $$current == *=* ]] && return ;;
    files-of-inputs) [[ $$current == *=* ]] && return; _mcli_ask inputs ;;
    recipes) [[ $$elsewhere ]] || _mcli_ask recipes; return ;;
    command)
      ((place == 0)) || return
      COMPREPLY=($$(compgen -c -- "$$current")) ;;
    words:*) kind=$${kind#words:}; COMPREPLY=($$(compgen -W "$${kind//,/ }" -- "$$current")) ;;
    free) ;;
    *) _mcli_ask "$$kind" ;;
  esac
  compopt +o default 2>/dev/null
}

# What bash replaces is only what stands behind the last of its word breaks.
_mcli_cut() {
  local whole=$${words[$${#words[@]}-1]} breaks='' mark head='' i
  for mark in : = @; do [[ $$COMP_WORDBREAKS == *"$$mark"* ]] && breaks+=$$mark; done
  [[ $$breaks ]] && head=$${whole%"$${whole##*[$$breaks]}"}
  for ((i = 0; i < $${#COMPREPLY[@]}; i++)); do
    COMPREPLY[i]=$$lead$${COMPREPLY[i]}
    COMPREPLY[i]=$${COMPREPLY[i]#"$$head"}
  done
}

_mcli() {
  local words below flags values arguments path='' kind='' lead='' current word i
  local place=0 ended='' elsewhere='' IFS=$$' \t\n'
  COMPREPLY=()
  _mcli_words
  current=$${words[$${#words[@]}-1]}
  _mcli_takes ''
  for ((i = 1; i < $${#words[@]} - 1; i++)); do
    word=$${words[i]}
    if [[ $$kind ]]; then kind=''
    elif [[ ! $$ended && $$word == -- ]]; then ended=1
    elif [[ ! $$ended && $$word == -* ]]; then
      [[ $$word == -e ]] && elsewhere=1
      _mcli_kind "$$word" || kind=''
    elif [[ $$below ]]; then path+="$${path:+ }$$word"; _mcli_takes "$$path"
    elif [[ $$arguments == command+ && $$place == 0 && $$word =~ ^(.*/)?($either)$$ ]]; then
      words=("$${words[@]:i}") i=0 ended='' path='' # from here on it is that one's command line
      _mcli_takes ''
    else ((place++))
    fi
  done
  if [[ $$kind ]]; then :
  elif [[ ! $$ended && $$current == --*=* ]]; then
    _mcli_kind "$${current%%=*}" || kind=free
    lead=$${current%%=*}= current=$${current#*=}
  elif [[ ! $$ended && $$current == -* ]]; then kind=words:$${flags// /,}
  elif [[ $$below ]]; then kind=words:$${below// /,}
  else
    for word in $$arguments; do
      kind=$${word%+}
      [[ $$place == 0 || $$word == *+ ]] && break
      ((place--)) || :
      kind=''
    done
    kind=$${kind:-free}
  fi
  _mcli_offer
  _mcli_cut
}
complete -o default -F _mcli $programs
""")


def script(root: Command) -> str:
    """The whole script."""
    cases = "\n".join(f"    {_case(command)}" for command in root.all())
    return _SCRIPT.substitute(programs=" ".join(PROGRAMS), either="|".join(PROGRAMS), cases=cases)


def _case(command: Command) -> str:
    flags = [name for flag in command.flags for name in flag.names]
    values = [
        f"{name}={_kind(flag.value)}"
        for flag in command.flags
        if flag.value is not None
        for name in flag.names
    ]
    arguments = [_kind(each.value) + "+" * each.many for each in command.arguments]
    told = {
        "below": [each.path[-1] for each in command.below],
        "flags": flags,
        "values": values and ["", *values, ""],
        "arguments": arguments,
    }
    lines = [f"{name}='{' '.join(words)}'" for name, words in told.items() if words]
    return f"'{' '.join(command.path)}')\n      " + "\n      ".join(lines) + " ;;"


def _kind(value: Value) -> str:
    if value.kind == "words":
        return "words:" + ",".join(word for word, _ in value.words)
    return value.kind
