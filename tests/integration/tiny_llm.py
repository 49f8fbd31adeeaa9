"""A language model of four megabytes that answers every question with the same JSON, and llama.cpp's server for it.

The model is a llama whose one layer does nothing: what comes next depends on the last character alone, by `_NEXT`.
Held to a JSON schema by the server's grammar, that is a valid answer: `{"summary":"Ja","key_points":[…` with one item
in each list, every string `Ja` and every pointer 0. `python tests/integration/tiny_llm.py PORT TOKENS [KEY]` serves it.
"""

import struct
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

_NEXT = {
    '"': "J:,}]", ":": '"[n0', " ": '"[n0', "[": "{0]", "0": "],", "]": "},", "}": "],\x00", "{": '"', ",": '"{',
    "J": "a", "a": '"',
}  # fmt: skip
"""Which characters may follow one, the likeliest first; \\x00 is the end."""
_SPECIAL = ("<unk>", "<s>", "</s>")
_TEMPLATE = "{% for message in messages %}{{ message['content'] }}\n{% endfor %}"
_ALIGN = 32
_WIDTH = 384
"""Of the model; every token has its own direction in it."""
_HEAD = 32
_UINT, _FLOAT, _STRING, _ARRAY, _INT = 4, 6, 8, 9, 5
_NORMAL, _CONTROL, _BYTE = 1, 3, 6


def write_model(path: Path, *, context: int) -> None:
    """Write the model in GGUF, version 3 (the format that llama.cpp documents in its `gguf.md`)."""
    tokens = [*_SPECIAL, *(f"<0x{value:02X}>" for value in range(256)), *map(chr, range(33, 127)), "\u2581"]
    kinds = [_CONTROL] * len(_SPECIAL) + [_BYTE] * 256 + [_NORMAL] * 95
    values: dict[str, tuple[int, object]] = {
        "general.architecture": (_STRING, "llama"),
        "general.name": (_STRING, "tiny"),
        "llama.context_length": (_UINT, context),
        "llama.embedding_length": (_UINT, _WIDTH),
        "llama.block_count": (_UINT, 1),
        "llama.feed_forward_length": (_UINT, _HEAD),
        "llama.attention.head_count": (_UINT, _WIDTH // _HEAD),
        "llama.attention.layer_norm_rms_epsilon": (_FLOAT, 1e-6),
        "tokenizer.ggml.model": (_STRING, "llama"),
        "tokenizer.ggml.tokens": (_ARRAY, (_STRING, tokens)),
        "tokenizer.ggml.scores": (_ARRAY, (_FLOAT, [0.0] * len(tokens))),
        "tokenizer.ggml.token_type": (_ARRAY, (_INT, kinds)),
        "tokenizer.ggml.bos_token_id": (_UINT, 1),
        "tokenizer.ggml.eos_token_id": (_UINT, 2),
        "tokenizer.ggml.unknown_token_id": (_UINT, 0),
        "tokenizer.chat_template": (_STRING, _TEMPLATE),
    }
    path.write_bytes(_gguf(values, _tensors(tokens)))


def _tensors(tokens: list[str]) -> dict[str, np.ndarray]:
    directions = np.eye(len(tokens), _WIDTH, dtype=np.float32)
    follows = np.zeros((len(tokens), _WIDTH), dtype=np.float32)
    number = {token: place for place, token in enumerate(tokens)} | {"\x00": 2}
    for last, following in _NEXT.items():
        for place, one in enumerate(following):
            for spelled in (number.get(last, number["\u2581"]), number[f"<0x{ord(last):02X}>"]):
                follows[number[one], spelled] = 3.0 - 0.4 * place
    square, ones = np.zeros((_WIDTH, _WIDTH), np.float32), np.ones(_WIDTH, np.float32)
    narrow = np.zeros((_HEAD, _WIDTH), np.float32)
    return {
        "token_embd.weight": directions, "output_norm.weight": ones, "output.weight": follows,
        "blk.0.attn_norm.weight": ones, "blk.0.ffn_norm.weight": ones,
        "blk.0.attn_q.weight": square, "blk.0.attn_k.weight": square,
        "blk.0.attn_v.weight": square, "blk.0.attn_output.weight": square,
        "blk.0.ffn_gate.weight": narrow, "blk.0.ffn_up.weight": narrow, "blk.0.ffn_down.weight": narrow.T,
    }  # fmt: skip


def _gguf(values: Mapping[str, tuple[int, object]], tensors: Mapping[str, np.ndarray]) -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(values))
    for key, (kind, value) in values.items():
        head += _text(key) + struct.pack("<I", kind) + _value(kind, value)
    data = b""
    for name, tensor in tensors.items():
        sizes = tensor.shape[::-1]
        head += _text(name) + struct.pack(f"<I{len(sizes)}QIQ", len(sizes), *sizes, 0, len(data))
        data += _padded(np.ascontiguousarray(tensor).tobytes())
    return _padded(head) + data


def _value(kind: int, value: object) -> bytes:
    if kind == _ARRAY:
        assert isinstance(value, tuple)
        inner, items = value
        return struct.pack("<IQ", inner, len(items)) + b"".join(_value(inner, one) for one in items)
    if kind == _STRING:
        return _text(str(value))
    return struct.pack({_UINT: "<I", _INT: "<i", _FLOAT: "<f"}[kind], value)


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack("<Q", len(encoded)) + encoded


def _padded(data: bytes) -> bytes:
    return data + b"\x00" * (-len(data) % _ALIGN)


def serve(port: int, context: int, keys: Iterable[str]) -> None:
    """Serve the model until killed."""
    import xllamacpp  # noqa: PLC0415 - not everybody has it

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tiny.gguf"
        write_model(path, context=context)
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        params.n_ctx = context
        params.n_parallel = 1
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
        params.hostnames = ["127.0.0.1"]
        params.port = port
        params.api_keys = list(keys)
        params.warmup = False
        server = xllamacpp.Server(params)
        print(server.listening_address, flush=True)  # noqa: T201 - tells that it is ready
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
