"""The terminal, so that it can never hold up the engine: frames are dropped, not waited for.

Textual's own writer blocks the loop when the terminal stops reading; a closed one leaves its input thread
spinning. Here every write goes to a queue that a thread empties straight into the file descriptor. While
the backlog is large frames are thrown away, and when it is gone the whole screen is painted afresh.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.drivers.linux_driver import LinuxDriver

from tui.textual_patches.ansi_output import thrifty

if TYPE_CHECKING:
    from textual.app import App

_FRAME_BACKLOG = 6
"""Writes waiting from which a frame is dropped; a terminal that keeps up never has more than a few."""
_KEPT = ("\x1b[?", "\x1b[>", "\x1b[<", "\x1b]")
"""How modes, queries and commands to the terminal begin; everything else is a frame and may be dropped."""
_CLOSE_PATIENCE = 0.25
"""Seconds that leaving waits for a terminal that does not read."""
_LEAVE_ON = ("SIGTERM", "SIGHUP", "SIGINT")


class OutputThread(threading.Thread):
    """Writes text to a file descriptor in order, and says when it has caught up after a drop.

    Writing to the descriptor rather than to ``sys.stderr`` keeps a thread that is stuck in a stalled
    terminal from holding a lock that the interpreter needs at its end.
    """

    def __init__(self, fileno: int, caught_up: Callable[[], None]) -> None:
        super().__init__(daemon=True, name="deck-output")
        self._fileno = fileno
        self._caught_up = caught_up
        self._waiting: deque[str] = deque()
        self._change = threading.Condition()
        self._dropped = False
        self._closing = False
        self.broken = False

    @property
    def backlog(self) -> int:
        return len(self._waiting)

    def send(self, text: str) -> bool:
        """Queue a text; False when it was dropped because the terminal does not keep up."""
        with self._change:
            if self.broken or self._closing:
                return False
            if len(self._waiting) >= _FRAME_BACKLOG and not text.startswith(_KEPT):
                self._dropped = True
                return False
            self._waiting.append(text)
            self._change.notify()
            return True

    def run(self) -> None:
        while True:
            with self._change:
                while not self._waiting and not self._closing:
                    self._change.wait()
                if not self._waiting:
                    return
                text = self._waiting.popleft()
            try:
                self._write(text.encode("utf-8", "replace"))
            except OSError:
                self.broken = True
                return
            with self._change:
                behind = self._dropped and not self._waiting
                if behind:
                    self._dropped = False
            if behind:
                self._caught_up()

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._fileno, view) :]
            except BlockingIOError:
                select.select([], [self._fileno], [], 0.5)

    def close(self) -> None:
        """Let it finish what it has, but not for ever."""
        with self._change:
            self._closing = True
            self._change.notify()
        if self.is_alive():
            self.join(_CLOSE_PATIENCE)


class QuietDriver(LinuxDriver):
    """Textual's Linux driver on an ``OutputThread``."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self._output: OutputThread | None = None

    def write(self, data: str) -> None:
        if self._output is None:
            terminal = sys.__stderr__
            if terminal is None:
                raise RuntimeError("the deck needs a terminal on standard error")
            self._output = OutputThread(terminal.fileno(), self._repaint_soon(asyncio.get_running_loop()))
            self._output.start()
        self._output.send(data if data.startswith(_KEPT) else thrifty(data))

    def _repaint_soon(self, loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
        def repaint() -> None:
            if self._app.is_running:
                self._app.screen.refresh(layout=True)

        def from_thread() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(repaint)

        return from_thread

    def close(self) -> None:
        super().close()
        if self._output is not None:
            self._output.close()
            self._output = None

    def run_input_thread(self) -> None:
        try:
            super().run_input_thread()
        except OSError:
            # The terminal went away while it was read; the watch on it ends the app, not a traceback.
            return


def terminal_is_gone(fileno: int) -> bool:
    """Whether the terminal behind a descriptor was closed (an SSH session that dropped)."""
    poll = select.poll()
    poll.register(fileno, 0)
    return any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0))


def install_signals(leave: Callable[[str], None]) -> Callable[[], None]:
    """Leave the deck cleanly on SIGTERM, SIGHUP and SIGINT; returns what puts the old handlers back.

    ``leave`` is called in the running loop with the signal's name. Does nothing where the loop cannot
    handle signals (another thread, Windows).
    """
    loop = asyncio.get_running_loop()
    before: dict[signal.Signals, Any] = {}
    for name in _LEAVE_ON:
        number = getattr(signal, name, None)
        if number is None:
            continue
        old = signal.getsignal(number)
        try:
            loop.add_signal_handler(number, leave, name)
        except (NotImplementedError, RuntimeError, ValueError):
            continue
        before[number] = old

    def restore() -> None:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            if handler is not None:
                signal.signal(number, handler)

    return restore
