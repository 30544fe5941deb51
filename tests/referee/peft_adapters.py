"""Compares adapters with those of Hugging Face's PEFT (needs torch, peft and safetensors).

python tests/referee/peft_adapters.py write tests/goldens/files/peft
    writes the goldens: a base model, and for each configuration what PEFT saves and what the model then gives.
npx tsx tests/referee/peft-write.ts FOLDER && python tests/referee/peft_adapters.py read FOLDER
    loads what the library wrote: no key may be missing or too many, and the outputs must be the same.
python tests/referee/peft_adapters.py minilm FOLDER/minilm
    the same for the pretrained encoder of data/minilm-topics (needs transformers).
"""

import logging
import os
import sys
import warnings

warnings.simplefilter("ignore")
logging.disable()
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from torch import nn


class Tiny(nn.Module):
    """As in tests/unit/lora/tiny.ts."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(7, 4)
        self.layers = nn.ModuleList([nn.Linear(4, 6), nn.Linear(6, 4)])
        self.norm = nn.LayerNorm(4)
        self.classifier = nn.Linear(4, 3)

    def forward(self, ids):
        x = torch.tanh(self.layers[0](self.table(ids)))
        return self.classifier(self.norm(self.layers[1](x)))


class TinyConv(nn.Module):
    """As in tests/unit/lora/tiny.ts."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 6, 3, stride=2, padding=1)
        self.classifier = nn.Linear(6, 3)

    def forward(self, images):
        return self.classifier(torch.tanh(self.conv(images)).mean((2, 3)))


ids = torch.arange(7)
images = torch.sin(torch.arange(3 * 2 * 5 * 5, dtype=torch.float32)).reshape(3, 2, 5, 5)
configs = {
    "plain": dict(r=2, lora_alpha=3, target_modules=["layers.0", "layers.1"]),
    "patterns": dict(r=2, lora_alpha=3, target_modules=r"layers\.\d", use_rslora=True, rank_pattern={"0": 3}, alpha_pattern={"layers.1": 8}),
    "dora": dict(r=2, lora_alpha=4, target_modules=["0", "1"], use_dora=True),
    "embedding": dict(r=2, lora_alpha=4, target_modules=["table", "classifier"]),
    "saved": dict(r=2, lora_alpha=2, target_modules=["layers.1"], modules_to_save=["classifier", "norm"]),
    "biases": dict(r=2, lora_alpha=2, target_modules=["layers.1"], modules_to_save=["classifier"], bias="all"),
    "own-biases": dict(r=2, lora_alpha=2, target_modules=["layers.1"], bias="lora_only"),
    "all-linear": dict(r=1, lora_alpha=1, target_modules="all-linear", exclude_modules=["classifier"]),
    "conv": dict(r=2, lora_alpha=4, target_modules=["conv", "classifier"], bias="lora_only"),
}  # fmt: skip


def base(folder, name):
    convolves = name.startswith("conv")
    model = TinyConv() if convolves else Tiny()
    model.load_state_dict(load_file(f"{folder}/{'base-conv' if convolves else 'base'}.safetensors"))
    return model


def run(model, name):
    return model.eval()(images if name.startswith("conv") else ids).detach()


def randomised(model):
    """All that is trained, as if it had been."""
    with torch.no_grad():
        for _, parameter in sorted(model.named_parameters(), key=lambda pair: pair[0]):
            if parameter.requires_grad:
                parameter.add_(0.3 * torch.randn_like(parameter))
    return model


def write(folder):
    torch.manual_seed(0)
    os.makedirs(folder, exist_ok=True)
    save_file(Tiny().state_dict(), f"{folder}/base.safetensors")
    save_file(TinyConv().state_dict(), f"{folder}/base-conv.safetensors")
    outputs = {}
    for name, fields in configs.items():
        model = randomised(get_peft_model(base(folder, name), LoraConfig(**fields)))
        outputs[name] = run(model, name)
        model.save_pretrained(f"{folder}/{name}")
        os.remove(f"{folder}/{name}/README.md")
    save_file(outputs, f"{folder}/outputs.safetensors")


def read(folder):
    outputs = load_file(f"{folder}/outputs.safetensors")
    worst = 0.0
    for name, expected in outputs.items():
        path = f"{folder}/{name}"
        model = get_peft_model(base(folder, name), LoraConfig.from_pretrained(path))
        result = model.load_adapter(path, "default")
        # With bias="all", PEFT itself writes biases a second time, which it does not find a place for.
        extra = [key for key in result.unexpected_keys if ".modules_to_save." not in key]
        assert not extra, extra
        missing = [key for key in result.missing_keys if "lora_" in key or "modules_to_save" in key]
        assert not missing, missing
        got = run(PeftModel.from_pretrained(base(folder, name), path), name)
        error = (got - expected).abs().max().item()
        moved = (got - run(base(folder, name), name)).abs().max().item()
        print(f"{name}: differs by {error:.1e}; the adapter changes {moved:.2f}")
        assert error < 1e-5 < moved
        worst = max(worst, error)
    print(f"{len(outputs)} adapters, {worst:.1e} at most")


def minilm(folder):
    from transformers import BertConfig, BertModel

    data = "data/minilm-topics"
    config = BertConfig(
        vocab_size=4096, hidden_size=384, num_hidden_layers=3, num_attention_heads=12, intermediate_size=1536,
        max_position_embeddings=64,
    )  # fmt: skip
    stored = load_file(f"{data}/minilm-l3-wn.int8.safetensors")
    weights = {
        name: w.float() * stored[f"{name}_scale"][:, None] if f"{name}_scale" in stored else w
        for name, w in stored.items()
        if not name.endswith("_scale")
    }
    model = BertModel(config, add_pooling_layer=False)
    result = model.load_state_dict(weights, strict=False)
    assert not result.unexpected_keys and not [k for k in result.missing_keys if "position_ids" not in k], result
    golden = load_file(f"{data}/golden-step.safetensors")
    ids, mask = golden["input_ids"].long(), golden["attention_mask"].long()

    def embed(model):
        with torch.no_grad():
            hidden = model.eval()(input_ids=ids, attention_mask=mask).last_hidden_state
        pooled = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return nn.functional.normalize(pooled, dim=-1)

    plain = embed(model)
    got = embed(PeftModel.from_pretrained(model, folder))
    expected = load_file(f"{folder}/embedding.safetensors")[""]
    error, moved = (got - expected).abs().max().item(), (got - plain).abs().max().item()
    print(f"MiniLM: differs by {error:.1e}; the adapter changes {moved:.2f}")
    assert error < 1e-5 < moved


if __name__ == "__main__":
    command, folder = sys.argv[1:]
    {"write": write, "read": read, "minilm": minilm}[command](folder)
