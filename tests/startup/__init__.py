"""What each command loads, opens and makes when it starts, held against figures that are committed.

No clock: a module that loads where it did not, a file that is opened twice, a regular expression or
a dataclass that is made at import are the same on every machine, and each is told by its name.
`probe` is the program in a clean interpreter, `start` what it told, `lines` the command lines,
`figures` the file figures.txt; `python -m tests.startup` writes that anew. `instructions` counts
what the processor does.
"""
