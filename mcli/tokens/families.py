"""CORE: which encoding a model reads, by its name.

The names of OpenAI's models are those of tiktoken's tables (tests hold them equal). The others are
those whose vocabularies we compared with the model's own tokenizer and found equal, token for
token; `mcli help tokens` says with which. A family's other models are counted with its vocabulary
too, but approximately.
"""

from __future__ import annotations

import re

from mcli.expressions import expression
from mcli.shapes import frozen

SHIPPED: tuple[str, ...] = ("o200k_base", "cl100k_base", "o200k_harmony")
"""The encodings that every installation has, the newest in general use first."""

FURTHER: tuple[str, ...] = ("llama3", "deepseek_v3", "qwen3", "mistral_v3", "glm4", "kimi_k2")
"""The encodings that splintr brings along."""

COMPOSED: frozenset[str] = frozenset({"qwen3"})
"""The encodings whose text is brought into Unicode's form NFC before it is split."""


@frozen
class Choice:
    """The encoding to count with; `approximate` if the model is not known to use it."""

    encoding: str
    approximate: bool


NAMES = {
    **dict.fromkeys(("o1", "o3", "o4-mini", "gpt-5", "gpt-4.1", "gpt-4o"), "o200k_base"),
    **dict.fromkeys(
        (
            "gpt-4", "gpt-3.5-turbo", "gpt-3.5", "gpt-35-turbo", "davinci-002", "babbage-002",
            "text-embedding-ada-002", "text-embedding-3-small", "text-embedding-3-large",
        ),
        "cl100k_base",
    ),
}  # fmt: skip

PREFIXES = {
    **dict.fromkeys(
        ("o1-", "o3-", "o4-mini-", "gpt-5", "gpt-4.5-", "gpt-4.1-", "chatgpt-4o-", "gpt-4o-"),
        "o200k_base",
    ),
    **dict.fromkeys(("gpt-4-", "gpt-3.5-turbo-", "gpt-35-turbo-"), "cl100k_base"),
    "gpt-oss-": "o200k_harmony",
}

_OTHERS: tuple[tuple[re.Pattern[str], Choice], ...] = tuple(
    (expression(pattern), Choice(encoding, approximate))
    for pattern, encoding, approximate in (
        (r"(meta-)?llama-?3(?![0-9])", "llama3", False),
        # R1's smaller sizes are other models, taught by it.
        (r"deepseek-(chat|reasoner|v[34](?!.*distill)|r1(-\d{4})?(:free)?$)", "deepseek_v3", False),
        (r"qwen(2|2\.5|3)(:|$|-(?!max|plus|turbo|flash))", "qwen3", False),
        (r"(open-)?mistral-nemo|pixtral-12b", "mistral_v3", False),
        (r"deepseek", "deepseek_v3", True),
        (r"qwen|qwq", "qwen3", True),
        (r"(open-)?mi(s|nis)tral|mixtral|pixtral|magistral|devstral|codestral", "mistral_v3", True),
        (r"glm-", "glm4", True),
        (r"kimi|moonshot", "kimi_k2", True),
    )
)


def openai(model: str) -> str | None:
    """The encoding that tiktoken's tables give a model's bare name; None for one they do not have,
    or whose encoding we do not ship."""
    found = NAMES.get(model)
    return found or next(
        (PREFIXES[prefix] for prefix in PREFIXES if model.startswith(prefix)), None
    )


def choose(model: str) -> Choice:
    """The encoding of a model; of one that nothing is known of, the newest, approximately.

    The tables have bare lower-case names, so `openai/gpt-4o`, `GPT-4` and `gpt-4o:free` are looked
    up without vendor, capitals and variant. A fine-tuned model (`ft:gpt-4.1:org::id`) goes by its
    base: the table's own `ft:` prefixes take that one for a gpt-4.
    """
    name = model.lower().rpartition("/")[2].removeprefix("ft:")
    known = openai(name.partition(":")[0])
    if known is not None:
        return Choice(known, approximate=False)
    found = (choice for pattern, choice in _OTHERS if pattern.match(name))
    return next(found, Choice(SHIPPED[0], approximate=True))
