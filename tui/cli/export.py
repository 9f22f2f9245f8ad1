"""`gatedeck export`: write one list of the ledger to a file or to standard output."""

from __future__ import annotations

import sys
from pathlib import Path

from server.config import ConfigError
from tui.cli.console import ledger_of


def export(
    what: str,
    *,
    form: str,
    out: Path | None,
    db: str | None,
    config: Path | None,
    begin: str | None = None,
    end: str | None = None,
    book: str | None = None,
) -> int:
    """Write one list; raises ConfigError for an unknown list, format or time, or a file that cannot be written."""
    from server.export import ExportError, Span, export_to
    from server.export import export as write
    from server.ledger.snapshot import LedgerSnapshot
    from server.replay.archives import as_ledger

    try:
        span = Span(begin, end)
        with as_ledger(ledger_of(db, config)) as file, LedgerSnapshot(file) as ledger:
            if out is None:
                write(ledger, what, form, sys.stdout.buffer, span, book)
                sys.stdout.buffer.flush()
            else:
                count = export_to(out, ledger, what, form, span, book)
                print(f"{count} {what} written to {out}", file=sys.stderr)
    except ExportError as error:
        raise ConfigError(str(error)) from None
    except BrokenPipeError:
        # The reader closed the pipe early, as `head` does: no error. Python would complain at its exit.
        sys.stderr.close()
    return 0
