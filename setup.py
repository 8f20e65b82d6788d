"""The rooms lie at the top of the tree and install as one import package, `inkloom`."""

from setuptools import find_packages, setup

ROOMS = ["cli", "client", "diffusion", "executor", "nodes", "server"]

setup(
    package_dir={"inkloom": "."},
    packages=[
        "inkloom",
        "inkloom.workflows",  # JSON only, no code
        *(f"inkloom.{room}" for room in find_packages(include=[*ROOMS, *(f"{room}.*" for room in ROOMS)])),
    ],
)
