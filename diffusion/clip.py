"""CLIP on the wire: text towers with their tokenizer. Light, immutable, sharing their weights."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import torch

from .files.embeddings import NO_EMBEDDINGS, EmbeddingFiles, vectors_in
from .names import row
from .networks.placing import Placed
from .networks.text import TOWER_KINDS, Insert, Pause, TextOutput, TextTower, no_pause, scaled_attention
from .networks.weights import CPU, Copies, held, nbytes
from .prompts.prompt import SYNTAXES, Syntax
from .prompts.token_rows import LONGEST, Piece, Token, pieces, token_rows
from .prompts.tokenizer import Tokenizer
from .prompts.words import Word, words_in
from .values import Conditioning


@dataclass(frozen=True)
class Reading:
    """What a family takes from its text towers: which layer, and whether through the final layer norm."""

    layer: int
    norm: bool


READINGS: Mapping[tuple[str, ...], Reading] = {
    ("clip_l",): Reading(-1, norm=True),
    ("open_clip_h",): Reading(-2, norm=True),
    ("open_clip_g",): Reading(-2, norm=False),
    ("clip_l", "open_clip_g"): Reading(-2, norm=False),
}
"""The families' ways by their towers, in order: Stable Diffusion 1, 2, the refiner of SDXL, SDXL."""

FULL_H = 24
"""Layers of OpenCLIP's ViT-H; diffusers leaves the last one out of its files, since nothing reads it."""


@dataclass(frozen=True, eq=False)
class Clip:
    """Text encoders; CLIP on the wire. Their encodings are laid side by side, the last one's is pooled.

    `towers` are by kind, in order; weights are brought to `dtype` on `device` when they are first used, and
    encodings come from there to the CPU. `last_layer`
    counts from the end, -1 is the last layer; None is what the family was trained with.
    """

    towers: Mapping[str, TextTower]
    tokenizer: Tokenizer
    last_layer: int | None = None
    dtype: torch.dtype = torch.float32
    copies: Copies = field(default_factory=Copies, repr=False)
    device: torch.device = CPU

    def __post_init__(self) -> None:
        if tuple(self.towers) not in READINGS:
            known = "; ".join(" and ".join(towers) for towers in READINGS)
            raise ValueError(f"no family has the text encoders {' and '.join(self.towers)}; known: {known}")

    def with_last_layer(self, last_layer: int) -> Clip:
        """Return a handle that takes the encoding from an earlier layer ("clip skip").

        Raises ValueError for a layer that a tower does not have.
        """
        for kind, tower in self.towers.items():
            dropped = _dropped(kind, tower)
            least, most = -tower.spec.layers - dropped, -1 - dropped
            if not least <= last_layer <= most:
                raise ValueError(
                    f"this text encoder has layers {least} to {most}, there is no layer {last_layer}"
                )
        return replace(self, last_layer=last_layer)

    def with_scaled_attention(self, *, q: float, k: float, v: float, out: float) -> Clip:
        """Return a handle whose towers' queries, keys, values and attention outputs are multiplied."""
        return replace(
            self,
            towers={
                kind: scaled_attention(tower, q=q, k=k, v=v, out=out) for kind, tower in self.towers.items()
            },
        )

    def encode(
        self,
        text: str,
        *,
        syntax: str = "comfyui",
        embeddings: EmbeddingFiles = NO_EMBEDDINGS,
        pause: Pause = no_pause,
    ) -> Conditioning:
        """Encode a prompt for cross attention: [1, 77 * rows, width], and `pooled_output` [1, width].

        `syntax` is a row of SYNTAXES. A prompt of more than 75 tokens is encoded in several rows, laid end to
        end; the first is pooled. `embeddings` is where `embedding:name` is looked up. `pause` is called
        between two layers, and may raise.
        Raises ValueError for a prompt of more than `LONGEST` characters, UnknownNameError for an unknown
        syntax or embedding, CheckpointError for an embedding's file that is for other text encoders.
        """
        return self.encode_each(
            dict.fromkeys(self.towers, text), syntax=syntax, embeddings=embeddings, pause=pause
        )

    def encode_each(
        self,
        texts: Mapping[str, str],
        *,
        syntax: str = "comfyui",
        embeddings: EmbeddingFiles = NO_EMBEDDINGS,
        pause: Pause = no_pause,
    ) -> Conditioning:
        """Encode a prompt for each tower by its kind, as `encode` does; empty rows fill up the shorter ones.

        Raises ValueError for texts that are not those of the towers.
        """
        if texts.keys() != self.towers.keys():
            given, there = (" and ".join(kinds) for kinds in (texts, self.towers))
            raise ValueError(f"texts for the text encoders {given}, but this CLIP has {there}")
        notation = row(SYNTAXES, syntax, "prompt syntax")
        rows = {kind: self._rows(kind, text, notation, embeddings) for kind, text in texts.items()}
        most = max(map(len, rows.values()))
        encoded = [
            self._encoded(
                kind, rows[kind] + [self._empty_row(kind)] * (most - len(rows[kind])), notation, pause
            )
            for kind in self.towers
        ]
        hidden = torch.cat([part.hidden.flatten(0, 1) for part in encoded], dim=-1)
        return [[hidden[None], {"pooled_output": encoded[-1].pooled[:1]}]]

    def words(
        self, text: str, *, syntax: str = "comfyui", embeddings: EmbeddingFiles = NO_EMBEDDINGS
    ) -> list[Word]:
        """Return the words of a prompt with their places in its encoding, which is as `encode` makes it.

        Raises as `encode` does.
        """
        notation = row(SYNTAXES, syntax, "prompt syntax")
        return words_in(self._rows(next(iter(self.towers)), text, notation, embeddings), self.tokenizer)

    def _rows(self, kind: str, text: str, syntax: Syntax, embeddings: EmbeddingFiles) -> list[list[Token]]:
        if len(text) > LONGEST:
            raise ValueError(f"the prompt has {len(text)} characters; {LONGEST} are the most")
        spec = self.towers[kind].spec
        vectors = partial(vectors_in, embeddings, kind, spec.width)
        return self._laid_out(kind, pieces(syntax.parse(text), self.tokenizer, vectors))

    def _empty_row(self, kind: str) -> list[Token]:
        return self._laid_out(kind, ())[0]

    def _laid_out(self, kind: str, pieces: Iterable[Piece]) -> list[list[Token]]:
        eos = self.tokenizer.eos
        pad = 0 if TOWER_KINDS[kind].pads_with_zero else eos
        positions = self.towers[kind].spec.positions
        return token_rows(pieces, bos=self.tokenizer.bos, eos=eos, pad=pad, length=positions)

    def _encoded(self, kind: str, rows: list[list[Token]], syntax: Syntax, pause: Pause) -> TextOutput:
        """Encode one tower's rows in one batch, with the empty row for weights to be measured against."""
        tower = self.copies.ready(self.towers[kind], self.dtype, self.device)
        weights = torch.tensor([[token.weight for token in tokens] for tokens in rows])
        if not bool(weights.isfinite().all()):
            raise ValueError("a weight in the prompt is too large for any number; weights lie around 1")
        weighted = bool((weights != 1).any())
        batch = [*rows, self._empty_row(kind)] if weighted else rows
        inserts = [
            Insert(i, j, token.vector)
            for i, tokens in enumerate(batch)
            for j, token in enumerate(tokens)
            if token.vector is not None
        ]
        ids = torch.tensor([[token.id for token in tokens] for tokens in batch]).to(self.device)
        reading = READINGS[tuple(self.towers)]
        layer = (self.last_layer or reading.layer) + _dropped(kind, tower)
        hidden, pooled = tower(
            ids, self.tokenizer.eos, layer, norm=reading.norm, inserts=inserts, pause=pause
        )
        hidden, pooled = hidden.float().cpu(), pooled.float().cpu()
        return TextOutput(syntax.emphasise(hidden[:-1], weights, hidden[-1]) if weighted else hidden, pooled)

    @property
    def weights(self) -> tuple[Placed, ...]:
        """What decides where the towers' weights lie while computing."""
        return tuple(self.copies.placed(tower, self.dtype, self.device) for tower in self.towers.values())

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the weights take while computing."""
        return sum(nbytes(tower, self.dtype) for tower in self.towers.values())

    def held(self) -> Mapping[Hashable, int]:
        """Return the bytes that keeping this holds, by weight: other handles of the towers share them."""
        return {key: size for tower in self.towers.values() for key, size in held(tower).items()}


def _dropped(kind: str, tower: TextTower) -> int:
    """Return how many layers at its end a tower lacks that the model it was cut from had."""
    return int(kind == "open_clip_h" and tower.spec.layers == FULL_H - 1)
