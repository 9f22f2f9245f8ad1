"""`gatedeck ledger`: rows and bytes of a ledger by table and by day."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from tui.cli.console import ledger_of, print_json

if TYPE_CHECKING:
    from server.ledger.address import LedgerAddress
    from server.ledger.sizes import LedgerSizes


def ledger(*, db: str | None, config: Path | None, as_json: bool) -> int:
    """Print what a ledger is made of. Raises LedgerError."""
    from server.ledger.sizes import sizes_of
    from server.ledger.snapshot import LedgerSnapshot

    with LedgerSnapshot(ledger_of(db, config)) as snapshot:
        found, address, removed = sizes_of(snapshot), snapshot.address, snapshot.removed
    if as_json:
        print_json(
            orjson.dumps(
                {"ledger": str(address), **asdict(found), "removed": asdict(removed)}, option=orjson.OPT_UTC_Z
            )
        )
    else:
        print("\n".join([*lines(address, found), *removed.texts]))
    return 0


def lines(address: LedgerAddress, found: LedgerSizes) -> list[str]:
    """Return the sizes as two tables of text."""
    head = f"{address}: {_size(found.file)}"
    head += f", {_size(found.free)} of it free" if found.free else ""
    head += f"; {_size(found.log)} in the write-ahead log" if found.log else ""
    whole = sum(table.bytes for table in found.tables) or 1
    out = [head, "", f"{'table':<18}{'rows':>12}{'bytes':>12}{'share':>8}"]
    for table in found.tables:
        out.append(
            f"{table.name:<18}{table.rows:>12,}{_size(table.bytes):>12}{table.bytes / whole * 100:>6.1f} %"
        )
    if not found.pages:
        out.append("bytes are those of the values: this SQLite does not tell pages")
    out += ["", f"{'day':<12}{'inputs':>10}{'webhooks':>10}{'decisions':>11}{'marks':>10}{'bytes':>12}"]
    for day in found.days:
        counts = f"{day.inputs:>10,}{day.webhooks:>10,}{day.decisions:>11,}{day.marks:>10,}"
        out.append(f"{day.day:<12}{counts}{_size(day.bytes):>12}")
    return out


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB"
