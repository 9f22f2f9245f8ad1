"""TCP ports that no other test is given, for a server that starts again or that another program starts."""

from __future__ import annotations

import os
import socket
from itertools import count

_FIRST, _COUNT = 20_000, 12_000
"""Below the ports that the system gives to clients and to servers that ask for any (from 32,768 on)."""
_taken: list[socket.socket] = []
"""A UDP socket of the number of each port, open until this process ends: others see the port as taken."""
_next = count(os.getpid() * 97)


def own_port() -> int:
    """Return a free port of 127.0.0.1 that stays this process's, also while nothing listens on it."""
    for _ in range(_COUNT):
        port = _FIRST + next(_next) % _COUNT
        claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            claim.bind(("127.0.0.1", port))
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
            continue
        _taken.append(claim)
        return port
    raise OSError(f"no port from {_FIRST} on is free")
