"""The tests, tested: small faults put into a copy of the source, each of which they must notice.

A test that passes whatever the program does is worse than none, since it is trusted. `mutation`
says what a mutation is; `asking`, `bounds`, `replies`, `guarding` and `writing` list them by
subject; `trial` tries one in a copy of the tree; `python -m tests.mutations` tries all.
"""
