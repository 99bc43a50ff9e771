# Completion of mcli mcli-llm in bash. Made by .ci/make-completions: change that instead.

# What command $1 takes: words that name the commands below it, flags, flags with a value (each with
# its kind), and the kinds of its arguments, of which the last, with a plus, stands for all that follow.
_mcli_takes() {
  below='' flags='' values='' arguments=''
  case $1 in
    '')
      below='ask batch classify codegen completion config count-tokens doctor help models recipes run sandbox summarize usage'
      flags='--version -h --help' ;;
    'ask')
      flags='--schema --get --repair --thread --keep-turns --messages --tool --allow-tool --max-steps -m --model --profile --base-url --no-key -t --temperature --max-tokens --top-p --stop --seed --param -D --var --var-file -s --system --system-file -f --file --image --image-detail --attach -n --no-stdin --invalid --max-input --timeout --retries --rpm --tpm --max-cost --max-requests -o --output --no-clobber --json --stream --no-stream --dry-run --allow-truncated --fit --fallback --show-reasoning --record --replay --cache -q --quiet -v --verbose --debug --color -h --help'
      values=' --schema=files --get=free --repair=free --thread=files --keep-turns=free --messages=files --tool=files --allow-tool=free --max-steps=free -m=models --model=models --profile=profiles --base-url=free -t=free --temperature=free --max-tokens=free --top-p=free --stop=free --seed=free --param=free -D=inputs --var=inputs --var-file=files-of-inputs -s=free --system=free --system-file=files -f=files --file=files --image=files --image-detail=words:low,high,auto --attach=files --invalid=words:strict,replace --max-input=free --timeout=free --retries=free --rpm=free --tpm=free --max-cost=free --max-requests=free -o=files --output=files --fit=words:head,tail,middle --fallback=models --record=files --replay=files --cache=free --color=words:auto,always,never '
      arguments='free' ;;
    'batch')
      flags='-e --from -0 --null --input --limit --into --into-fields --text --output-each --unordered -j --jobs --halt --journal --new --retry-failed --in-doubt --to -m --model --profile --base-url --no-key -t --temperature --max-tokens --top-p --stop --seed --param -D --var --var-file -s --system --system-file --image --image-detail --attach -n --no-stdin --invalid --max-input --timeout --retries --rpm --tpm --max-cost --max-requests -o --output --no-clobber --json --dry-run --allow-truncated --fit --fallback --record --replay --cache -q --quiet -v --verbose --debug --color -h --help'
      values=' -e=free --from=words:lines,jsonl,csv,tsv,files,openai-batch --input=free --limit=free --into=free --output-each=files -j=free --jobs=free --halt=free --journal=files --in-doubt=words:retry,skip,fail --to=words:openai-batch -m=models --model=models --profile=profiles --base-url=free -t=free --temperature=free --max-tokens=free --top-p=free --stop=free --seed=free --param=free -D=inputs --var=inputs --var-file=files-of-inputs -s=free --system=free --system-file=files --image=files --image-detail=words:low,high,auto --attach=files --invalid=words:strict,replace --max-input=free --timeout=free --retries=free --rpm=free --tpm=free --max-cost=free --max-requests=free -o=files --output=files --fit=words:head,tail,middle --fallback=models --record=files --replay=files --cache=free --color=words:auto,always,never '
      arguments='recipes files+' ;;
    'classify')
      flags='-l --labels --labels-file --question --multi --expect --votes --min-confidence --unsure -m --model --profile --base-url --no-key -t --temperature --max-tokens --top-p --stop --seed --param -D --var --var-file -s --system --system-file -f --file --image --image-detail --attach -n --no-stdin --invalid --max-input --timeout --retries --rpm --tpm --max-cost --max-requests -o --output --no-clobber --json --stream --no-stream --dry-run --allow-truncated --fit --fallback --show-reasoning --record --replay --cache -q --quiet -v --verbose --debug --color -h --help'
      values=' -l=free --labels=free --labels-file=files --question=free --expect=free --votes=free --min-confidence=free --unsure=free -m=models --model=models --profile=profiles --base-url=free -t=free --temperature=free --max-tokens=free --top-p=free --stop=free --seed=free --param=free -D=inputs --var=inputs --var-file=files-of-inputs -s=free --system=free --system-file=files -f=files --file=files --image=files --image-detail=words:low,high,auto --attach=files --invalid=words:strict,replace --max-input=free --timeout=free --retries=free --rpm=free --tpm=free --max-cost=free --max-requests=free -o=files --output=files --fit=words:head,tail,middle --fallback=models --record=files --replay=files --cache=free --color=words:auto,always,never '
      arguments='files+' ;;
    'codegen')
      flags='--lang --check --no-check --repair --write -m --model --profile --base-url --no-key -t --temperature --max-tokens --top-p --stop --seed --param -D --var --var-file -s --system --system-file -f --file --image --image-detail --attach -n --no-stdin --invalid --max-input --timeout --retries --rpm --tpm --max-cost --max-requests -o --output --no-clobber --json --stream --no-stream --dry-run --allow-truncated --fit --fallback --show-reasoning --record --replay --cache -q --quiet -v --verbose --debug --color -h --help'
      values=' --lang=words:c,c++,csharp,fish,go,javascript,json,lua,markdown,php,powershell,python,ruby,rust,shell,toml,typescript,yaml --repair=free --write=folders -m=models --model=models --profile=profiles --base-url=free -t=free --temperature=free --max-tokens=free --top-p=free --stop=free --seed=free --param=free -D=inputs --var=inputs --var-file=files-of-inputs -s=free --system=free --system-file=files -f=files --file=files --image=files --image-detail=words:low,high,auto --attach=files --invalid=words:strict,replace --max-input=free --timeout=free --retries=free --rpm=free --tpm=free --max-cost=free --max-requests=free -o=files --output=files --fit=words:head,tail,middle --fallback=models --record=files --replay=files --cache=free --color=words:auto,always,never '
      arguments='free' ;;
    'completion')
      flags='--json --debug -h --help'
      arguments='words:bash,zsh,fish,powershell' ;;
    'config')
      below='path show'
      flags='-h --help' ;;
    'config path')
      flags='--json --debug -h --help' ;;
    'config show')
      flags='-m --model --cache --max-cost --max-requests --rpm --tpm --profile --base-url --no-key --timeout --retries --record --replay --json --debug --color -h --help'
      values=' -m=models --model=models --cache=free --max-cost=free --max-requests=free --rpm=free --tpm=free --profile=profiles --base-url=free --timeout=free --retries=free --record=files --replay=files --color=words:auto,always,never ' ;;
    'count-tokens')
      flags='-m --model --encoding --max --truncate --keep --messages --json -n --no-stdin --invalid -q --quiet -v --verbose --debug -h --help'
      values=' -m=models --model=models --encoding=words:o200k_base,cl100k_base,o200k_harmony --max=free --truncate=free --keep=words:head,tail,middle --invalid=words:strict,replace '
      arguments='files+' ;;
    'doctor')
      flags='--probe --offline -m --model --profile --base-url --no-key --timeout --max-cost --max-requests --json -v --verbose --debug --color -h --help'
      values=' -m=models --model=models --profile=profiles --base-url=free --timeout=free --max-cost=free --max-requests=free --color=words:auto,always,never ' ;;
    'help')
      flags='--json --debug --color -h --help'
      values=' --color=words:auto,always,never '
      arguments='words:attachments,batch,classify,codegen,coming-from,commands,completion,conversations,costs,doctor,environment,examples,exit-codes,first-steps,formats,input,install,json,limits,long,peers,recipes,replay,sandbox,scripting,settings,speed,tokens,tools,tour,usage' ;;
    'models')
      flags='--filter --profile --base-url --no-key --timeout --retries --record --replay --json -v --verbose --debug --color -h --help'
      values=' --filter=free --profile=profiles --base-url=free --timeout=free --retries=free --record=files --replay=files --color=words:auto,always,never ' ;;
    'recipes')
      below='check list schema show test'
      flags='-h --help' ;;
    'recipes check')
      flags='--json --debug --color -h --help'
      values=' --color=words:auto,always,never '
      arguments='files+' ;;
    'recipes list')
      flags='--json --debug --color -h --help'
      values=' --color=words:auto,always,never ' ;;
    'recipes schema')
      flags='--json --debug --color -h --help'
      values=' --color=words:auto,always,never '
      arguments='words:recipe,envelope' ;;
    'recipes show')
      flags='--json --debug --color -h --help'
      values=' --color=words:auto,always,never '
      arguments='recipes' ;;
    'recipes test')
      flags='-j --jobs --junit -m --model -t --temperature --max-tokens --top-p --stop --seed --param --max-cost --max-requests --rpm --tpm --profile --base-url --no-key --timeout --retries --record --replay --json -v --verbose --debug --color -q --quiet -h --help'
      values=' -j=free --jobs=free --junit=files -m=models --model=models -t=free --temperature=free --max-tokens=free --top-p=free --stop=free --seed=free --param=free --max-cost=free --max-requests=free --rpm=free --tpm=free --profile=profiles --base-url=free --timeout=free --retries=free --record=files --replay=files --color=words:auto,always,never '
      arguments='files+' ;;
    'run')
      flags='-e --allow-tool --max-steps -h --help -m --model --profile --base-url --no-key -t --temperature --max-tokens --top-p --stop --seed --param -D --var --var-file -s --system --system-file -f --file --image --image-detail --attach -n --no-stdin --invalid --max-input --timeout --retries --rpm --tpm --max-cost --max-requests -o --output --no-clobber --json --stream --no-stream --dry-run --allow-truncated --fit --fallback --show-reasoning --record --replay --cache -q --quiet -v --verbose --debug --color'
      values=' -e=free --allow-tool=free --max-steps=free -m=models --model=models --profile=profiles --base-url=free -t=free --temperature=free --max-tokens=free --top-p=free --stop=free --seed=free --param=free -D=inputs --var=inputs --var-file=files-of-inputs -s=free --system=free --system-file=files -f=files --file=files --image=files --image-detail=words:low,high,auto --attach=files --invalid=words:strict,replace --max-input=free --timeout=free --retries=free --rpm=free --tpm=free --max-cost=free --max-requests=free -o=files --output=files --fit=words:head,tail,middle --fallback=models --record=files --replay=files --cache=free --color=words:auto,always,never '
      arguments='recipes files+' ;;
    'sandbox')
      flags='--port --latency --fail --seed --json -v --verbose --debug -h --help'
      values=' --port=free --latency=free --fail=free --seed=free '
      arguments='command+' ;;
    'summarize')
      flags='--points --words --style --language --focus --chunk-tokens -m --model --profile --base-url --no-key -t --temperature --max-tokens --top-p --stop --seed --param -D --var --var-file -s --system --system-file -f --file --image --image-detail --attach -n --no-stdin --invalid --max-input --timeout --retries --rpm --tpm --max-cost --max-requests -o --output --no-clobber --json --stream --no-stream --dry-run --allow-truncated --fit --fallback --show-reasoning --record --replay --cache -q --quiet -v --verbose --debug --color -h --help'
      values=' --points=free --words=free --style=words:bullets,paragraph,headline --language=free --focus=free --chunk-tokens=free -m=models --model=models --profile=profiles --base-url=free -t=free --temperature=free --max-tokens=free --top-p=free --stop=free --seed=free --param=free -D=inputs --var=inputs --var-file=files-of-inputs -s=free --system=free --system-file=files -f=files --file=files --image=files --image-detail=words:low,high,auto --attach=files --invalid=words:strict,replace --max-input=free --timeout=free --retries=free --rpm=free --tpm=free --max-cost=free --max-requests=free -o=files --output=files --fit=words:head,tail,middle --fallback=models --record=files --replay=files --cache=free --color=words:auto,always,never '
      arguments='files+' ;;
    'usage')
      flags='--by --since --until --json --debug --color -h --help'
      values=' --by=words:day,model,recipe,command,host --since=free --until=free --color=words:auto,always,never ' ;;
  esac
}

# The words of the command line as far as the cursor: bash has them cut at COMP_WORDBREAKS.
_mcli_words() {
  local line=${COMP_LINE:0:COMP_POINT} gap word i last=-1
  words=()
  for ((i = 0; i <= COMP_CWORD; i++)); do
    gap=${line%%[![:space:]]*}
    line=${line#"$gap"}
    word=${COMP_WORDS[i]}
    ((i == COMP_CWORD)) && word=$line
    line=${line#"$word"}
    if ((last >= 0)) && [[ -z $gap ]]; then
      words[last]+=$word
    else
      words[++last]=$word
    fi
  done
}

# Sets `kind` to what flag $1 of the command takes; false if it takes nothing.
_mcli_kind() {
  kind=${values#*" $1="}
  [[ $kind != "$values" ]] || return
  kind=${kind%% *}
}

# Offers what the program knows of `kind`.
_mcli_ask() {
  local line program=${words[0]} tab=$'\t'
  case ${program##*/} in mcli | mcli-llm) ;; *) program=mcli ;; esac
  program=${program/#\~\//$HOME/}
  while IFS= read -r line; do
    line=${line%%"$tab"*}
    [[ $line == "$current"* ]] && COMPREPLY+=("$line")
  done < <(command "$program" __complete "$1" "${words[@]:1:${#words[@]}-2}" "$current" 2>/dev/null </dev/null)
  [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null
}

# Offers what begins with `current` of `kind`. Where there is nothing, bash offers files.
_mcli_offer() {
  local IFS=$' \t\n'
  case $kind in
    files) return ;;
    folders) compopt -o dirnames +o default 2>/dev/null; return ;;
    inputs) _mcli_ask inputs; [[ $current == *=* ]] && return ;;
    files-of-inputs) [[ $current == *=* ]] && return; _mcli_ask inputs ;;
    recipes) [[ $elsewhere ]] || _mcli_ask recipes; return ;;
    command)
      ((place == 0)) || return
      COMPREPLY=($(compgen -c -- "$current")) ;;
    words:*) kind=${kind#words:}; COMPREPLY=($(compgen -W "${kind//,/ }" -- "$current")) ;;
    free) ;;
    *) _mcli_ask "$kind" ;;
  esac
  compopt +o default 2>/dev/null
}

# What bash replaces is only what stands behind the last of its word breaks.
_mcli_cut() {
  local whole=${words[${#words[@]}-1]} breaks='' mark head='' i
  for mark in : = @; do [[ $COMP_WORDBREAKS == *"$mark"* ]] && breaks+=$mark; done
  [[ $breaks ]] && head=${whole%"${whole##*[$breaks]}"}
  for ((i = 0; i < ${#COMPREPLY[@]}; i++)); do
    COMPREPLY[i]=$lead${COMPREPLY[i]}
    COMPREPLY[i]=${COMPREPLY[i]#"$head"}
  done
}

_mcli() {
  local words below flags values arguments path='' kind='' lead='' current word i
  local place=0 ended='' elsewhere='' IFS=$' \t\n'
  COMPREPLY=()
  _mcli_words
  current=${words[${#words[@]}-1]}
  _mcli_takes ''
  for ((i = 1; i < ${#words[@]} - 1; i++)); do
    word=${words[i]}
    if [[ $kind ]]; then kind=''
    elif [[ ! $ended && $word == -- ]]; then ended=1
    elif [[ ! $ended && $word == -* ]]; then
      [[ $word == -e ]] && elsewhere=1
      _mcli_kind "$word" || kind=''
    elif [[ $below ]]; then path+="${path:+ }$word"; _mcli_takes "$path"
    elif [[ $arguments == command+ && $place == 0 && $word =~ ^(.*/)?(mcli|mcli-llm)$ ]]; then
      words=("${words[@]:i}") i=0 ended='' path='' # from here on it is that one's command line
      _mcli_takes ''
    else ((place++))
    fi
  done
  if [[ $kind ]]; then :
  elif [[ ! $ended && $current == --*=* ]]; then
    _mcli_kind "${current%%=*}" || kind=free
    lead=${current%%=*}= current=${current#*=}
  elif [[ ! $ended && $current == -* ]]; then kind=words:${flags// /,}
  elif [[ $below ]]; then kind=words:${below// /,}
  else
    for word in $arguments; do
      kind=${word%+}
      [[ $place == 0 || $word == *+ ]] && break
      ((place--)) || :
      kind=''
    done
    kind=${kind:-free}
  fi
  _mcli_offer
  _mcli_cut
}
complete -o default -F _mcli mcli mcli-llm
