"""Run the reference classes on the tiny models again and print their distance to the stored outputs.

Needs diffusers beside the project's own dependencies: python tests/data/models/check_reference.py
"""

import importlib
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

sys.path.insert(0, str(Path(__file__).parents[2] / "diffusion"))
from conftest import golden_weights


def reference(folder):
    """Return the reference network of a folder with that folder's weights."""
    description = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    module, name = description["reference"].split(".")
    library = importlib.import_module(module)
    config = {k: tuple(v) if isinstance(v, list) else v for k, v in description["config"].items()}
    network = getattr(library, name)
    network = network(library.CLIPTextConfig(**config)) if module == "transformers" else network(**config)
    for parameter, weight in zip(network.parameters(), golden_weights(folder.name).values(), strict=True):
        parameter.copy_(weight.reshape(parameter.shape))
    return network.eval()


def outputs(folder, io):
    """Yield the names and values of a folder's outputs as its reference computes them."""
    network = reference(folder)
    if "ids" in io:
        result = network(input_ids=io["ids"], output_hidden_states=True)
        for back in (1, 2, 3):
            yield f"hidden_minus{back}_ln", network.final_layer_norm(result.hidden_states[-back])
        eos = (io["ids"] == network.config.eos_token_id).int().argmax(-1)
        yield "pooled", result.last_hidden_state[torch.arange(len(eos)), eos]
    elif "z" in io:
        posterior = network.encode((io["image_hwc"] * 2 - 1).permute(0, 3, 1, 2)).latent_dist
        yield "mean", posterior.mean
        yield "logvar", posterior.logvar
        yield "decoded_image_hwc", (network.decode(io["z"]).sample / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1)
    else:
        for name in (name for name in io if name.startswith("out_")):
            times = torch.tensor([981.0, 37.0] if name == "out_two_timesteps" else float(name[5:]))
            yield name, network(io["x"], times, io["context"]).sample


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    for folder in sorted(path.parent for path in Path(__file__).parent.glob("*/model.json")):
        io = load_file(folder / "io.safetensors")
        for name, value in outputs(folder, io):
            print(f"{folder.name} {name}: {float((value - io[name]).abs().max() / io[name].abs().max()):.1e}")
