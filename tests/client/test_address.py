"""Which server is meant, and that a token goes to no other."""

import pytest

from inkloom.client import AddressError
from inkloom.client.address import Address, address


@pytest.mark.parametrize(
    ("url", "environ", "meant"),
    [
        (None, {}, "http://127.0.0.1:8188"),
        (None, {"INKLOOM_URL": "https://host:1/below/"}, "https://host:1/below"),
        ("http://[::1]:9", {"INKLOOM_URL": "https://host"}, "http://[::1]:9"),
    ],
)
def test_the_server(url: str | None, environ: dict[str, str], meant: str) -> None:
    assert address(url, None, environ).url == meant


@pytest.mark.parametrize(
    ("token", "environ", "meant"),
    [(None, {}, None), (None, {"INKLOOM_TOKEN": "t"}, "t"), ("u", {"INKLOOM_TOKEN": "t"}, "u")],
)
def test_the_token(token: str | None, environ: dict[str, str], meant: str | None) -> None:
    found = address(None, token, environ)
    assert found.headers("*/*").get("Authorization") == (meant and f"Bearer {meant}")
    assert meant is None or f"{meant!r}" not in repr(found)


@pytest.mark.parametrize(
    "url", ["localhost:8188", "ftp://a", "http://", "http://a:b", "http://a?b", "http://u@a", "http://["]
)
def test_what_is_no_server(url: str) -> None:
    with pytest.raises(AddressError, match="URL"):
        address(url, None, {})


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "schlüssel"])
def test_what_is_no_token(token: str) -> None:
    with pytest.raises(AddressError, match="copy it again"):
        address(None, token, {})


@pytest.mark.parametrize("path", ["http://elsewhere/view", "//elsewhere/view", "view", ""])
def test_nothing_else_is_asked(path: str) -> None:
    with pytest.raises(AddressError, match="no path of"):
        Address("http://here", "secret").at(path)
