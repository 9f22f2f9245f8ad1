"""`gatedeck learning`: what each gate saved and cost in a ledger, its shadow trades, and advice."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from core.rules import Rules, parse_rules
from server.ledger.address import LedgerAddress
from tui.cli.console import ledger_of, print_json, report_width, use_colour

if TYPE_CHECKING:
    from server.deck.reports import LearningView


def learning(*, looks: bool, as_json: bool, db: str | None, config: Path | None) -> int:
    """Print what is learned from a ledger, or with ``looks`` the certainty that advice needs during a year."""
    from server.ledger.codec import encode_any
    from server.ledger.history import rules_text
    from server.ledger.snapshot import LedgerSnapshot

    address = ledger_of(db, config)
    with LedgerSnapshot(address) as ledger:
        rules = parse_rules(rules_text(ledger) or "")
    if looks:
        from core.learning.looks import looks_of_year
        from tui.report.learning import looks_text

        found = looks_of_year(rules)
        if as_json:
            print_json(encode_any(found))
        else:
            print("\n".join(looks_text(found, rules.learning.fdr)))
        return 0
    view = asyncio.run(_read(address, rules))
    if as_json:
        print_json(encode_any(view))
    else:
        from tui.report.learning import learning_text

        print("\n".join(learning_text(view, width=report_width(), colour=use_colour())))
    return 0


async def _read(address: LedgerAddress, rules: Rules) -> LearningView:
    from datetime import UTC, datetime

    from server.deck.learning import read_learning
    from server.ledger.opened_by_address import open_to_read

    reader = await open_to_read(address)
    try:
        return await read_learning(reader, rules, datetime.now(UTC))
    finally:
        await reader.close()
