# mcli-llm is mcli.
complete -c mcli-llm -w mcli
