"""mcli with windows of HOLD seconds, not of a minute: `python -m tests.limits.short HOLD ARGS…`.

It is no flag: a person who could shorten the window could break the promise.
"""

from __future__ import annotations

import sys

from mcli import __main__
from mcli.api import meter

meter.HOLD_S = float(sys.argv.pop(1))
__main__.entry()
