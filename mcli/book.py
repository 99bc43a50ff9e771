"""SHELL: what is written down of records, and what earlier runs wrote: the journal, if any.

Without it nothing is known of any record, and nothing is kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mcli import envelope, output, record_key
from mcli.blueprint import Blueprint
from mcli.each import Envelope
from mcli.errors import Failure, TryAgain
from mcli.order import Doubt
from mcli.record import Record
from mcli.shapes import as_dict

if TYPE_CHECKING:
    from mcli.journal import Journal
    from mcli.purse import Purse


class Book:
    """The records of one run. `doubted` are the places of those of which a crash left open whether
    they were answered."""

    def __init__(self, journal: Journal | None, doubt: Doubt, retry_failed: bool) -> None:
        self._journal = journal
        self._doubt = doubt
        self._retry_failed = retry_failed
        self.doubted: list[str] = []

    def charge(self, purse: Purse) -> None:
        """Take what earlier runs spent from the purse of this one."""
        if self._journal is not None:
            spent = self._journal.spent
            purse.already(spent.usd, spent.attempts)

    def key(self, record: Record) -> str:
        """What the record is called here; to be asked once for each, in the order of the input."""
        if self._journal is None or record.failure is not None:
            return ""
        digest = record_key.digest(record)
        return record_key.key(digest, self._journal.index.occurrence(digest))

    def find(self, key: str, record: Record) -> Envelope | None:
        """What became of it in an earlier run; None if it is to be asked now."""
        known = self._journal.find(key) if self._journal is not None and key else None
        if known is None or self._journal is None:
            return None
        if known.state == "doubt":
            if len(self.doubted) < MOST_TOLD:
                self.doubted.append(record.place)
            return _in_doubt(record) if self._doubt == "skip" else None
        if known.state == "failed" and (known.retryable or self._retry_failed):
            return None
        return self._journal.read(known.offset)

    def begin(self, key: str, record: Record) -> None:
        """It is about to be asked. Raises WriteFailure, and then it must not be."""
        if self._journal is not None and key:
            self._journal.begin(key, record.n)

    async def keep(self, key: str, record: Record, told: Envelope) -> None:
        """What became of it, durable when this returns. Raises WriteFailure."""
        if self._journal is not None and key:
            await self._journal.keep(key, record.n, told)

    async def leave(self, key: str, record: Record, failure: Failure) -> None:
        """The run ended before it had an outcome of its own: the next one asks for it again."""
        told = output.without_secrets(envelope.of_failure(failure))
        told["error"]["retryable"] = True
        await self.keep(key, record, told)


MOST_TOLD = 20


def facts(blueprint: Blueprint) -> Mapping[str, str]:
    """What all requests of a run have in common, by the names that a person gives them."""
    chosen, found, said = blueprint.settings, blueprint.recipe, blueprint.said
    turns = [(turn.role, turn.template, turn.plain, turn.images) for turn in found.turns]
    examples = [(each.data, each.answer, dict(each.values)) for each in found.examples]
    material = blueprint.material
    return {
        "recipe": _hash(turns, examples, as_dict(found.output), list(map(as_dict, found.tools)),
                        found.data, found.fit),
        "model": chosen.model or "",
        "host": urlsplit(chosen.base_url).hostname or "",
        "parameters": json.dumps(dict(chosen.params), sort_keys=True, ensure_ascii=False),
        "variables": _hash(dict(blueprint.job.variables)),
        "system message": _hash(material.system) if material.system else "",
        "attachments": _hash(material.parts) if material.parts else "",
        "--input": blueprint.data_field or "",
        "--fit": said.fit or "",
        "--fallback": ", ".join(chosen.fallbacks),
        "--allow-truncated": "yes" if said.allow_truncated else "",
    }  # fmt: skip


def _hash(*told: Any) -> str:
    text = json.dumps(told, sort_keys=True, default=str)
    return f"sha256:{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _in_doubt(record: Record) -> Envelope:
    """Of a record that is left alone, since it may have been paid for (`--in-doubt skip`)."""
    failure = TryAgain(
        "in_doubt",
        "a crash left open whether it was answered",
        "--in-doubt retry asks again, and may pay twice",
        charged="maybe",
    )
    told = envelope.of_failure(failure)
    told["error"]["retryable"] = False
    return told
