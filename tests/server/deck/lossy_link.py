"""A link with delay and loss between this network and a network namespace, through two TUN devices.

The packets are real and so is the kernel's TCP on both sides; only the link is a thread of the test. (``tc netem``
would do the same, but many machines' kernels are built without it.)
"""

from __future__ import annotations

import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import threading
import time
from contextlib import suppress

SPACE, HERE, THERE = "gatedeck-test", "gdtest0", "gdtest1"
ENGINE, DECK = "10.197.77.1", "10.197.77.2"
_TUNSETIFF, _TUN_WITHOUT_HEADER = 0x400454CA, 0x1001


def ip(*words: str) -> None:
    subprocess.run(("ip", *words), check=True, capture_output=True)


class LossyLink:
    """A link that takes ``delay`` seconds each way and loses each packet with probability ``loss``."""

    def __init__(self, delay: float, loss: float) -> None:
        self.delay, self.loss = delay, loss
        self.cut = False
        self.packets = self.lost = 0
        self._chance = random.Random(7)
        self._ends: list[int] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._carry, name="lossy link", daemon=True)

    def start(self) -> None:
        """Make the devices and the namespace. Raises OSError, subprocess.CalledProcessError."""
        self._remove()
        ip("netns", "add", SPACE)
        for name in (HERE, THERE):
            end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            self._ends.append(end)
            fcntl.ioctl(end, _TUNSETIFF, struct.pack("16sH", name.encode(), _TUN_WITHOUT_HEADER))
        ip("link", "set", THERE, "netns", SPACE)
        ip("addr", "add", f"{ENGINE}/32", "peer", DECK, "dev", HERE)
        ip("link", "set", HERE, "up")
        ip("-n", SPACE, "addr", "add", f"{DECK}/32", "peer", ENGINE, "dev", THERE)
        ip("-n", SPACE, "link", "set", THERE, "up")
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        for end in self._ends:
            os.close(end)
        self._remove()

    @staticmethod
    def _remove() -> None:
        for words in (("link", "del", HERE), ("netns", "del", SPACE)):
            with suppress(subprocess.CalledProcessError):
                ip(*words)

    def _carry(self) -> None:
        other = {self._ends[0]: self._ends[1], self._ends[1]: self._ends[0]}
        under_way: list[tuple[float, int, int, bytes]] = []
        while not self._ending.is_set():
            wait = 0.02 if not under_way else min(0.02, max(0.0, under_way[0][0] - time.monotonic()))
            for end in select.select(self._ends, [], [], wait)[0]:
                with suppress(BlockingIOError):
                    packet = os.read(end, 65536)
                    self.packets += 1
                    if self.cut or self._chance.random() < self.loss:
                        self.lost += 1
                        continue
                    due = time.monotonic() + self.delay
                    heapq.heappush(under_way, (due, self.packets, other[end], packet))
            while under_way and under_way[0][0] <= time.monotonic():
                _, _, end, packet = heapq.heappop(under_way)
                if not self.cut:
                    with suppress(OSError):
                        os.write(end, packet)
