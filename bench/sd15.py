"""One step of a real-size Stable Diffusion 1.5 U-Net, beside diffusers' with the same weights.

512x512 pixels, both prompts in one call, random weights. All variants take turns in one process, so that what
else the machine does falls on all of them; the ratios are of the quickest turns. CPU seconds are those of the
calling thread, which another process can't stretch: with one thread they are the fairer measure on a busy
machine. On a graphics card (`python -m bench.sd15 --device cuda`) a turn ends when the card has computed it.
Needs diffusers: pip install -e ".[bench]".
"""

from __future__ import annotations

import argparse
import copy
import importlib
import importlib.util
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from inkloom.diffusion.files.layouts import unet_part
from inkloom.diffusion.networks.unet import UNet, UNetSpec
from inkloom.diffusion.networks.unfilled import on_meta
from inkloom.diffusion.networks.weights import CPU, Copies

TURNS = 4
SHAPE = (1, 4, 64, 64)
CONFIG = {
    "sample_size": 64,
    "cross_attention_dim": 768,
    "attention_head_dim": 8,
    "block_out_channels": (320, 640, 1280, 1280),
}
Step = Callable[[], Tensor]


def reference() -> Any:
    """Return diffusers' U-Net with random weights."""
    diffusers: Any = importlib.import_module("diffusers")
    with torch.device("meta"):
        network: Any = diffusers.UNet2DConditionModel(**CONFIG)
    return filled(network.to_empty(device="cpu"))


def filled(network: Any) -> Any:
    """Fill a network with random numbers that float16 and bfloat16 hold, and keep its activations' size."""
    network = network.eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(0)
    for name, parameter in network.named_parameters():
        if parameter.ndim > 1:
            parameter.normal_(0, parameter[0].numel() ** -0.5, generator=generator)
        elif "norm" in name and name.endswith("weight"):
            parameter.fill_(1)
        else:
            parameter.normal_(0, 0.1, generator=generator)
        parameter.copy_(parameter.bfloat16().half())  # so that every precision has the same weights
    return network


def laid(
    network: nn.Module,
    layout: torch.memory_format,
    dtype: torch.dtype = torch.float32,
    device: torch.device = CPU,
) -> Any:
    """Return a network whose convolutions lie so in memory; what need not change is shared."""
    twin = copy.deepcopy(network, {id(tensor): tensor for tensor in network.parameters()})
    for module in twin.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            value = parameter.data.to(device, dtype)
            value = value.contiguous(memory_format=layout) if value.ndim == 4 else value
            setattr(module, name, nn.Parameter(value, requires_grad=False))
    return twin


def ours(network: Any) -> UNet:
    """Return our U-Net with the weights of diffusers' one, in float16, as most files hold them."""
    part = unet_part({name: tensor.half() for name, tensor in network.state_dict().items()})
    assert part is not None
    unet = on_meta(UNet, UNetSpec.from_shapes(part.shapes)).eval().requires_grad_(False)
    unet.load_state_dict(dict(part.tensors), assign=True)
    return unet


def finished(device: torch.device) -> None:
    """Wait until a card has computed all that it was asked for."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def variants(device: torch.device) -> dict[str, Step]:
    """Return what is measured, by its name."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(SHAPE, generator=generator).bfloat16().float().to(device)
    text = torch.randn(2, 77, 768, generator=generator).bfloat16().float().to(device)
    time_step = torch.tensor([500.0]).to(device)
    last, first = torch.channels_last, torch.contiguous_format
    plain = reference()
    exact, half = (laid(plain, last, dtype, device) for dtype in (torch.float32, torch.bfloat16))
    file = ours(plain)

    def theirs(network: Any, layout: torch.memory_format, dtype: torch.dtype) -> Step:
        both = x.repeat(2, 1, 1, 1).to(dtype).contiguous(memory_format=layout)
        context = text.to(dtype)
        return lambda: network(both, time_step, context).sample

    def mine(dtype: torch.dtype) -> Step:
        network = Copies().ready(file, dtype, device)
        context = network.project_context(text.to(dtype))  # once a run
        return lambda: network(x.to(dtype), time_step, context)

    return {
        "diffusers, float32": theirs(laid(plain, first, device=device), first, torch.float32),
        "diffusers, float32, channels last": theirs(exact, last, torch.float32),
        "diffusers, bfloat16, channels last": theirs(half, last, torch.bfloat16),
        "inkloom, float32": mine(torch.float32),
        "inkloom, bfloat16": mine(torch.bfloat16),
    }


def main(device: torch.device = CPU) -> None:
    """Print the table."""
    if importlib.util.find_spec("diffusers") is None:
        print('diffusers is not installed; for this measurement: pip install -e ".[bench]"', file=sys.stderr)
        return
    walls: dict[str, list[float]] = {}
    cpus: dict[str, list[float]] = {}
    with torch.inference_mode():
        steps = variants(device)
        threads = f"{torch.get_num_threads()} threads"
        print(f"torch {torch.__version__}, {device}, {threads}, load {os.getloadavg()[0]:.1f}")
        answers = {name: step().float() for name, step in steps.items()}  # warms up, too
        finished(device)
        for _ in range(TURNS):
            for name, step in steps.items():
                wall, cpu = time.perf_counter(), time.thread_time()
                step()
                finished(device)
                walls.setdefault(name, []).append(time.perf_counter() - wall)
                cpus.setdefault(name, []).append(time.thread_time() - cpu)
    exact = answers["diffusers, float32"]
    least = {name: min(seconds) for name, seconds in walls.items()}
    best = min(seconds for name, seconds in least.items() if name.startswith("diffusers, float32"))
    best_half = least["diffusers, bfloat16, channels last"]
    print(f"{'':36}{'min s':>8}{'median':>8}{'CPU s':>8}{'/ float32':>11}{'/ bfloat16':>12}{'distance':>11}")
    for name, seconds in walls.items():
        distance = ((answers[name] - exact).norm() / exact.norm()).item()
        print(
            f"{name:36}{min(seconds):8.2f}{statistics.median(seconds):8.2f}{min(cpus[name]):8.2f}"
            f"{least[name] / best:11.2f}{least[name] / best_half:12.2f}{distance:11.1e}"
        )
    print(f"load {os.getloadavg()[0]:.1f}; ratios to diffusers' best of that precision, by the quickest turn")
    print("wanted: inkloom float32 <= 0.75 of float32, bfloat16 <= 0.40 of float32 and <= 0.80 of bfloat16")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", type=torch.device, default=CPU)
    main(parser.parse_args().device)
