"""Train inklet's byte-pair vocabulary: CLIP's kind, but only as large as its captions need."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from ..prompts.tokenizer import BOS, EOS, byte_letters

END = "</w>"
Pair = tuple[str, str]


def learn_merges(words: Counter[str], count: int) -> list[Pair]:
    """Learn up to `count` merges from counted words of ASCII letters; ties go to the first in order.

    Sennrich et al. 2016, arXiv 1508.07909.
    """
    spelled = {word: [*word[:-1], word[-1] + END] for word in words}
    merges: list[Pair] = []
    while len(merges) < count:
        pairs: Counter[Pair] = Counter()
        for word, parts in spelled.items():
            for pair in pairwise(parts):
                pairs[pair] += words[word]
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        for word, parts in spelled.items():
            spelled[word] = _merged(parts, best)
    return merges


def _merged(parts: list[str], pair: Pair) -> list[str]:
    whole: list[str] = []
    for part in parts:
        if whole and (whole[-1], part) == pair:
            whole[-1] += part
        else:
            whole.append(part)
    return whole


def words_of(captions: Iterable[str]) -> Counter[str]:
    """Count the words and signs of captions, split as CLIP splits lower-case English."""
    counts: Counter[str] = Counter()
    for text in captions:
        spaced = "".join(c if c.isalnum() or c == " " else f" {c} " for c in text.lower())
        counts.update(spaced.split())
    return counts


def write_tokenizer(folder: Path, merges: list[Pair]) -> None:
    """Write vocab.json (token to id, in CLIP's order) and merges.txt."""
    letters = byte_letters()
    tokens = [
        *letters,
        *(letter + END for letter in letters),
        *dict.fromkeys("".join(m) for m in merges),
        BOS,
        EOS,
    ]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(
        json.dumps(vocabulary, ensure_ascii=False, indent=0) + "\n", encoding="utf-8"
    )
    lines = ["#version: 0.2", *(f"{left} {right}" for left, right in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
