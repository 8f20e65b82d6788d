"""How a server is kept from those it is not for: its token, its users, TLS, its names, its limits."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...executor import Folders
from ..limits import LIMITS, Limits
from .door import Door, door_of
from .origin import is_loopback
from .sharing import Shared
from .users import SHORTEST, UsersError


class ProtectionError(Exception):
    """A server can't be protected as it was asked to be; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """What was asked for: a token of the server's, names, a certificate with its key, origins, limits."""

    token: str | None = None
    hosts: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    shared: Shared | None = None
    limits: Limits = LIMITS


def door_for(folders: Folders, address: str, port: int, asked: Protection) -> Door:
    """Return the door of a server on an address; raises ProtectionError where it would be open to others.

    `port` is 0 where any will do.
    """
    if asked.token is not None and (len(asked.token) < SHORTEST or not asked.token.isprintable()):
        raise ProtectionError(
            f"a token must have {SHORTEST} characters or more and no line ends; this makes one: "
            'python -c "import secrets; print(secrets.token_urlsafe(32))"'
        )
    alone = is_loopback(address)
    door = door_of(folders.base, open=alone, token=asked.token)
    try:
        known = asked.token is not None or bool(door.users.now())
    except UsersError as error:
        raise ProtectionError(str(error)) from error
    if alone or known:
        return door
    tunnel = f"{port or 'PORT'}:127.0.0.1:{port or 'PORT'}"
    raise ProtectionError(
        f"--listen {address} would let other machines in, and nobody asks them who they are. Add users "
        f"(inkloom user add NAME --root {folders.base}), or give the server a token: "
        "--token-file FILE, or INKLOOM_TOKEN in the environment. "
        f"Or leave --listen out and use a tunnel: ssh -L {tunnel} THIS-MACHINE"
    )


def tls_of(asked: Protection) -> ssl.SSLContext | None:
    """Return what speaks TLS, None where it was not asked for; raises ProtectionError."""
    if asked.certificate is None and asked.key is None:
        return None
    if asked.certificate is None or asked.key is None:
        missing = "--tls-cert" if asked.certificate is None else "--tls-key"
        raise ProtectionError(f"TLS takes a certificate and its key; {missing} is missing")
    for option, path in (("--tls-cert", asked.certificate), ("--tls-key", asked.key)):
        try:
            path.open("rb").close()
        except OSError as error:
            raise ProtectionError(f"{option} {path} can't be read: {error.strerror}") from error
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(asked.certificate, asked.key, password=_no_password(asked.key))
    except ssl.SSLError as error:
        raise ProtectionError(_what_is_wrong(asked.certificate, asked.key, error)) from error
    return context


def _no_password(key: Path) -> Callable[[], str]:
    def ask() -> str:
        raise ProtectionError(f"--tls-key {key} has a password, which nobody is there to type; take it off")

    return ask


def _what_is_wrong(certificate: Path, key: Path, error: ssl.SSLError) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"--tls-key {key} is not the key of --tls-cert {certificate}"
    for option, path, begins in (
        ("--tls-cert", certificate, "-----BEGIN CERTIFICATE-----"),
        ("--tls-key", key, "PRIVATE KEY-----"),
    ):
        if begins not in path.read_text(encoding="latin-1"):
            return f"{option} {path} is not what it should be: a PEM file with {begins!r} in it"
    return f"--tls-cert {certificate} and --tls-key {key} can't be used: {error.reason or error}"
