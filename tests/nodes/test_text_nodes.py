"""The nodes that encode text: files that prompts name, options of SDXL, attention scaled."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from inkloom import diffusion
from inkloom.diffusion.prompts.prompt import parse_comfyui
from inkloom.diffusion.prompts.token_rows import DIRECTIVE
from inkloom.executor import Cancelled, Context, Graph, NodeStarted
from inkloom.nodes import NODES, Engine, conditioning, open_folders
from inkloom.nodes.data_folder import BUNDLED

INKLET = BUNDLED["checkpoints"][0] / "inklet.safetensors"
PARTS = st.sampled_from(
    ["embedding:", "a", "b-1", "sub/", ".pt", ".", ",", " ", "(", ")", ":1.2", "\\(", "\\)", "\n"]
)


@pytest.fixture(scope="module")
def clip() -> diffusion.Clip:
    return diffusion.load_checkpoint(INKLET).clip


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    return Context(folders=open_folders(tmp_path))


def write_embedding(ctx: Context, name: str, vectors: torch.Tensor) -> None:
    path = ctx.folders.root("embeddings") / name
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({"emb_params": vectors}, path)


def test_prompts_name_files_in_the_folder_of_embeddings(ctx: Context, clip: diffusion.Clip):
    table = clip.towers["clip_l"].state_dict()["text_model.embeddings.token_embedding.weight"].float()
    write_embedding(ctx, "colours/red.safetensors", table[clip.tokenizer.ids("red")].contiguous())
    plain = conditioning.clip_text_encode(ctx, text="a red circle", clip=clip)[0][0]
    for name in ("colours/red", "colours/red.safetensors"):
        named = conditioning.clip_text_encode(ctx, text=f"a embedding:{name} circle", clip=clip)[0][0]
        torch.testing.assert_close(named, plain)
    with pytest.raises(diffusion.UnknownNameError, match=r"unknown embedding 'red'; known.*: colours/red"):
        conditioning.clip_text_encode(ctx, text="a embedding:red circle", clip=clip)


def test_a_cancelled_run_stops_in_the_middle_of_encoding(tmp_path: Path, clip: diffusion.Clip):
    asked: list[bool] = []

    def cancelled() -> bool:
        asked.append(len(asked) == 2)
        return asked[-1]

    ctx = Context(folders=open_folders(tmp_path), cancelled=cancelled)
    score = {"ascore": 6.0, "width": 64, "height": 64}
    for encode in (
        lambda: conditioning.clip_text_encode(ctx, text="a red circle", clip=clip),
        lambda: conditioning.encode_prompt(ctx, text="a red circle", clip=clip, notation="a1111"),
        lambda: conditioning.clip_text_encode_sdxl_refiner(ctx, text="a red circle", clip=clip, **score),
    ):
        asked.clear()
        with pytest.raises(Cancelled):
            encode()
        assert asked == [False, False, True]


def test_an_embedding_that_changes_is_read_again(ctx: Context):
    flow = {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "inklet.safetensors"}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "embedding:x", "clip": ["1", 1]}},
        "3": {"class_type": "PreviewAny", "inputs": {"source": ["2", 0]}},
    }

    def names_of_run() -> list[str]:
        events = engine.run(Graph.parse(flow))
        return [event.node for event in events if isinstance(event, NodeStarted)]

    engine = Engine(NODES, ctx.folders)
    write_embedding(ctx, "x.safetensors", torch.zeros(1, 128))
    assert "2" in names_of_run()
    assert "2" not in names_of_run()
    write_embedding(ctx, "x.safetensors", torch.ones(1, 128))
    assert "2" in names_of_run()


@given(text=st.lists(PARTS, max_size=8).map("".join))
def test_every_file_that_is_read_was_seen_in_the_written_prompt(text: str):
    seen = re.findall(diffusion.EMBEDDING_PATTERN, text)
    for segment in parse_comfyui(text):
        assert set(DIRECTIVE.findall(segment.text)) <= set(seen)


def test_sdxl_is_told_sizes_and_the_refiner_a_score(ctx: Context, clip: diffusion.Clip):
    xl = diffusion.Clip(
        {"clip_l": clip.towers["clip_l"], "open_clip_g": clip.towers["clip_l"]}, clip.tokenizer
    )
    sizes = {"width": 1, "height": 2, "crop_w": 3, "crop_h": 4, "target_width": 5, "target_height": 6}
    [[context, options]] = conditioning.clip_text_encode_sdxl(
        ctx, clip=xl, text_g="a red circle", text_l="a blue square", **sizes
    )
    pooled = options.pop("pooled_output")
    assert options == sizes
    assert (context.shape, pooled.shape) == ((1, 77, 256), (1, 128))
    swapped = conditioning.clip_text_encode_sdxl(ctx, clip=xl, text_g="a blue square", text_l="a red circle")
    assert not torch.equal(swapped[0][0], context)
    refiner = diffusion.Clip({"open_clip_g": clip.towers["clip_l"]}, clip.tokenizer)
    [[_, options]] = conditioning.clip_text_encode_sdxl_refiner(
        ctx, ascore=2.5, width=7, height=8, text="a", clip=refiner
    )
    del options["pooled_output"]
    assert options == {"aesthetic_score": 2.5, "width": 7, "height": 8}


def test_the_notation_can_be_chosen(ctx: Context, clip: diffusion.Clip):
    def encoded(notation: str) -> torch.Tensor:
        return conditioning.encode_prompt(ctx, text="[a] BREAK b", clip=clip, notation=notation)[0][0]

    plain = conditioning.clip_text_encode(ctx, text="[a] BREAK b", clip=clip)[0][0]
    assert torch.equal(encoded("comfyui"), plain)
    assert encoded("a1111").shape == (1, 154, 128)


def test_scaled_attention_changes_the_encoding_and_one_does_not(ctx: Context, clip: diffusion.Clip):
    def encoded(**factors: float) -> torch.Tensor:
        scaled = conditioning.clip_attention_multiply(clip=clip, **factors)
        return conditioning.clip_text_encode(ctx, text="a red circle", clip=scaled)[0][0]

    assert torch.equal(encoded(), clip.encode("a red circle")[0][0])
    for name in ("q", "k", "v", "out"):
        assert not torch.equal(encoded(**{name: 1.5}), encoded())
    # Queries and keys meet in a product, values and outputs follow each other.
    torch.testing.assert_close(encoded(q=2, k=0.5), encoded(), rtol=1e-4, atol=1e-4)
