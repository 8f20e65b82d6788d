"""Maps of what a model looks at for each word: they add up, and lie where the things are that words name."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from inkloom import diffusion
from inkloom.diffusion.prompts.token_rows import Token
from inkloom.diffusion.prompts.tokenizer import clip_tokenizer
from inkloom.diffusion.prompts.words import Word, words_in
from inkloom.nodes.data_folder import BUNDLED

TOKENIZER = clip_tokenizer()
BOS, EOS = Token(TOKENIZER.bos), Token(TOKENIZER.eos)
PROMPT = "a large red circle on a blue background, left"


@pytest.fixture(scope="module")
def inklet() -> diffusion.Checkpoint:
    return diffusion.load_checkpoint(BUNDLED["checkpoints"][0] / "inklet.safetensors")


@pytest.fixture(scope="module")
def drawn(inklet: diffusion.Checkpoint) -> diffusion.Latent:
    """A latent that shows what PROMPT says."""
    guider = diffusion.CfgGuider(inklet.model, inklet.clip.encode(PROMPT), inklet.clip.encode(""), 4.0)
    sampler = diffusion.sampler_by_name("dpmpp_2m")
    sigmas = diffusion.sigmas_for(inklet.model.schedule, "simple", 20)
    latent: diffusion.Latent = {"samples": torch.zeros(1, 4, 16, 16)}
    states = diffusion.sample_states(
        guider, sampler, sigmas=sigmas, latent=latent, noise=diffusion.RandomNoise(7)
    )
    *_, last = states
    return {"samples": diffusion.final_latent(inklet.model, last)}


def tokens(text: str) -> list[Token]:
    return [Token(number) for number in TOKENIZER.ids(text)]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([[BOS, *tokens("a red, circle."), EOS, EOS]], [("a", (1,)), ("red", (2,)), ("circle", (4,))]),
        ([[BOS, *tokens("Zwölftonmusik"), EOS]], [("zwölftonmusik", (1, 2, 3, 4, 5, 6))]),
        ([[BOS, *tokens("日本")], [EOS]], [("日本", (1, 2, 3))]),
        ([[BOS, *tokens("a"), EOS], [BOS, *tokens("cat"), EOS, *tokens("!")]], [("a", (1,)), ("cat", (4,))]),
        (
            [[BOS, *tokens("by"), *[Token(0, 1.0, torch.ones(2))] * 2, *tokens("cat"), EOS]],
            [("by", (1,)), ("embedding", (2, 3)), ("cat", (4,))],
        ),
        ([[BOS, *tokens(", ..."), EOS]], []),
        ([[BOS, EOS]], []),
    ],
)
def test_words_and_their_places(rows: list[list[Token]], words: list[tuple[str, tuple[int, ...]]]) -> None:
    assert words_in(rows, TOKENIZER) == [Word(*word) for word in words]


@given(st.lists(st.sampled_from(["a", "lighthouse", "überall", "naïve", "x1", "don't"]), min_size=1))
def test_words_read_as_the_prompt_does(written: list[str]) -> None:
    found = words_in([[BOS, *tokens(" ".join(written)), EOS]], TOKENIZER)
    assert "".join(word.text for word in found).replace("'", "") == "".join(written).replace("'", "")


def test_a_cells_shares_add_up_to_one(inklet: diffusion.Checkpoint, drawn: diffusion.Latent) -> None:
    latent: diffusion.Latent = {"samples": drawn["samples"].repeat(2, 1, 1, 1)}
    maps = diffusion.attention_maps(inklet.model, inklet.clip.encode(PROMPT), latent, percent=0.5, seed=0)
    assert maps.shape == (2, 77, 16, 16)
    torch.testing.assert_close(maps.sum(1), torch.ones(2, 16, 16))
    assert maps.min() >= 0


def test_words_are_looked_for_where_their_things_are(
    inklet: diffusion.Checkpoint, drawn: diffusion.Latent
) -> None:
    [picture] = inklet.vae.decode(drawn["samples"])
    red = (picture[..., 0] > picture[..., 2]).unflatten(0, (16, 8)).unflatten(2, (16, 8)).float()
    there = red.mean((1, 3)) > 0.5  # the cells of the circle
    words = inklet.clip.words(PROMPT)
    encoded = inklet.clip.encode(PROMPT)
    maps = diffusion.attention_maps(inklet.model, encoded, drawn, percent=0.5, seed=0)
    [seen] = diffusion.word_maps(maps, words)
    ratio = {
        word.text: float(one[there].mean() / one[~there].mean())
        for word, one in zip(words, seen, strict=True)
    }
    assert ratio["red"] > 2
    assert ratio["circle"] > 2
    assert ratio["blue"] < 0.5
    assert ratio["background"] < 0.5


def test_each_words_map_goes_from_zero_to_one() -> None:
    maps = torch.rand(2, 5, 4, 6)
    found = diffusion.word_maps(maps, [Word("one", (1,)), Word("two", (2, 4))])
    assert found.shape == (2, 2, 4, 6)
    assert (found.amin((2, 3)) == 0).all()
    assert (found.amax((2, 3)) == 1).all()
    flat = diffusion.word_maps(torch.full((1, 2, 3, 3), 0.25), [Word("flat", (0,))])
    assert (flat == 0).all()


def test_a_hotter_cell_is_brighter() -> None:
    values = torch.linspace(0, 1, 50).reshape(1, 1, 50)
    luma = diffusion.heat_image(values, 1)[0, 0] @ torch.tensor([0.299, 0.587, 0.114])
    assert (luma.diff() > 0).all()
    assert diffusion.heat_image(torch.rand(3, 4, 5), 8).shape == (3, 32, 40, 3)


def test_a_conditioning_of_two_entries_is_refused(
    inklet: diffusion.Checkpoint, drawn: diffusion.Latent
) -> None:
    two: Any = inklet.clip.encode("a") + inklet.clip.encode("b")
    with pytest.raises(ValueError, match="one entry is needed, this one has 2"):
        diffusion.attention_maps(inklet.model, two, drawn, percent=0.5, seed=0)
