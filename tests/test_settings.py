"""Flag, then recipe, then environment, then profile, then default; and where each came from."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from mcli import documents, recipe_document, settings
from mcli.errors import ConfigFailure, UsageFailure
from mcli.keys import NO_KEY, KeySource
from mcli.recipe import Recipe
from mcli.said import Said
from mcli.settings import Settings

CONFIG = """
profile: mine
aliases: {fast: gpt-4o-mini}
profiles:
  bare: {base_url: https://mine.test/v1, key: {env: MINE_KEY}}
  mine:
    base_url: https://mine.test/v1
    key: {env: MINE_KEY}
"""
FULL = f"""{CONFIG}
    model: profile-model
    timeout: 40s
    retries: 4
    temperature: 0.4
    max_tokens: 40
    top_p: 0.4
    stop: [d]
    seed: 4
"""
RECIPE_PARAMS = "temperature: 0.2, max_tokens: 20, top_p: 0.2, stop: [b], seed: 2"


@pytest.fixture
def load(tmp_path: Path) -> Any:
    """The settings for what was said, the environment, a recipe and a configuration."""

    def run(
        said: Said | None = None,
        env: dict[str, str] | None = None,
        source: str = "",
        config: str = CONFIG,
    ) -> Settings:
        path = tmp_path / "config.yaml"
        path.write_text(config)
        environ = {"HOME": str(tmp_path), "MCLI_CONFIG": str(path), **(env or {})}
        return settings.load(said or Said(), environ, written(source) if source else None)

    return run


def written(source: str) -> Recipe:
    text = source + '\nmessages: [{user: "{{ data }}"}]\n'
    return recipe_document.read(documents.parse(text.encode(), "r.yaml"), "r")


WAYS = ("flag", "recipe", "environment", "profile")

MODEL = {
    "flag": "flag-model",
    "recipe": "recipe-model",
    "environment": "env-model",
    "profile": "profile-model",
}
MODEL_ORIGIN = {
    "flag": "--model",
    "recipe": "recipe",
    "environment": "MCLI_MODEL",
    "profile": "profile",
}


@pytest.mark.parametrize("given", list(product([True, False], repeat=4)))
def test_the_model_over_every_mix_of_sources(load: Any, given: tuple[bool, ...]) -> None:
    there = [way for way, is_there in zip(WAYS, given, strict=True) if is_there]
    found = load(
        Said(model=MODEL["flag"] if "flag" in there else None),
        {"MCLI_MODEL": MODEL["environment"]} if "environment" in there else {},
        f"model: {MODEL['recipe']}" if "recipe" in there else "description: none",
        FULL if "profile" in there else CONFIG,
    )
    assert found.model == (MODEL[there[0]] if there else None)
    assert found.origins.get("model") == (MODEL_ORIGIN[there[0]] if there else None)


TABLE = [
    ("timeout_s", "timeout", Said(timeout=10.0), {"MCLI_TIMEOUT": "30"}, (10, 30, 40, 600)),
    ("retries", "retries", Said(retries=1), {"MCLI_RETRIES": "3"}, (1, 3, 4, 3)),
    ("profile", "profile", Said(profile="bare"), {"MCLI_PROFILE": "sandbox"},
     ("bare", "sandbox", "mine", "megallm")),
    ("base_url", "base_url", Said(base_url="https://mine.test/a"),
     {"MCLI_BASE_URL": "https://mine.test/b"},
     ("https://mine.test/a", "https://mine.test/b", "https://mine.test/v1",
      "https://ai.megallm.io/v1")),
]  # fmt: skip


@pytest.mark.parametrize(("field", "name", "said", "env", "expected"), TABLE)
def test_a_setting_that_no_recipe_has(
    load: Any, field: str, name: str, said: Said, env: dict[str, str], expected: tuple[Any, ...]
) -> None:
    (variable,) = env
    rows = [
        load(said, env, config=FULL),
        load(None, env, config=FULL),
        load(None, {variable: ""}, config=FULL),
        load(None, {}, config=""),
    ]
    assert [getattr(row, field) for row in rows] == list(expected)
    assert rows[0].origins[name] == f"--{name.replace('_', '-')}"
    assert rows[1].origins[name] == variable
    assert len({row.origins[name] for row in rows[:3]}) == 3


@pytest.mark.parametrize("name", ["rpm", "tpm"])
def test_a_limit_of_a_flag_a_variable_or_a_profile(load: Any, name: str) -> None:
    config = FULL + "    limits: {rpm: 3, tpm: 3, concurrency: 9}\n"
    env = {f"MCLI_{name.upper()}": "2"}
    said = Said(rpm=1) if name == "rpm" else Said(tpm=1)
    rows = [load(said, env, config=config), load(None, env, config=config), load(config=config)]
    other = load(Said(base_url="http://127.0.0.1:9", no_key=True), config=config)

    assert [getattr(row.limits, name) for row in (*rows, other, load())] == [1, 2, 3, None, None]
    assert [row.origins[name] for row in rows] == [f"--{name}", f"MCLI_{name.upper()}", "profile"]
    assert rows[0].limits.concurrency == 9
    for word in ("0", "-1", "1.5", "many", "9" * 30):
        with pytest.raises(ConfigFailure, match=f"MCLI_{name.upper()}"):
            load(None, {f"MCLI_{name.upper()}": word})


@pytest.mark.parametrize(
    ("text", "slip"),
    [
        ("limits: {store: 'http://x'}", "no URL"),
        ("limits: {store: 'redis://:hidden-word@'}", "no URL"),
        ("limits: {}", "needs store"),
        ("limits: {rpm: 3}", "rpm"),
        ("profiles: {x: {base_url: 'https://x.test', limits: {rpm: 0}}}", "from 1"),
        ("profiles: {x: {base_url: 'https://x.test', limits: {rps: 1}}}", "rps"),
    ],
)
def test_limits_that_are_none(load: Any, text: str, slip: str) -> None:
    with pytest.raises(ConfigFailure, match=slip) as caught:
        load(config=text + "\n")
    assert "hidden-word" not in str(caught.value)


PARAMS = [
    ("temperature", Said(temperature=0.0), 0.0, 0.2, 0.4),
    ("max_tokens", Said(max_tokens=10), 10, 20, 40),
    ("top_p", Said(top_p=0.1), 0.1, 0.2, 0.4),
    ("stop", Said(stop=("a",)), "a", ["b"], ["d"]),
    ("seed", Said(seed=0), 0, 2, 4),
]


@pytest.mark.parametrize(("name", "said", "flag", "recipes", "profiles"), PARAMS)
def test_a_request_field(
    load: Any, name: str, said: Said, flag: Any, recipes: Any, profiles: Any
) -> None:
    source = f"params: {{{RECIPE_PARAMS}}}"
    by_flag, by_recipe = load(said, {}, source, FULL), load(None, {}, source, FULL)
    by_profile, by_nobody = load(None, {}, "description: x", FULL), load()
    assert by_flag.params[name] == flag
    assert (by_flag.origins[name], name in by_flag.soft) == ("flag", False)
    assert by_recipe.params[name] == recipes
    assert (by_recipe.origins[name], name in by_recipe.soft) == ("recipe", True)
    assert by_profile.params[name] == profiles
    assert (by_profile.origins[name], name in by_profile.soft) == ("profile", False)
    assert name not in by_nobody.params


def test_a_free_parameter_is_over_everything(load: Any) -> None:
    pairs = ("temperature=0.9", "top_k=40", "reasoning_effort=low", "a=b=c", 'x={"y": 1}', "e=")
    found = load(Said(temperature=0.1, param=pairs), {}, "params: {temperature: 0.2}", FULL)
    assert found.params["temperature"] == 0.9
    assert found.params["top_k"] == 40
    assert (found.params["reasoning_effort"], found.params["a"]) == ("low", "b=c")
    assert (found.params["x"], found.params["e"]) == ({"y": 1}, "")
    assert "temperature" not in found.soft


@pytest.mark.parametrize(
    "pair", ["", "x", "=5", "model=x", "messages=[]", "stream=true", "stream_options={}", "n=0"]
)
def test_a_free_parameter_that_is_none(load: Any, pair: str) -> None:
    with pytest.raises(UsageFailure):
        load(Said(param=(pair,)))


def test_several_stops_are_a_list(load: Any) -> None:
    assert load(Said(stop=("a", "b"))).params["stop"] == ["a", "b"]


def test_an_alias_is_the_model_it_stands_for(load: Any) -> None:
    assert load(Said(model="fast")).model == "gpt-4o-mini"
    assert load(None, {"MCLI_MODEL": "fast"}).model == "gpt-4o-mini"
    assert load(Said(model="slow")).model == "slow"


@pytest.mark.parametrize("blank", ["model:", "model: ''"])
def test_a_recipe_whose_model_is_blank_names_none(load: Any, blank: str) -> None:
    try:
        assert load(None, {"MCLI_MODEL": "env-model"}, blank).model == "env-model"
    except ConfigFailure:
        pass  # refusing the recipe is as good


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ("MCLI_TIMEOUT", ["soon", "0", "-1", "1e9", "nan", "9" * 5000]),
        ("MCLI_RETRIES", ["many", "-1", "1.5", "101", "٣", "9" * 5000]),
        ("MCLI_BASE_URL", ["mine.test", "ftp://mine.test", "https://u:p@mine.test"]),
        ("MCLI_PROFILE", ["mien", "none"]),
        ("MCLI_NO_KEY", ["maybe", "2"]),
        ("MCLI_NO_STDIN", ["maybe", "-1"]),
    ],
)
def test_a_variable_that_is_not_valid_is_named(load: Any, variable: str, words: list[str]) -> None:
    for word in words:
        with pytest.raises(ConfigFailure) as caught:
            load(None, {variable: word})
        assert variable in caught.value.message or "profile" in caught.value.message
        assert caught.value.exit_code == 78


def test_every_empty_variable_is_unset(load: Any) -> None:
    names = set(settings.VARIABLES) - {"MCLI_CONFIG"}
    assert load(None, dict.fromkeys(names, "")) == load()


@pytest.mark.parametrize(
    ("word", "value"), [("1", True), ("true", True), ("YES", True), ("0", False), ("off", False)]
)
def test_a_yes_or_no_variable(load: Any, word: str, value: bool) -> None:
    found = load(None, {"MCLI_NO_STDIN": word, "MCLI_NO_KEY": word})
    assert found.no_stdin is value
    assert (found.key == NO_KEY) is value


def test_a_bad_base_url_of_the_command_line_is_a_usage_error(load: Any) -> None:
    with pytest.raises(UsageFailure, match="--base-url"):
        load(Said(base_url="mine.test"))


def test_a_profile_that_does_not_exist_is_corrected(load: Any) -> None:
    with pytest.raises(ConfigFailure, match="mien") as caught:
        load(Said(profile="mien"))
    assert caught.value.hint == 'did you mean "mine"?'


@pytest.mark.parametrize(
    ("said", "given"),
    [(Said(), False), (Said(timeout=5.0), True)],
)
def test_whether_a_person_set_the_timeout(load: Any, said: Said, given: bool) -> None:
    assert load(said).timeout_given is given


MINE = KeySource("environment", "MINE_KEY")


@pytest.mark.parametrize(
    ("said", "env", "key"),
    [
        (Said(), {}, MINE),
        (Said(base_url="https://mine.test/v2"), {}, MINE),
        (Said(base_url="http://127.0.0.1:9/v1"), {}, NO_KEY),
        (Said(base_url="https://api.openai.com"), {}, KeySource("environment", "OPENAI_API_KEY")),
        (Said(base_url="https://new.test"), {"MCLI_API_KEY": "k"},
         KeySource("environment", "MCLI_API_KEY")),
        (Said(base_url="https://new.test", no_key=True), {}, NO_KEY),
        (Said(base_url="https://new.test"), {"MCLI_NO_KEY": "1"}, NO_KEY),
        (Said(profile="ollama"), {}, NO_KEY),
    ],
)  # fmt: skip
def test_which_key_is_used(load: Any, said: Said, env: dict[str, str], key: KeySource) -> None:
    assert load(said, env).key == key


@pytest.mark.parametrize(
    ("said", "env", "origin"),
    [
        (Said(), {}, "environment MINE_KEY"),
        (Said(), {"MCLI_API_KEY": "k"}, "environment MCLI_API_KEY"),
        (Said(no_key=True), {}, "--no-key"),
        (Said(), {"MCLI_NO_KEY": "1"}, "MCLI_NO_KEY"),
        (Said(profile="ollama"), {}, "none"),
    ],
)
def test_where_the_key_came_from(load: Any, said: Said, env: dict[str, str], origin: str) -> None:
    assert load(said, env).origins["key"] == origin


@pytest.mark.parametrize(
    ("said", "env"),
    [
        (Said(base_url="https://new.test/v1"), {}),
        (Said(), {"MCLI_BASE_URL": "https://new.test/v1"}),
        (Said(base_url="http://mine.test/v1"), {}),
        (Said(base_url="https://mine.test:444/v1"), {}),
    ],
)
def test_another_host_does_not_get_the_profiles_key(
    load: Any, said: Said, env: dict[str, str]
) -> None:
    with pytest.raises(ConfigFailure):
        load(said, {"MINE_KEY": "sk-mine-8d2f", "MEGALLM_API_KEY": "sk-mega-8d2f", **env})


FORGOTTEN = "profile: x\nprofiles: {x: {base_url: https://x.test/v1, model: m%s}}\n"


def test_a_profile_that_forgot_its_key_is_not_called_without_one(load: Any) -> None:
    assert load(config=FORGOTTEN % ", key: none").key == NO_KEY
    with pytest.raises(ConfigFailure, match=r"x\.test"):
        load(config=FORGOTTEN % "")


@pytest.mark.parametrize(("word", "allowed"), [("true", True), ("false", False)])
def test_plain_http_is_allowed_by_the_profile_of_the_host(
    load: Any, word: str, allowed: bool
) -> None:
    config = FORGOTTEN.replace("https", "http") % f", key: {{env: K}}, allow_http: {word}"
    assert load(config=config).allow_http is allowed
