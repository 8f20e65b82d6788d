"""The rooms install as one import package, `inkloom`, from the top of the tree; the editor is built first."""

import importlib.util
import os
import shutil
from pathlib import Path
from typing import ClassVar

from setuptools import Command, find_packages, setup
from setuptools.command.build import build
from setuptools.command.sdist import sdist

ROOT = Path(__file__).resolve().parent

ROOMS = ["cli", "client", "diffusion", "executor", "nodes", "server"]
INNER = [f"{room}.*" for room in ROOMS]


def build_editor() -> None:
    """Build the editor by web/build_editor.py, which the path of a build does not have."""
    spec = importlib.util.spec_from_file_location("build_editor", ROOT / "web" / "build_editor.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main(os.environ)


class BuildWeb(Command):
    """Builds the editor in place before package data are collected: all kinds of installs share it."""

    description = "build the editor in web/"
    user_options: ClassVar[list[tuple[str, str, str]] | list[tuple[str, str | None, str]]] = []
    build_lib: str | None = None
    editable_mode = False

    def initialize_options(self) -> None:
        """Ask for nothing."""

    def finalize_options(self) -> None:
        """Ask build_py where things are built."""
        self.set_undefined_options("build_py", ("build_lib", "build_lib"))

    def run(self) -> None:
        """Build, and forget what an earlier build left: its files would be part of later wheels."""
        build_editor()
        assert self.build_lib is not None
        shutil.rmtree(Path(self.build_lib) / "inkloom" / "server" / "_web", ignore_errors=True)

    def get_source_files(self) -> list[str]:
        """Name no sources: MANIFEST.in does."""
        return []

    def get_outputs(self) -> list[str]:
        """Name no outputs: they are package data."""
        return []

    def get_output_mapping(self) -> dict[str, str]:
        """Name no outputs: they are package data."""
        return {}


class SdistWithEditor(sdist):
    """A source archive carries the built editor, so it installs without Node."""

    def run(self) -> None:
        """Build the editor, then the archive."""
        build_editor()
        super().run()


if __name__ == "__main__":
    build.sub_commands = [("build_web", None), *build.sub_commands]
    setup(
        package_dir={"inkloom": "."},
        packages=[
            "inkloom",
            "inkloom.workflows",  # JSON only, no code
            *(f"inkloom.{room}" for room in find_packages(include=[*ROOMS, *INNER])),
        ],
        cmdclass={"build_web": BuildWeb, "sdist": SdistWithEditor},
    )
