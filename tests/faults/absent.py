"""The cases of the catalogue that have no row, each with the reason."""

from __future__ import annotations

BATCH = "a batch and its journal: the issue that builds them enters it"
THREADS = "conversations: the issue that builds them enters it"
TOKENS = "counting: the issue that builds it enters it; tests/tokens has what holds today"

NEXT = "not entered yet: this issue goes on; tests/test_{cli,output,inputs,keys}.py hold it today"

ABSENT: dict[str, str] = {
    **dict.fromkeys((f"S-{n:02}" for n in range(1, 17)), NEXT),
    **dict.fromkeys((f"O-{n:02}" for n in range(1, 18) if n not in (13, 15)), NEXT),
    **dict.fromkeys((f"I-{n:02}" for n in (10, 11, 12, 16, 24, 26, 27, 28, 29, 35)), NEXT),
    "P-02": BATCH,
    "P-11": "CPython ends with status 1 before a line of ours runs, and sends nothing",
    "P-19": BATCH,
    "P-21": BATCH,
    "P-25": BATCH,
    "P-26": THREADS,
    "P-27": BATCH,
    **dict.fromkeys((f"I-{n:02}" for n in range(17, 24)), BATCH),
    "I-25": BATCH,
    **dict.fromkeys((f"I-{n:02}" for n in range(30, 35)), TOKENS),
    "O-13": "several files in one answer: the issue that builds them enters it",
}
