"""Write a language model with random weights: `make_gguf.py PATH [--strict]`.

Run by the python of `.ci/interop-env`, which has gguf and numpy.

A llama of two layers and about half a megabyte, the same bytes each time. Its vocabulary is every
byte and the characters of `LETTERS`, so it reads any text; the output weights of all else are 0, so
that a greedy answer is made of `LETTERS`, some of them several bytes long, and never ends by
itself. Its chat template takes messages in any order; with --strict it is one of those that insist
on turns and have no place for a system message, as some real models' do.
"""

from __future__ import annotations

import string
import sys
from pathlib import Path

import gguf
import numpy as np

SEED = 20_260_101
LAYERS, HEADS, WIDTH, INNER, WINDOW = 2, 4, 64, 128, 2048

SPACE = "\u2581"  # how a vocabulary of this kind writes a blank
LETTERS = [SPACE, *string.ascii_letters, *string.digits, *string.punctuation, "é", "ß", "世", "🙂"]
SPECIAL = ["<unk>", "<s>", "</s>"]
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]

LENIENT = (
    "{% for message in messages %}[{{ message['role'] }}] {{ message['content'] }}\n{% endfor %}"
    "[assistant] "
)
STRICT = (
    "{% for message in messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}"
    "{% endif %}[{{ message['role'] }}] {{ message['content'] }}\n{% endfor %}[assistant] "
)


def main(path: str, strict: bool) -> None:
    writer = gguf.GGUFWriter(path, "llama")
    describe(writer)
    add_vocabulary(writer)
    writer.add_chat_template(STRICT if strict else LENIENT)
    for name, weights in tensors(np.random.default_rng(SEED)).items():
        writer.add_tensor(name, weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def describe(writer: gguf.GGUFWriter) -> None:
    """What llama.cpp must know of the shape."""
    writer.add_name("random llama")
    writer.add_block_count(LAYERS)
    writer.add_context_length(WINDOW)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)


def add_vocabulary(writer: gguf.GGUFWriter) -> None:
    """Special tokens, then bytes, then characters: a text is read a character at a time."""
    kinds = gguf.TokenType
    writer.add_tokenizer_model("llama")
    writer.add_token_list([*SPECIAL, *BYTES, *LETTERS])
    writer.add_token_types(
        [kinds.UNKNOWN, kinds.CONTROL, kinds.CONTROL]
        + [kinds.BYTE] * len(BYTES)
        + [kinds.NORMAL] * len(LETTERS)
    )
    writer.add_token_scores([0.0] * (len(SPECIAL) + len(BYTES) + len(LETTERS)))
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_space_prefix(False)


def tensors(dice: np.random.Generator) -> dict[str, np.ndarray]:
    """Every tensor by its name in the file, rows first."""
    words = len(SPECIAL) + len(BYTES) + len(LETTERS)

    def matrix(rows: int, columns: int) -> np.ndarray:
        return (dice.standard_normal((rows, columns)) / columns**0.5).astype(np.float32)

    flat = np.ones(WIDTH, dtype=np.float32)
    output = matrix(words, WIDTH)
    output[: len(SPECIAL) + len(BYTES)] = 0
    found = {
        "token_embd.weight": matrix(words, WIDTH),
        "output_norm.weight": flat,
        "output.weight": output,
    }
    for layer in range(LAYERS):
        block = {
            "attn_norm": flat,
            "attn_q": matrix(WIDTH, WIDTH),
            "attn_k": matrix(WIDTH, WIDTH),
            "attn_v": matrix(WIDTH, WIDTH),
            "attn_output": matrix(WIDTH, WIDTH),
            "ffn_norm": flat,
            "ffn_gate": matrix(INNER, WIDTH),
            "ffn_up": matrix(INNER, WIDTH),
            "ffn_down": matrix(WIDTH, INNER),
        }
        found |= {f"blk.{layer}.{name}.weight": weights for name, weights in block.items()}
    return found


if __name__ == "__main__":
    main(str(Path(sys.argv[1])), sys.argv[2:] == ["--strict"])
