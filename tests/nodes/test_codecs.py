"""What nodes pass comes back from data as it was, to the bit; what has no form as data is refused."""

from __future__ import annotations

import importlib
import struct
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from torch import Tensor, nn

import inkloom
from inkloom import diffusion
from inkloom.diffusion.samplers.base import State
from inkloom.executor import Blocked, Many
from inkloom.executor.caches.entry_file import Blob, CodecError, Encoded, Facts, read_entry, write_entry
from inkloom.nodes.codecs import DTYPES, VALUES, ValueCodec

CODEC = ValueCodec()


def same(a: Any, b: Any) -> bool:
    """Equality to the bit, of types too."""
    if type(a) is not type(b):
        return False
    if isinstance(a, Tensor):
        if (a.dtype, a.shape, a.device) != (b.dtype, b.shape, b.device):
            return False
        one, other = (
            t.resolve_conj().clone(memory_format=torch.contiguous_format).reshape(-1).view(torch.uint8)
            for t in (a, b)
        )
        return torch.equal(one, other)
    if isinstance(a, float):
        return struct.pack("<d", a) == struct.pack("<d", b)
    if isinstance(a, dict):
        return len(a) == len(b) and all(map(same, a.items(), b.items()))
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if is_dataclass(a):
        return all(same(getattr(a, spec.name), getattr(b, spec.name)) for spec in fields(a))
    return a == b


def through_a_file(value: object, path: Path) -> object:
    encoded = CODEC.encode(value)
    write_entry(path, Facts(key="k", seconds=1.5), encoded, sync=False)
    facts, read = read_entry(path, CODEC)
    assert (facts.key, facts.seconds) == ("k", 1.5)
    return CODEC.decode(read)


numbers = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=2**40).map(lambda n: -(n**300)),
    st.floats(),
    st.binary(min_size=8, max_size=8).map(lambda b: struct.unpack("<d", b)[0]),  # every NaN there is
    st.text(),
    st.text(st.characters(categories=["Cs"])),
    st.binary(),
)


@st.composite
def tensors(draw: st.DrawFn) -> Tensor:
    """A tensor of any dtype and bits, often a view: cut, turned, repeated, spread out."""
    dtype = getattr(torch, draw(st.sampled_from([*DTYPES, "complex64", "complex128"])))
    shape = draw(st.lists(st.integers(0, 4), max_size=4))
    count = torch.Size(shape).numel() * dtype.itemsize
    raw = draw(st.binary(min_size=count, max_size=count))
    if dtype == torch.bool:
        raw = bytes(byte & 1 for byte in raw)
    data = torch.frombuffer(bytearray(raw), dtype=torch.uint8) if count else torch.empty(0, dtype=torch.uint8)
    tensor = data.view(dtype).reshape(shape)
    if tensor.ndim and draw(st.booleans()):
        tensor = tensor.permute(draw(st.permutations(range(tensor.ndim))))
    if tensor.ndim and tensor.shape[0] > 1 and draw(st.booleans()):
        tensor = tensor[draw(st.integers(0, 1)) :: draw(st.integers(1, 2))]
    if draw(st.booleans()):
        tensor = tensor.unsqueeze(0).expand(draw(st.integers(1, 3)), *tensor.shape)
    if dtype.is_complex and draw(st.booleans()):
        tensor = tensor.conj()
    return tensor


def values(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.lists(inner, max_size=4).map(tuple),
            st.dictionaries(st.one_of(st.text(), st.integers()), inner, max_size=4),
        ),
        max_leaves=10,
    )


@settings(max_examples=300, deadline=None)
@given(values(st.one_of(numbers, tensors())))
def test_what_is_encoded_comes_back(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    path = tmp_path_factory.getbasetemp() / "value.safetensors"
    assert CODEC.size(value) is not None
    assert same(through_a_file(value, path), value)


def test_a_tensor_keeps_its_order_in_memory() -> None:
    for tensor in (
        torch.rand(2, 3, 4, 5).to(memory_format=torch.channels_last),
        torch.rand(4, 5).T,
        torch.rand(1, 3, 1, 1).expand(2, 3, 4, 5),
    ):
        decoded: Any = CODEC.decode(CODEC.encode(tensor))
        assert decoded.stride() == tensor.stride()


def test_of_a_view_only_what_it_shows_is_stored() -> None:
    base = torch.rand(1000, 1000)
    for view, most in ((base[3], 4000), (base[0, :1].expand(1000), 4), (base.T[:2], 8000)):
        assert sum(len(blob.data) for blob in CODEC.encode(view).blobs) == most


def test_a_tensor_that_comes_twice_is_one_again() -> None:
    tensor = torch.rand(3)
    encoded = CODEC.encode([tensor, {"again": tensor}])
    assert len(encoded.blobs) == 1
    first, rest = CODEC.decode(encoded)  # type: ignore[misc]  # it is what was encoded
    assert first is rest["again"]


def resolved(path: str) -> type:
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(f"{inkloom.__name__}.{module}"), name)


@pytest.mark.parametrize("path", VALUES.values())
def test_every_listed_class_is_a_frozen_dataclass(path: str) -> None:
    kind = resolved(path)
    assert is_dataclass(kind)
    assert vars(kind)["__dataclass_params__"].frozen


def test_every_sampler_s_state_is_listed_and_comes_back(tmp_path: Path) -> None:
    x = torch.randn(1, 4, 8, 8)
    listed = {resolved(path) for path in VALUES.values()}
    for name in diffusion.SAMPLERS:
        sampler = diffusion.sampler_by_name(name)
        assert sampler.state in listed, name
        state = sampler.init(x, torch.linspace(1, 0, 5))
        for _ in range(2):
            state = sampler.step(state, Halve(), ones)
            assert same(through_a_file(state, tmp_path / "state.safetensors"), state), name


def ones(draw: int, sigma: float, sigma_next: float) -> Tensor:
    return torch.ones(1, 4, 8, 8)


class Halve:
    """A model that takes half of what it sees for the picture."""

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        return x / 2

    def both(self, x: Tensor, sigma: float) -> Any:
        return diffusion.samplers.base.Both(x / 2, x / 3)


class Text(str):
    pass


def deep() -> object:
    value: object = 1
    for _ in range(5000):
        value = [value]
    return value


def itself() -> object:
    value: list[object] = []
    value.append(value)
    return value


FORMLESS: dict[str, object] = {
    "object": object(),
    "function": len,
    "class": State,
    "text of another class": Text("x"),
    "set": {1},
    "parameter": nn.Parameter(torch.ones(1)),
    "gradient": torch.ones(1, requires_grad=True),
    "sparse": torch.ones(2).to_sparse(),
    "meta": torch.ones(2, device="meta"),
    "numpy": torch.ones(2).numpy(),
    "deep": deep(),
    "itself": itself(),
}


@pytest.mark.parametrize("value", FORMLESS.values(), ids=list(FORMLESS))
def test_what_has_no_form_is_refused(value: object) -> None:
    for held in (value, [1, {"x": value}]):
        with pytest.raises(CodecError):
            CODEC.encode(held)
    if type(value) is not list:
        assert CODEC.size([1, {"x": value}]) is None


@pytest.mark.parametrize(
    "body",
    [
        {"unknown": 1},
        {"tensor": {"blob": 7}},
        {"tensor": {"blob": 0, "dtype": "load", "laid": [1], "shape": [1], "order": [0]}},
        {"tensor": {"blob": 0, "dtype": "float32", "laid": [9], "shape": [9], "order": [0]}},
        {"value": {"of": "os", "with": {}}},
        {"value": {"of": "state", "with": {"wrong": 1}}},
        {"tuple": 1},
        {"a": 1, "b": 2},
        {},
    ],
)
def test_data_of_no_known_value_is_refused(body: Any) -> None:
    with pytest.raises(CodecError):
        CODEC.decode(Encoded(body, (Blob("F32", (1,), bytearray(4)),)))


def test_any_program_can_read_an_entry(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    latent = {"samples": torch.rand(1, 4, 8, 8), "half": torch.rand(2).bfloat16()}
    through_a_file(latent, path)
    with safe_open(path, "pt") as file:
        assert torch.equal(file.get_tensor("0"), latent["samples"])
        assert torch.equal(file.get_tensor("1"), latent["half"])
        assert file.metadata()["key"] == "k"


def test_lists_and_blockers_come_back(tmp_path: Path) -> None:
    for place, value in enumerate((Many(()), Many((1, Blocked("no"), torch.ones(2))), Blocked())):
        assert same(through_a_file(value, tmp_path / str(place)), value)
