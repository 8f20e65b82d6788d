"""Pictures as files: numbered PNGs that are never half written, and whatever Pillow reads.

Pillow is imported where it is used: commands that only validate or list are done sooner than it is loaded.
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ..executor import Json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from PIL.Image import Image as PilImage

    Pixels = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


PART = ".part"
ABANDONED_SECONDS = 3600
"""How old an unfinished file must be before it is taken for one that nobody will finish."""

NO_HARD_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


class PictureError(Exception):
    """A picture could not be read or written; the message says which, why and what to do."""


def png_texts(prompt: Json, extra: Json) -> dict[str, str]:
    """Return the PNG text chunks that carry a workflow: `prompt`, and one for each key of `extra`."""
    texts = {} if prompt is None else {"prompt": json.dumps(prompt)}
    return texts | (
        {key: json.dumps(value) for key, value in extra.items()} if isinstance(extra, dict) else {}
    )


def save_pngs(
    pictures: Sequence[Pixels], root: Path, prefix: str, texts: Mapping[str, str], compress_level: int
) -> list[Path]:
    """Write pictures [H,W,C] as `<root>/<prefix>_00001_.png` and up; return their paths.

    The prefix may hold folders and the tokens %width% %height% %year% %month% %day% %hour% %minute% %second%
    %batch_num%. Numbers go on from the highest one there; no file is ever overwritten, by whatever process.
    Raises PictureError when the prefix leads out of `root` or the files can't be written.
    """
    paths: list[Path] = []
    now = datetime.now().astimezone()
    for number, picture in enumerate(pictures):
        folder, base = _target(root, _filled(prefix, picture, number, now))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            paths.append(_save_numbered(picture, folder, base, texts, compress_level))
        except OSError as error:
            raise PictureError(_why_not_written(folder, error)) from error
    return paths


def read_picture(path: Path) -> tuple[list[Pixels], list[Pixels] | None]:
    """Read the frames of a picture as RGB [H,W,3] and, where it has transparency, their alpha [H,W].

    Frames of another size than the first are left out. The camera's orientation mark is applied.
    Raises PictureError for a file that is no picture or is cut short.
    """
    import numpy as np
    from PIL import Image, ImageOps, ImageSequence

    try:
        with Image.open(path) as file:
            frames = [ImageOps.exif_transpose(frame.copy()) for frame in ImageSequence.Iterator(file)]
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise PictureError(
            f"{path.name} can't be read as a picture: {error}. "
            "PNG, JPEG, WebP, GIF, BMP and TIFF files can; is this one whole?"
        ) from error
    frames = [_eight_bit(frame) for frame in frames if frame.size == frames[0].size]
    colours = [np.asarray(frame.convert("RGB")) for frame in frames]
    if not any(frame.has_transparency_data for frame in frames):
        return colours, None
    return colours, [np.asarray(frame.convert("RGBA").getchannel("A")) for frame in frames]


def _eight_bit(frame: PilImage) -> PilImage:
    """Bring 16-bit greys (modes I;16 and I) to 8 bits; Pillow's own conversion clips them to white."""
    if frame.mode.startswith("I"):
        return frame.point(lambda value: value * (1 / 257), "F").convert("L")
    return frame


def _filled(prefix: str, picture: Pixels, number: int, now: datetime) -> str:
    values = {
        "width": picture.shape[1],
        "height": picture.shape[0],
        "year": f"{now:%Y}",
        "month": f"{now:%m}",
        "day": f"{now:%d}",
        "hour": f"{now:%H}",
        "minute": f"{now:%M}",
        "second": f"{now:%S}",
        "batch_num": number,
    }
    return re.sub(r"%(\w+)%", lambda found: str(values.get(found[1], found[0])), prefix)


def _target(root: Path, prefix: str) -> tuple[Path, str]:
    """Split a prefix into the folder below `root` and the base name, refusing every way out of `root`."""
    parts = PurePosixPath(prefix.replace("\\", "/"))
    folder = (root / parts.parent).resolve()
    if not folder.is_relative_to(root.resolve()) or "\0" in prefix or ".." in parts.parts:
        raise PictureError(
            f"filename_prefix {prefix!r} leads out of the output folder {root}; "
            "use a plain name or folders below it, such as 'holiday/beach'"
        )
    return folder, parts.name


def _save_numbered(
    picture: Pixels, folder: Path, base: str, texts: Mapping[str, str], compress_level: int
) -> Path:
    """Write to a temporary name, then give it the first free number in one step of the file system."""
    from PIL import Image, PngImagePlugin

    info = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        info.add_text(key, text)
    temporary = folder / f".{secrets.token_hex(8)}{PART}"
    try:
        with temporary.open("xb") as file:
            Image.fromarray(picture).save(file, "PNG", pnginfo=info, compress_level=compress_level)
            file.flush()
            os.fsync(file.fileno())
        _sweep(folder)
        number = _highest_number(folder, base) + 1
        while True:
            path = folder / f"{base}_{number:05}_.png"
            if _renamed(temporary, path):
                return path
            number += 1
    finally:
        temporary.unlink(missing_ok=True)


def _renamed(source: Path, target: Path) -> bool:
    """Move `source` to `target` unless something is there already; a hard link tells in one step."""
    try:
        os.link(source, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in NO_HARD_LINKS:
            raise
        return _claimed(source, target)
    return True


def _claimed(source: Path, target: Path) -> bool:
    """Move without a hard link: claim the name, then put the picture in its place."""
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    try:
        os.replace(source, target)
    except OSError:
        target.unlink()
        raise
    return True


def _sweep(folder: Path) -> None:
    """Remove what processes left behind that were killed while they wrote here."""
    for entry in os.scandir(folder):
        if entry.name.startswith(".") and entry.name.endswith(PART):
            # Another process may finish or sweep it meanwhile.
            with suppress(FileNotFoundError):
                if entry.stat().st_mtime < time.time() - ABANDONED_SECONDS:
                    os.unlink(entry)


def _highest_number(folder: Path, base: str) -> int:
    numbered = re.compile(re.escape(base) + r"_(\d+)_.*", re.IGNORECASE if os.name == "nt" else 0)
    found = (numbered.fullmatch(entry.name) for entry in os.scandir(folder))
    return max((int(match[1]) for match in found if match), default=0)


def _why_not_written(folder: Path, error: OSError) -> str:
    reasons = {
        errno.ENOSPC: "the disk is full; free some space",
        errno.EDQUOT: "your disk quota is used up; free some space",
        errno.EFBIG: "the file would be larger than this process may write",
        errno.EACCES: "you may not write there; choose another folder or change its rights",
        errno.EPERM: "you may not write there; choose another folder or change its rights",
        errno.EROFS: "it lies on a read-only disk; choose another folder",
        errno.EEXIST: "a file has the name of a folder in its path; choose another folder",
        errno.ENOTDIR: "a file has the name of a folder in its path; choose another folder",
    }
    reason = reasons.get(error.errno or 0, error.strerror or str(error))
    return f"can't write pictures to {folder}: {reason}. Nothing half-written was left behind."
