"""The encoding of a model: tiktoken's tables as they are, and what is known of the others."""

from __future__ import annotations

import pytest
from tiktoken.model import MODEL_PREFIX_TO_ENCODING, MODEL_TO_ENCODING, encoding_name_for_model

from mcli.tokens import families
from mcli.tokens.families import SHIPPED, Choice

TUNED = "ft:"


@pytest.mark.parametrize("model", MODEL_TO_ENCODING)
def test_a_name_is_that_of_the_table_of_tiktoken(model: str) -> None:
    known = MODEL_TO_ENCODING[model]

    assert families.openai(model) == (known if known in SHIPPED else None)


@pytest.mark.parametrize("prefix", MODEL_PREFIX_TO_ENCODING)
def test_a_prefix_is_that_of_the_table_of_tiktoken(prefix: str) -> None:
    if not prefix.startswith(TUNED):
        assert families.PREFIXES[prefix] == MODEL_PREFIX_TO_ENCODING[prefix]
        assert families.openai(f"{prefix}x") == encoding_name_for_model(f"{prefix}x")


def test_we_have_no_names_of_our_own() -> None:
    assert families.NAMES.items() <= MODEL_TO_ENCODING.items()
    assert families.PREFIXES.items() <= MODEL_PREFIX_TO_ENCODING.items()


@pytest.mark.parametrize(
    ("model", "encoding", "approximate"),
    [
        ("meta-llama/Llama-3.3-70B-Instruct", "llama3", False),
        ("llama3.1:8b", "llama3", False),
        ("Meta-Llama-3-8B", "llama3", False),
        ("llama-4-scout", "o200k_base", True),
        ("llama-30b", "o200k_base", True),
        ("deepseek-chat", "deepseek_v3", False),
        ("deepseek/deepseek-r1:free", "deepseek_v3", False),
        ("deepseek-r1-0528", "deepseek_v3", False),
        ("deepseek-v3.1", "deepseek_v3", False),
        ("deepseek-r1:8b", "deepseek_v3", True),
        ("deepseek-r1-distill-llama-70b", "deepseek_v3", True),
        ("qwen3-32b", "qwen3", False),
        ("qwen2.5:7b", "qwen3", False),
        ("Qwen/Qwen3-Coder-480B", "qwen3", False),
        ("qwen3.5-max", "qwen3", True),
        ("qwen3-max", "qwen3", True),
        ("qwen-plus", "qwen3", True),
        ("open-mistral-nemo", "mistral_v3", False),
        ("pixtral-12b-2409", "mistral_v3", False),
        ("mistral-large-latest", "mistral_v3", True),
        ("ministral-8b", "mistral_v3", True),
        ("glm-4.6", "glm4", True),
        ("moonshotai/kimi-k2", "kimi_k2", True),
        ("claude-sonnet-4-5", "o200k_base", True),
        ("gemini-2.5-pro", "o200k_base", True),
        ("grok-4", "o200k_base", True),
    ],
)
def test_other_models(model: str, encoding: str, approximate: bool) -> None:
    assert families.choose(model) == Choice(encoding, approximate)
