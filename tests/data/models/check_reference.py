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


def text_outputs(network, io):
    """Yield the names and values of a text tower's outputs."""
    inner = getattr(network, "text_model", network)
    result = network(input_ids=io["ids"], output_hidden_states=True)
    for back in (1, 2, 3):
        yield f"hidden_minus{back}", result.hidden_states[-back]
        yield f"hidden_minus{back}_ln", inner.final_layer_norm(result.hidden_states[-back])
    last = result.last_hidden_state
    eos = (io["ids"] == network.config.eos_token_id).int().argmax(-1)
    yield "pooled", last[torch.arange(len(eos)), eos]
    if "projected" in io:
        yield "projected", result.text_embeds
    if "ti_ids" in io:
        # Row 2 is the empty prompt; the vectors' ids are the two behind the vocabulary.
        weights, row, empty = io["prompt_weights_row3"][:, None], last[3], last[2]
        yield "weighted_towards_empty", empty + weights * (row - empty)
        yield "weighted_scale_and_restore_mean", row * weights * (row.mean() / (row * weights).mean())
        old = inner.embeddings.token_embedding
        vectors = torch.cat([old.weight, io["ti_vectors"]])
        inner.embeddings.token_embedding = torch.nn.Embedding.from_pretrained(vectors)
        result = network(input_ids=io["ti_ids"], output_hidden_states=True)
        yield "ti_last_hidden_state", result.last_hidden_state
        yield "ti_hidden_minus2", result.hidden_states[-2]


def outputs(folder, io):
    """Yield the names and values of a folder's outputs as its reference computes them."""
    network = reference(folder)
    if "ids" in io:
        yield from text_outputs(network, io)
    elif "indices" in io:
        latents = network.encode((io["image_hwc"] * 2 - 1).permute(0, 3, 1, 2)).latents
        yield "latents_before_quantise", latents
        yield "latents_quantised", network.quantize(latents)[0]
        yield "decoded", network.decode(latents).sample
    elif "z" in io:
        posterior = network.encode((io["image_hwc"] * 2 - 1).permute(0, 3, 1, 2)).latent_dist
        yield "mean", posterior.mean
        yield "logvar", posterior.logvar
        yield "decoded_image_hwc", (network.decode(io["z"]).sample / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1)
    else:
        for name in (name for name in io if name.startswith("out_")):
            times = torch.tensor([981.0, 37.0] if name == "out_two_timesteps" else float(name[5:]))
            sizes = {"text_embeds": io["pooled"], "time_ids": io["time_ids"]} if "pooled" in io else None
            yield name, network(io["x"], times, io["context"], added_cond_kwargs=sizes).sample


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    for folder in sorted(path.parent for path in Path(__file__).parent.glob("*/model.json")):
        io = load_file(folder / "io.safetensors")
        for name, value in outputs(folder, io):
            if name not in io:
                continue
            print(f"{folder.name} {name}: {float((value - io[name]).abs().max() / io[name].abs().max()):.1e}")
