"""The CLIP handle: what each family takes from its towers, files of its own, embeddings."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from inkloom.diffusion.clip import Clip
from inkloom.diffusion.errors import CheckpointError
from inkloom.diffusion.files.clip_files import load_clip
from inkloom.diffusion.files.embeddings import load_embedding
from inkloom.diffusion.files.text_keys import open_clip_tensors
from inkloom.diffusion.names import UnknownNameError
from inkloom.diffusion.networks.text import TextSpec, TextTower, with_weights
from inkloom.diffusion.prompts.tokenizer import BOS, EOS, Tokenizer, byte_letters

L = TextSpec(vocabulary=514, width=16, layers=3, heads=2, hidden=32)
G = TextSpec(vocabulary=514, width=24, layers=4, heads=2, hidden=48, activation="gelu", projection=24)
LONG = "ab " * 40  # 80 tokens: two rows


@pytest.fixture(scope="module")
def tokenizer():
    letters = byte_letters()
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), BOS, EOS]
    return Tokenizer({token: index for index, token in enumerate(tokens)}, [])


def tower(spec, seed=0):
    torch.manual_seed(seed)
    network = TextTower(spec).eval().requires_grad_(False)
    for name, weight in network.named_parameters():
        weight.copy_(torch.randn(weight.shape) * (0.5 if "embedding" in name else 0.3))
    return network


@pytest.fixture(scope="module")
def towers():
    return {"clip_l": tower(L), "open_clip_g": tower(G), "open_clip_h": tower(G, 1)}


@pytest.fixture
def build(towers, tokenizer):
    def clip(*kinds):
        return Clip({kind: towers[kind] for kind in kinds}, tokenizer)

    return clip


def ids(tokenizer, text, pad):
    body = tokenizer.ids(text)
    return torch.tensor([[tokenizer.bos, *body, tokenizer.eos, *[pad] * (75 - len(body))]])


@pytest.mark.parametrize(
    ("kind", "layer", "norm", "pads_with_zero"),
    [("clip_l", -1, True, False), ("open_clip_h", -2, True, True), ("open_clip_g", -2, False, True)],
)
def test_a_family_of_one_tower_reads_its_layer(build, towers, tokenizer, kind, layer, norm, pads_with_zero):
    [[hidden, options]] = build(kind).encode("a cat")
    row = ids(tokenizer, "a cat", 0 if pads_with_zero else tokenizer.eos)
    expected = towers[kind](row, tokenizer.eos, layer, norm=norm)
    assert torch.equal(hidden, expected.hidden)
    assert torch.equal(options["pooled_output"], expected.pooled)


def test_sdxl_lays_its_towers_side_by_side_and_pools_the_second(build, towers, tokenizer):
    [[hidden, options]] = build("clip_l", "open_clip_g").encode("a cat")
    first = towers["clip_l"](ids(tokenizer, "a cat", tokenizer.eos), tokenizer.eos, -2, norm=False)
    second = towers["open_clip_g"](ids(tokenizer, "a cat", 0), tokenizer.eos, -2, norm=False)
    assert torch.equal(hidden, torch.cat([first.hidden, second.hidden], dim=-1))
    assert torch.equal(options["pooled_output"], second.pooled)


@pytest.mark.parametrize("longer", ["clip_l", "open_clip_g"])
def test_texts_for_each_tower_are_filled_up_with_empty_rows(build, longer):
    clip = build("clip_l", "open_clip_g")
    shorter = {"clip_l": "open_clip_g", "open_clip_g": "clip_l"}[longer]
    part = {"clip_l": slice(None, 16), "open_clip_g": slice(16, None)}
    whole = clip.encode_each({longer: LONG, shorter: "a"})[0][0]
    assert whole.shape == (1, 154, 40)
    for kind, texts in ((longer, [LONG]), (shorter, ["a", ""])):
        rows = torch.cat([clip.encode(text)[0][0] for text in texts], dim=1)
        torch.testing.assert_close(whole[..., part[kind]], rows[..., part[kind]])


def test_texts_for_other_towers_are_refused(build):
    with pytest.raises(ValueError, match="texts for the text encoders clip_l and open_clip_g, but this CLIP"):
        build("open_clip_h").encode_each({"clip_l": "a", "open_clip_g": "b"})


def test_towers_of_no_family_are_refused(towers, tokenizer):
    with pytest.raises(ValueError, match="text encoders open_clip_g and clip_l; known: clip_l;"):
        Clip({"open_clip_g": towers["open_clip_g"], "clip_l": towers["clip_l"]}, tokenizer)


@pytest.mark.parametrize("kinds", [("clip_l",), ("open_clip_h",), ("clip_l", "open_clip_g")])
def test_an_earlier_layer_is_taken_from_every_tower(build, towers, tokenizer, kinds):
    clip = build(*kinds)
    hidden = clip.with_last_layer(-3).encode("a")[0][0]
    rows = [ids(tokenizer, "a", tokenizer.eos if kind == "clip_l" else 0) for kind in kinds]
    norm = len(kinds) == 1
    parts = [
        towers[kind](row, tokenizer.eos, -3, norm=norm).hidden for kind, row in zip(kinds, rows, strict=True)
    ]
    assert torch.equal(hidden, torch.cat(parts, dim=-1))
    assert clip.last_layer is None


def test_layers_that_one_tower_lacks_are_refused(build):
    with pytest.raises(ValueError, match="has layers -3 to -1, there is no layer -4"):
        build("clip_l", "open_clip_g").with_last_layer(-4)


def test_a_tower_that_diffusers_cut_counts_the_layer_it_lost(tokenizer):
    whole = tower(TextSpec(vocabulary=514, width=8, layers=24, heads=1, hidden=8))
    with torch.device("meta"):
        cut = TextTower(TextSpec(vocabulary=514, width=8, layers=23, heads=1, hidden=8))
    cut.load_state_dict({key: whole.state_dict()[key] for key in cut.state_dict()}, assign=True)
    clips = [Clip({"open_clip_h": each}, tokenizer) for each in (whole, cut)]
    for layer in (None, -2, -5):
        one, other = (
            (clip if layer is None else clip.with_last_layer(layer)).encode("a")[0][0] for clip in clips
        )
        assert torch.equal(one, other)
    with pytest.raises(ValueError, match="has layers -24 to -2, there is no layer -1"):
        clips[1].with_last_layer(-1)


def test_weights_move_only_the_tokens_that_have_them(build):
    clip = build("clip_l")
    plain, empty = clip.encode("a b")[0][0], clip.encode("")[0][0]
    weighted, options = clip.encode("(a:1.5) b")[0]
    torch.testing.assert_close(weighted[:, 1], empty[:, 1] + 1.5 * (plain[:, 1] - empty[:, 1]))
    rest = [i for i in range(77) if i != 1]
    torch.testing.assert_close(weighted[:, rest], plain[:, rest])
    torch.testing.assert_close(options["pooled_output"], clip.encode("a b")[0][1]["pooled_output"])


def test_a_prompt_without_weights_is_the_same_in_both_notations(build):
    clip = build("clip_l")
    assert torch.equal(clip.encode("a b")[0][0], clip.encode("a b", syntax="a1111")[0][0])
    assert not torch.equal(clip.encode("[a] b")[0][0], clip.encode("[a] b", syntax="a1111")[0][0])
    assert clip.encode("a BREAK b", syntax="a1111")[0][0].shape == (1, 154, 16)


def test_an_unknown_notation_is_told_with_the_known_ones(build):
    with pytest.raises(UnknownNameError, match="unknown prompt syntax 'a111'; known, nearest first: a1111"):
        build("clip_l").encode("a", syntax="a111")


def test_a_prompt_that_would_be_encoded_for_minutes_is_refused(build):
    clip = build("clip_l")
    with pytest.raises(ValueError, match="the prompt has 20001 characters; 20000 are the most"):
        clip.encode("x" * 20_001)
    assert clip.encode("x " * 200)[0][0].shape[1] == 77 * 3


def test_encoding_stops_between_two_layers(build):
    class StopError(Exception):
        pass

    layers: list[int] = []

    def stop_after(most):
        def pause():
            layers.append(len(layers))
            if len(layers) > most:
                raise StopError

        return pause

    clip = build("clip_l", "open_clip_g")
    [[whole, _]] = clip.encode(LONG, pause=stop_after(100))
    assert len(layers) == L.layers + G.layers
    assert torch.equal(whole, clip.encode(LONG)[0][0])
    for most in range(L.layers + G.layers):
        layers.clear()
        with pytest.raises(StopError):
            clip.encode(LONG, pause=stop_after(most))
        assert len(layers) == most + 1
    assert torch.equal(whole, clip.encode(LONG)[0][0]), "and nothing is left of it"


def test_half_precision_weights_encode_as_float32_of_the_same_values(towers, tokenizer):
    state = {key: value.half() for key, value in towers["clip_l"].state_dict().items()}
    half = with_weights(towers["clip_l"], state)
    same = with_weights(half, {key: value.float() for key, value in state.items()})
    encoded = [Clip({"clip_l": each}, tokenizer).encode("a")[0][0] for each in (half, same)]
    assert encoded[0].dtype == torch.float32
    assert torch.equal(*encoded)


def test_a_handle_knows_its_bytes(build, towers):
    counted = sum(p.nbytes for kind in ("clip_l", "open_clip_g") for p in towers[kind].parameters())
    assert build("clip_l", "open_clip_g").nbytes == counted


# Files of their own


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Write each tower into a file of its own, in the layout it is usually found in, with a vocabulary."""
    folder = tmp_path_factory.mktemp("towers")
    letters = byte_letters()
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), BOS, EOS]
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer/vocab.json").write_text(json.dumps({t: i for i, t in enumerate(tokens)}), "utf-8")
    (folder / "tokenizer/merges.txt").write_text("#version: 0.2\n", "utf-8")
    wide = {"clip_l": 64, "open_clip_h": 64, "open_clip_g": 1280}
    paths = {}
    for kind, width in wide.items():
        spec = TextSpec(vocabulary=514, width=width, layers=2, heads=width // 64, hidden=8)
        state = tower(spec).state_dict()
        if kind != "clip_l":
            state = open_clip_tensors({**state, "text_projection.weight": torch.zeros(4, width)})
        paths[kind] = folder / f"{kind}.safetensors"
        save_file(state, paths[kind])
    return paths


@pytest.mark.parametrize(
    ("names", "kind", "kinds"),
    [
        (["clip_l"], "stable_diffusion", ["clip_l"]),
        (["open_clip_h"], "stable_diffusion", ["open_clip_h"]),
        (["open_clip_g"], "stable_diffusion", ["open_clip_g"]),
        (["open_clip_g", "clip_l"], "sdxl", ["clip_l", "open_clip_g"]),
        (["clip_l", "open_clip_g"], "sdxl", ["clip_l", "open_clip_g"]),
    ],
)
def test_a_clip_is_made_of_files_in_any_order(files, names, kind, kinds):
    clip = load_clip([files[name] for name in names], kind)
    assert list(clip.towers) == kinds
    assert clip.encode("a")[0][0].shape[2] == sum(tower.spec.width for tower in clip.towers.values())


def test_files_that_make_no_clip_of_a_type_are_refused(files):
    with pytest.raises(CheckpointError, match="hold OpenCLIP ViT-H/14; a CLIP of type 'sdxl' is CLIP"):
        load_clip([files["open_clip_h"]], "sdxl")
    with pytest.raises(UnknownNameError, match="unknown type of CLIP 'sd4'"):
        load_clip([files["clip_l"]], "sd4")


def test_files_without_text_encoders_and_with_strange_keys_are_refused(tmp_path):
    path = tmp_path / "a.safetensors"
    save_file({"conv_first.weight": torch.ones(1)}, path)
    with pytest.raises(CheckpointError, match=r"no text encoder of CLIP\. It looks like an upscaler"):
        load_clip([path])
    save_file({**tower(L).state_dict(), "surprise": torch.ones(1)}, path)
    with pytest.raises(CheckpointError, match=r"1 unexpected \(surprise\)"):
        load_clip([path])


# Textual inversion


@dataclass(frozen=True)
class Folder:
    """Embedding files in a folder, by name without ending."""

    path: Path

    def names(self):
        """Name the files."""
        return sorted(file.name for file in self.path.iterdir())

    def find(self, name):
        """Find a file by its name."""
        return next((file for file in self.path.iterdir() if name in (file.name, file.stem)), None)


VECTORS = torch.randn(2, 16, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize(
    ("ending", "content"),
    [
        ("safetensors", {"emb_params": VECTORS}),
        ("pt", {"string_to_token": {"*": 265}, "string_to_param": {"*": VECTORS}, "name": "x", "step": 0}),
        (
            "pt",
            {
                "string_to_token": {"*": torch.tensor(265)},
                "string_to_param": {"*": VECTORS},
                "sd_checkpoint": None,
            },
        ),
        ("bin", {"<x>": VECTORS}),
        ("safetensors", {"clip_l": VECTORS, "clip_g": torch.zeros(2, 24)}),
    ],
)
def test_vectors_come_from_files_of_every_format(tmp_path, ending, content):
    path = tmp_path / f"x.{ending}"
    save_file(content, path) if ending == "safetensors" else torch.save(content, path)
    assert torch.equal(load_embedding(path).of("clip_l", 16), VECTORS)


def test_a_single_vector_is_one_token(tmp_path):
    torch.save({"<x>": VECTORS[0]}, tmp_path / "learned_embeds.bin")
    assert load_embedding(tmp_path / "learned_embeds.bin").of("clip_l", 16).shape == (1, 16)


def test_a_prompt_takes_each_towers_vectors_from_the_file(build, towers, tokenizer, tmp_path):
    other = torch.randn(1, 24)
    save_file({"clip_l": VECTORS, "clip_g": other}, tmp_path / "both.safetensors")
    [[hidden, _]] = build("clip_l", "open_clip_g").encode("a embedding:both", embeddings=Folder(tmp_path))
    plain = build("clip_l", "open_clip_g").encode("a")[0][0]
    changed = (hidden - plain).abs().amax(dim=(0, 2)) > 1e-6
    assert changed.nonzero().flatten()[0] == 2  # BOS and "a" see nothing of what follows
    assert not torch.equal(hidden[..., :16], plain[..., :16])
    assert not torch.equal(hidden[..., 16:], plain[..., 16:])


def test_a_vector_that_is_a_tokens_own_changes_nothing(build, towers, tokenizer, tmp_path):
    own = towers["clip_l"].text_model.embeddings.token_embedding.weight[tokenizer.ids("cat")]
    save_file({"emb_params": own.contiguous()}, tmp_path / "cat.safetensors")
    clip = build("clip_l")
    with_file = clip.encode("a (embedding:cat:1.2) b", embeddings=Folder(tmp_path))[0][0]
    torch.testing.assert_close(with_file, clip.encode("a (cat:1.2) b")[0][0])


def test_an_unknown_embedding_is_told_with_the_known_ones(build, tmp_path):
    for name in ("other.pt", "golden.safetensors"):
        (tmp_path / name).touch()
    message = "unknown embedding 'golde'; known, nearest first: golden, other"
    with pytest.raises(UnknownNameError, match=message):
        build("clip_l").encode("embedding:golde", embeddings=Folder(tmp_path))
    with pytest.raises(UnknownNameError, match="unknown embedding 'x'; there are none"):
        build("clip_l").encode("embedding:x")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            {"emb_params": torch.zeros(1, 1024)},
            r"1024 channels, .* Stable Diffusion 2; .* takes 16",
        ),
        ({"emb_params": torch.zeros(1, 5)}, "5 channels, which are for no family known here"),
        ({"clip_g": torch.zeros(1, 24)}, "is for open_clip_g, not for clip_l"),
        (
            {"a": torch.zeros(1, 16), "b": torch.zeros(1, 16)},
            "is no textual-inversion embedding",
        ),
        ({"a": torch.zeros(1, 2, 16)}, "is no textual-inversion embedding"),
    ],
)
def test_a_file_for_another_tower_says_which(build, tmp_path, content, message):
    save_file(content, tmp_path / "x.safetensors")
    with pytest.raises(CheckpointError, match=message):
        build("clip_l").encode("embedding:x", embeddings=Folder(tmp_path))


def test_a_pickle_that_runs_code_is_refused(tmp_path):
    torch.save({"<x>": subprocess.Popen}, tmp_path / "x.pt")
    with pytest.raises(CheckpointError, match="reading it would run code"):
        load_embedding(tmp_path / "x.pt")


def test_a_weight_beyond_all_numbers_is_refused_where_it_is_read(build):
    with pytest.raises(ValueError, match="a weight in the prompt is too large"):
        build("clip_l").encode("(a:1e39) cat")
