"""Prompts taken apart and laid out in rows, against stored answers of other programs, and a few laws."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from inkloom.diffusion.names import SYNTAX_NAMES
from inkloom.diffusion.prompts.emphasis import restore_mean, towards_empty
from inkloom.diffusion.prompts.prompt import SYNTAXES, Weighted, parse_a1111, parse_comfyui
from inkloom.diffusion.prompts.token_rows import WHOLE, Token, pieces, token_rows
from inkloom.diffusion.prompts.tokenizer import clip_tokenizer

TEXT = Path(__file__).parents[1] / "data/text"


def stored(name):
    return json.loads((TEXT / f"{name}.json").read_text(encoding="utf-8"))


CHUNKS = stored("chunks")
MARKS = st.text(st.sampled_from("ab():[]\\1.2 \n"), max_size=40)


@pytest.fixture(scope="module")
def clip():
    return clip_tokenizer()


def golden_vectors(name):
    """Give the embedding that the stored rows were made with: vector n begins with n times its width."""
    assert name == "golden"
    return torch.arange(3 * 768.0).reshape(3, 768)


def laid_out(text, clip, pad):
    found = pieces(parse_comfyui(text), clip, golden_vectors)
    return token_rows(found, bos=clip.bos, eos=clip.eos, pad=pad)


def shown(token):
    return [token.id if token.vector is None else f"E{int(token.vector[0]) // 768}", token.weight]


@pytest.mark.parametrize("case", stored("weights_node"), ids=lambda case: case["text"][:20])
def test_prompts_come_apart_as_in_comfyui(case):
    assert [[*segment] for segment in parse_comfyui(case["text"])] == case["segments"]


@pytest.mark.parametrize("case", stored("weights_a1111"), ids=lambda case: case["text"][:20])
def test_prompts_come_apart_as_in_the_web_ui(case):
    segments = [
        [*part] if isinstance(part, Weighted) else ["BREAK", -1.0] for part in parse_a1111(case["text"])
    ]
    assert segments == [[text, weight] for text, weight in case["segments"] if text]


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        (") (x:1.2)", [(") (x:1.2)", 1)]),  # as there: what closes nothing makes the next one open nothing
        ("(a (b)", [("a ", 1.1), ("(b", 1.1)]),
        ("(x:inf)", [("x:inf", 1.1)]),
        ("(x:nan)", [("x:nan", 1.1)]),
        ("(x:1e999)", [("x:1e999", 1.1)]),
        ("(" * 1200 + "x" + ")" * 1200, [("x", 1.1**1200)]),
    ],
)
def test_odd_prompts_keep_their_text_and_have_finite_weights(text, segments):
    assert [(*segment,) for segment in parse_comfyui(text)] == [
        (text, pytest.approx(weight)) for text, weight in segments
    ]


@given(text=MARKS)
@pytest.mark.parametrize("parse", [parse_comfyui, parse_a1111])
def test_any_prompt_comes_apart_into_parts_of_itself(parse, text):
    rest = text
    for segment in parse(text):
        assert isinstance(segment, Weighted)
        for character in segment.text:
            assert character in rest
            rest = rest[rest.index(character) + 1 :]


@given(text=st.text(st.characters(exclude_characters="()[]\\:", exclude_categories=["Cs"]), max_size=40))
@pytest.mark.parametrize("parse", [parse_comfyui, parse_a1111])
def test_text_without_marks_is_one_plain_segment(parse, text):
    if "BREAK" not in text:
        assert parse(text) == ([Weighted(text)] if text else [])


@pytest.mark.parametrize(
    "case",
    [case for case in CHUNKS["results"] if "missing" not in case["text"]],
    ids=lambda case: f"{case['tokenizer']}-{len(case['text'])}",
)
def test_rows_are_those_of_comfyui(clip, case):
    pad = {"sd1": clip.eos, "sdxl_g": 0}[case["tokenizer"]]
    rows = laid_out(case["text"], clip, pad)
    assert [[shown(token) for token in tokens] for tokens in rows] == [
        [token[:2] for token in chunk] for chunk in case["chunks"]
    ]


@given(lengths=st.lists(st.integers(0, 30), max_size=12), room=st.integers(10, 20))
def test_rows_hold_every_token_once_in_order_and_short_pieces_whole(lengths, room):
    start = [sum(lengths[:i]) for i in range(len(lengths))]
    made = [[Token(100 + s + i) for i in range(n)] for s, n in zip(start, lengths, strict=True)]
    rows = token_rows(made, bos=1, eos=2, pad=0, length=room + 2)
    assert all(len(tokens) == room + 2 and tokens[0].id == 1 for tokens in rows)
    ids = [[token.id for token in tokens] for tokens in rows]
    assert [i for row in ids for i in row if i >= 100] == [token.id for piece in made for token in piece]
    assert all(row[row.index(2) + 1 :] == [0] * (room + 1 - row.index(2)) for row in ids)
    for piece in made:
        if 0 < len(piece) < WHOLE:
            assert sum(piece[0].id in row for row in ids) == sum(
                piece[0].id in row and piece[-1].id in row for row in ids
            )


@pytest.mark.parametrize(("tokens", "in_first_row"), [(5, 5), (7, 0), (8, 5), (20, 5)])
def test_a_piece_of_eight_tokens_or_more_is_cut_where_the_row_ends(tokens, in_first_row):
    made = [[Token(1)] * 70, [Token(2)] * tokens]
    rows = token_rows(made, bos=0, eos=3, pad=0)
    assert [token.id for token in rows[0]].count(2) == in_first_row


def test_a_break_starts_a_row(clip):
    rows = token_rows(pieces(parse_a1111("a BREAK b"), clip, golden_vectors), bos=1, eos=2, pad=0, length=5)
    assert [[token.id for token in tokens] for tokens in rows] == [[1, 320, 2, 0, 0], [1, 321, 2, 0, 0]]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("embedding:golden", ["golden"]),
        ("a, embedding:golden.", ["golden"]),
        ("embedding:golden,embedding:golden", ["golden", "golden"]),
        ("(embedding:golden:1.2)", ["golden"]),
        ("embedding:sub/a-b_1.pt; c", ["sub/a-b_1.pt"]),
        ("anembedding:golden", []),
        ("embedding: golden", []),
    ],
)
def test_embeddings_are_named_up_to_what_no_name_has(clip, text, names):
    asked = []

    def vectors(name):
        asked.append(name)
        return golden_vectors("golden")

    list(pieces(parse_comfyui(text), clip, vectors))
    assert asked == names


def test_the_table_of_notations_is_the_list_that_nodes_offer():
    assert tuple(SYNTAXES) == SYNTAX_NAMES


def test_weights_move_tokens_as_the_reference_does(golden):
    io = golden.io("tiny-clip-l")
    weights, row, empty = (
        io["prompt_weights_row3"][None],
        io["hidden_minus1_ln"][3:4],
        io["hidden_minus1_ln"][2],
    )
    torch.testing.assert_close(towards_empty(row, weights, empty)[0], io["weighted_towards_empty"])
    torch.testing.assert_close(restore_mean(row, weights, empty)[0], io["weighted_scale_and_restore_mean"])


@pytest.mark.parametrize("emphasise", [towards_empty, restore_mean])
def test_a_weight_of_one_changes_no_bit(emphasise):
    encoding = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(emphasise(encoding, torch.ones(2, 5), torch.ones(5, 3)), encoding)


PAGE = (Path(__file__).parents[2] / "docs/prompts.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("line", re.findall(r"^\| `(.+?)` \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE))
def test_the_pages_examples_are_true(line):
    prompt, *told = line
    for syntax, cell in zip(SYNTAXES.values(), told, strict=True):
        parts = [
            f"{part.text} ×{round(part.weight, 2):g}" if isinstance(part, Weighted) else "line"
            for part in syntax.parse(prompt)
        ]
        assert ", ".join(parts) == cell
