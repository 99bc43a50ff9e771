"""`python -m mcli`."""

from mcli.cli import entry

entry()
