"""Mutations of what a shell is offered at a Tab."""

from __future__ import annotations

from .mutation import Mutation

SUGGESTIONS, ROSTER, LISTING, TAB = "suggestions.py", "roster.py", "listing.py", "tab.py"

MUTATIONS = (
    Mutation("offer-what-a-shell-runs", "a name that a shell reads as more than a word is not offered", SUGGESTIONS, "if not _PLAIN.fullmatch(self.word) or not", "if not", ("test_tab.py::test_hostile_names_are_not_offered",)),
    Mutation("tell-in-escape-sequences", "what is told of a word drives no terminal", SUGGESTIONS, 'mark if mark.isprintable() else " "', "mark", ("test_suggestions.py::test_what_is_told_is_short_and_drives_no_terminal",)),
    Mutation("list-for-all-to-read", "the list of models is its owner's alone", ROSTER, "private=True", "private=False", ("test_tab.py::test_the_list_is_its_owners_alone",)),
    Mutation("keep-a-key-among-models", "a key is in no file of ours", LISTING, "if redaction.redact(told) != told:", "if False:", ("test_tab.py::test_a_model_that_repeats_the_key_is_never_kept",)),
    Mutation("complain-at-a-tab", "what is broken writes nothing across the line", "__main__.py", "    except BaseException:  # noqa: BLE001 - it", "    except ZeroDivisionError:  # it", ("test_tab.py::test_a_broken_installation_is_met_in_silence_too",)),
    Mutation("no-profile-where-the-file-is-broken", "a broken configuration leaves what is built in", TAB, "return Config(profiles=profiles.BUILT_IN)", "raise", ("test_tab.py::test_a_broken_configuration_leaves_the_built_in",)),
)  # fmt: skip
