"""The table: all rows, and the ids that the catalogue has (reliability §2)."""

from __future__ import annotations

from . import (
    rows_batch,
    rows_codegen,
    rows_connection,
    rows_echoes,
    rows_files,
    rows_input,
    rows_network,
    rows_output,
    rows_process,
    rows_recipes,
    rows_replies,
    rows_secrets,
    rows_status,
    rows_structured,
    rows_threads,
    rows_tokens,
)
from .catalogue import Row

TABLE: list[Row] = [
    *rows_batch.ROWS,
    *rows_codegen.ROWS,
    *rows_connection.ROWS,
    *rows_files.ROWS,
    *rows_input.ROWS,
    *rows_network.ROWS,
    *rows_output.ROWS,
    *rows_process.ROWS,
    *rows_echoes.ROWS,
    *rows_recipes.ROWS,
    *rows_replies.ROWS,
    *rows_secrets.ROWS,
    *rows_status.ROWS,
    *rows_structured.ROWS,
    *rows_threads.ROWS,
    *rows_tokens.ROWS,
]

SECTIONS = {
    "N": ("network and server", 78),
    "P": ("process, signals, descriptors", 35),
    "I": ("input", 35),
    "S": ("secrets", 16),
    "O": ("output and hostile text", 17),
    "B": ("many records and their journal", 16),
}
"""What each section is about, and how many cases it has."""

CATALOGUE = [f"{name}-{n:02}" for name, (_, most) in SECTIONS.items() for n in range(1, most + 1)]


def number(id: str) -> str:
    """The catalogue's id in a row's: `N-16` of `N-16-quota`."""
    return "-".join(id.split("-")[:2])
