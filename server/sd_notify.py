"""Tell systemd that the service is ready, alive, or stopping: the protocol of sd_notify(3), a datagram each.

Without ``NOTIFY_SOCKET`` in the environment, outside systemd, nothing is sent.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Mapping

log = logging.getLogger("gatedeck.service")

_SHARE = 0.4
"""Share of the watchdog's time after which the next sign of life is sent: two fit into it."""


class Notifier:
    """Sends states to the socket that systemd names; a fault is logged and costs nothing else."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._watchdog = environ.get("WATCHDOG_USEC", "") if _is_mine(environ) else ""

    @property
    def watchdog_seconds(self) -> float | None:
        """Seconds without a sign of life after which systemd restarts the service; None without a watchdog."""
        try:
            return int(self._watchdog) / 1e6 or None
        except ValueError:
            return None

    def send(self, **fields: str) -> bool:
        """Send fields such as READY="1" or STATUS="…"; return whether they were sent."""
        if not self._address.startswith(("/", "@")):
            return False
        text = "\n".join(f"{name}={value}" for name, value in fields.items())
        # A name that begins with @ is in the abstract namespace, where it begins with a zero byte.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.settimeout(1.0)
                sender.sendto(text.encode(), address)
        except OSError as error:
            log.warning("systemd was not told %s: %s", next(iter(fields)), error)
            return False
        return True

    async def keep_alive(self, is_alive: Callable[[], bool]) -> None:
        """Send signs of life while the engine handles inputs; none while it does not, so that systemd restarts it."""
        seconds = self.watchdog_seconds
        while seconds is not None:
            if is_alive():
                self.send(WATCHDOG="1")
            await asyncio.sleep(seconds * _SHARE)


def _is_mine(environ: Mapping[str, str]) -> bool:
    return environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
