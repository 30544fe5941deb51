"""Writes tests/goldens/files/peft-targets.json: python tests/referee/peft_targets.py > … (needs peft).

Which modules PEFT adapts, with which ranks and alphas: {config, targets: {name: [rank, alpha]}} over the same names.
"""

import json
import logging
import warnings

warnings.simplefilter("ignore")
logging.disable()
from peft import LoraConfig
from peft.tuners.tuners_utils import _ExcludedModule, check_target_module_exists
from peft.utils.other import get_pattern_key

names = [
    *(f"encoder.layer.{i}.attention.{part}" for i in (0, 1, 11) for part in ("self.query", "self.key", "self.value", "output.dense")),
    *(f"encoder.layer.{i}.{part}.dense" for i in (0, 1, 11) for part in ("intermediate", "output")),
    *(f"model.layers.{i}.mlp.experts.{j}.w1" for i in (0, 2) for j in (0, 2)), "model.layers.1.self_attn.q_proj",
    "embeddings.word_embeddings", "pooler.dense", "classifier", "classifier.dense", "my_classifier", "query", "self.query2",
    "blocks.1", "1", "lm_head", "constructor", "h.3.attn.c_attn",
]  # fmt: skip
configs = [
    dict(target_modules=["query", "value"]),
    dict(target_modules=["dense"]),
    dict(target_modules=["dense"], modules_to_save=["classifier", "pooler"]),
    dict(target_modules=["dense"], modules_to_save=["class.*"]),
    dict(target_modules=["attention.output.dense", "w1"], exclude_modules=["2.w1", "encoder.layer.0.attention.output.dense"]),
    dict(target_modules=["query", "w1"], layers_to_transform=[0, 2]),
    dict(target_modules=["query", "w1", "c_attn"], layers_to_transform=1),
    dict(target_modules=["query", "w1", "c_attn"], layers_to_transform=[3], layers_pattern="h"),
    dict(target_modules=["query", "w1"], layers_to_transform=[2], layers_pattern=["experts", "layers"]),
    dict(target_modules=["query", "w1"], layers_to_transform=[0], layers_pattern=["layer", "nothing"]),
    dict(target_modules=["query", "encoder.layer.0.attention.self.query"], layers_to_transform=[11]),
    dict(target_modules=["query"], layers_to_transform=[]),
    dict(target_modules=r".*\.(query|value)"),
    dict(target_modules=r".*layer\.\d{2}\..*dense", exclude_modules=r".*attention.*"),
    dict(target_modules=r"encoder"),
    dict(target_modules=["1", "constructor"]),
    dict(target_modules=["query", "dense", "w1"], r=4, rank_pattern={"layer.1.*": 2, "query": 3, "^encoder.layer.0.*dense": 5}),
    dict(target_modules=["query", "value"], alpha_pattern={r"layer\.0\.attention\.self\.(query|value)": 32, "value": 4, "alue": 5}),
    dict(target_modules=["constructor"], rank_pattern={"toString": 3}),
]  # fmt: skip
rows = []
for fields in configs:
    config = LoraConfig(**fields)
    targets = {}
    for name in names:
        found = check_target_module_exists(config, name)
        if found and not isinstance(found, _ExcludedModule):
            rank = config.rank_pattern.get(get_pattern_key(config.rank_pattern, name), config.r)
            alpha = config.alpha_pattern.get(get_pattern_key(config.alpha_pattern, name), config.lora_alpha)
            targets[name] = [rank, alpha]
    rows.append({"config": fields, "targets": targets})
print(json.dumps({"names": names, "rows": rows}, indent=1))
