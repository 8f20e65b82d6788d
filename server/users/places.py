"""Where the files of each user lie."""

from pathlib import Path

from ...executor import Folders
from ...executor.files.folders import PLACES
from ..access.identity import ONLY

HOMES = "users"
"""Where a data folder has the files of those who have a token of their own, a folder each."""


def home_of(folders: Folders, user: str) -> Path:
    """Return the folder of a user who has a token of their own."""
    return folders.base / HOMES / user


def folders_for(folders: Folders, user: str) -> Folders:
    """Return the folders that a user's workflows name files in: models are everybody's, pictures are not."""
    if user == ONLY:
        return folders
    return folders.placed({place: home_of(folders, user) / place for place in PLACES})


def folder_of(folders: Folders, user: str) -> Path:
    """Return where a user's settings and saved files lie; it may not exist yet."""
    return folders.base / "user" / ONLY if user == ONLY else home_of(folders, user) / "userdata"


def incoming_folders(folders: Folders) -> list[Path]:
    """Return every folder that files are received into."""
    return [
        folder
        for user in _users(folders)
        for folder in (folders_for(folders, user).root("input"), folder_of(folders, user))
    ]


def temporary_folders(folders: Folders) -> list[Path]:
    """Return every folder of files that are only shown."""
    return [folders_for(folders, user).root("temp") for user in _users(folders)]


def homes(folders: Folders) -> list[str]:
    """Name those with a token of their own, now or once, who have files here."""
    place = folders.base / HOMES
    return [path.name for path in place.iterdir() if path.is_dir()] if place.is_dir() else []


def _users(folders: Folders) -> list[str]:
    """Name those who have files of their own here."""
    return [ONLY, *homes(folders)]
