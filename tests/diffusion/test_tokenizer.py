"""The tokenizer against transformers' ids, and the laws of its rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkloom.diffusion.errors import CheckpointError
from inkloom.diffusion.prompts.token_rows import Token, token_rows
from inkloom.diffusion.prompts.tokenizer import BOS, EOS, clip_tokenizer, folder_tokenizer

PROMPTS = json.loads((Path(__file__).parents[1] / "data/text/tokens.json").read_text(encoding="utf-8"))
ANY_TEXT = st.text(st.characters(codec=None), max_size=200)  # surrogates too: JSON can carry them


@pytest.fixture(scope="module")
def clip():
    return clip_tokenizer()


@pytest.fixture
def folder(tiny_checkpoint):
    return tiny_checkpoint.parent / "tokenizer"


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda prompt: repr(prompt["text"][:20]))
def test_ids_are_those_of_transformers(clip, prompt):
    assert clip.ids(prompt["text"]) == prompt["ids"]
    assert clip.row(prompt["text"]) == prompt["padded_77_eos"]
    tokens = [Token(token) for token in prompt["ids"]]
    padded = token_rows([tokens], bos=clip.bos, eos=clip.eos, pad=0)[0]
    assert [token.id for token in padded] == prompt["padded_77_zero"]


def test_the_vocabulary_is_clips(clip):
    assert (clip.size, clip.bos, clip.eos) == (49408, 49406, 49407)


@settings(max_examples=300, deadline=None)
@given(text=ANY_TEXT, length=st.integers(3, 100))
def test_any_text_gives_a_whole_row_of_known_ids(clip, text, length):
    row, ids = clip.row(text, length), clip.ids(text)
    assert all(0 <= token < clip.size for token in ids)
    assert (len(row), row[0], row[-1]) == (length, clip.bos, clip.eos)
    assert row[1:-1] == [*ids, *[clip.eos] * length][: length - 2]


@pytest.fixture(scope="module")
def reference(clip):
    from transformers import CLIPTokenizer

    return CLIPTokenizer(vocab=clip.vocabulary, merges=list(clip.merges))


NOTATION = st.sampled_from(
    ["'s", "'Re", "''", "1st", "3.5", "<|endoftext|>", "<|StartOfText|>", "İ", "ﬁ", "e\u0301"]
)


@settings(max_examples=500, deadline=None)
@given(parts=st.lists(st.text(max_size=20) | NOTATION, max_size=6))
def test_any_text_has_the_ids_that_transformers_gives_it(clip, reference, parts):
    text = "".join(parts)
    assert clip.ids(text) == reference(text, add_special_tokens=False)["input_ids"]


@pytest.mark.parametrize(("text", "same"), [("\ud83d\ude00", "😀"), ("a\ud800b", "a�b")])
def test_surrogates_read_as_what_they_stand_for(clip, text, same):
    assert clip.ids(text) == clip.ids(same)


def test_specials_in_a_text_are_read_as_such(clip):
    assert clip.ids(f"a {EOS} b {BOS}") == [320, clip.eos, 321, clip.bos]


def test_a_folder_gives_its_own_vocabulary(folder):
    tokenizer = folder_tokenizer(folder)
    assert (tokenizer.size, tokenizer.bos, tokenizer.eos) == (515, 513, 514)
    assert tokenizer.ids("at bat") == [512, 65, 512]


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("vocab.json", None, "No such file"),
        ("merges.txt", None, "No such file"),
        ("vocab.json", "{", "Expecting property name"),
        ("vocab.json", "[]", "not a table of tokens"),
        ("vocab.json", '{"a": 0}', "has no <|startoftext|> and no <|endoftext|>"),
        ("vocab.json", f'{{"{BOS}": 0, "{EOS}": 2}}', "ids are not 0 to 1, each once"),
        ("merges.txt", "a t</w> x", "is not a pair: 'a t</w> x'"),
        ("merges.txt", "q u", "merges need tokens that the vocabulary does not have: qu"),
    ],
)
def test_a_folder_that_cannot_be_used_says_why(folder, file, text, message):
    (folder / file).unlink()
    if text is not None:
        (folder / file).write_text(text, encoding="utf-8")
    with pytest.raises(CheckpointError) as caught:
        folder_tokenizer(folder)
    assert message in str(caught.value)
    assert str(folder) in str(caught.value)
