"""The ``gatedeck`` command with a fault put in: ``faulty.py FAULT ARGUMENTS...``.

``crash=N`` has the Live screen raise at its first N snapshots, ``tick`` ends the clock's task, ``stuck`` has the
loop blocked for good by the key ``d``, ``deaf`` has the screen never end.
"""

# ruff: noqa: E402

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

import server.assembly as host
from server.runtime.runtime import Runtime
from tui.app import DeckApp
from tui.screens.live import LiveScreen


def crash(times: int) -> None:
    show = LiveScreen.show_body
    left = times

    def broken(self: LiveScreen, snapshot: Any) -> Any:
        nonlocal left
        if left > 0:
            left -= 1
            raise ZeroDivisionError("a fault of the screen")
        return show(self, snapshot)

    LiveScreen.show_body = broken


def stuck() -> None:
    def never_done(_: LiveScreen) -> None:
        while True:
            time.sleep(0.05)

    LiveScreen.action_show_decision = never_done


async def _dying(runtime: Runtime) -> None:
    await asyncio.sleep(0.5)
    raise ValueError("a fault of the clock")


def main() -> None:
    fault, *arguments = sys.argv[1:]
    if fault.startswith("crash="):
        crash(int(fault.removeprefix("crash=")))
    elif fault == "stuck":
        stuck()
    elif fault == "deaf":
        DeckApp.leave = lambda *_: None
    elif fault == "tick":
        host._tick = _dying
    from tui.cli import main as command

    sys.argv = ["gatedeck", *arguments]
    command()


if __name__ == "__main__":
    main()
