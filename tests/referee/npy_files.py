"""Writes tests/goldens/files/numpy.json: files that NumPy writes, and what it reads in them.

    python tests/referee/npy_files.py

Versions: numpy 2.4.6, jax 0.10.2.
"""

import base64
import io
import json
import zipfile
from pathlib import Path

import jax.numpy as jnp
import ml_dtypes
import numpy as np

rng = np.random.default_rng(0)


def npy(x, version=None):
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asanyarray(x), version=version)
    return file.getvalue()


def by_jax(x):
    file = io.BytesIO()
    jnp.save(file, x)
    return file.getvalue()


def by_hand(header, data, version=b"\x01\x00"):
    text = header.encode()
    return b"\x93NUMPY" + version + len(text).to_bytes(2 if version[0] == 1 else 4, "little") + text + data


def npz(save, *arrays, **named):
    file = io.BytesIO()
    save(file, *arrays, **named)
    return file.getvalue()


def with_comment(archive, comment):
    file = io.BytesIO(archive)
    with zipfile.ZipFile(file, "a") as opened:
        opened.comment = comment
    return file.getvalue()


def wide(*arrays):
    """An archive as of more than 2 GiB and 65535 files."""
    before = zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT
    zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = 16, 1
    try:
        return npz(np.savez, *arrays)
    finally:
        zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = before


def array(x):
    """Dtype, shape and the elements as they are in memory."""
    x = np.asarray(x)
    if x.dtype == "V2":
        x = x.view(ml_dtypes.bfloat16)
    data = np.ascontiguousarray(x.astype(x.dtype.newbyteorder("="))).tobytes()
    return {"dtype": str(x.dtype.newbyteorder("=")), "shape": list(x.shape), "data": base64.b64encode(data).decode()}


def case(name, data, same=False):
    loaded = np.load(io.BytesIO(data))
    read = {k: array(loaded[k]) for k in loaded.files} if isinstance(loaded, np.lib.npyio.NpzFile) else array(loaded)
    return {"name": name, "bytes": base64.b64encode(data).decode(), "read": read} | ({"same": True} if same else {})


numbers = np.array([[0, 1, 100], [3, 64, 127]])
dtypes = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64",
          "complex64"]
read = [
    # Those that are written by us too, byte for byte.
    *[case(dtype, npy(numbers.astype(dtype)), same=True) for dtype in dtypes],
    case("bfloat16", by_jax(jnp.array([1, -0.5, 3e38, jnp.nan], "bfloat16")), same=True),
    case("a scalar", npy(np.float32(2.5)), same=True),
    case("a vector", npy(np.arange(1000, dtype=np.float32)), same=True),
    case("no elements", npy(np.zeros((0, 3), np.int32)), same=True),
    case("a long shape", npy(np.zeros((1,) * 32, np.int8)), same=True),
    case("extremes of 64 bits", npy(np.array([-2**63, 2**63 - 1], np.int64)), same=True),
    case("NaN, infinities and zeros", npy(np.array([np.nan, np.inf, -np.inf, -0.0, 1e-45], np.float32)), same=True),
    *[case(f"{dtype}, the highest byte first", npy(numbers.astype(np.dtype(dtype).newbyteorder(">")))) for dtype in dtypes],
    *[case(f"{dtype}, columns first", npy(np.asfortranarray(numbers.astype(dtype)))) for dtype in dtypes],
    case("three axes, the first one first", npy(np.asfortranarray(np.arange(24, dtype=np.int16).reshape(2, 3, 4)))),
    case("both other orders", npy(np.asfortranarray(np.arange(24, dtype=">f4").reshape(2, 3, 4)))),
    case("format 2.0", npy(numbers, (2, 0))),
    case("format 3.0", npy(numbers, (3, 0))),
    case("format 3.0, columns first", npy(np.asfortranarray(numbers), (3, 0))),
    case("a header without spaces, its keys in another order",
         by_hand("{'shape':(2,),'fortran_order':False,'descr':'<i2'}", b"\1\0\2\0")),
    case("a header in double quotes", by_hand('{"descr": "|u1", "fortran_order": True, "shape": (3,)}\n', b"\1\2\3")),
    case("the machine's order", by_hand("{'descr': '=i2', 'fortran_order': False, 'shape': (1,), }\n", b"\1\0")),

    case("an archive", npz(np.savez, np.arange(3, dtype=np.int32), weight=numbers.astype(np.float32)), same=True),
    case("an archive of none", npz(np.savez), same=True),
    case("an archive with names", npz(np.savez, **{"a/b": np.ones(2, np.float32), "größe": np.zeros((), bool), "": np.ones(1, bool)}),
         same=True),
    case("a compressed archive", npz(np.savez_compressed, zeros=np.zeros(5000, np.float32), few=np.arange(3),
                                     noise=rng.integers(0, 256, 3000, dtype=np.uint8),
                                     skewed=np.minimum(rng.geometric(0.3, 4000), 255).astype(np.uint8),
                                     steps=np.arange(2000, dtype=np.int32), columns=np.asfortranarray(numbers))),
    case("an archive with a comment", with_comment(npz(np.savez, np.ones(1, bool)), b"of weights")),
    case("an archive of wide numbers", wide(np.arange(20, dtype=np.int32), np.ones(3, np.float32))),
]

refused = {
    "objects": (npy(np.array([{}, None])), "pickled"),
    "objects in an archive": (npz(np.savez, x=np.array([{}])), "pickled"),
    "records": (npy(np.zeros(2, [("x", "f4"), ("y", "i4")])), "records of several fields"),
    "strings": (npy(np.array(["ab", "c"])), '"<U2", of which there are no arrays'),
    "bytes": (npy(np.array([b"ab"])), '"|S2", of which there are no arrays'),
    "complex128": (npy(np.ones(2, complex)), '"<c16", of which there are no arrays'),
    "dates": (npy(np.array(["2020-01-01"], "M8[D]")), '"<M8[D]", of which there are no arrays'),
    "a pickle": (__import__("pickle").dumps([1, 2]), "it may be a pickle"),
    "another compression": (None, "it is compressed by method 12"),
}
file = io.BytesIO()
with zipfile.ZipFile(file, "w", compression=zipfile.ZIP_BZIP2) as archive:
    archive.writestr("x.npy", npy(numbers))
refused["another compression"] = (file.getvalue(), "it is compressed by method 12")
file = io.BytesIO()
with zipfile.ZipFile(file, "w") as archive:
    archive.writestr("x.txt", b"hello")
refused["another file"] = (file.getvalue(), '"x.txt" in it is no .npy file')

target = Path(__file__).parent.parent / "goldens" / "files" / "numpy.json"
lines = lambda items: "[\n    " + ",\n    ".join(json.dumps(item) for item in items) + "\n  ]"
wrong = [{"name": name, "bytes": base64.b64encode(data).decode(), "why": why} for name, (data, why) in refused.items()]
target.write_text(f'{{\n  "read": {lines(read)},\n  "refused": {lines(wrong)}\n}}\n')
print(f"{len(read)} files, {len(wrong)} refused")
