"""``gatedeck export``: a list of the ledger to a file or to standard output."""

from __future__ import annotations

import sys
from pathlib import Path

from server.config import ConfigError
from tui.cli.replay import ledger_path


def export(what: str, *, form: str, out: Path | None, db: str | None, config: Path | None) -> int:
    """Write one list; raises ConfigError for a list, a form or a place that cannot be had."""
    from server.export import ExportError, export_to
    from server.export import export as write
    from server.ledger.snapshot import LedgerSnapshot

    try:
        with LedgerSnapshot(ledger_path(db, config)) as ledger:
            if out is None:
                write(ledger, what, form, sys.stdout.buffer)
                sys.stdout.buffer.flush()
            else:
                count = export_to(out, ledger, what, form)
                print(f"{count} {what} to {out}", file=sys.stderr)
    except ExportError as error:
        raise ConfigError(str(error)) from None
    except BrokenPipeError:
        # The reader has had enough (head): not an error, and nothing more to say.
        sys.stderr.close()
    return 0
