"""CORE: what a person said on the command line, before anything is made of it."""

from __future__ import annotations

from typing import Literal

from mcli.shapes import frozen

MOST_RETRIES = 100
"""How many extra attempts a person may want."""

MOST_REPAIRS = 10
"""How often an answer that does not fit may be asked for again."""

MOST_VOTES = 100
"""How often a label may be asked for."""


@frozen
class Said:
    """What a person said with the shared flags; None is "not said". An `output` of None is stdout,
    however it was called."""

    model: str | None = None
    profile: str | None = None
    base_url: str | None = None
    no_key: bool = False
    temperature: float | None = None
    max_tokens: int | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    param: tuple[str, ...] = ()
    var: tuple[str, ...] = ()
    var_file: tuple[str, ...] = ()
    system: str | None = None
    system_file: str | None = None
    file: tuple[str, ...] = ()
    image: tuple[str, ...] = ()
    image_detail: Literal["low", "high", "auto"] | None = None
    attach: tuple[str, ...] = ()
    no_stdin: bool = False
    invalid: str = "strict"
    max_input: int = 16 << 20
    timeout: float | None = None
    retries: int | None = None
    rpm: int | None = None
    tpm: int | None = None
    max_cost: float | None = None
    max_requests: int | None = None
    output: str | None = None
    no_clobber: bool = False
    json: bool = False
    stream: bool | None = None
    dry_run: bool = False
    allow_truncated: bool = False
    fit: Literal["head", "tail", "middle"] | None = None
    record: str | None = None
    replay: str | None = None
    cache: float | None = None
    fallback: tuple[str, ...] = ()
    show_reasoning: bool = False
    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    color: str = "auto"

    @property
    def to_stdout(self) -> bool:
        """Whether the answer is meant for stdout."""
        return self.output is None and not self.quiet
