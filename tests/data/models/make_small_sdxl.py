"""Write small-sdxl: a U-Net whose norms have groups of two and more channels, so that embeddings matter.

In the tiny ones every group is one channel, and what the embeddings add to a channel its norm takes off again.
Needs diffusers and inkloom: python tests/data/models/make_small_sdxl.py
"""

import json
import sys
from pathlib import Path

import diffusers
import torch
from safetensors.torch import save_file

from inkloom.diffusion.files.layouts import unet_part

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "diffusion"))
FOLDER = HERE / "small-sdxl"
CONFIG = {
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8,
    "attention_head_dim": [2, 4],
    "block_out_channels": [64, 128],
    "cross_attention_dim": 24,
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
    "layers_per_block": 1,
    "projection_class_embeddings_input_dim": 56,
    "transformer_layers_per_block": [1, 2],
    "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"],
    "use_linear_projection": True,
}

if __name__ == "__main__":
    torch.set_grad_enabled(False)
    network = diffusers.UNet2DConditionModel(**CONFIG).eval()
    own = {tensor.data_ptr(): name for name, tensor in unet_part(network.state_dict()).tensors.items()}
    parameters = [
        [
            f"model.diffusion_model.{own[parameter.data_ptr()]}",
            list(parameter.shape),
            "matrix" if parameter.ndim > 1 else "scale" if name.endswith("weight") else "bias",
        ]
        for name, parameter in network.named_parameters()
    ]
    FOLDER.mkdir(exist_ok=True)
    description = {"reference": "diffusers.UNet2DConditionModel", "config": CONFIG, "seed": 20290}
    rows = ",\n".join(f"  {json.dumps(row)}" for row in parameters)
    text = json.dumps(description, indent=1)[:-2] + f',\n "parameters": [\n{rows}\n ]\n}}\n'
    (FOLDER / "model.json").write_text(text, encoding="utf-8")

    from check_reference import reference  # finds the weights in model.json

    generator = torch.Generator().manual_seed(20291)
    sizes = torch.tensor([[512.0, 768.0, 0.0, 0.0, 512.0, 768.0], [1024.0, 640.0, 16.0, 8.0, 896.0, 1152.0]])
    io = {
        "x": torch.randn(2, 4, 7, 10, generator=generator),
        "context": torch.randn(2, 9, 24, generator=generator),
        "pooled": torch.randn(2, 8, generator=generator),
        "time_ids": sizes,
    }
    network = reference(FOLDER)
    embedded = network.add_time_proj(sizes.flatten()).reshape(2, -1)
    io["y"] = torch.cat([io["pooled"], embedded], -1)
    given = {"text_embeds": io["pooled"], "time_ids": sizes}
    for name, times in {"out_t981": [981.0], "out_t37": [37.0], "out_two_timesteps": [981.0, 37.0]}.items():
        io[name] = network(io["x"], torch.tensor(times), io["context"], added_cond_kwargs=given).sample
    save_file(io, FOLDER / "io.safetensors")
