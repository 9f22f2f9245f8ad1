"""End the process a few seconds after a signal to end, whatever a screen or a thread is stuck in.

The ledger is complete after a kill at any time, so ending by force loses nothing that was answered.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import threading
from contextlib import suppress
from types import FrameType

log = logging.getLogger("gatedeck")

SECONDS = 4.5
"""Seconds from the first signal to the end by force; an engine closes in less than one."""
EXIT_CODE = 1
LEAVE_RUNNING = "leave running"
"""Reason for which a deck ends whose engine is to go on without a terminal."""

_started = threading.Event()


def guard_signal(number: int) -> None:
    """End the process within ``SECONDS`` of this signal. Call after the event loop's handler was added.

    The loop's own handler does not run while the loop is blocked. Python's does, between two instructions; the loop
    hears of the signal all the same, through its wakeup descriptor.
    """
    signal.signal(number, _start)
    signal.siginterrupt(number, False)


def _start(number: int, _: FrameType | None) -> None:
    if not _started.is_set():
        _started.set()
        timer = threading.Timer(SECONDS, _end, [number])
        timer.daemon = True
        timer.start()


def _end(number: int) -> None:
    name = signal.Signals(number).name
    log.critical("still running %s s after %s: ended by force; every thread's place follows", SECONDS, name)
    for handler in logging.getLogger().handlers:
        handler.flush()
        stream = getattr(handler, "stream", None)
        if stream is not None:
            with suppress(OSError, ValueError, AttributeError):
                faulthandler.dump_traceback(stream)
    os._exit(EXIT_CODE)
