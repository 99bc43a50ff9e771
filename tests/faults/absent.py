"""The cases of the catalogue that have no row, each with the reason."""

from __future__ import annotations

SHOWN = "shown by "
"""Before the name of a test, where a case takes more than a row plays, such as two runs."""

ABSENT: dict[str, str] = {
    "S-13": "no setting names a header, so the key is the only secret that is sent: Authorization",
    "P-11": "CPython ends with status 1 before a line of ours runs, and sends nothing",
}
