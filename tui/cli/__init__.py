"""The `gatedeck` command: one module per command, options in typer_app and the ``*_options`` modules.

This package builds the program from its parts, and may import any of them. It may import Textual only inside the
functions that show a screen, so that ``--headless`` and every other command start without it. It may not contain
SQL or compute a trading number. Mistakes of the user are raised as ConfigError; ``main`` prints them as one line.

Read first:

1. ``typer_app.py``: every command with its options and help, and ``main``.
2. ``run.py``: `run` and `demo`, which start the engine and show the screen.
3. ``client.py``: the HTTP client of the commands that talk to a running engine.
4. ``control.py``: `approve`, `reject`, `close` and `mode`.
5. ``console.py``: printing a result, the progress bar, the ledger's path.
"""

from tui.cli.typer_app import (
    app,
    main,
)

__all__ = [
    "app",
    "main",
]
