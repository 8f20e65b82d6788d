"""Where models lie: the folders this field uses, and those that `extra_model_paths.yaml` adds."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from ..executor import ExtraFolder, Kind

KINDS: Mapping[str, Kind] = {
    "checkpoints": Kind(outputs=("checkpoints",)),
    "configs": Kind(suffixes=(".yaml", ".yml")),
    "loras": Kind(outputs=("loras",)),
    "vae": Kind(outputs=("vae",)),
    "text_encoders": Kind(folders=("text_encoders", "clip"), outputs=("clip",)),
    "diffusion_models": Kind(folders=("diffusion_models", "unet"), outputs=("diffusion_models",)),
    "clip_vision": Kind(),
    "style_models": Kind(),
    "embeddings": Kind(),
    "diffusers": Kind(marker="model_index.json"),
    "vae_approx": Kind(),
    "controlnet": Kind(folders=("controlnet", "t2i_adapter")),
    "gligen": Kind(),
    "upscale_models": Kind(),
    "hypernetworks": Kind(),
    "photomaker": Kind(),
    "classifiers": Kind(suffixes=None),
    "model_patches": Kind(),
    "audio_encoders": Kind(),
}
"""Every kind of model that saved workflows name, as ComfyUI lays them out."""

ALIASES: Mapping[str, str] = {"unet": "diffusion_models", "clip": "text_encoders"}
"""Older names of kinds."""

EXTRA_PATHS = "extra_model_paths.yaml"
"""A file of this name in the data folder names further folders with models."""


class ExtraPathsError(ValueError):
    """A file of extra model paths can't be used; the message says where it is wrong and what it should be."""


def extra_folders(file: Path) -> tuple[ExtraFolder, ...]:
    """Read a file of extra model paths.

    Each section maps kinds of models to one folder or to several on lines of a block, relative to the
    section's `base_path` or else to the file's own folder; `is_default: true` has them searched first.
    Raises ExtraPathsError.
    """
    import yaml  # here, since most commands read no such file

    try:
        content: object = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ExtraPathsError(f"{file} can't be read: {error.strerror or error}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ExtraPathsError(f"{file} is not YAML: {error}") from error
    return tuple(
        folder
        for name, section in _table(content, str(file)).items()
        for folder in _section(file, name, section)
    )


def _section(file: Path, name: str, content: object) -> Iterator[ExtraFolder]:
    section = _table(content, f"{file}, section {name!r}")
    first = section.pop("is_default", False)
    if not isinstance(first, bool):
        raise ExtraPathsError(f"{file}, section {name!r}: is_default must be true or false, not {first!r}")
    base = section.pop("base_path", None)
    if base is not None and not isinstance(base, str):
        raise ExtraPathsError(f"{file}, section {name!r}: base_path must be a folder, not {base!r}")
    root = file.parent / _expanded(base) if base else file.parent
    for kind, paths in section.items():
        if paths is None:
            continue
        if not isinstance(paths, str):
            raise ExtraPathsError(
                f"{file}, section {name!r}: {kind} must be a folder, or several on lines of a block "
                f"(`{kind}: |`), not {paths!r}"
            )
        for line in filter(None, map(str.strip, paths.splitlines())):
            yield ExtraFolder(kind=kind, path=root / _expanded(line), first=first)


def _expanded(path: str) -> Path:
    return Path(os.path.expandvars(path)).expanduser()


def _table(content: object, where: str) -> dict[str, object]:
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ExtraPathsError(f"{where} must be a table of names, not {type(content).__name__}")
    return {str(key): value for key, value in cast("dict[object, object]", content).items()}
