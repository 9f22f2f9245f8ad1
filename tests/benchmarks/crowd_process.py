"""A crowd of strangers at a listener: slow connections that come again when closed, and bad requests at a rate.

It runs as a process of its own (``python tests/benchmarks/crowd_process.py HOST PORT --slow N --bad N``) until it is
stopped, and prints one line once every slow connection was opened.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
from contextlib import suppress

TRICKLE_SECONDS = 5.0
AGAIN_SECONDS = 5.0
"""Pause before a slow connection that was closed is opened again."""
SECRET_GUESS = "a-guess-of-the-usual-length-0123456789ab"
PATH = "/api/webhooks/saty-phase"


async def slow(host: str, port: int, opened: asyncio.Semaphore, number: int) -> None:
    """Keep one connection that never finishes its request: silent, in the head, or in the body."""
    begins = (b"", f"POST {PATH} HTTP/1.1\r\nHost: x\r\n".encode(),
              f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n".encode())  # fmt: skip
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(host, port)
            opened.release()
            writer.write(begins[number % 3])
            try:
                while True:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(TRICKLE_SECONDS):
                            if not await reader.read(1000):
                                break
                    if number % 3:
                        writer.write(b"X")
            finally:
                writer.close()
        await asyncio.sleep(AGAIN_SECONDS * (0.5 + random.random()))


async def bad(host: str, port: int, rate: float, fresh: bool) -> None:
    """Send requests with a wrong secret, ``rate`` a second, each on a connection of its own if ``fresh``."""
    body = b'{"guess": "' + b"x" * 500 + b'"}'
    head = f"POST {PATH}?key={SECRET_GUESS} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    loop = asyncio.get_running_loop()
    due, writer = loop.time(), None
    while True:
        with suppress(OSError, asyncio.IncompleteReadError):
            if writer is None or fresh:
                reader, writer = await asyncio.open_connection(host, port)
            writer.write(head.encode() + body)
            await reader.readuntil(b"\r\n\r\n")
            if fresh:
                writer.close()
            else:
                await reader.read(4000)
        if writer is not None and writer.is_closing():
            writer = None
        due = max(due + 1 / rate, loop.time() - 1.0)
        await asyncio.sleep(max(0.0, due - loop.time()))


async def crowd(host: str, port: int, slow_ones: int, bad_rate: float) -> None:
    opened = asyncio.Semaphore(0)
    tasks = [asyncio.create_task(slow(host, port, opened, n)) for n in range(slow_ones)]
    senders = 20
    tasks += [asyncio.create_task(bad(host, port, bad_rate / senders, n % 2 == 0)) for n in range(senders)]
    for _ in range(slow_ones):
        await opened.acquire()
    print("opened", flush=True)
    await asyncio.gather(*tasks)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--slow", type=int, default=5000)
    parser.add_argument("--bad", type=float, default=1000.0)
    given = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with suppress(KeyboardInterrupt):
        asyncio.run(crowd(given.host, given.port, given.slow, given.bad))
