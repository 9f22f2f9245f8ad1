"""Readers of GET /api/stream: N that read and M that never do, until stopped.

It runs as a process of its own (``python tests/benchmarks/readers_process.py HOST PORT --reading N --stuck M``),
prints one line once all are connected, and one of JSON at SIGTERM: events of each reader, and how many came out of
order.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import socket

QUERY = "/api/stream?events=decision,fill,exit,approval,mode,alert"
ID = re.compile(rb"\nid: (\d+)\.(\d+)\n")


class Reading(asyncio.Protocol):
    """One reader; it counts its events, which costs little against reading them."""

    def __init__(self, host: str, connected: asyncio.Semaphore) -> None:
        self.events = self.disordered = 0
        self._last = (0, -1)
        self._host, self._connected = host, connected
        self._kept = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(f"GET {QUERY} HTTP/1.1\r\nHost: {self._host}\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        if not self._kept:
            self._connected.release()
        text = self._kept + data
        ends = 0
        for found in ID.finditer(text):
            place = int(found[1]), int(found[2])
            self.disordered += place <= self._last
            self.events, self._last, ends = self.events + 1, place, found.end()
        self._kept = text[max(ends, len(text) - 64) :]


async def main(host: str, port: int, reading: int, stuck: int) -> None:
    stop = asyncio.Event()
    os.nice(10)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    connected = asyncio.Semaphore(0)
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(lambda: Reading(host, connected), host, port) for _ in range(reading)
    ]
    readers = [reader for _, reader in opened]
    for _ in readers:
        await connected.acquire()
    silent = []
    for _ in range(stuck):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect((host, port))
        sock.sendall(f"GET {QUERY} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        silent.append(sock)
    print("connected", flush=True)
    await stop.wait()
    await asyncio.sleep(0.3)
    told = {"events": [r.events for r in readers], "disordered": sum(r.disordered for r in readers)}
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--reading", type=int, default=0)
    parser.add_argument("--stuck", type=int, default=0)
    given = parser.parse_args()
    asyncio.run(main(given.host, given.port, given.reading, given.stuck))
