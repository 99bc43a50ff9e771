"""What a start costs; the table of `mcli help speed`.

    .venv/bin/python -m tests.benchmarks.start                  # a quarter of an hour
    .venv/bin/python -m tests.benchmarks.start --write          # and writes the page
    .venv/bin/python -m tests.benchmarks.start --only http --only tail --turns 30

Builds the wheel, installs it as a person would, and compares it with the interpreter that does
nothing, a minimal script, curl, llm and the OpenAI SDK. A turn is each line of the table once, in
the same order, so that what disturbs one disturbs all; of the turns the medians are told. Processor
time is that of the program and all it starts, as `wait4` tells it: the server is a process of its
own, and its time is nobody's. Ratios are to `python -c pass` by the interpreter that runs mcli.
"""
