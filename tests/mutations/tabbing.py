"""Mutations of what a shell is offered at a Tab."""

from __future__ import annotations

from .mutation import Mutation

SUGGESTIONS, LISTING, TAB = "suggestions.py", "listing.py", "tab.py"
LISTS, CONFIGURATION, GIST = "lists.py", "tab_configuration.py", "gist.py"

MUTATIONS = (
    Mutation("offer-what-a-shell-runs", "a name that a shell reads as more than a word is not offered", SUGGESTIONS, "and all(mark.isalnum() or mark in _PLAIN for mark in part)", "", ("test_tab.py::test_hostile_names_are_not_offered",)),
    Mutation("tell-in-escape-sequences", "what is told of a word drives no terminal", SUGGESTIONS, 'mark if mark.isprintable() else " "', "mark", ("test_suggestions.py::test_what_is_told_is_short_and_drives_no_terminal",)),
    Mutation("list-for-all-to-read", "the list of models is its owner's alone", LISTS, "private=True", "private=False", ("test_tab.py::test_the_list_is_its_owners_alone",)),
    Mutation("keep-a-key-among-models", "a key is in no file of ours", LISTING, "if redaction.redact(told) != told:", "if False:", ("test_tab.py::test_a_model_that_repeats_the_key_is_never_kept",)),
    Mutation("complain-at-a-tab", "what is broken writes nothing across the line", "__main__.py", "    except BaseException:  # noqa: BLE001 - it", "    except ZeroDivisionError:  # it", ("test_tab.py::test_a_broken_installation_is_met_in_silence_too",)),
    Mutation("no-profile-where-the-file-is-broken", "a broken configuration leaves what is built in", CONFIGURATION, "_config(environ) or Config(profiles=endpoints.BUILT_IN)", "_config(environ) or Config()", ("test_tab.py::test_a_broken_configuration_leaves_the_built_in",)),
    Mutation("inputs-of-another-text", "a bundled recipe that was edited is completed as it is now", TAB, "told[0] == [crc]", "told[0]", ("test_tab.py::test_a_bundled_recipe_that_was_edited_is_read_anew",)),
    Mutation("forget-the-environment-at-a-tab", "models are those of the profile in force", TAB, 'environ.get("MCLI_PROFILE") or usual', "usual", ("test_tab.py::test_without_a_configuration_the_same_is_offered_as_with_an_empty_one",)),
    Mutation("an-old-configuration-at-a-tab", "a change of the configuration is seen at once", GIST, "first == stamp(environ)", "True", ("test_tab.py::test_a_change_of_the_configuration_is_seen_at_once",)),
    Mutation("list-of-a-fifo", "a Tab waits for no FIFO", LISTS, '"O_NONBLOCK", ', "", ("test_tab.py::test_a_fifo_is_no_list",)),
)  # fmt: skip
