"""A terminal of tmux with a program in it: keys are pressed, and the screen is read as text."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections.abc import Callable, Mapping


class Terminal:
    """A tmux server of its own with one window of a fixed size."""

    def __init__(self, columns: int, lines: int) -> None:
        self.columns, self.lines = columns, lines
        self._name = f"gatedeck-week-{os.getpid()}-{columns}"

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self._name, "-f", "/dev/null", *arguments],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def start(self, command: list[str], environment: Mapping[str, str]) -> None:
        """Start a command; what it leaves on the terminal stays to be read after its end."""
        given = [f"{name}={value}" for name, value in environment.items()]
        told = (
            shlex.join(["env", "-i", *given, *command])
            + "; code=$?; echo; echo ended with $code; exec sleep 600"
        )
        size = ("-x", str(self.columns), "-y", str(self.lines))
        self._tmux("new-session", "-d", "-s", "deck", *size, told)

    def stop(self) -> None:
        subprocess.run(["tmux", "-L", self._name, "kill-server"], capture_output=True, check=False)

    def press(self, *keys: str) -> None:
        """Press keys by the names of tmux (``Enter``, ``Escape``, ``Tab``) or as they are written."""
        for key in keys:
            self._tmux("send-keys", "-t", "deck", key)
            # A key right after Escape would be one key with Alt.
            time.sleep(0.3 if key == "Escape" else 0.05)

    def write(self, text: str) -> None:
        """Type a text as slowly as a quick person."""
        self._tmux("send-keys", "-t", "deck", "-l", text)
        time.sleep(0.5)

    def confirm(self, *words: str, key: str = "y") -> None:
        """Read the words of a dialog and press its key, a moment later: what was pressed blindly does not count."""
        self.see(*words)
        time.sleep(0.8)
        self.press(key)

    def close_dialog(self) -> None:
        """Press Escape until the dialog is gone: one that has just opened takes no key yet."""

        def gone(screen: str) -> bool:
            if "╭──" not in screen:
                return True
            self.press("Escape")
            time.sleep(0.5)
            return False

        self.until(gone, "no dialog")

    def screen(self) -> str:
        return self._tmux("capture-pane", "-p", "-t", "deck")

    def see(self, *words: str, within: float = 20.0) -> str:
        """Return the screen as soon as it holds all of the words."""
        return self.until(lambda screen: all(word in screen for word in words), repr(words), within)

    def until(self, holds: Callable[[str], bool], what: str, within: float = 20.0) -> str:
        """Return the screen as soon as a condition holds. Raises AssertionError with the last screen."""
        end = time.monotonic() + within
        while not holds(screen := self.screen()):
            assert time.monotonic() < end, f"not seen within {within:g} s: {what}\n{screen}"
            time.sleep(0.05)
        return screen
