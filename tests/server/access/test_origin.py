"""Who may talk to the server: Host and Origin."""

import pytest

from inkloom.server.access.origin import agree, is_loopback, split_host


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("x.localhost", True),
        ("127.0.0.1", True),
        ("127.8.0.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False),
        ("192.168.0.4", False),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("", False),
    ],
)
def test_is_loopback(name: str, expected: bool) -> None:
    assert is_loopback(name) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("localhost:8188", ("localhost", 8188)),
        ("LocalHost", ("localhost", None)),
        ("[::1]:8188", ("::1", 8188)),
        ("[::1", ("", None)),
        ("a:b", ("", None)),
        ("localhost.:1", ("localhost", 1)),
        ("[::FFFF:127.0.0.1]", ("::ffff:7f00:1", None)),
        ("evil@localhost", ("", None)),
        ("localhost/x", ("", None)),
        ("localhost:", ("", None)),
        ("localhost:99999", ("", None)),
        ("", ("", None)),
    ],
)
def test_split_host(text: str, expected: tuple[str, int | None]) -> None:
    assert split_host(text) == expected


@pytest.mark.parametrize(
    ("host", "origin", "expected"),
    [
        ("127.0.0.1:8188", "http://127.0.0.1:8188", True),
        ("127.0.0.1:8188", "http://127.0.0.1", False),  # port 80 is another server
        ("127.0.0.1:8188", "https://127.0.0.1", False),
        ("127.0.0.1:80", "http://127.0.0.1", True),
        ("box.example", "https://box.example", True),  # a proxy before this server speaks TLS
        ("box.example", "https://box.example:443", True),
        ("box.example", "http://box.example:443", False),
        ("[::1]:8188", "http://[::1]:8188", True),
        ("[0:0:0:0:0:0:0:1]:8188", "http://[::1]:8188", True),
        ("[::1]:8188", "http://[::1]:8189", False),
        ("localhost.:8188", "http://localhost:8188", True),
        ("127.0.0.1:8188", "http://127.0.0.1:8188/path", False),
        ("127.0.0.1:8188", "ftp://127.0.0.1:8188", False),
        ("127.0.0.1:8188", "file://", False),
        ("127.0.0.1:8188", "http://evil.example@127.0.0.1:8188", False),
        ("127.0.0.1:8188", "http://127.0.0.1:8188@evil.example", False),
        ("LOCALHOST:8188", "http://localhost:8188", True),
        ("127.0.0.1:8188", "http://127.0.0.1:8189", False),
        ("127.0.0.1:8188", "http://localhost:8188", False),
        ("127.0.0.1:8188", "http://evil.example", False),
        ("127.0.0.1:8188", "null", False),
        ("127.0.0.1:8188", "http://[::1", False),
        ("127.0.0.1:8188", "", False),
    ],
)
def test_agree(host: str, origin: str, expected: bool) -> None:
    assert agree(host, origin) is expected
