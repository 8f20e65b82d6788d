"""Whose word is taken for a server's certificate."""

from __future__ import annotations

import ssl
from collections.abc import Mapping

from .address import Address
from .errors import AddressError

AUTHORITIES_VARIABLE = "SSL_CERT_FILE"
"""Names a PEM file with the certificates to trust; many programs look there."""


def trust(
    verify: ssl.SSLContext | bool, address: Address, environ: Mapping[str, str]
) -> ssl.SSLContext | bool:
    """Return what a server's certificate is checked by: `verify`; for True, `$SSL_CERT_FILE` where it is set.

    Raises AddressError for a file that can't be read, or has no certificates.
    """
    file = environ.get(AUTHORITIES_VARIABLE)
    if verify is not True or not file or not address.url.startswith("https:"):
        return verify
    try:
        return ssl.create_default_context(cafile=file)
    except ssl.SSLError as error:
        raise AddressError(f"${AUTHORITIES_VARIABLE}, {file!r}, holds no certificates in PEM form") from error
    except OSError as error:
        raise AddressError(f"${AUTHORITIES_VARIABLE}, {file!r}, can't be read: {error.strerror}") from error
