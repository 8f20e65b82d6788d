"""Which server, and who asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .errors import AddressError

URL_VARIABLE, TOKEN_VARIABLE = "INKLOOM_URL", "INKLOOM_TOKEN"

DEFAULT_URL = "http://127.0.0.1:8188"


@dataclass(frozen=True, slots=True)
class Address:
    """A server's URL, without a slash at its end, and the token that says who asks."""

    url: str
    token: str | None = field(default=None, repr=False)

    def at(self, path: str) -> str:
        """Return the URL of a path of the server.

        Raises AddressError for what is no path of it: the token is for this server alone.
        """
        if not path.startswith("/") or path.startswith("//"):
            raise AddressError(f"{path!r} is no path of {self.url}: it must begin with one slash")
        return self.url + path

    def headers(self, accept: str) -> dict[str, str]:
        """Return the headers of a request."""
        authorization = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {"Accept": accept, **authorization}

    @property
    def is_here(self) -> bool:
        """Whether the server is on this machine: then no proxy is asked."""
        host = urlsplit(self.url).hostname or ""
        return host == "localhost" or host == "::1" or host.startswith("127.")


def address(url: str | None, token: str | None, environ: Mapping[str, str]) -> Address:
    """Return the address that is given, else of `$INKLOOM_URL` and `$INKLOOM_TOKEN`, else this machine's.

    Raises AddressError for what is no URL of a server, or no token.
    """
    given = url or environ.get(URL_VARIABLE) or DEFAULT_URL
    try:
        parts = urlsplit(given)
        _ = parts.port
    except ValueError as error:
        raise AddressError(f"{given!r} is no URL: {error}; such as {DEFAULT_URL}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise AddressError(f"{given!r} is no URL of a server; such as {DEFAULT_URL}")
    if parts.query or parts.fragment or parts.username is not None:
        raise AddressError(f"{given!r}: the URL of a server has no user, no ? and no #")
    found = token or environ.get(TOKEN_VARIABLE) or None
    if found is not None and not (found.isascii() and found.isprintable() and " " not in found):
        raise AddressError("the token has characters that no token has; copy it again")
    return Address(given.rstrip("/"), found)
