"""The study of the what-if: its differences against those of a replay under the changed rules, signal by signal.

Both change the same rules over the same ledger. A signal whose trade is open at the end of either replay has no
result to be compared and is left out. The others differ in the replay by some dollars; the what-if has explained the
part that it says too, and has named the part of the signals that it calls NOT_ANSWERABLE or waiting.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.learning import rule_value, with_rule
from core.positions import pnl_breakdown
from core.rules import Rules, parse_rules
from server.config import load_settings
from server.demo.drive import virtual_end
from server.demo.session import demo_session
from server.ledger.history import rules_text
from server.ledger.snapshot import LedgerSnapshot
from server.replay.recorded import replay_journal
from server.whatif import compared_by_signal

CHANGES: tuple[tuple[str, float], ...] = (
    ("confidence.execute_at", 60.0),
    ("confidence.execute_at", 65.0),
    ("confidence.execute_at", 75.0),
    ("market.max_spread_bps", 8.0),
    ("market.max_spread_bps", 14.0),
    ("structural.min_ai_score", 7.0),
    ("exits.theta_decay_pct", 35.0),
    ("exits.atr_multiples.239.stop", 0.7),
    ("exits.minutes_before_close", 30.0),
    ("exits.scale_out_fraction", 1.0),
    ("sizing.most", 2.0),
    ("risk.per_symbol", 1),
)
"""The changes of rules that are compared."""
LEAST = 0.95
"""Least part of the replay's differences that is explained or named."""
RULES = """
name = "limits"
[account]
size = 100000.0
[risk]
approval_above_contracts = 1000
approval_above_premium = 1000000
daily_loss = 10000
losses_in_a_row = 6
symbol_premium = 5000
[volatility]
rate = 0.0
[market]
max_atr_pct = 6.0
"""
"""Limits near the default ones, for an account that makes trades enough, and without a person to approve."""


def demo_ledger(folder: Path, *, minutes: int, seed: int, rules: str = RULES) -> Path:
    """Make the ledger of a demo of some virtual minutes, and return its path."""
    (folder / "rules.toml").write_text(rules)
    path = folder / "demo.db"
    flags = {
        "state_dir": folder, "engine_id": "demo", "db": str(path), "port": 0, "rules": folder / "rules.toml",
    }  # fmt: skip

    async def play() -> None:
        settings = load_settings(flags, Path("/dev/null"))
        async with demo_session(settings, seed=seed, speed=math.inf) as running:
            await running.drive.run(virtual_end(running.drive.clock.now(), minutes, math.inf))
            await running.host.runtime.settled()

    asyncio.run(play())
    return path


@dataclass(frozen=True, slots=True)
class Replayed:
    """The results of a replay: net P&L in $ by signal, and the signals whose trade is open at its end."""

    net: Mapping[str, float]
    open: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One changed rule: differences in $ by replay and what-if, and the parts of the replay's, 0 to 1.

    ``replayed`` and ``answered`` are sums over the signals that the what-if answers, ``whole`` the replay's over all.
    ``explained`` and ``named`` are shares of the sum of the replay's differences without their signs.
    """

    rule: str
    change: str
    whole: float
    replayed: float
    answered: float
    signals: int
    explained: float
    named: float
    named_signals: int
    open: int

    @property
    def same_sign(self) -> bool:
        """True if what-if and replay agree on gain or loss."""
        return round(self.replayed, 2) * round(self.answered, 2) > 0 or self.replayed == self.answered


def replayed(path: Path, rules: Rules) -> Replayed:
    """Replay the journal of a ledger under some rules."""
    with LedgerSnapshot(path) as source:
        done = replay_journal(source, rules_text=rules.to_toml(), keep_closed=True)
    held = done.engine.state.positions.values()
    return Replayed(
        {position.signal_id: pnl_breakdown(position).net for position in done.closed or ()},
        frozenset(position.signal_id for position in held),
    )


def rules_of(path: Path) -> Rules:
    with LedgerSnapshot(path) as source:
        return parse_rules(rules_text(source) or "")


def agreement(path: Path, in_force: Rules, before: Replayed, rule: str, value: float) -> Agreement:
    """Compare what-if and replay for one changed rule."""
    candidate = with_rule(in_force, rule, value)
    after = replayed(path, candidate)
    with LedgerSnapshot(path) as source:
        found, signals = compared_by_signal(source, in_force, candidate)
    answered: dict[str, float] = {}
    named = {signals[row] for row in found.waiting_rows()}
    for place in np.flatnonzero(found.touched):
        signal = signals[found.rows[place]]
        if found.known[place]:
            answered[signal] = answered.get(signal, 0.0) + float(found.effect[place])
        else:
            named.add(signal)
    ended = before.open | after.open
    true = {
        signal: after.net.get(signal, 0.0) - before.net.get(signal, 0.0)
        for signal in before.net.keys() | after.net.keys()
        if signal not in ended
    }
    named -= {signal for signal in named if answered.get(signal) and not true.get(signal)}
    whole = sum(map(abs, true.values()))
    wrong = sum(
        abs(true.get(signal, 0.0) - answered.get(signal, 0.0))
        for signal in true.keys() | (answered.keys() - ended)
        if signal not in named or answered.get(signal, 0.0)
    )
    of_named = sum(abs(true.get(signal, 0.0)) for signal in named if not answered.get(signal))
    return Agreement(
        rule=rule,
        change=f"{rule_value(in_force, rule):g} → {value:g}",
        whole=sum(true.values()),
        replayed=sum(net for signal, net in true.items() if signal not in named or answered.get(signal)),
        answered=sum(net for signal, net in answered.items() if signal not in ended),
        signals=sum(net != 0 for net in true.values()),
        explained=1.0 if not whole else max(0.0, 1 - (wrong + of_named) / whole),
        named=of_named / whole if whole else 0.0,
        named_signals=len(named - ended),
        open=len(ended),
    )
