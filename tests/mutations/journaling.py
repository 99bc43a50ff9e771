"""Mutations of a batch's journal: its lines, its end, its lock and what is on the disk."""

from __future__ import annotations

from .mutation import Mutation

FILE, WRITER, SCAN, LINE = (
    "journal_file.py",
    "journal_writer.py",
    "journal_scan.py",
    "journal_line.py",
)
KEPT, SCANNED, KEYS = "test_journal.py::", "test_journal_scan.py::", "test_key_index.py::"
BELOW = KEPT + "TestBelow::"

MUTATIONS = (
    Mutation("no-lock-of-a-journal", "one process at a time writes a journal", FILE, "locks.take(descriptor)", "pass", (KEPT + "TestWhatIsRefused::test_a_journal_that_another_process_has",)),
    Mutation("a-link-to-a-journal", "no link is followed to a journal", FILE, " | system.NOFOLLOW", "", (KEPT + "TestWhatIsRefused::test_a_link_that_came_meanwhile",)),
    Mutation("told-before-the-disk", "an answer is on the disk before it is shown", WRITER, "        await done\n", "", (BELOW + "test_what_was_kept_survives_a_power_cut_at_any_moment",)),
    Mutation("no-sync-of-a-journal", "a kept answer survives a power cut", WRITER, 'system.sync_data(descriptor)', "pass", (BELOW + "test_what_was_kept_survives_a_power_cut_at_any_moment",)),
    Mutation("sync-once-more", "a failed sync is never taken back by the next", WRITER, "lost = [*group, *self._waiting]\n            self._under_way, self._waiting = [], []", "lost = [*group, *self._waiting]", (KEPT + "TestAWriteThatFails::test_a_sync_that_failed_is_not_tried_again",)),
    Mutation("a-sync-for-each", "answers that come together share a sync", WRITER, "group = self._under_way = self._waiting\n            self._waiting = []", "group = self._under_way = self._waiting[:1]\n            self._waiting = self._waiting[1:]", (KEPT + "TestOnTheDisk::test_many_at_once_share_a_sync",)),
    Mutation("a-paid-answer-lost", "an answer that the journal does not take is kept elsewhere", WRITER, "            self._save(line, failure)\n            raise\n", "            raise\n", (KEPT + "TestAWriteThatFails::test_the_answer_is_in_tmpdir_and_can_be_added",)),
    Mutation("on-a-torn-end", "what was torn never swallows the next line", SCAN, 'broken = b"\\n" if tail else b""', 'broken = b""', (SCANNED + "test_a_torn_end_is_healed_again_and_again",)),
    Mutation("any-torn-mark", "what says that lines are torn hides no line", SCAN, "if self._torn and self._torn.at != start:", "if False:", (SCANNED + "test_what_says_that_lines_are_torn_hides_no_line",)),
    Mutation("two-lines-are-torn", "damage before the last line is noticed", SCAN, "if journal_line.holds_another(told):", "if False:", (SCANNED + "test_a_changed_byte_is_noticed_and_only_the_last_line_can_be_torn",)),
    Mutation("a-checksum-unchecked", "damage is noticed", LINE, 'raw[8:9] != b" " or raw[:8] != b"%08x" % crc32(memoryview(raw)[9:])', 'raw[8:9] != b" "', (SCANNED + "test_a_changed_byte_is_noticed_and_only_the_last_line_can_be_torn",)),
    Mutation("a-key-in-a-journal", "a key is in no journal", LINE, "return redaction.redact(value)", "return value", (SCANNED + "test_a_journal_has_no_key_but_where_the_model_said_it",)),
    Mutation("an-answer-asked-again", "what was answered stays so, whatever came later", "key_index.py", " WHERE state IS NOT {DONE} OR excluded.state = {DONE}", "", (KEYS + "TestIndex::test_the_last_line_counts_but_an_answer_stays",)),
    Mutation("by-its-place", "a record is known by what it brings, not by where it stands", "record_key.py", "[fields, record.data, record.id],", "[fields, record.data, record.id, record.n],", (KEYS + "TestDigest::test_where_a_record_stands_makes_no_difference",)),
)  # fmt: skip
