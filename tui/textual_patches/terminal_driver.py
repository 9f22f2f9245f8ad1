"""Terminal output that never blocks the engine: a slow terminal loses frames, and nothing waits for it.

Textual's own writer blocks the event loop when the terminal stops reading, and its input thread spins when
the terminal is closed, for ever if a hang-up's SIGCONT started it after the driver was closed. Here a thread
takes each text from a queue and writes it to the file descriptor. While the queue is long, frames are dropped.
When it is empty again, the whole screen is painted.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import termios
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from textual.drivers.linux_driver import LinuxDriver

from tui.character_set import terminal_is_utf8, to_ascii
from tui.exit_guard import guard_signal
from tui.textual_patches.ansi_output import minimize_sgr

if TYPE_CHECKING:
    from textual.app import App

_MAX_QUEUED_FRAMES = 6
"""Texts in the queue from which on a frame is dropped; a terminal that keeps up has fewer."""
_NEVER_DROPPED = ("\x1b[?", "\x1b[>", "\x1b[<", "\x1b]")
"""Beginnings of terminal modes, queries and commands. Any other text is a frame, which may be dropped."""
_CLOSE_SECONDS = 0.25
"""Seconds that closing waits for a terminal that does not read."""
_LEAVE_SCREEN = (
    b"\x1b[<u\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[?1049l\x1b[?25h\x1b[0m"
)
_EXIT_SIGNALS = ("SIGTERM", "SIGHUP", "SIGINT")


class OutputThread(threading.Thread):
    """Thread that writes texts to a file descriptor in order, and reports when it caught up after a drop.

    It writes to the descriptor and not to ``sys.stderr``: a thread blocked inside ``sys.stderr`` holds a lock
    that the interpreter needs when it exits.
    """

    def __init__(self, fileno: int, on_caught_up: Callable[[], None]) -> None:
        super().__init__(daemon=True, name="deck-output")
        self._fileno = fileno
        self._on_caught_up = on_caught_up
        self._queue: deque[str] = deque()
        self._changed = threading.Condition()
        self._dropped = False
        self._closing = False
        self.broken = False

    @property
    def backlog(self) -> int:
        return len(self._queue)

    def send(self, text: str) -> bool:
        """Queue a text; return False if it was dropped because the terminal does not keep up."""
        with self._changed:
            if self.broken or self._closing:
                return False
            if len(self._queue) >= _MAX_QUEUED_FRAMES and not text.startswith(_NEVER_DROPPED):
                self._dropped = True
                return False
            self._queue.append(text)
            self._changed.notify()
            return True

    def run(self) -> None:
        while True:
            with self._changed:
                while not self._queue and not self._closing:
                    self._changed.wait()
                if not self._queue:
                    return
                text = self._queue.popleft()
            try:
                self._write(text.encode("utf-8", "replace"))
            except OSError:
                self.broken = True
                return
            with self._changed:
                caught_up = self._dropped and not self._queue
                if caught_up:
                    self._dropped = False
            if caught_up:
                self._on_caught_up()

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._fileno, view) :]
            except BlockingIOError:
                select.select([], [self._fileno], [], 0.5)

    def close(self) -> None:
        """Write what is queued, for at most a quarter of a second."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self.is_alive():
            self.join(_CLOSE_SECONDS)


class NonBlockingDriver(LinuxDriver):
    """Textual's Linux driver with its output on an ``OutputThread``."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self._output: OutputThread | None = None
        self._ascii = not terminal_is_utf8()
        self._closed = False

    def start_application_mode(self) -> None:
        """Enter the deck's terminal modes; called at the start and, by Textual's handler, after each SIGCONT.

        A hang-up sends SIGCONT too. Textual would then start a thread that reads the closed terminal for ever and
        keeps the process alive; and after a SIGSTOP a second thread, which takes every other key from the first.
        """
        if self._closed or terminal_is_gone(self.fileno):
            return
        again = self._key_thread is not None and self._key_thread.is_alive()
        former = self.attrs_before
        if again:
            self.disable_input()
            if self._writer_thread is not None:
                self._writer_thread.stop()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if again:
            self.attrs_before = former
            self._repaint_from_thread(asyncio.get_running_loop())()

    def write(self, data: str) -> None:
        if self._output is None:
            terminal = sys.__stderr__
            if terminal is None:
                raise RuntimeError("the deck needs a terminal on standard error")
            self._output = OutputThread(
                terminal.fileno(), self._repaint_from_thread(asyncio.get_running_loop())
            )
            self._output.start()
        text = data if data.startswith(_NEVER_DROPPED) else minimize_sgr(data)
        self._output.send(to_ascii(text) if self._ascii else text)

    def _repaint_from_thread(self, loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
        """Return a function that any thread may call to have the whole screen painted in the event loop."""

        def repaint() -> None:
            if self._app.is_running:
                self._app.screen.refresh(layout=True)

        def schedule() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(repaint)

        return schedule

    def close(self) -> None:
        self._closed = True
        for number in (signal.SIGTSTP, signal.SIGCONT):
            signal.signal(number, signal.SIG_DFL)
        super().close()
        if self._output is not None:
            self._output.close()
            self._output = None

    def run_input_thread(self) -> None:
        try:
            super().run_input_thread()
        except OSError:
            # The terminal was closed during a read. The app checks for that itself and exits.
            return


def terminal_is_gone(fileno: int) -> bool:
    """Return whether the terminal behind a file descriptor was closed, as when an SSH session drops."""
    poll = select.poll()
    poll.register(fileno, 0)
    return any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0))


class TerminalMode:
    """The line settings of a terminal, kept to be given back when a screen could not do so itself."""

    def __init__(self, stream: TextIO | None) -> None:
        self._fileno = -1 if stream is None else stream.fileno()
        self._settings: list[Any] | None = None
        with suppress(termios.error, OSError):
            self._settings = termios.tcgetattr(self._fileno)

    def restore(self) -> None:
        """Leave the alternate screen, mouse and paste modes, show the cursor, and put the settings back."""
        if self._settings is None or terminal_is_gone(self._fileno):
            return
        with suppress(termios.error, OSError):
            termios.tcsetattr(self._fileno, termios.TCSANOW, self._settings)
            if select.select([], [self._fileno], [], 0)[1]:
                os.write(self._fileno, _LEAVE_SCREEN)


def install_signals(leave: Callable[[str], None]) -> Callable[[], None]:
    """Leave the deck on SIGTERM, SIGHUP and SIGINT; return a function that restores the former handlers.

    ``leave`` is called in the running loop with the signal's name. Nothing is installed where the loop cannot
    handle signals (on Windows, or outside the main thread).
    """
    loop = asyncio.get_running_loop()
    former: dict[signal.Signals, Any] = {}
    for name in _EXIT_SIGNALS:
        number = getattr(signal, name, None)
        if number is None:
            continue
        handler = signal.getsignal(number)
        try:
            loop.add_signal_handler(number, leave, name)
        except (NotImplementedError, RuntimeError, ValueError):
            continue
        if name != "SIGHUP":  # after a hang-up the engine may go on
            guard_signal(number)
        former[number] = handler

    def restore() -> None:
        for number, handler in former.items():
            loop.remove_signal_handler(number)
            if handler is not None:
                signal.signal(number, handler)

    return restore
