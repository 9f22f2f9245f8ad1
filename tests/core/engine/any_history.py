"""Any history of inputs: the engine's invariants hold, and a crash at any point changes nothing.

A run draws webhooks of every source and disguise, market answers, prices, bars, time, commands and rules; in
between the engine is thrown away and made again from a checkpoint's JSON and the journal after it.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)

from core.approvals import Approval, ApprovalStatus
from core.effects import AnswerCommand, AnswerReceipt, StoreApproval, StoreDecision, StoreReceipt, StoreTrade
from core.engine import Engine
from core.engine.challenger import ASKED_BY_CHALLENGER
from core.events import (
    ClosesSeen,
    CloseUnavailable,
    Commanded,
    CorporateAction,
    CorporateActionSeen,
    MarketAnswered,
    PriceSeen,
    Received,
    RulesChanged,
    Ticked,
    TradingStatusSeen,
)
from core.intake import sample
from core.model import BY_HAND, Action, Direction, ReceiptStatus, Source
from core.options.quotes import OptionQuote
from core.positions import pnl_breakdown
from server.ledger.codec import decode, encode, encode_any
from server.runtime.checkpoints import decode_state
from tests.core.intake.disguises import DISGUISES

SYMBOLS = ("SPY", "SPX", "TSLA")
SPOT = {"SPY": 450.0, "SPX": 4500.0, "TSLA": 200.0}
WIDE = "[risk]\nopen_positions = 90\nper_symbol = 90\nsymbol_premium = 1e6\ndaily_loss = 1e6\nlosses_in_a_row = 90\n"
GREEKS = "delta_accounts = 1e6\ngamma_accounts = 1e6\nvega_pct = 1e6\ntheta_pct = 1e6\n"
UNASKED = "approval_above_contracts = 1000\napproval_above_premium = 1e9\n"
RULES = (
    "",
    WIDE,
    WIDE,
    WIDE + GREEKS + UNASKED,
    "[sizing]\ncontract_cap = 3\n",
    "[exits]\nscale_out_fraction = 1.0\n",
    "[risk]\ndaily_loss = 50\n",
    WIDE + '[exits]\non_signal = "tell"\n',
    WIDE + "[intake]\none_per_bar = false\n",
    WIDE + GREEKS + UNASKED + 'opposite = "close_first"\n',
    WIDE + GREEKS + UNASKED + '[fills]\norder_type = "walk"\nwalk_seconds = 60\n',
    WIDE + GREEKS + 'opposite = "close_first"\n',
)
BIG = WIDE + (
    GREEKS + UNASKED + "contracts_per_trade = 400\npremium_per_trade = 1e6\n"
    "[account]\nsize = 2e6\n[sizing]\ncontract_cap = 400\npremium_cap = 1e6\n"
)
"""Orders above fifty contracts, which fill in part."""

symbols = st.sampled_from(SYMBOLS)
sides = st.sampled_from(list(Direction))
moves = st.floats(-1.2, 1.2).map(lambda pct: 1 + pct / 100)
waits = st.sampled_from([0.0, 0.5, 10.0, 61.0, 61.0, 600.0, 7200.0, 65_000.0])


class AnyHistory(RuleBasedStateMachine):
    def __init__(self, wired: type[Any]) -> None:
        super().__init__()
        self.wire = wired(answering=False, rules=WIDE)
        self.texts: list[str] = []
        self.checkpoint: tuple[int, bytes] = (0, b"")
        self.executed: set[str] = set()
        self.positions: dict[str, Any] = {}
        self.decided: dict[str, str] = {}
        self.commands: dict[str, Any] = {}
        self.approvals: dict[str, Approval] = {}
        self.receipts = 0

    # --- inputs ------------------------------------------------------------------------------------------

    @initialize(toml=st.sampled_from([WIDE + GREEKS, WIDE + GREEKS + UNASKED, BIG]))
    def rules_of_the_start(self, toml: str) -> None:
        self.post(RulesChanged, toml=toml)

    @rule(seconds=waits)
    def time_goes_by(self, seconds: float) -> None:
        self.wire.now += timedelta(seconds=seconds)
        self.post(Ticked)

    @rule(seconds=st.sampled_from([0.0, 1.0, 1.0, 30.0, 61.0, 7200.0, 65_000.0]), ticks=st.integers(1, 3))
    def seconds_go_by(self, seconds: float, ticks: int) -> None:
        """Ticks as the running engine puts them in: those of which nothing comes are no inputs."""
        for _ in range(ticks):
            self.wire.now += timedelta(seconds=seconds)
            before = encode_any(self.wire.state)
            event = Ticked(seq=self.wire.state.seq + 1, at=self.wire.now)
            if self.wire.engine.pass_time(event) is None:
                assert encode_any(self.wire.state) == before
            else:
                self.wire.engine = self.rebuilt(len(self.wire.journal), before)
                self.post(Ticked)

    @rule(
        source=st.sampled_from(list(Source)),
        disguise=st.sampled_from(sorted(DISGUISES)),
        symbol=symbols,
        side=sides,
        move=moves,
        timeframe=st.sampled_from([5, 5, 15, 60, 240]),
        score=st.sampled_from([5.0, 6.5, 8.7, 9.6]),
        old=st.sampled_from([0, 0, 0, 1, 60]),
    )
    def webhook(
        self, source: Source, disguise: str, symbol: str, side: Direction, move: float, timeframe: int, score: float,
        old: int,
    ) -> None:  # fmt: skip
        sent = self.wire.now - timedelta(minutes=old)
        body = sample(source, sent, symbol, SPOT[symbol] * move, side, timeframe=timeframe, score=score)
        self.receive(DISGUISES[disguise](body))

    @rule(
        symbol=symbols,
        side=sides,
        timeframe=st.sampled_from([5, 15, 240]),
        now=st.booleans(),
        at_a_held_strike=st.booleans(),
    )
    def all_that_an_entry_takes(
        self, symbol: str, side: Direction, timeframe: int, now: bool, at_a_held_strike: bool = False
    ) -> None:
        price = self.wire.state.prices[symbol].price if symbol in self.wire.state.prices else SPOT[symbol]
        if at_a_held_strike:
            held = [p for p in self.wire.state.positions.values() if p.symbol == symbol]
            price = held[0].contract.strike if held else price
        for source in (Source.SATY_PHASE, Source.MTF_DOTS, Source.STRAT_EXEC, Source.TRADINGVIEW_SIGNAL):
            self.receive(json.dumps(sample(source, self.wire.now, symbol, price, side, timeframe=timeframe)))
        if now:
            self.market_answers_all()

    @rule(text=st.text(max_size=40) | st.sampled_from(['{"ticker":"{{ticker}}"}', "[]", '{"ticker":"SPY"}']))
    def something_else(self, text: str) -> None:
        if text.isprintable():
            self.receive(text)

    @precondition(lambda self: self.texts)
    @rule(data=st.data())
    def the_same_again(self, data: st.DataObject) -> None:
        self.receive(data.draw(st.sampled_from(self.texts[-5:])))

    @precondition(lambda self: any(s.asked for s in self.wire.state.signals.values()))
    @rule(data=st.data(), spread=st.sampled_from([None, None, 2.0, 30.0]), move=moves)
    def market_answers(self, data: st.DataObject, spread: float | None, move: float) -> None:
        waiting = [s for s in self.wire.state.signals.values() if s.asked]
        signal = data.draw(st.sampled_from(waiting).map(lambda s: (s.id, s.update.symbol)))
        symbol = signal[1]
        if spread is None:
            self.wire.snapshot = None
        else:
            price = SPOT[symbol] * move
            self.wire.snapshot = {
                "price": price, "spread_bps": spread, "depth_score": 80.0, "atr14": price / 100,
                "feeds": {"price": "feed"}, "ages": {"price": 0.25},
            }  # fmt: skip
        self.post(MarketAnswered, signal_id=signal[0], snapshot=self.wire.market(symbol))

    @rule()
    def market_answers_all(self) -> None:
        self.wire.snapshot = None
        for signal in [s for s in self.wire.state.signals.values() if s.asked]:
            self.post(MarketAnswered, signal_id=signal.id, snapshot=self.wire.market(signal.update.symbol))

    @rule(
        symbol=symbols,
        move=moves,
        age=st.sampled_from([0, 0, 0, 45, 300]),
        source=st.sampled_from(["a", "b"]),
        worth=st.sampled_from([None, None, 0.3, 1.0]),
        quote_age=st.sampled_from([0, 0, 20, 70]),
    )
    def price(
        self, symbol: str, move: float, age: int, source: str, worth: float | None, quote_age: int
    ) -> None:
        made, price = self.wire.now - timedelta(seconds=age), SPOT[symbol] * move
        quotes = () if worth is None else self.quotes(symbol, price, worth, quote_age)
        self.post(PriceSeen, symbol=symbol, price=price, priced_at=made, source=source, quotes=quotes)

    @rule(value=st.sampled_from([12.0, 16.0, 40.0, 600.0]), age=st.sampled_from([0, 600]))
    def vix(self, value: float, age: int) -> None:
        made = self.wire.now - timedelta(seconds=age)
        self.post(PriceSeen, symbol="VIX", price=value, priced_at=made, source="a")

    def quotes(self, symbol: str, price: float, worth: float, age: int) -> tuple[Any, ...]:
        """Quotes of some of what is watched: intrinsic value and a time value in percent of the price."""
        found = []
        for contract in [c for w in self.wire.engine.watched() if w.symbol == symbol for c in w.contracts]:
            value = (
                max(0.0, (price - contract.strike) * (1 if contract.is_call else -1)) + price * worth / 100
            )
            at = self.wire.now - timedelta(seconds=age)
            quote = OptionQuote(bid=value * 0.98, ask=value * 1.02, at=at, source="feed")
            found.append((contract.occ, quote))
        return tuple(found[: 1 + len(found) // 2])

    @rule(
        symbol=symbols,
        first=moves,
        last=moves,
        up=st.floats(0, 0.02),
        down=st.floats(0, 0.02),
        close=st.booleans(),
    )
    def bar(self, symbol: str, first: float, last: float, up: float, down: float, close: bool) -> None:
        self.wire.now += timedelta(minutes=1)
        spot = SPOT[symbol]
        self.post(
            PriceSeen, symbol=symbol, price=spot * last, priced_at=self.wire.now, source="feed", open=spot * first,
            high=spot * (max(first, last) + up), low=spot * (min(first, last) - down), official_close=close,
        )  # fmt: skip

    @rule(symbol=symbols, first=st.floats(1, 900), second=st.floats(1, 900))
    def closes(self, symbol: str, first: float, second: float) -> None:
        day = self.wire.now.date() - timedelta(days=3)
        self.post(
            ClosesSeen, symbol=symbol, source="feed", closes=((day, first), (day + timedelta(days=1), second))
        )

    @rule(symbol=symbols, days=st.integers(-4, 1))
    def close_unavailable(self, symbol: str, days: int) -> None:
        day = self.wire.now.date() + timedelta(days=days)
        self.post(CloseUnavailable, symbol=symbol, day=day, why="there is no feed")

    @rule(symbol=symbols, halted=st.sampled_from([True, False, False]))
    def trading_status(self, symbol: str, halted: bool) -> None:
        self.post(TradingStatusSeen, symbol=symbol, halted=halted, source="feed")

    @rule(
        symbol=symbols,
        action=st.sampled_from([CorporateAction.DIVIDEND, CorporateAction.DIVIDEND, CorporateAction.SPLIT]),
        days=st.integers(-1, 3),
        size=st.sampled_from([0.0, 0.3, 4.0]),
    )
    def corporate_action(self, symbol: str, action: CorporateAction, days: int, size: float) -> None:
        day = self.wire.now.date() + timedelta(days=days)
        self.post(
            CorporateActionSeen, symbol=symbol, action=action, source="feed", ex_date=day, amount=size, ratio=size,
        )  # fmt: skip

    @rule(
        name=st.sampled_from(
            [
                "exit",
                "exit",
                "exit_half",
                "exit_all",
                "breakeven",
                "mode",
                "undo_mode",
                "levels",
                "resume",
                "close_at",
                "settle",
                "adjust",
                "note",
                "remove_note",
                "dance",
            ]
        ),
        which=st.integers(0, 3),
        contracts=st.sampled_from([None, None, 1, 2, 1000]),
        expected=st.sampled_from([None, None, None, 5]),
        mode=st.sampled_from(
            [
                "ACTIVE",
                "ACTIVE",
                "REDUCING",
                "HALTED",
                "1.5",
                "4:1",
                "?",
                "stop=1%",
                "target_2=3% target_1=1%",
            ]
        ),
        note=st.sampled_from([None, None, None, "seen #late"]),
        again=st.booleans(),
    )
    def command(
        self, name: str, which: int, contracts: int | None, expected: int | None, mode: str, note: str | None,
        again: bool,
    ) -> None:  # fmt: skip
        held = list(self.wire.state.positions)
        position = held[which % len(held)] if held else "none"
        command_id = next(reversed(self.commands)) if again and self.commands else f"c{len(self.commands)}"
        effects = self.post(
            Commanded, command_id=command_id, name=name, position_id=position, contracts=contracts,
            expected=expected, argument=mode, note=note,
        )  # fmt: skip
        self.answered(command_id, effects)

    @rule(
        weak=st.none() | st.tuples(symbols, sides),
        which=st.integers(0, 3),
        seconds=st.sampled_from([0, 0, 1, 60]),
        note=st.sampled_from([None, "seen #late"]),
        now=st.booleans(),
    )
    def a_person_takes(
        self, weak: tuple[str, Direction] | None, which: int, seconds: int, note: str | None, now: bool
    ) -> None:
        """A person takes a signal, or first comes a weak one that no rules execute."""
        if weak is not None:
            symbol, side = weak
            known = self.wire.state.prices.get(symbol)
            price = SPOT[symbol] if known is None else known.price
            body = sample(Source.TRADINGVIEW_SIGNAL, self.wire.now, symbol, price, side, score=3.0)
            self.receive(json.dumps(body))
            self.market_answers_all()
        self.wire.now += timedelta(seconds=seconds)
        waiting = [*self.wire.state.signals.values(), *self.wire.state.passed.values()]
        if not waiting:
            return
        signal = waiting[-1 - (0 if weak else which) % len(waiting)]
        effects = self.post(
            Commanded, command_id=f"c{len(self.commands)}", name="take", argument=signal.id, note=note, author="ann",
        )  # fmt: skip
        self.answered(f"c{len(self.commands)}", effects)
        if now:
            self.market_answers_all()

    def answered(self, command_id: str, effects: list[Any]) -> None:
        """A repeated id has no effect: the answer is the first one, or the refusal of another command."""
        answer = next(e for e in effects if isinstance(e, AnswerCommand))
        known = self.commands.setdefault(command_id, answer)
        if known is not answer:
            assert effects == [answer]
            assert answer == known or (answer.ok, answer.code) == (False, "COMMAND_ID_USED")

    @precondition(lambda self: self.approvals)
    @rule(
        yes=st.sampled_from([True, True, False]),
        which=st.integers(0, 3),
        again=st.sampled_from([False] * 4 + [True]),
        seconds=st.sampled_from([0, 0, 1, 60]),
        now=st.booleans(),
    )
    def a_persons_word(self, yes: bool, which: int, again: bool, seconds: int, now: bool) -> None:
        self.wire.now += timedelta(seconds=seconds)
        latest = list(reversed(self.approvals.values()))
        asked = [a for a in latest if a.is_open] or latest
        approval = asked[which % len(asked)]
        command_id = next(reversed(self.commands)) if again and self.commands else f"c{len(self.commands)}"
        effects = self.post(
            Commanded, command_id=command_id, name="approve_trade" if yes else "reject_trade", argument=approval.id,
        )  # fmt: skip
        self.answered(command_id, effects)
        if now:
            self.market_answers_all()

    @rule(toml=st.sampled_from([*RULES, BIG, BIG]))
    def rules_change(self, toml: str) -> None:
        self.post(RulesChanged, toml=toml)

    # --- crashes -----------------------------------------------------------------------------------------

    @rule()
    def leave_a_checkpoint(self) -> None:
        self.checkpoint = (self.wire.state.seq, encode_any(self.wire.state))

    @rule()
    def crash(self) -> None:
        again = self.rebuilt(*self.checkpoint)
        assert again.state == self.wire.state
        assert encode_any(again.state) == encode_any(self.wire.state)
        assert again.watched() == self.wire.engine.watched()
        asked = {s.id for s in self.wire.state.signals.values() if s.asked}
        own = {a.signal_id for a in again.unanswered() if not a.signal_id.startswith(ASKED_BY_CHALLENGER)}
        assert own == asked
        self.wire.engine = again

    def teardown(self) -> None:
        whole = self.rebuilt(0, b"")
        assert whole.state == self.wire.state
        text = encode_any(whole.state)
        restored = decode_state(text)
        # To the letter: a whole number for a fraction would make a replay's rows differ from those stored.
        assert restored == whole.state and encode_any(restored) == text

    def rebuilt(self, seq: int, state: bytes) -> Engine:
        engine = Engine(decode_state(state) if state else None, "wire")
        for event in self.wire.journal[seq:]:
            engine.step(decode(encode(event)))
        return engine

    # --- what must hold ----------------------------------------------------------------------------------

    def receive(self, text: str) -> None:
        self.texts.append(text)
        self.receipts += 1
        receipt_id = f"r{self.receipts}"
        effects = self.post(Received, receipt_id=receipt_id, body=text, endpoint="/api/webhooks")
        receipts = [e for e in effects if isinstance(e, StoreReceipt)]
        answers = [e for e in effects if isinstance(e, AnswerReceipt)]
        assert [r.id for r in receipts] == [receipt_id] == [a.receipt_id for a in answers]
        assert receipts[0].body == text
        if receipts[0].status is not ReceiptStatus.ACCEPTED:
            assert not answers[0].awaits_decision
        state = self.wire.state.tally
        assert state.receipts == self.receipts

    def post(self, kind: type[Any], **fields: Any) -> list[Any]:
        before = self.wire.state.at
        effects: list[Any] = self.wire.post(kind, **fields)
        assert self.wire.state.seq == len(self.wire.journal)
        assert before is None or before <= self.wire.state.at
        for effect in effects:
            encode_any(effect)
        self.check_approvals(effects)
        self.check_decisions(effects)
        self.check_positions(effects)
        self.check_marks()
        return effects

    def check_marks(self) -> None:
        """One contract has one mark, by whomever it is held."""
        state, found = self.wire.state, dict[str, Any]()
        for position in (*state.positions.values(), *state.shadows.values()):
            if position.is_open and position.suspended is None:
                last = position.last
                mark = (last.at, last.spot, last.mid, last.iv, last.quoted_at, last.dividends)
                assert found.setdefault(position.contract.occ, mark) == mark

    def check_approvals(self, effects: list[Any]) -> None:
        said = {a.id for a in self.approvals.values() if a.status is ApprovalStatus.APPROVED}
        for approval in (e.approval for e in effects if isinstance(e, StoreApproval)):
            before = self.approvals.get(approval.id)
            assert before is None or before.is_open, "an approval ends once"
            if approval.status is ApprovalStatus.EXECUTED:
                assert approval.id in said, "nothing is bought without a person's yes"
                bought = self.wire.state.positions[approval.position_id]
                assert bought.contract == approval.contract
                assert bought.entry.contracts <= approval.contracts
            self.approvals[approval.id] = approval
        still = [a for a in self.approvals.values() if a.is_open]
        signals = self.wire.state.signals
        assert len({a.signal_id for a in still}) == len(still), "a signal waits for at most one approval"
        assert {a.id for a in still} == {s.approval_id for s in signals.values() if s.approval_id is not None}
        for approval in still:
            assert signals[approval.signal_id].approval_id == approval.id

    def check_decisions(self, effects: list[Any]) -> None:
        opened = {
            e.position.id: e.position
            for e in effects
            if isinstance(e, StoreTrade) and e.position.id not in self.positions
        }
        for record in (e.record for e in effects if isinstance(e, StoreDecision)):
            assert record.supersedes == self.decided.get(record.signal_id)
            self.decided[record.signal_id] = record.id
            if record.action is Action.EXECUTE:
                assert record.signal_id not in self.executed, "a signal executes at most once"
                self.executed.add(record.signal_id)
                position = opened.pop(record.position_id)
                assert position.decision_id == record.id and position.direction is record.direction
                by_hand = record.code == BY_HAND
                assert (
                    by_hand == (record.verdict.action is not Action.EXECUTE) == (position.taken_by == "ann")
                )
                assert by_hand or record.context.regime is None or record.verdict.gates.passed
            else:
                assert record.position_id is None and record.direction is None
        assert not opened, "every position has its EXECUTE"

    def check_positions(self, effects: list[Any]) -> None:
        for trade in (e for e in effects if isinstance(e, StoreTrade)):
            position = trade.position
            before = self.positions.get(position.id)
            assert trade.bought is (before is None), "each purchase is told once"
            told = () if before is None else before.legs
            assert told + trade.legs == position.legs, "each exit fill is told once"
            assert before is None or before.legs == position.legs[: len(before.legs)]
            assert before is None or before.remaining > 0
            self.positions[position.id] = position
            account = pnl_breakdown(position)
            assert position.remaining + account.contracts == position.entry.filled_contracts
            assert position.remaining >= 0 and all(leg.contracts > 0 for leg in position.legs)
            assert abs(account.gross - account.costs - account.net) < 1e-6
        held = self.wire.state.positions
        assert {p for p, stored in self.positions.items() if stored.remaining} == set(held)
        for position_id, position in held.items():
            assert position.legs == self.positions[position_id].legs
            assert position.stop == self.positions[position_id].stop
        live, passed = set(self.wire.state.signals), set(self.wire.state.passed)
        assert not live & self.executed and not passed & self.executed and not live & passed
