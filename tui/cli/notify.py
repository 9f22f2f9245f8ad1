"""`gatedeck notify`: the addresses that messages go to, and a test of each without an engine."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from server.config import load_settings
from server.telemetry.notify_process import NotifyProcess, require_apprise
from server.telemetry.outbox import Message
from server.telemetry.phone import target_names

_NONE = (
    "gatedeck: no address is configured: set notify_urls in the configuration file, or GATEDECK_NOTIFY_URLS, to an "
    "address of apprise such as ntfy://ntfy.sh/TOPIC or tgram://TOKEN/CHAT"
)
_TEST = Message("gatedeck: test", "This is how word from gatedeck arrives.")


def notify(*, test: bool, config: Path | None) -> int:
    """Print the addresses by name, with ``test`` after a message to each; return 1 if one failed."""
    settings = load_settings({}, config)
    if not settings.notify_urls:
        print(_NONE, file=sys.stderr)
        return 1
    names = target_names(settings.notify_urls)
    if not test:
        print(*names, sep="\n")
        print(
            f"at most {settings.notify_per_minute} messages a minute, quiet hours {settings.notify_quiet or 'none'}; "
            "gatedeck notify --test sends one to each"
        )
        return 0
    require_apprise()
    results = asyncio.run(_send_all([one.value for one in settings.notify_urls]))
    for name, (known, sent) in zip(names, results, strict=True):
        why = (
            ""
            if sent
            else ": the service did not take it"
            if known
            else ": not an address that apprise knows"
        )
        print(f"{'✓' if sent else '✗'} {name}{why}")
    return 0 if all(sent for _, sent in results) else 1


async def _send_all(urls: list[str]) -> list[tuple[bool, bool]]:
    """Return for each address whether apprise knows it, and whether its service took the test."""
    process = NotifyProcess(urls)
    try:
        sent = await asyncio.gather(*(process.send(n, _TEST) for n in range(len(urls))))
        known = process.known or [False] * len(urls)
        return list(zip(known, sent, strict=True))
    finally:
        await process.close()
