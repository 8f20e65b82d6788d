"""CLIP's byte-pair tokenizer: text to token ids, offline.

The vocabulary is OpenAI's, read as data from the installed distribution `openai-clip`, or that of a folder
`tokenizer/` beside a model, or one in the metadata of a model's file. Sennrich et al. 2016
(arXiv:1508.07909), over bytes.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, cast

import tokenizers
from tokenizers import Regex, models, normalizers, pre_tokenizers

from ..errors import CheckpointError
from ..files.kinds import some

BOS = "<|startoftext|>"
EOS = "<|endoftext|>"
SIZE = 49_408  # tokens of CLIP's own vocabulary
MERGES = 48_894  # the file of OpenAI's lists more merges than CLIP was trained with


class Tokenizer:
    """Text to CLIP token ids; `bos` and `eos` are ids, `size` is the number of ids there are."""

    def __init__(self, vocabulary: Mapping[str, int], merges: Sequence[tuple[str, str]]) -> None:
        """Build from a vocabulary (token to id) and merges in order.

        Raises ValueError for a vocabulary that lacks BOS, EOS or a part of a merge, or whose ids have gaps.
        """
        if lacking := [token for token in (BOS, EOS) if token not in vocabulary]:
            raise ValueError(f"the vocabulary has no {' and no '.join(lacking)}")
        if sorted(vocabulary.values()) != list(range(len(vocabulary))):
            raise ValueError(f"the vocabulary's ids are not 0 to {len(vocabulary) - 1}, each once")
        parts = {part for left, right in merges for part in (left, right, left + right)}
        if lacking := sorted(parts - vocabulary.keys()):
            raise ValueError(f"the merges need tokens that the vocabulary does not have: {some(lacking)}")
        self.vocabulary, self.merges = dict(vocabulary), tuple(merges)
        self.bos, self.eos, self.size = vocabulary[BOS], vocabulary[EOS], len(vocabulary)
        self._bpe = _byte_pairs(self.vocabulary, self.merges)

    def ids(self, text: str) -> list[int]:
        """Return the ids of `text`, without BOS and EOS; half of a surrogate pair reads as U+FFFD."""
        whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return self._bpe.encode(whole, add_special_tokens=False).ids

    def row(self, text: str, length: int = 77) -> list[int]:
        """Return the ids of `text` as one row: BOS, what fits of it, EOS, and EOS as padding."""
        ids = self.ids(text)[: length - 2]
        return [self.bos, *ids, *[self.eos] * (length - 1 - len(ids))]


def clip_tokenizer() -> Tokenizer:
    """Build the tokenizer that Stable Diffusion 1 was trained with: 49,408 ids.

    The ids are those of transformers: text is NFC-normalised, but neither repaired nor un-escaped.
    """
    path = distribution("openai-clip").locate_file("clip/bpe_simple_vocab_16e6.txt.gz")
    lines = gzip.decompress(Path(str(path)).read_bytes()).decode("utf-8").split("\n")
    merges = [_merge(line) for line in lines[1 : 1 + MERGES]]
    letters = byte_letters()
    tokens = [
        *letters,
        *(f"{letter}</w>" for letter in letters),
        *("".join(merge) for merge in merges),
        BOS,
        EOS,
    ]
    return Tokenizer({token: index for index, token in enumerate(tokens)}, merges)


def folder_tokenizer(folder: Path) -> Tokenizer:
    """Build a tokenizer from `vocab.json` and `merges.txt` in `folder`.

    Raises CheckpointError when a file is missing or is not what its name says.
    """
    try:
        vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
        if not isinstance(vocabulary, dict):
            raise ValueError("vocab.json is not a table of tokens and their ids")
        lines = (folder / "merges.txt").read_text(encoding="utf-8").split("\n")
        merges = [_merge(line) for line in lines if line.strip() and not line.startswith("#version")]
        return Tokenizer(cast("dict[str, int]", vocabulary), merges)
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"the tokenizer folder {folder} cannot be used: {error}. "
            "It needs vocab.json (token to id) and merges.txt (one pair a line)"
        ) from error


WORDS = rf"{re.escape(BOS)}|{re.escape(EOS)}|'s|'t|'re|'ve|'m|'ll|'d|\p{{L}}+|\p{{N}}|[^\s\p{{L}}\p{{N}}]+"
"""What a text is taken apart into: letters together, digits each alone, other signs together."""


def _byte_pairs(vocabulary: Mapping[str, int], merges: Sequence[tuple[str, str]]) -> tokenizers.Tokenizer:
    pairs = models.BPE(
        dict(vocabulary), list(merges), unk_token=EOS, end_of_word_suffix="</w>", fuse_unk=False
    )
    found = tokenizers.Tokenizer(pairs)
    found.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    found.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    cast("Any", found).add_special_tokens([BOS, EOS])
    return found


METADATA = "inkloom.tokenizer"
"""Where the metadata of a model's file have a vocabulary of its own: `as_text` of it."""


def as_text(tokenizer: Tokenizer) -> str:
    """Return a tokenizer as JSON: its vocabulary and its merges."""
    return json.dumps({"vocabulary": tokenizer.vocabulary, "merges": tokenizer.merges})


def from_text(text: str) -> Tokenizer:
    """Return the tokenizer that `as_text` wrote.

    Raises CheckpointError for a text that is none.
    """
    try:
        written = json.loads(text)
        merges = [(str(left), str(right)) for left, right in written["merges"]]
        return Tokenizer(cast("dict[str, int]", written["vocabulary"]), merges)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise CheckpointError(
            f"the vocabulary in its metadata ({METADATA}) cannot be used: {error}"
        ) from error


def _merge(line: str) -> tuple[str, str]:
    match line.split():
        case [left, right]:
            return left, right
        case _:
            raise ValueError(f"a line of the merges is not a pair: {line!r}")


def byte_letters() -> list[str]:
    """Return the printable letters that stand for bytes, in the order of the vocabulary's first 256 ids."""
    others = 256 - len(PRINTABLE)
    return [chr(code) for code in [*PRINTABLE, *range(256, 256 + others)]]


def byte_order() -> list[int]:
    """Return the bytes that the letters of `byte_letters` stand for."""
    return [*PRINTABLE, *(code for code in range(256) if code not in PRINTABLE)]


PRINTABLE = (*range(33, 127), *range(161, 173), *range(174, 256))
"""Bytes that stand for themselves, as characters of Latin-1."""
