"""A tiny Llama with random weights, in the layout of its checkpoints, and what transformers computes with it.

    python tests/referee/llama.py tests/goldens/llama

Needs torch and transformers (made with 2.15.0 and 5.24.0). Writes config.json, model.safetensors and golden.json.
"""

import json
import sys
from pathlib import Path

import torch
import transformers
from transformers import LlamaConfig, LlamaForCausalLM

torch.manual_seed(0)
out = Path(sys.argv[1])
config = LlamaConfig(
    vocab_size=29,
    hidden_size=24,
    intermediate_size=36,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    head_dim=6,
    max_position_embeddings=64,
    rms_norm_eps=1e-5,
    rope_theta=500.0,
    tie_word_embeddings=False,
    initializer_range=0.3,
)
model = LlamaForCausalLM(config).eval()
with torch.no_grad():
    for name, weight in model.named_parameters():
        if "norm" in name:
            weight.add_(0.2 * torch.randn_like(weight))
model.save_pretrained(out)
(out / "generation_config.json").unlink(missing_ok=True)

ids = torch.tensor([[5, 17, 2, 28, 0, 11, 11, 3]])
labels = ids.clone()
labels[0, :3] = -100
with torch.no_grad():
    result = model(input_ids=ids, labels=labels)
    # All of it is attended to: ids that are those of padding are pieces like others here.
    settings = dict(max_new_tokens=12, do_sample=False, eos_token_id=None, pad_token_id=0)
    greedy = model.generate(ids, attention_mask=torch.ones_like(ids), **settings)
golden = {
    "transformers": transformers.__version__,
    "torch": torch.__version__,
    "ids": ids[0].tolist(),
    "logits": result.logits[0].double().tolist(),
    "labels": labels[0].tolist(),
    "loss": result.loss.item(),
    "greedy": greedy[0].tolist(),
}
(out / "golden.json").write_text(json.dumps(golden) + "\n")
