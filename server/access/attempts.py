"""Who guesses tokens: wrong ones are counted by address, and an address with too many has to wait.

A token that was right before from the same address goes on counting, so that one who guesses does not lock
others out who share it (a proxy, this machine). The same wrong token again is no guess: that is a program
which was not told of a new one.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")

NETWORK = 64
"""Bits of an IPv6 address that count: whoever has one, has all that begin so."""

SECONDS = 60.0
"""The time in which so many `wrong_tokens` may come."""


@dataclass(slots=True)
class _Guesses:
    """What is known of an address: when its leaking bucket is empty, and the digest of the last guess."""

    empty_at: float
    last: str


class Attempts:
    """Counts wrong tokens: `most` in `SECONDS` for each address, of which so many are remembered at most.

    The address that was quiet for longest is forgotten first.
    """

    def __init__(self, most: int, addresses: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._each = SECONDS / most
        self._addresses = addresses
        self._clock = clock
        self._guesses: OrderedDict[str, _Guesses] = OrderedDict()
        self._right: OrderedDict[tuple[str, str], None] = OrderedDict()

    def wait(self, address: str, digest: str) -> float:
        """Return the seconds that an address has to wait before it may show this token; 0.0 for none."""
        network = network_of(address)
        guesses = self._guesses.get(network)
        if guesses is None or (network, digest) in self._right:
            return 0.0
        return max(guesses.empty_at - self._clock() - (self._most - 1) * self._each, 0.0)

    def right(self, address: str, digest: str) -> None:
        """Hear that an address has shown a token of somebody's."""
        _remember(self._right, (network_of(address), digest), None, self._addresses)

    def wrong(self, address: str, digest: str) -> None:
        """Hear that an address has shown a token that is nobody's, or not any more."""
        network, now = network_of(address), self._clock()
        self._right.pop((network, digest), None)
        guesses = self._guesses.get(network) or _Guesses(now, "")
        if guesses.last != digest:
            guesses = _Guesses(max(guesses.empty_at, now) + self._each, digest)
        _remember(self._guesses, network, guesses, self._addresses)

    def __len__(self) -> int:
        """Count what is remembered."""
        return max(len(self._guesses), len(self._right))


def _remember(table: OrderedDict[Key, Value], key: Key, value: Value, most: int) -> None:
    table[key] = value
    table.move_to_end(key)
    while len(table) > most:
        table.popitem(last=False)


def network_of(address: str) -> str:
    """Return what an address counts as."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:  # a socket of this machine has none
        return address
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(IPv6Address(int(found) >> (128 - NETWORK) << (128 - NETWORK)))
    return str(found)
