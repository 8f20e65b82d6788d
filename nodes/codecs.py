"""How what nodes pass to each other is turned into data and back, to the bit: for caches that outlive us.

`FORMS` and `VALUES` list all that has a form. What is not there has none (handles of models and guiders, for
instance): results that hold it stay in memory.
"""

from __future__ import annotations

import importlib
import math
import struct
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from types import NoneType
from typing import TYPE_CHECKING, Any, cast

from ..executor.caches.entry_file import Blob, CodecError, Encoded
from ..executor.problems import Json

if TYPE_CHECKING:
    from torch import Tensor

VALUES: Mapping[str, str] = {
    "many": "executor.node_types.results:Many",
    "blocked": "executor.node_types.results:Blocked",
    "state": "diffusion.samplers.base:State",
    "adaptive-state": "diffusion.samplers.dpm_adaptive:AdaptiveState",
    "fast-state": "diffusion.samplers.dpm_solver:FastState",
    "cfg-pp-state": "diffusion.samplers.dpmpp_2m:CfgPpState",
    "past-state": "diffusion.samplers.dpmpp_2m_sde:PastState",
    "er-sde-state": "diffusion.samplers.er_sde:ErSdeState",
    "slope-state": "diffusion.samplers.gradient_estimation:SlopeState",
    "growing-state": "diffusion.samplers.lcm:GrowingState",
    "slopes-state": "diffusion.samplers.lms:SlopesState",
    "res-state": "diffusion.samplers.res_multistep:ResState",
    "sa-state": "diffusion.samplers.sa_solver:SaState",
    "uni-pc-state": "diffusion.samplers.uni_pc:UniPcState",
    "kept-step": "nodes.kept_steps:Stand",
    "projected-guidance": "diffusion.guidance.directions:ProjectedGuidance",
    "easy-cache": "diffusion.guidance.reuse:EasyCache",
    "lazy-cache": "diffusion.guidance.reuse:LazyCache",
    "last-outputs": "diffusion.guidance.reuse:LastOutputs",
    "noise": "diffusion.noise.random_noise:RandomNoise",
    "mixed-noise": "diffusion.noise.mixed_noise:MixedNoise",
    "tonemap": "diffusion.latents.latent_operations:TonemapReinhard",
    "sharpen": "diffusion.latents.latent_operations:Sharpen",
    "discrete-schedule": "diffusion.schedules.schedule:DiscreteSchedule",
    "distilled-schedule": "diffusion.schedules.schedule:DistilledSchedule",
    "continuous-schedule": "diffusion.schedules.continuous_schedule:ContinuousSchedule",
    "flow-schedule": "diffusion.schedules.continuous_schedule:FlowSchedule",
    "vision": "diffusion.networks.vision:ClipVisionOutput",
}
"""The dataclasses of plain values that have a form, by the name they have in it."""

DTYPES: Mapping[str, str] = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2",
    "int64": "I64",
    "int32": "I32",
    "int16": "I16",
    "int8": "I8",
    "uint64": "U64",
    "uint32": "U32",
    "uint16": "U16",
    "uint8": "U8",
    "bool": "BOOL",
}
"""The safetensors format's names of torch's dtypes; tensors of other dtypes are told as bytes, `U8`."""

DEPTH = 100
"""How deep values may lie inside each other."""

_ROOMS = __name__.rpartition(".nodes.")[0]
_CLASSES: Mapping[str, str] = {
    f"{_ROOMS}.{path.replace(':', '.')}": name for name, path in VALUES.items()
}  # class by its full name, so that none is imported to see that a value is of another


@dataclass(slots=True)
class _Writing:
    blobs: list[Blob] = field(default_factory=list[Blob])
    tensors: dict[int, Json] = field(default_factory=dict[int, Json])  # one that comes twice is written once
    depth: int = 0

    def blob(self, dtype: str, shape: tuple[int, ...], data: bytes | memoryview) -> int:
        self.blobs.append(Blob(dtype, shape, data))
        return len(self.blobs) - 1

    def form(self, value: object) -> Json:
        name = _named(type(value))
        if name is None or self.depth == DEPTH:
            what = f"{type(value).__module__}.{type(value).__qualname__}"
            raise CodecError(f"{what} has no form as data" if name is None else f"{what} lies too deep")
        self.depth += 1
        form = FORMS[name].encode(self, value)
        self.depth -= 1
        return form


@dataclass(frozen=True, slots=True)
class _Reading:
    blobs: tuple[Blob, ...]
    tensors: dict[int, Tensor] = field(default_factory=dict[int, "Tensor"])

    def value(self, form: Json) -> Any:
        if isinstance(form, list):
            return [self.value(item) for item in form]
        if not isinstance(form, dict):
            return form
        [(name, inner)] = form.items()
        return FORMS[name].decode(self, inner)


@dataclass(frozen=True, slots=True)
class Form:
    """How values of one kind are told as JSON: as they are, or as an object of one key, the form's name.

    `size` returns about how many bytes a value takes, without what is inside of it, which it adds to a list;
    None when it can't be told. `encode` raises CodecError then.
    """

    size: Callable[[Any, list[object]], int | None]
    encode: Callable[[_Writing, Any], Json]
    decode: Callable[[_Reading, Any], object]


def _small(value: object, inside: list[object]) -> int:
    return 8


def _length(value: str | bytes, inside: list[object]) -> int:
    return len(value)


def _items(value: list[object] | tuple[object, ...], inside: list[object]) -> int:
    inside += value
    return 8


def _pairs(value: dict[object, object], inside: list[object]) -> int:
    inside += value.keys()
    inside += value.values()
    return 8


def _members(value: object, inside: list[object]) -> int:
    inside += (getattr(value, spec.name) for spec in fields(cast(Any, value)))
    return 8


def _as_is(writing: _Writing, value: Json) -> Json:
    return value


def _int(writing: _Writing, value: int) -> Json:
    # Python refuses to write a number of thousands of digits in decimal.
    return value if abs(value) < 2**63 else {"int": hex(value)}


def _float(writing: _Writing, value: float) -> Json:
    # What is no number may carry bits that JSON has no words for.
    return value if math.isfinite(value) else {"float": struct.pack("<d", value).hex()}


def _str(writing: _Writing, value: str) -> Json:
    try:
        value.encode()
    except UnicodeEncodeError:  # JSON takes two halves of a surrogate pair, side by side, for one character
        return {"str": value.encode("utf-8", "surrogatepass").hex()}
    return value


def _bytes(writing: _Writing, value: bytes) -> Json:
    return {"bytes": writing.blob("U8", (len(value),), value)}


def _bytes_of(reading: _Reading, form: int) -> bytes:
    return bytes(reading.blobs[form].data)


def _list(writing: _Writing, value: list[object]) -> Json:
    return [writing.form(item) for item in value]


def _tuple(writing: _Writing, value: tuple[object, ...]) -> Json:
    return {"tuple": [writing.form(item) for item in value]}


def _dict(writing: _Writing, value: dict[object, object]) -> Json:
    return {"dict": [[writing.form(key), writing.form(item)] for key, item in value.items()]}


def _value(writing: _Writing, value: Any) -> Json:
    kind = cast("type[object]", type(value))
    members = {spec.name: writing.form(getattr(value, spec.name)) for spec in fields(value) if spec.init}
    return {"value": {"of": _CLASSES[f"{kind.__module__}.{kind.__qualname__}"], "with": members}}


def _built(reading: _Reading, form: Mapping[str, Any]) -> object:
    module, _, name = VALUES[form["of"]].partition(":")
    kind = getattr(importlib.import_module(f"{_ROOMS}.{module}"), name)
    return kind(**{key: reading.value(member) for key, member in form["with"].items()})


def _tensor_size(value: Tensor, inside: list[object]) -> int | None:
    import torch

    plain = value.layout is torch.strided and not value.is_quantized and not value.requires_grad
    return value.nbytes if plain and value.device.type != "meta" else None


def _tensor(writing: _Writing, value: Tensor) -> Json:
    known = writing.tensors.get(id(value))
    if known is not None:
        return known
    if _tensor_size(value, []) is None:
        raise CodecError(f"a tensor of layout {value.layout} on {value.device} has no form as data")
    # What is repeated is written once, the rest in its own order in memory, on which may depend how sums of
    # it are rounded; of a view only what it shows.
    once = value.resolve_conj().resolve_neg()
    for dim, (count, stride) in enumerate(zip(value.shape, value.stride(), strict=True)):
        once = once.narrow(dim, 0, 1) if count > 1 and stride == 0 else once
    order = sorted(range(once.ndim), key=lambda dim: -once.stride(dim))
    laid = once.permute(order).contiguous()
    data = _raw(laid.cpu())
    dtype = str(value.dtype).removeprefix("torch.")
    shape = tuple(laid.shape) if dtype in DTYPES else (len(data),)
    form: dict[str, Json] = {
        "blob": writing.blob(DTYPES.get(dtype, "U8"), shape, data),
        "dtype": dtype,
        "shape": list(value.shape),
        "laid": list(laid.shape),
        "order": list(order),
    }
    if value.device.type != "cpu":
        form["device"] = str(value.device)
    writing.tensors[id(value)] = {"tensor": form}
    return writing.tensors[id(value)]


def _raw(tensor: Tensor) -> memoryview:
    import torch

    if not tensor.numel():
        return memoryview(b"")
    flat = tensor.reshape(-1)
    # A single number that was cut out of a repeated one still has a stride of 0.
    whole = flat if flat.stride(0) == 1 else flat.clone(memory_format=torch.contiguous_format)
    return _memory(whole.view(torch.uint8))


def _memory(tensor: Tensor) -> memoryview:
    return memoryview(cast(Any, tensor).numpy())


def _tensor_of(reading: _Reading, form: Mapping[str, Any]) -> Tensor:
    import torch

    place = int(form["blob"])
    if place in reading.tensors:
        return reading.tensors[place]
    dtype = getattr(torch, form["dtype"])
    if not isinstance(dtype, torch.dtype):
        raise CodecError(f"{form['dtype']} is no dtype")
    data = reading.blobs[place].data
    bare = torch.frombuffer(data, dtype=torch.uint8) if len(data) else torch.empty(0, dtype=torch.uint8)
    order = [int(dim) for dim in form["order"]]
    back = sorted(range(len(order)), key=order.__getitem__)
    tensor = bare.view(dtype).reshape(form["laid"]).permute(back).expand(form["shape"])
    if device := form.get("device"):
        tensor = tensor.to(device)
    reading.tensors[place] = tensor
    return tensor


FORMS: Mapping[str, Form] = {
    "none": Form(_small, _as_is, lambda reading, form: form),
    "bool": Form(_small, _as_is, lambda reading, form: form),
    "int": Form(_small, _int, lambda reading, form: int(form, 16)),
    "float": Form(_small, _float, lambda reading, form: struct.unpack("<d", bytes.fromhex(form))[0]),
    "str": Form(_length, _str, lambda reading, form: bytes.fromhex(form).decode("utf-8", "surrogatepass")),
    "bytes": Form(_length, _bytes, _bytes_of),
    "list": Form(_items, _list, lambda reading, form: reading.value(form)),
    "tuple": Form(_items, _tuple, lambda reading, form: tuple(reading.value(form))),
    "dict": Form(
        _pairs, _dict, lambda reading, form: {reading.value(key): reading.value(item) for key, item in form}
    ),
    "tensor": Form(_tensor_size, _tensor, _tensor_of),
    "value": Form(_members, _value, _built),
}
"""Every kind of value that has a form, by the form's name."""

_PLAIN: Mapping[type, str] = {
    NoneType: "none",
    bool: "bool",
    int: "int",
    float: "float",
    str: "str",
    bytes: "bytes",
    list: "list",
    tuple: "tuple",
    dict: "dict",
}


def _named(kind: type) -> str | None:
    """Return the name of the form that values of just this class have; none of its subclasses has it."""
    if (name := _PLAIN.get(kind)) is not None:
        return name
    torch = sys.modules.get("torch")
    if torch is not None and kind is torch.Tensor:
        return "tensor"
    return "value" if f"{kind.__module__}.{kind.__qualname__}" in _CLASSES else None


class ValueCodec:
    """The codec of what nodes pass to each other; see `executor.entry_file.Codec`. It has no state."""

    def size(self, value: object) -> int | None:
        """Return about how many bytes a value takes as data; None for one that has no form as data."""
        size = 0
        waiting: list[object] = [value]
        containers: set[int] = set()
        while waiting:
            found = waiting.pop()
            name = _named(type(found))
            if name is None:
                return None
            inside: list[object] = []
            own = FORMS[name].size(found, inside)
            if own is None:
                return None
            size += own
            if inside and id(found) not in containers:
                containers.add(id(found))
                waiting += inside
        return size

    def encode(self, value: object) -> Encoded:
        """Return a value as data; raises CodecError for one that has no form as data."""
        writing = _Writing()
        return Encoded(writing.form(value), tuple(writing.blobs))

    def allocate(self, size: int) -> memoryview:
        """Return memory for the data of a blob, as torch aligns it."""
        import torch

        return _memory(torch.empty(size, dtype=torch.uint8))

    def decode(self, encoded: Encoded) -> object:
        """Return the value, on the memory of its blobs; raises CodecError."""
        try:
            return _Reading(encoded.blobs).value(encoded.body)
        except (LookupError, TypeError, ValueError, AttributeError, ImportError, RuntimeError) as error:
            raise CodecError(f"no value that is known: {error}") from error
