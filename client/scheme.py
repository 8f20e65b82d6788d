"""Which of http and https a server speaks, where its URL says the other one."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from urllib.parse import urlsplit

from .exchange import Scheme

NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL"})
"""How OpenSSL calls it when what comes back to its greeting is no TLS."""

PATIENCE = 3.0
"""Seconds that a server may take to greet."""


def speaks_plainly(causes: Iterable[BaseException]) -> bool:
    """Tell whether an error says that TLS was spoken to a server that speaks none."""
    return any(isinstance(one, ssl.SSLError) and one.reason in NO_TLS for one in causes)


def speaks_tls(url: str) -> bool:
    """Tell whether the server at a URL answers to TLS; no request is sent, nobody need vouch for it."""
    parts = urlsplit(url)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((parts.hostname or "", parts.port or 80), PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname),
        ):
            return True
    except (OSError, ValueError):  # no server, no TLS, or a name that TLS can't carry
        return False


def other_url(url: str, speaks: Scheme) -> str:
    """Return a server's URL with the scheme that it speaks."""
    return f"{speaks}:{url.partition(':')[2]}"
