"""Replay a ledger's own journal: the same inputs at the same instants, under its rules or under others.

Every input keeps its seq, so that ids stay the same and decisions can be compared one by one. Under other rules
a recorded market reply that is not requested has no effect, and a market request without a recorded reply stays
open: it is counted, and no market is invented.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from core.challenge import ADOPT, RETIRE
from core.engine import Engine
from core.events import Commanded, Event, RulesChanged
from core.model import Action
from core.rules import parse_rules
from server.ledger.bulk import BulkLedger
from server.ledger.chain import JournalRow
from server.ledger.history import verdicts
from server.ledger.snapshot import LedgerSnapshot
from server.replay.machine import Progress, Replayer
from server.replay.reading_ahead import read_ahead

AUTHOR = "replay"
NOTHING: Mapping[int, Callable[[Engine], None]] = MappingProxyType({})


def replay_journal(
    source: LedgerSnapshot,
    *,
    rules_text: str | None = None,
    output: BulkLedger | None = None,
    progress: Progress | None = None,
    keep_closed: bool = False,
    at: Mapping[int, Callable[[Engine], None]] = NOTHING,
    check: Callable[[JournalRow], None] | None = None,
    pool: Executor | None = None,
) -> Replayer:
    """Replay a journal from its first input; ``rules_text`` replaces every rules version in it.

    Under such rules no challenger is adopted.
    ``at`` are functions to be called with the engine after the input with a seq, ``check`` is called with each row.
    A process of ``pool`` reads bodies ahead. Raises RulesError for invalid rules, LedgerError when the journal was
    changed, ReplayError for an input that the engine fails on.
    """
    if rules_text is not None:
        parse_rules(rules_text)
    replayer = Replayer(source.engine_id, output, progress)
    if keep_closed:
        replayer.closed = []
    for row, event in read_ahead(source.checked_inputs(), replayer.engine, pool):
        if check is not None:
            check(row)
        if rules_text is None:
            replayer.take(event, row)
        else:
            replayer.take(_under(rules_text, event))
        if event.seq in at:
            at[event.seq](replayer.engine)
    replayer.finish()
    return replayer


def _under(rules_text: str, event: Event) -> Event:
    """Return an input as it is under other rules."""
    if isinstance(event, RulesChanged):
        return replace(event, toml=rules_text, author=AUTHOR)
    if isinstance(event, Commanded) and event.name == ADOPT:
        return replace(event, name=RETIRE)
    return event


@dataclass(slots=True)
class Shift:
    """Effect of other rules on the same signals: decisions that changed, trades gained and lost, dollars.

    ``turned`` counts action before → after; ``signals`` compares the final result of each signal, executed
    or not.
    """

    same: int = 0
    turned: Counter[str] = field(default_factory=Counter)
    only_before: int = 0
    only_after: int = 0
    trades_gained: int = 0
    trades_lost: int = 0
    net_before: float = 0.0
    net_after: float = 0.0

    def as_dict(self) -> dict[str, object]:
        return {
            "decisions_same": self.same,
            "decisions_turned": dict(self.turned.most_common()),
            "decisions_gone": self.only_before,
            "decisions_new": self.only_after,
            "trades_gained": self.trades_gained,
            "trades_lost": self.trades_lost,
            "pnl_net_before": round(self.net_before, 2),
            "pnl_net_after": round(self.net_after, 2),
        }


def shift(before: LedgerSnapshot, after: LedgerSnapshot) -> Shift:
    """Compare the decisions and trades of two ledgers made from the same journal."""
    found = Shift()
    old: dict[str, str] = {}
    executed: set[str] = set()
    for key, signal, action, net in verdicts(before):
        old[key] = action
        found.net_before += net or 0.0
        if action == Action.EXECUTE:
            executed.add(signal)
    for key, signal, action, net in verdicts(after):
        found.net_after += net or 0.0
        was = old.pop(key, None)
        if was is None:
            found.only_after += 1
        elif was == action:
            found.same += 1
        else:
            found.turned[f"{was} → {action}"] += 1
        if action == Action.EXECUTE:
            if signal in executed:
                executed.discard(signal)
            else:
                found.trades_gained += 1
    found.only_before, found.trades_lost = len(old), len(executed)
    return found
