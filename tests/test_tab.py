"""What the program answers a shell at a Tab, from outside: in silence, whatever is broken."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from mcli import library, tab
from tests.faults.scenes import as_json
from tests.faults.server import FaultyServer
from tests.program import KEY, Program, Result
from tests.test_at_once import START, modules

LIGHT = {
    "__future__", "errno", "faulthandler", "gc", "zlib",
    "mcli", "mcli.__main__", "mcli.gist", "mcli.homes", "mcli.lists", "mcli.roster",
    "mcli.suggestions", "mcli.tab",
}  # fmt: skip

RECIPE = """\
description: Sort a mail. And more.
inputs:
  team: {required: true, help: Who reads it}
  kind: {type: enum, values: [one, two], default: one}
  loud: {type: boolean, default: false}
  words: {type: list}
messages: [{user: "{{ team }} {{ kind }} {{ loud }} {{ words }} {{ data }}"}]
"""


def offered(mcli: Program, kind: str, *words: str, **more: str) -> list[str]:
    """The words of an answer that nothing else came with."""
    return [line.split("\t")[0] for line in answered(mcli, kind, *words, **more).out.splitlines()]


def answered(mcli: Program, kind: str, *words: str, **more: str) -> Result:
    done = mcli("__complete", kind, *words, **more)
    assert (done.code, done.err) == (0, "")
    return done


def own(mcli: Program, name: str, text: str = RECIPE) -> Path:
    """A recipe of the person's own."""
    folder = mcli.home / ".config" / "mcli" / "recipes"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text)
    return path


def list_models(mcli: Program, server: FaultyServer, *names: str, flags: tuple[str, ...] = ()):
    listed = [{"id": name, "context_length": 4096} for name in names]
    server.play(as_json({"object": "list", "data": listed}))
    done = mcli("models", *flags)
    assert done.code == 0
    return done


def kept(mcli: Program, kind: str = "models") -> list[Path]:
    return [each for each in (mcli.home / ".cache" / "mcli" / kind).rglob("*") if each.is_file()]


# -- profiles


def test_profiles_are_those_of_the_configuration_and_the_built_in(mcli: Program) -> None:
    assert answered(mcli, "profiles").out.splitlines()[0] == "megallm\tai.megallm.io"
    assert offered(mcli, "profiles")[-2:] == ["sandbox", "test"]


@pytest.mark.parametrize(
    "broken", ["profile: [", "nonsense: 1\n", "a: &a [*a]\n", "\x00", "\u0100"]
)
def test_a_broken_configuration_leaves_the_built_in(mcli: Program, broken: str) -> None:
    mcli.configure(broken)

    assert "openai" in offered(mcli, "profiles")
    assert "translate" in offered(mcli, "recipes")
    assert offered(mcli, "models") == []


# -- models


def test_models_are_those_that_the_endpoint_listed_last(
    mcli: Program, server: FaultyServer
) -> None:
    assert offered(mcli, "models", "ask", "-m", "") == ["gpt-4"]

    list_models(mcli, server, "a", "b:free", flags=("--filter", "b"))
    assert answered(mcli, "models", "ask", "-m", "").out.startswith("a\t4,096 tokens\n")
    assert offered(mcli, "models", "ask", "-m", "") == ["a", "b:free", "gpt-4"]

    list_models(mcli, server, "c")
    assert offered(mcli, "models", "ask", "-m", "") == ["c", "gpt-4"]


def test_each_endpoint_has_its_own(mcli: Program, server: FaultyServer) -> None:
    list_models(mcli, server, "a")
    here = ("--base-url", server.base_url)

    assert offered(mcli, "models", "ask", "--profile", "openai", "-m", "") == ["gpt-4o-mini"]
    assert offered(mcli, "models", "ask", "--profile=openai", "-m", "") == ["gpt-4o-mini"]
    assert offered(mcli, "models", "ask", *here, "--profile", "openai", "") == ["a", "gpt-4o-mini"]
    assert offered(mcli, "models", "ask", "", MCLI_PROFILE="openai") == ["gpt-4o-mini"]
    assert offered(mcli, "models", "ask", "--profile", "nobody", "") == []
    assert offered(mcli, "models", "ask", "--base-url", "$URL", "") == []


def test_aliases_and_models_of_the_configuration_are_offered(mcli: Program) -> None:
    mcli.configure("profile: sandbox\naliases: {fast: gpt-4o-mini}\nmodels: {mine: {window: 9}}\n")

    assert offered(mcli, "models", "ask", "") == ["fast", "mine", "sandbox"]


def test_the_list_is_its_owners_alone(mcli: Program, server: FaultyServer) -> None:
    list_models(mcli, server, "a")
    (path,) = kept(mcli)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert KEY not in path.read_text()


def test_a_model_that_repeats_the_key_is_never_kept(mcli: Program, server: FaultyServer) -> None:
    done = list_models(mcli, server, "a", KEY, flags=("-v",))

    assert kept(mcli) == []
    assert "it holds a key" in done.err
    assert offered(mcli, "models", "ask", "") == ["gpt-4"]


def test_a_replay_is_not_what_the_endpoint_says(mcli: Program, server: FaultyServer) -> None:
    recording = str(mcli.home / "recording.jsonl")
    list_models(mcli, server, "a", flags=("--record", recording))
    (path,) = kept(mcli)
    path.unlink()

    assert mcli("models", "--replay", recording).code == 0
    assert kept(mcli) == []


def test_a_list_that_cannot_be_kept_costs_no_answer(mcli: Program, server: FaultyServer) -> None:
    (mcli.home / ".cache").write_text("no folder")

    done = list_models(mcli, server, "a", flags=("-v",))
    assert done.out.startswith("a\t")
    assert "the list of models is not kept" in done.err


def test_without_a_home_nothing_is_kept_or_missed(mcli: Program, server: FaultyServer) -> None:
    here = {"HOME": "", "MCLI_CONFIG": str(mcli.home / ".config" / "mcli" / "config.yaml")}
    server.play(as_json({"object": "list", "data": [{"id": "a"}]}))

    assert mcli("models", **here).out.startswith("a\t")
    assert offered(mcli, "models", "ask", "", **here) == ["gpt-4"]
    assert "megallm" in offered(mcli, "profiles", **here)


@pytest.mark.parametrize("damage", [b"\xff\xfe", b"a", b"a\tb\tc\x1b[2J\n$(x)\ty\n", b"\n" * 99])
def test_a_damaged_list_gives_fewer_offers(
    mcli: Program, server: FaultyServer, damage: bytes
) -> None:
    list_models(mcli, server, "a")
    kept(mcli)[0].write_bytes(damage)

    assert set(offered(mcli, "models", "ask", "")) <= {"a", "gpt-4"}


def test_a_fifo_is_no_list(mcli: Program, server: FaultyServer) -> None:
    list_models(mcli, server, "a")
    (path,) = kept(mcli)
    path.unlink()
    os.mkfifo(path)

    assert offered(mcli, "models", "ask", "") == ["gpt-4"]


# -- recipes and their inputs


def test_recipes_are_the_own_and_the_bundled_with_their_descriptions(mcli: Program) -> None:
    own(mcli, "triage.yaml")
    own(mcli, "bare.yml", "messages: []\n")
    own(mcli, "broken.yaml", "\x00 {[")
    found = dict(line.split("\t") for line in answered(mcli, "recipes").out.splitlines())

    assert found["triage"] == "Sort a mail"
    assert found["bare"] == found["broken"] == "your own"
    assert found["translate"] == "Translate a text"
    assert list(found) == sorted(found)


INPUTS = ["team=", "kind=", "loud=", "words="]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["run", "triage", "-D", ""], INPUTS),
        (["batch", "-m", "gpt-4", "triage", "rows.csv", "-D", "te"], INPUTS),
        (["run", "triage", "-D", "team=x", "-D", "words=y", ""], ["kind=", "loud=", "words="]),
        (["run", "./own.yaml", "-D", ""], INPUTS),
        (["run", '"./own.yaml"', "-D", ""], INPUTS),
        (["run", "~/own.yaml", "-D", ""], INPUTS),
        (["run", "-f", "notes.yaml", "triage", "-D", ""], INPUTS),
        (["run", "-e", "{{ to }} {{ data }}", "-D", ""], ["to="]),
        (["run", "triage", "-D", "kind="], ["kind=one", "kind=two"]),
        (["run", "triage", "-D", "kind=t"], ["kind=one", "kind=two"]),
        (["run", "triage", "-D", "loud="], ["loud=true", "loud=false"]),
        (["run", "triage", "-D", "team="], []),
        (["run", "triage", "-D", "nobody="], []),
        (["summarize", "-D", "style=h"], ["style=bullets", "style=paragraph", "style=headline"]),
        (["run", "nobody", "-D", ""], []),
        (["run", "broken", "-D", ""], []),
        (["run", "-D", ""], []),
        (["run", ""], []),
        ([""], []),
        ([], []),
    ],
)  # fmt: skip
def test_inputs_are_those_of_the_recipe_on_the_line(
    mcli: Program, words: list[str], names: list[str]
) -> None:
    own(mcli, "triage.yaml")
    own(mcli, "broken.yaml", "inputs: {a: 1}\n")
    (mcli.home / "own.yaml").write_text(RECIPE)
    (mcli.home / "notes.yaml").write_text("a: note\n")

    assert offered(mcli, "inputs", *words) == names


def test_an_input_is_told_of(mcli: Program) -> None:
    own(mcli, "triage.yaml")
    told = answered(mcli, "inputs", "run", "triage", "").out.splitlines()

    assert told[:2] == ["team=\tWho reads it (required)", "kind=\tenum"]


# -- all of them


@pytest.mark.parametrize("asked", [[], [""], ["nonsense"], ["--help"], ["profiles", "--", "\x1b"]])
def test_whatever_is_asked_it_ends_in_silence(mcli: Program, asked: list[str]) -> None:
    done = mcli("__complete", *asked)

    assert (done.code, done.err) == (0, "")


def test_a_broken_installation_is_met_in_silence_too(mcli: Program) -> None:
    (mcli.home / "yaml.py").write_text("raise RuntimeError")
    done = mcli("__complete", "profiles", PYTHONPATH=f"{mcli.home}:{mcli.env['PYTHONPATH']}")

    assert (done.code, done.out, done.err) == (0, "", "")


def test_it_asks_nobody_and_shows_no_key(mcli: Program, server: FaultyServer) -> None:
    own(mcli, "triage.yaml")
    told = [answered(mcli, kind, "run", "triage", "") for kind in ("profiles", "models", "inputs")]

    assert server.connections == 0
    assert all(KEY not in done.out for done in told)


def test_hostile_names_are_not_offered(mcli: Program, server: FaultyServer) -> None:
    hostile = ["$(id)", "a b", "a\nb", "a\tb", "it's", "\x1b[2J", "-x", "a;b", "`id`"]
    profile = {"base_url": server.base_url, "key": "none"}
    config = {"profile": "ok", "profiles": dict.fromkeys(["ok", *hostile], profile)}
    mcli.configure(json.dumps(config))
    for name in hostile:
        own(mcli, f"{name}.yaml")
    list_models(mcli, server, "ok", *hostile)

    for kind in ("profiles", "models", "recipes"):
        assert not set(offered(mcli, kind, "run", "")) & {*hostile, "a", "b"}
    assert offered(mcli, "models", "run", "") == ["ok"]


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("words", "more"),
    [
        (["ask", "--profile", "openai", ""], {}),
        (["ask", "-m", ""], {}),
        (["ask", "--profile=ollama", ""], {"MCLI_PROFILE": "openai"}),
        (["ask", "--profile", "nobody", ""], {}),
        (["ask", "--profile=", ""], {}),
        (["ask", ""], {"MCLI_PROFILE": "vllm", "MCLI_MODEL": "mine"}),
        (["ask", ""], {"MCLI_PROFILE": "", "MCLI_MODEL": ""}),
        (["ask", ""], {"MCLI_PROFILE": "nobody"}),
        (["ask", ""], {"MCLI_BASE_URL": "https://api.openai.com/v1"}),
        (["ask", "--base-url", "http://localhost:11434/v1/", ""], {}),
        (["ask", "--base-url", "http://localhost:11434/v1", "--profile", "ollama", ""], {}),
    ],
)
def test_without_a_configuration_the_same_is_offered_as_with_an_empty_one(
    mcli: Program, words: list[str], more: dict[str, str]
) -> None:
    path = mcli.home / ".config" / "mcli" / "config.yaml"
    lists = mcli.home / ".cache" / "mcli" / "models"
    lists.mkdir(parents=True)
    for name in ("https%3a%2f%2fapi.openai.com%2fv1", "http%3a%2f%2flocalhost%3a11434%2fv1"):
        (lists / name).write_text(f"of-{name[-12:-5]}\t4,096 tokens\n".replace("%", "-"))
    said: list[list[str]] = []
    for prepare in (path.unlink, lambda: path.write_text("# nothing\n")):
        prepare()
        kinds = ("models", "profiles", "recipes")
        said.append([answered(mcli, kind, *words, **more).out for kind in kinds])

    assert said[0] == said[1]
    listed = any(name in repr((words, more)) for name in ("openai", "ollama", "11434"))
    assert ("of-" in said[0][0]) == listed


CONFIGURATION = """\
profile: mine
profiles: {mine: {base_url: "http://127.0.0.1:9/v1", model: fast}, other: {base_url: "http://a/v1"}}
aliases: {fast: gpt-4o-mini}
models: {known: {window: 9}}
"""


@pytest.mark.parametrize(
    ("words", "more"),
    [
        (["ask", ""], {}),
        (["ask", "--profile", "other", ""], {"MCLI_MODEL": "fast"}),
        (["ask", "--profile", "openai", ""], {}),
        (["ask", ""], {"MCLI_PROFILE": "other"}),
        (["ask", "--profile", "nobody", ""], {}),
    ],
)
def test_a_configuration_is_read_once(
    mcli: Program, words: list[str], more: dict[str, str]
) -> None:
    mcli.configure(CONFIGURATION)
    first = [answered(mcli, kind, *words, **more).out for kind in ("models", "profiles")]
    (path,) = kept(mcli, "configurations")
    again = [answered(mcli, kind, *words, **more).out for kind in ("models", "profiles")]

    assert again == first
    assert "mine\t127.0.0.1:9\n" in first[1]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_configuration_that_was_read_loads_no_yaml(mcli: Program) -> None:
    idle = modules("-c", "pass", env=mcli.env)
    for kind in ("profiles", "models"):
        answered(mcli, kind, "ask", "")
        found = modules("-c", START, "__complete", kind, "ask", "", env=mcli.env)
        assert found - idle - LIGHT == set()


def test_a_change_of_the_configuration_is_seen_at_once(mcli: Program) -> None:
    path = mcli.configure(CONFIGURATION)
    assert "mine" in offered(mcli, "profiles")
    path.write_text(CONFIGURATION.replace("other", "third"))
    assert "third" in offered(mcli, "profiles")
    path.chmod(0o666)  # which is not believed
    assert "third" not in offered(mcli, "profiles")
    path.chmod(0o600)
    path.write_text("profile: [")
    assert offered(mcli, "models") == []


@pytest.mark.parametrize(
    "damage", [b"\xff\xfe\n", b"", b"\n\n", b"profile\n", b"profile\ta\tb\tc\n"]
)
def test_what_was_kept_of_a_configuration_and_damaged_costs_offers_at_most(
    mcli: Program, damage: bytes
) -> None:
    mcli.configure(CONFIGURATION)
    known = offered(mcli, "profiles")
    (path,) = kept(mcli, "configurations")
    first = path.read_bytes().partition(b"\n")[0]
    for torn in (damage, first + b"\n" + damage):
        path.write_bytes(torn)
        assert {*offered(mcli, "profiles")} <= {*known, "a"}
        answered(mcli, "models", "ask", "")


def test_a_name_that_is_no_line_is_not_kept(mcli: Program) -> None:
    mcli.configure(json.dumps({"aliases": {"a\tb": "c", "ok": "c\nd"}}))

    assert offered(mcli, "models", "ask", "") == ["ok", "gpt-4"]
    assert kept(mcli, "configurations") == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("description: Sort a mail. And more.", "Sort a mail"),
        ("description: 'Sort: a mail.'", "Sort: a mail"),
        ('description: "Sort"  # as it comes', "Sort"),
        ("description: Sort # as it comes", "Sort"),
        ("description: Sort #1 mail", "Sort"),
        ("description: Sort\r", "Sort"),
        ("a: 1\ndescription: Sort\n  a mail", "Sort"),
        ('description: "Sort a\\x20mail"', ""),
        ("description: 'Ann''s'", ""),
        ("description: |\n  Sort", ""),
        ("description: >-\n  Sort", ""),
        ("description: *alias", ""),
        ("  description: Sort", ""),
        ("description:", ""),
        ("", ""),
    ],
)
def test_a_description_is_read_where_it_is_plain(line: str, told: str) -> None:
    assert tab.description(line) == told


@pytest.mark.sweep
@pytest.mark.parametrize("name", library.recipes_in(library.bundled_folder()))
def test_of_a_bundled_recipe_the_same_is_told_as_by_its_yaml(mcli: Program, name: str) -> None:
    (mcli.home / ".config" / "mcli" / "config.yaml").unlink()
    own(mcli, "copy.yaml", (library.bundled_folder() / f"{name}.yaml").read_text())

    told = dict(line.split("\t") for line in answered(mcli, "recipes").out.splitlines())
    assert told["copy"] == told[name] == library.bundled(name).recipe.description.split(". ")[0]
    for last in ("", "style=", "multi="):
        bundled, copied = (
            answered(mcli, "inputs", "run", each, last).out for each in (name, "copy")
        )
        assert bundled == copied


def test_a_bundled_recipe_that_was_edited_is_read_anew(tmp_path: Path) -> None:
    raw = (library.bundled_folder() / "translate.yaml").read_bytes()
    path = tmp_path / "translate.yaml"

    path.write_bytes(raw)
    assert tab.known_inputs("translate", str(path))
    path.write_bytes(raw + b"\n")
    assert tab.known_inputs("translate", str(path)) is None
    assert tab.known_inputs("nobody", str(path)) is None


@pytest.mark.parametrize(
    ("asked", "yaml"),
    [
        (["recipes"], False),
        (["profiles"], False),
        (["models", "ask", "-m", ""], False),
        (["inputs", "run", "translate", "-D", ""], False),
        (["inputs", "summarize", "-D", ""], False),
        (["inputs", "run", "triage", "-D", ""], True),
    ],
    ids=str,
)
def test_only_what_is_ones_own_loads_anything(mcli: Program, asked: list[str], yaml: bool) -> None:
    (mcli.home / ".config" / "mcli" / "config.yaml").unlink()
    own(mcli, "triage.yaml")
    idle = modules("-c", "pass", env=mcli.env)
    found = modules("-c", START, "__complete", *asked, env=mcli.env) - idle

    heavy = {"typer", "rich", "httpx2", "tiktoken", "splintr", "asyncio", "ssl", "sqlite3", "redis"}
    assert {name.partition(".")[0] for name in found} & heavy == set()
    assert ("yaml" in found) == yaml
    assert yaml or found - LIGHT == set()
