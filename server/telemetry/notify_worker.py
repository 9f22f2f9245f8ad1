"""The process that sends messages by apprise: what a dead service costs in time and memory never meets the engine.

It reads JSON lines from standard input, first the addresses, then messages, and answers each on standard output.
Addresses come by the pipe, because arguments and environment of a process can be read by others.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_lock = threading.Lock()


def main() -> None:
    """Serve until standard input ends."""
    # apprise logs addresses, and their secrets with them.
    logging.disable(logging.CRITICAL)
    import apprise

    services = [_service(apprise, url) for url in json.loads(sys.stdin.readline())["targets"]]
    _answer({"known": [service is not None for service in services]})
    with ThreadPoolExecutor(max_workers=2 * len(services) or 1) as pool:
        for line in sys.stdin:
            asked = json.loads(line)
            pool.submit(_send, services[asked["target"]], asked)
        # The engine has ended: nobody waits for what is under way.
        os._exit(0)


def _service(apprise: Any, url: str) -> Any:
    try:
        return apprise.Apprise.instantiate(url, suppress_exceptions=True)
    except Exception:
        return None


def _send(service: Any, asked: dict[str, Any]) -> None:
    try:
        ok = service is not None and bool(service.notify(title=asked["title"], body=asked["body"]))
    except Exception:
        ok = False
    _answer({"id": asked["id"], "ok": ok})


def _answer(value: dict[str, Any]) -> None:
    with _lock:
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
