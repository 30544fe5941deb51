"""Writes tests/goldens/files/python-regex.json: python tests/referee/python_regex.py > …

What Python's re finds: [pattern, text, the length of what re.match matches or -1, whether re.fullmatch does], for patterns as
people write them for names of modules, and for random ones. Patterns that Python refuses are in a list of their own.
"""

import json
import random
import re
import warnings

warnings.simplefilter("ignore")
random.seed(11)

written = [
    r".*\.(query|value)", r".*layers\.(?:0|1|2)\..*_proj", r"(?P<a>model\.)?layers\.\d+\.(q|v)_proj", r".*attn.*\Z",
    r"^(?!.*lm_head).*$", r"[^.]+\.[\w-]+", r"model\.(?:[a-z_]+\.)*\d{1,2}\.fc[12]", r"(?<=x)y|.*\bproj\b.*", r"\Amodel\..*",
    r"layers\.{,2}1", r"a{b}", r"{a}", r"[]a]+", r"[^]a]+", r"[a\]-]+", r"[\s\S]*", r"[^\s\S]?a*", r"[^\W\d]+", r"a$", r"a$\n", r"\x61\u0062",
    r"(?#names)a.b", r"\.\-\_\ ", r"a|b|", r"(a|)+b?", r"[a-c\d.]+", r"[\b]?a", r".", r"\Ba", r"/a/",
]  # fmt: skip
names = [
    "encoder.layer.0.attention.self.query", "model.layers.11.self_attn.q_proj", "model.layers.1.mlp.fc1", "lm_head", "x.y",
    "base.lm_head", "model.decoder.fc2", "layers.1", "layers..1", "a", "ab", "a\n", "a{b}", "{a}", "]a", "b]", "", "aab", "/a/", "a.b",
    ".-_ ", "\u00e9t\u00e9", "q\u0660", "\u2028", "\x1c", "\ufeff",
]  # fmt: skip

pieces = [
    "a", "b", ".", r"\.", "1", "_", "-", "é", r"\d", r"\w", r"\s", r"\D", r"\W", r"\S", r"\b", "^", "$", "[ab]", "[^a]", "[^.]",
    r"[\w.]", r"[^\d]", r"[\W1]", r"[^\W1]", "[a-z]", "[-a]", "[a-]", r"\Z", "(a|b.)", "(?:ab)", "(?=a)", "(?!b)", "(?<=a)", "(?<!a)",
    r"\n", "{", "}", "]", "{1}", ",",
]  # fmt: skip
without_width = ["^", "$", "(?=a)", "(?!b)", "(?<=a)", "(?<!a)"]
marks = ["", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,}", "{,2}", "{0,1}?"]
letters = "ab.1_-é\n "


def pattern():
    chosen = random.choices(pieces, k=random.randint(1, 5))
    # JavaScript repeats nothing without width.
    return "".join(piece + ("" if piece in without_width else random.choice(marks)) for piece in chosen)


def text():
    return "".join(random.choice(letters) for _ in range(random.randint(0, 7)))


cases, refused = [], [r"[a", r"(a", r"a)", r"\y", r"\x6", r"*a", r"(?P<1>a)", r"a\Q"]
for p in written:
    cases += [(p, t) for t in names]
while len(cases) < 1600:
    p = pattern()
    try:
        re.compile(p)
    except re.error:
        continue
    cases += [(p, text()) for _ in range(3)]
for p in refused:
    try:
        re.compile(p)
        raise SystemExit(f"{p} is an expression")
    except re.error:
        pass
rows = []
for p, t in cases:
    found = re.match(p, t)
    # Lengths in units of UTF-16 are those in characters: no text has others.
    rows.append([p, t, found.end() if found else -1, re.fullmatch(p, t) is not None])
print(json.dumps({"refused": refused, "cases": rows}, ensure_ascii=True, separators=(",", ":")))
