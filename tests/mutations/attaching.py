"""Mutations of what is attached to a request, and of the tools that it offers."""

from __future__ import annotations

from .mutation import Mutation

ATTACHED = "test_attaching.py::"
REFUSED = (f"{ATTACHED}test_what_cannot_be_sent_is_refused_before_it_is",)

IMAGES = (
    Mutation("an-image-by-its-name", "a file is what its content says", "attaching.py", "if kind not in media.IMAGES and", "if False and", REFUSED),
    Mutation("a-record-s-image-is-a-file", "a record of a batch brings an image in a data URL", "attaching.py", '    if name.startswith("data:"):', "    if False:", ("test_batch_recipes.py::test_a_record_brings_an_image_in_a_data_url",)),
    Mutation("hand-a-password-on", "an address with a password is not sent", "attaching.py", "    if secret:", "    if False:", REFUSED),
    Mutation("swallow-the-loop-s-list", "beside an image only a named stdin is data", "plan.py", " or filling.attaches(found, said)", "", (f"{ATTACHED}test_an_image_alone_is_enough",)),
    Mutation("images-for-nothing", "--max-cost holds for images too", "prompt_size.py", "return most if known.window is None else min(most, known.window)", "return 0", (f"{ATTACHED}TestCounting::test_an_image_is_paid_for",)),
)  # fmt: skip

COMMANDS = "test_tools.py::TestCommands::"

TOOLS = (
    Mutation("run-what-nobody-allowed", "a command runs only with --allow-tool", "toolwork.py", "if command and call.name not in box.commands:", "if False:", (f"{COMMANDS}test_without_permission_nothing_runs",)),
    Mutation("a-tool-with-all-variables", "a command sees no key", "toolrun.py", 'if name in INHERITED or name.startswith("LC_")', "if True", (f"{COMMANDS}test_it_sees_no_key",)),
    Mutation("run-a-link-out", "a command's files lie below its recipe", "toolbox.py", "if os.path.commonpath((folder, target)) != folder:", "if False:", ("test_tools.py::TestFiles::test_they_lie_below_the_recipe",)),
    Mutation("run-an-ill-formed-call", "arguments are checked before a command sees them", "toolset.py", 'return f"the arguments do not fit: {wrong}" if wrong else ""', 'return ""', ("test_tools.py::TestCalls::test_a_wrong_call_is_asked_for_once_more",)),
    Mutation("leave-a-command-behind", "Ctrl-C ends the commands too", "offspring.py", "for group in tuple(groups):", "for group in ():", (f"{COMMANDS}test_a_signal_ends_it_too",)),
    Mutation("calls-without-end", "--max-steps holds", "toolwork.py", "if rounds >= box.most_steps:", "if rounds > box.most_steps:", (f"{COMMANDS}test_rounds_end",)),
)  # fmt: skip

MUTATIONS = (*IMAGES, *TOOLS)
