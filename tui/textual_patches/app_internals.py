"""Two private attributes of Textual's ``App`` for which it has no public name."""

from __future__ import annotations

from typing import Any

from textual.app import App


def write_to_terminal(app: App[Any], command: str) -> None:
    """Write a terminal command (bell, title, desktop notification), in order with the frames.

    Does nothing when the app has no terminal.
    """
    driver = app._driver
    if not app.is_headless and driver is not None:
        driver.write(command)


def exception_of(app: App[Any]) -> BaseException | None:
    """Return the exception that ended the app, or None. Textual prints it and does not return it."""
    return app._exception
