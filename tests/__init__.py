"""Tests mirror mcli/; the program is run as people run it, against servers on the loopback."""

import os

WHOLE = bool(os.environ.get("TESTS_WHOLE"))
"""Whether each test does all that it can, as under .ci/run, or what is quick and shows the same."""
