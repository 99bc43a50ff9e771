"""Mutations of what is guarded: the key, the terminal, the machine."""

from __future__ import annotations

from .mutation import Mutation, by_library, row

CLIENT, AROUND, KEYS, TEMPLATE, OUTPUT = (
    "api/client.py",
    "api/surroundings.py",
    "keys.py",
    "template.py",
    "output.py",
)
BAD_URLS = ("test_profiles.py::test_what_is_no_base_url",)

KEY = (
    Mutation("follow-redirects", "the key goes to its host and nowhere else", CLIENT, "follow_redirects=False", "follow_redirects=True", (by_library("N-55-file"),)),
    Mutation("a-redirect-is-an-error-like-any", "a redirect is a matter of configuration", "api/verdicts.py", "if 300 <= status < 400:", "if False:", (row("N-54-302"),)),
    Mutation("a-proxy-for-this-machine", "no proxy sees what goes to this machine", AROUND, "keys.is_loopback(base_url) or not any", "not any", ("test_cli.py::test_no_proxy_stands_between_a_machine_and_itself",)),
    Mutation("trust-anybody", "TLS checks cannot be switched off", "api/authorities.py", "    context.load_verify_locations(file, folder)\n", "    context.check_hostname = False\n    context.verify_mode = ssl.CERT_NONE\n", (row("N-70"),)),
    Mutation("trust-nobody-s-authority", "SSL_CERT_FILE is honoured", AROUND, "return authorities.of_files(file, folder)", "return authorities.of_machine()", (row("N-70-good"),)),
    Mutation("any-host-is-the-host", "a key belongs to its host", KEYS, 'parts.hostname or "",', '"",', ("test_keys.py::test_another_host_without_a_key_is_a_matter_of_configuration",)),
    Mutation("any-scheme-is-the-scheme", "a key for https is not for http", KEYS, "        parts.scheme,\n", '        "",\n', ("test_keys.py::test_another_host_without_a_key_is_a_matter_of_configuration",)),
    Mutation("localhost-of-somebody", "`localhost.example.com` is not this machine", KEYS, 'host.endswith(".localhost")', 'host.startswith("localhost")', ("test_keys.py::test_this_machine_itself",)),
    Mutation("a-key-in-the-open", "no key over plain http to another machine", KEYS, "not (allow_http or is_loopback(base_url))", "False", (row("N-74"),)),
    Mutation("a-key-of-any-characters", "what cannot be a key is not sent", KEYS, 'if not key.isascii() or not key.isprintable() or set(key) & _NEVER_IN_A_KEY:', "if False:", ("test_keys.py::test_what_no_key_looks_like_is_refused_without_being_shown",)),
    Mutation("forget-the-key", "the key appears in no output", KEYS, "redaction.remember(key)", "pass", (row("N-58-echo"),)),
    Mutation("show-the-key-in-an-envelope", "the key appears in no output", OUTPUT, 'redaction.excerpt(told["message"])', 'told["message"]', ("test_cli.py::TestKeys::test_a_refusal_that_echoes_the_key",)),
    Mutation("show-a-proxy-s-password", "a proxy's password appears in no output", AROUND, "            redaction.remember(user)\n", "", (row("N-72-secret"), "api/test_client.py::test_what_a_proxy_variable_holds_is_not_told")),
    Mutation("tell-the-whole-url", "a message has the host and no query", CLIENT, "Watch(urlsplit(call.url).netloc,", "Watch(call.url,", ("api/test_client.py::test_a_failure_names_the_host_and_no_query",)),
    Mutation("a-password-in-the-url", "the base URL holds no password", "profiles.py", "parts.username is not None or parts.password is not None", "False", BAD_URLS),
    Mutation("a-key-in-the-url", "the base URL holds no key", "profiles.py", "if any(_SECRET_NAME.search(name)", "if any(False", BAD_URLS),
    Mutation("a-built-in-key-moves-along", "a built-in key belongs to the built-in host", "profiles.py", "base_url=base_url, key=None)", "base_url=base_url)", ("test_profiles.py::test_a_built_in_key_does_not_move_to_another_host",)),
    Mutation("repeat-a-pasted-key", "a key in the place of a variable is not repeated", "profiles.py", '"env names a variable, and this is', 'f"env names a variable, and {word} is', ("test_profiles.py::test_a_key_that_was_pasted_into_the_configuration_is_not_shown",)),
)  # fmt: skip

TERMINAL = (
    Mutation("show-what-drives-terminals", "a model cannot drive the terminal", OUTPUT, "content = redaction.visible(content)", "pass", ("test_output.py::test_a_model_cannot_drive_the_terminal",)),
    Mutation("show-a-table-as-it-is", "a list of models cannot drive the terminal", OUTPUT, "tuple(redaction.visible(cell) for cell in row)", "row", ("test_output.py::test_a_table_cannot_drive_the_terminal",)),
    Mutation("print-through-markup", "a name in brackets is no markup", "pretty.py", "Text(cell) for cell in row", "cell for cell in row", ("test_output.py::test_a_table_cannot_drive_the_terminal",)),
    Mutation("mask-in-a-pipe", "a pipe gets the model's bytes", OUTPUT, "    if os.isatty(STDOUT):\n        content", "    if True:\n        content", ("test_output.py::test_a_pipe_gets_the_model_s_bytes",)),
    Mutation("an-excerpt-of-any-length", "a message is short, whatever a server says", "redaction.py", "LONGEST_EXCERPT = 300", "LONGEST_EXCERPT = 99999", (row("N-56-loud"),)),
    Mutation("see-nothing-unsafe", "a message cannot drive the terminal", "redaction.py", "return UNSAFE.sub(", "return text or UNSAFE.sub(", ("test_redaction.py::test_what_is_shown",)),
    Mutation("tell-a-bug-s-text", "an internal error tells no secrets", "ending.py", "internal error: {type(error).__name__}", "internal error: {error!r}", ("test_cli.py::test_an_internal_error_is_70_and_tells_no_secrets",)),
)  # fmt: skip

MACHINE = (
    Mutation("any-filter", "a template has the filters of the list", TEMPLATE, "if text not in FILTERS:", "if False:", ("test_template.py::test_what_makes_much_out_of_little_is_refused",)),
    Mutation("any-call", "a template calls nothing", TEMPLATE, "if not filtering and _is_value(before):", "if False:", ("test_template.py::test_what_makes_much_out_of_little_is_refused",)),
    Mutation("any-tag", "a template has the tags of the list", TEMPLATE, "if text not in TAGS:", "if False:", ("test_template.py::test_what_makes_much_out_of_little_is_refused",)),
    Mutation("any-attribute", "a template reaches into nothing", TEMPLATE, 'if before != ("name", "loop"):', "if False:", ("test_template.py::test_no_python_object_is_behind_a_value",)),
    Mutation("any-alias", "a recipe has no anchors and aliases", "documents.py", 'isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None)', "False", ("test_documents.py::test_what_a_plain_document_does_not_have",)),
    Mutation("any-yaml-tag", "a recipe has no tags", "documents.py", 'if getattr(event, "tag", None):', "if False:", ("test_documents.py::test_what_a_plain_document_does_not_have",)),
    Mutation("values-are-templates", "data is inserted once and never read as a template", TEMPLATE, "        return environment.render_str(source)", "        return environment.render_str(environment.render_str(source))", ("test_inputs.py::test_values_are_never_expanded",)),
    Mutation("any-bundled-name", "a person's own recipe shadows only for `run`", "plan.py", "if job.bundled:\n        return", "if False:\n        return", ("test_cli.py::test_a_person_s_own_recipe_shadows_only_for_run",)),
)  # fmt: skip

MUTATIONS = (*KEY, *TERMINAL, *MACHINE)
