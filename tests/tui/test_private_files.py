"""Files that tui writes are readable by their owner alone."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.config import load_settings
from server.telemetry.log_output import log_output
from tui.settings import SettingsStore

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes of POSIX systems")


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """A umask that leaves every bit set, and the log handlers as they were."""
    before, handlers, level = os.umask(0), logging.root.handlers[:], logging.root.level
    yield
    os.umask(before)
    for handler in logging.root.handlers:
        if handler not in handlers:
            handler.close()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_settings_are_private_in_a_private_folder(tmp_path: Path) -> None:
    path = tmp_path / "state" / "deck.json"
    store = SettingsStore(path)
    store.set("theme", "light")
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    path.chmod(0o644)
    store.set("theme", "ansi")
    assert mode(path) == 0o600


def test_the_log_is_private_in_a_private_folder_also_when_it_was_not(tmp_path: Path) -> None:
    path = tmp_path / "state" / "gatedeck.log"
    settings = load_settings({"state_dir": path.parent}, Path("/dev/null"))
    with log_output(settings):
        pass
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    path.chmod(0o644)
    with log_output(settings):
        logging.getLogger("gatedeck").warning("first line")
    assert mode(path) == 0o600 and "first line" in path.read_text()
