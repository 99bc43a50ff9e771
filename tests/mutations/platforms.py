"""Mutations of what is done on other operating systems."""

from __future__ import annotations

from .mutation import Mutation

LOCKS, SYSTEM = "platforms/test_locks.py::", "platforms/test_system.py::"
STARTED = "platforms/test_systems.py::"

MUTATIONS = (
    Mutation("a-module-of-unix", "nothing that Windows lacks is imported at the start", "keys.py", "import ipaddress\n", "import ipaddress\nimport resource  # noqa\n", (STARTED + "test_every_module_can_be_imported",)),
    Mutation("a-lock-where-bytes-are", "on Windows a lock keeps nobody from reading", "locks.py", "_FAR = 1 << 30", "_FAR = 0", (LOCKS + "test_the_byte_is_one_that_nobody_reads_and_the_place_stays",)),
    Mutation("wait-for-a-lock-for-ever", "on Windows nobody waits for a lock beyond his time", "locks.py", "until is not None and time.monotonic() >= until", "True", (LOCKS + "test_who_waits_gets_it_when_it_is_free",)),
    Mutation("a-place-that-moves", "to look at a file moves nobody's place in it", "system.py", "        os.lseek(descriptor, stood, os.SEEK_SET)", "        pass", (SYSTEM + "test_reading_at_a_place_without_pread",)),
    Mutation("renamed-while-open", "on Windows a file is closed before it gets its name", "system.py", "    if WINDOWS:\n        close()", "    pass", (STARTED + "TestOnEach::test_it_asks_and_writes",)),
    Mutation("lines-of-two-bytes", "on Windows a line break stays one byte", "journal_file.py", "system.NOCTTY | system.BINARY", "system.NOCTTY", (STARTED + "TestOnEach::test_a_batch_with_a_journal",)),
)  # fmt: skip
