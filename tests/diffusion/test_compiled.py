"""Compiled U-Nets compute what others do; where no compiler can work, that is said at once."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from inkloom.diffusion.guidance.estimate import predict_each
from inkloom.diffusion.model import Model
from inkloom.diffusion.names import UnknownNameError
from inkloom.diffusion.networks import compiled
from inkloom.diffusion.networks.attention_multiply import with_multiplied_attention
from inkloom.diffusion.networks.compiled import BACKENDS, Compilation, CompilerError
from inkloom.diffusion.networks.unet import UNet, UNetSpec
from inkloom.diffusion.schedules.prediction import EPS
from inkloom.diffusion.schedules.schedule import discrete_schedule

SPEC = UNetSpec(
    channels=(64,), input_depths=(1,), middle_depth=1, output_depths=(1, 1), context_channels=24, res_blocks=1
)


@pytest.fixture(scope="module")
def model() -> Model:
    """Give a model as a loader makes it: in inference mode, in half precision."""
    with torch.inference_mode():
        torch.manual_seed(0)
        unet = UNet(SPEC)
        for parameter in unet.parameters():
            if parameter.ndim > 1:
                parameter.copy_(torch.randn(parameter.shape) * parameter[0].numel() ** -0.5)
        return Model(unet.half().eval().requires_grad_(False), EPS, discrete_schedule())


def test_a_traced_network_computes_the_same_with_its_hooks(model: Model):
    hooked = with_multiplied_attention(model, "self", 1.0, 1.0, 2.0, 1.5)
    traced = replace(hooked, compilation=Compilation("eager"))
    x, texts = torch.randn(1, 4, 8, 8), [[[torch.randn(1, 9, 24), {}]] for _ in range(2)]
    with torch.inference_mode():
        found, expected, plain = (predict_each(one, x, 2.0, texts) for one in (traced, hooked, model))
    for number in range(2):
        torch.testing.assert_close(found[number], expected[number], rtol=0, atol=2e-5)
        assert (found[number] - plain[number]).abs().max() > 1e-3
    assert traced.network is traced.network
    assert traced.network is not model.network


def test_what_a_backend_lacks_is_said(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(UnknownNameError, match="unknown backend 'inducter'; known, nearest first: inductor"):
        Compilation("inducter")
    if not torch.cuda.is_available():
        with pytest.raises(CompilerError, match="cudagraphs needs a CUDA device, which is not here"):
            Compilation("cudagraphs")
        monkeypatch.setattr(compiled.shutil, "which", lambda _: None)
        with pytest.raises(CompilerError, match=r"inductor needs a C\+\+ compiler"):
            Compilation("inductor")


def test_the_backends_are_torchs_own():
    known = {*torch.compiler.list_backends(None), "eager"}
    assert BACKENDS.keys() <= known
