"""Compares files with those that Hugging Face's library writes (needs torch and safetensors).

python tests/referee/safetensors_files.py write tests/goldens/files/dtypes.safetensors
    writes the golden: a tensor of every dtype of which there are arrays, and some without elements or axes.
python tests/referee/safetensors_files.py same FILE...
    reads each file and writes it again: the bytes must be the same, but for the order of the metadata.
"""

import json
import struct
import sys

import torch
from safetensors import safe_open
from safetensors.torch import load, save

dtypes = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 bfloat16 float32 float64 complex64".split()


def golden():
    tensors = {}
    for name in dtypes:
        dtype = getattr(torch, name)
        data = [1, 0, 1, 1, 0, 1] if name == "bool" else [7 * i % 120 for i in range(6 * dtype.itemsize)]
        tensors[f"of.{name}"] = torch.tensor(data, dtype=torch.uint8).view(dtype).reshape(2, 3)
    tensors["scalar"] = torch.tensor(1.5)
    tensors["empty"] = torch.zeros(0, 4)
    # Names that a JavaScript object would put in another order, and those that its strings would.
    for name, value in {"10": 10, "9": 9, 'é"\\\n': -1, "\U0001f600": 1, "\uff5e": 2}.items():
        tensors[name] = torch.tensor([value], dtype=torch.int32)
    return save(tensors, {"format": "pt"})


def parts(data):
    (length,) = struct.unpack("<Q", data[:8])
    # Pairs in their order, but for the metadata, which has none there.
    header = json.loads(data[8 : 8 + length], object_pairs_hook=list)
    return length, [(k, sorted(v) if k == "__metadata__" else v) for k, v in header], data[8 + length :]


def same(path):
    with open(path, "rb") as file:
        data = file.read()
    with safe_open(path, "pt") as opened:
        again = save(load(data), opened.metadata())
    equal = parts(data) == parts(again)
    print(f"{path}: {'the same' if equal else 'DIFFERENT'}")
    return equal


if __name__ == "__main__":
    command, *paths = sys.argv[1:]
    if command == "write":
        with open(paths[0], "wb") as out:
            out.write(golden())
    else:
        sys.exit(not all([same(path) for path in paths]))
