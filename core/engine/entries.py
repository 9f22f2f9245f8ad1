"""Entries: from a verdict to a position by contract, quote, number of contracts, limits and fill."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from core.approvals import NEEDED, Approval, ApprovalStatus, approval_needed
from core.decision import contract_count, level_test
from core.decision.atr import daily_atr
from core.engine.approvals import Request
from core.engine.kernel import Kernel
from core.engine.listed_contract import Chosen, Wanted, approved_contract, listed_contract
from core.engine.mode import mode_refusal
from core.engine.one_mark import newest_mark
from core.engine.underlyings import untradable
from core.events import WEBHOOK, OptionChain, PriceSeen
from core.exposure import exposure_of
from core.fast_init import fast_init
from core.limit_walk import WALK
from core.live_signal import LiveSignal
from core.model import (
    Context,
    Contract,
    ContractCount,
    Direction,
    Levels,
    MarketSnapshot,
    PositionSize,
    Reason,
    Tone,
)
from core.options.commissions import commission
from core.options.fills import NotFilled, OptionQuote, OrderType, Side, fill, fill_price, place
from core.options.spreads import quote_from_model
from core.options.ticks import tick
from core.options.volatility import VolatilitySource
from core.positions import Mark, Position, entry_mark, next_mark, open_position
from core.risk import Proposal, limited, most_paid, opposite_of
from core.rules import Rules
from core.thresholds import below
from core.working_order import WORKING, WorkingOrder


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class EntryResult:
    """The result of an entry: a position, or the reasons why there is none.

    ``contract`` and ``count`` are kept as evidence when a later check refuses. ``request`` is set when the entry
    only needs an approval; ``closes`` are the positions to close before the entry is tried again. ``notes`` are what
    is remarkable about the contract that was bought. ``order`` is a limit that is to be worked.
    """

    position: Position | None = None
    mark: Mark | None = None
    contract: Contract | None = None
    count: ContractCount | None = None
    reasons: tuple[Reason, ...] = ()
    request: Request | None = None
    closes: tuple[Position, ...] = ()
    notes: tuple[Reason, ...] = ()
    order: WorkingOrder | None = None


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class TradeTerms:
    """All inputs of an entry. With an ``approval``: its contract, and no more contracts than it names.

    ``taken_by`` is the person who makes the trade against the verdict.
    """

    signal: LiveSignal
    context: Context
    market: MarketSnapshot
    levels: Levels | None
    size: PositionSize
    chain: OptionChain | None
    price: PriceSeen | None
    now: datetime
    decision_id: str
    position_id: str
    approval: Approval | None = None
    taken_by: str | None = None


def enter(kernel: Kernel, terms: TradeTerms, *, may_close: bool = False) -> EntryResult:
    """Open a paper position, or return why not: refusals, an approval request, or positions to close first."""
    mode_reason = mode_refusal(kernel)
    if mode_reason is not None:
        return EntryResult(reasons=(mode_reason,))
    working = kernel.state.orders.get(terms.signal.id)
    if working is not None:
        known = None if working.record is None else working.record.count
        return EntryResult(contract=working.contract, count=known, reasons=(_working(kernel, working),))
    plan = _plan(kernel, terms)
    if plan.quote is None or plan.contract is None or plan.count is None or plan.mark is None:
        return EntryResult(contract=plan.contract, reasons=plan.reasons)
    bill = _Bill(kernel, terms, plan.contract, plan.quote)
    proposal = Proposal(
        symbol=plan.contract.underlying,
        direction=_direction(terms),
        count=plan.count,
        paid=bill.premium,
        each=exposure_of(plan.contract, plan.mark, 1),
    )
    state = kernel.state
    held = tuple(p for p in state.positions.values() if not p.awaits_settlement)
    # Positions to be closed first do not count against the limits; after closing, ``enter`` runs again.
    closes = opposite_of(proposal.symbol, proposal.direction, held) if may_close else ()
    others = [p for p in held if p not in closes]
    count = limited(proposal, others, state.day, state.closes, terms.now, kernel.rules)
    if isinstance(count, tuple):
        return EntryResult(contract=plan.contract, count=plan.count, reasons=count)
    premium = bill.premium(count.contracts)
    approval_reason = _approval_reason(terms, count.contracts, premium, kernel.rules)
    if approval_reason is not None:
        price = bill.price(count.contracts)
        request = Request(
            contract=plan.contract, count=count, price=price, premium=premium, reason=approval_reason
        )
        return EntryResult(contract=plan.contract, count=count, reasons=(approval_reason,), request=request)
    if closes:
        return EntryResult(contract=plan.contract, count=count, closes=closes)
    # What a person approved is bought at once: the answer was to a price of that moment.
    if kernel.rules.fills.order_type == WALK and terms.approval is None:
        return _place(kernel, terms, replace(plan, count=count))
    return _fill(kernel, terms, replace(plan, count=count))


def _place(kernel: Kernel, terms: TradeTerms, plan: _Plan) -> EntryResult:
    """Return a working order in place of a purchase that could be made at once."""
    bought = _fill(kernel, terms, plan)
    if bought.position is None:
        return bought
    position, mark, quote, count = bought.position, plan.mark, plan.quote, plan.count
    assert mark is not None and quote is not None and quote.ask is not None and count is not None
    order = WorkingOrder(
        signal_id=terms.signal.id,
        position_id=position.id,
        at=terms.now,
        contract=position.contract,
        contracts=count.contracts,
        planned_loss=count.planned_loss,
        mid=mark.mid,
        ask=quote.ask,
        mark=mark,
        modelled=quote.is_model,
        atr=position.entry.atr,
        levels=position.levels,
        reference=terms.signal.reference,
        strategy=position.strategy,
    )
    return EntryResult(
        contract=order.contract,
        count=count,
        reasons=(_working(kernel, order),),
        notes=plan.notes,
        order=order,
    )


def _working(kernel: Kernel, order: WorkingOrder) -> Reason:
    fills = kernel.rules.fills
    most = (order.ends_at(fills) - order.at).total_seconds()
    text = f"{order.text(order.limit(0, fills))} works up to {order.ask:.2f} within {most:.0f} s"
    return Reason(WORKING, text, Tone.NEUTRAL)


def _approval_reason(terms: TradeTerms, contracts: int, premium: float, rules: Rules) -> Reason | None:
    """Return the reason to wait for approval, if any.

    Once an approval has been requested, the trade waits for the answer, even if it has become too small to
    need one.
    """
    if terms.approval is None:
        return approval_needed(contracts, premium, rules)
    if terms.approval.status is ApprovalStatus.APPROVED:
        return None
    return Reason(NEEDED, terms.approval.why, Tone.NEUTRAL)


def shadow_of(kernel: Kernel, terms: TradeTerms) -> Position | None:
    """Return the position the signal would have opened without limits and mode, or ``None``."""
    plan = _plan(kernel, terms)
    return None if plan.quote is None else _fill(kernel, terms, plan).position


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """The purchase that an entry plans: complete, or with the reasons why it is impossible."""

    contract: Contract | None = None
    mark: Mark | None = None
    quote: OptionQuote | None = None
    count: ContractCount | None = None
    reasons: tuple[Reason, ...] = ()
    notes: tuple[Reason, ...] = ()


def _plan(kernel: Kernel, terms: TradeTerms) -> _Plan:
    refused = _refused_before_contract(kernel, terms)
    if refused is not None:
        return _Plan(reasons=(refused,))
    price = terms.price
    assert price is not None and terms.levels is not None
    found = _chosen(kernel, terms, price.price)
    if isinstance(found, Reason):
        return _Plan(reasons=(found,))
    contract, real = found.contract, found.quote
    mark = entry_mark(
        contract, price.price, price.priced_at, real, terms.now, kernel.trading, twin=found.twin,
        last=newest_mark(kernel, contract),
    )  # fmt: skip
    quote = real if real is not None else _model_quote(kernel, terms, contract, mark)
    if quote.ask is None or mark.mid <= 0:
        return _Plan(
            contract=contract, reasons=(_refusal("CONTRACT_ILLIQUID", f"{contract.label} has no price"),)
        )
    bill = _Bill(kernel, terms, contract, quote)
    if (worthless := _under_a_tick(contract, min(mark.mid, bill.price(1)), kernel.rules)) is not None:
        return _Plan(contract=contract, reasons=(worthless,))
    loss = _loss_at_stop(kernel, contract, mark, quote, terms)
    count = contract_count(bill.price(1), loss, terms.size.final, kernel.rules)
    if isinstance(count, Reason):
        return _Plan(contract=contract, reasons=(count,))
    # Slippage makes many contracts dearer than one, and the cap holds for what they cost together.
    most = most_paid(bill.premium, count.contracts, kernel.rules.sizing.premium_cap)
    if most < count.contracts:
        count = replace(count, contracts=most, bound_by="premium cap")
    if terms.approval is not None and count.contracts > terms.approval.contracts:
        count = replace(count, contracts=terms.approval.contracts, bound_by="approval")
    return _Plan(contract=contract, mark=mark, quote=quote, count=count, notes=found.notes)


class _Bill:
    """The cost of an order by its number of contracts: the price of its fill, slippage and ticks included."""

    def __init__(self, kernel: Kernel, terms: TradeTerms, contract: Contract, quote: OptionQuote) -> None:
        self._rules, self._now, self._contract, self._quote = kernel.rules, terms.now, contract, quote
        self._prices: dict[int, float] = {}

    def price(self, contracts: int) -> float:
        """Return the dollars a share; the ask where the order could not be filled."""
        known = self._prices.get(contracts)
        if known is None:
            fills = self._rules.fills
            order = place(self._contract.underlying, Side.BUY, contracts, self._quote, fills)
            price = fill_price(order, self._quote, self._now, True, fills, self._rules.contract)
            known = (self._quote.ask or 0.0) if isinstance(price, NotFilled) else price
            self._prices[contracts] = known
        return known

    def premium(self, contracts: int) -> float:
        """Return the dollars for all contracts."""
        return self.price(contracts) * self._contract.multiplier * contracts


def _refused_before_contract(kernel: Kernel, terms: TradeTerms) -> Reason | None:
    """Return the refusal that applies whichever contract is chosen, if any."""
    if (blocked := untradable(kernel, terms.context.symbol)) is not None:
        return blocked
    if terms.price is None or terms.levels is None:
        return _refusal("NO_PRICE", f"No price of {terms.context.symbol} is known")
    if kernel.trading.is_stale(terms.price.priced_at, terms.now):
        age = kernel.trading.price_age(terms.price.priced_at, terms.now)
        limit = kernel.rules.fills.price_stale_seconds
        return _refusal("STALE_PRICE", f"The price is {age:.0f} s old, an entry needs one under {limit:g} s")
    expert = terms.context.expert
    assert expert is not None
    passed = level_test(terms.levels, expert, terms.price.price, kernel.rules, terms.signal.reference)
    if passed is not None:
        return passed
    if terms.size.skip:
        least = kernel.rules.sizing.least
        return _refusal("SIZE_TOO_SMALL", f"Size multiplier {terms.size.raw:.2f} is under {least:g}")
    return None


def _chosen(kernel: Kernel, terms: TradeTerms, spot: float) -> Chosen | Reason:
    """Return the contract to buy with its quotes: the approved one where a person has approved one."""
    if terms.approval is not None:
        return approved_contract(kernel, terms.approval.contract, terms.chain, terms.now)
    wanted = Wanted(
        symbol=terms.context.symbol,
        direction=_direction(terms),
        timeframe=terms.context.timeframe,
        spot=spot,
        now=terms.now,
    )
    return listed_contract(kernel, wanted, terms.chain)


def _under_a_tick(contract: Contract, premium: float, rules: Rules) -> Reason | None:
    """Return the refusal of a contract that is worth less than the smallest price it can trade at."""
    least = tick(contract.underlying, premium, rules.fills)
    if not below(premium, least):
        return None
    text = f"{contract.label} is worth ${premium:.4f} a share, less than one tick of ${least:.2f}"
    return _refusal("UNDER_A_TICK", text)


def _model_quote(kernel: Kernel, terms: TradeTerms, contract: Contract, mark: Mark) -> OptionQuote:
    return quote_from_model(
        mark.mid,
        symbol=contract.underlying,
        dte=kernel.trading.dte(contract, terms.now),
        entry_id=terms.position_id,
        priced_at=mark.spot_at,
        now=terms.now,
        day=kernel.trading.calendar.session_at(terms.now),
        rules=kernel.rules.fills,
        spot=mark.spot,
        intrinsic=contract.intrinsic(mark.spot),
    )


def _loss_at_stop(
    kernel: Kernel, contract: Contract, mark: Mark, quote: OptionQuote, terms: TradeTerms
) -> float:
    """Return the dollars one contract loses if the underlying goes to its stop at once, costs included."""
    assert terms.levels is not None and quote.ask is not None
    fills = kernel.rules.fills
    at_stop = next_mark(
        contract, mark, spot=terms.levels.stop, spot_at=mark.spot_at, now=terms.now, trading=kernel.trading
    )
    slip = fills.slippage_pct / 100
    # The modelled spread of the cheaper option is the wider part of it; a real quote's is taken to keep its part.
    spread_at, value = (
        (_model_quote(kernel, terms, contract, at_stop), at_stop.mid) if quote.is_model else (quote, mark.mid)
    )
    half = ((spread_at.ask or value) - value) / value if value > 0 else 0.0
    bought = quote.ask if fills.order_type != OrderType.MARKET else quote.ask + slip * mark.mid
    sold = max(0.0, at_stop.mid * (1 - half - slip))
    fees = commission(1, bought, True, fills) + commission(1, sold, False, fills)
    return (bought - sold) * contract.multiplier + fees


def _fill(kernel: Kernel, terms: TradeTerms, plan: _Plan) -> EntryResult:
    rules, contract, count, mark, quote = kernel.rules, plan.contract, plan.count, plan.mark, plan.quote
    assert contract is not None and count is not None and mark is not None and quote is not None
    order = place(contract.underlying, Side.BUY, count.contracts, quote, rules.fills)
    is_open = kernel.trading.calendar.session_at(terms.now) is not None
    done = fill(order, quote, terms.now, is_open, rules.fills, rules.contract)
    if isinstance(done, NotFilled):
        return EntryResult(contract=contract, count=count, reasons=(_refusal(done.code.value, done.text),))
    assert terms.levels is not None and terms.price is not None
    atr = daily_atr(terms.context, terms.market, rules).pct
    position = open_position(
        id=terms.position_id,
        signal_id=terms.signal.id,
        decision_id=terms.decision_id,
        contract=contract,
        direction=_direction(terms),
        timeframe=terms.context.timeframe,
        levels=terms.levels,
        fill=done,
        mark=mark,
        risk_amount=count.planned_loss * done.contracts,
        atr=None if atr is None else atr / 100 * terms.price.price,
        now=terms.now,
        trading=kernel.trading,
        strategy=terms.signal.update.strategy,
        by_feed=terms.price.source != WEBHOOK,
        taken_by=terms.taken_by,
    )
    return EntryResult(
        position=position, mark=mark, contract=contract, count=count, notes=(*plan.notes, *_estimated(mark))
    )


def _estimated(mark: Mark) -> tuple[Reason, ...]:
    """Return what an estimated volatility rests on, as a note on the decision; nothing where a quote gave it."""
    if mark.iv is None or mark.level is None or mark.iv_source is not VolatilitySource.ESTIMATED:
        return ()
    text = f"No option quote: volatility {mark.iv * 100:.1f} % is estimated from {mark.level.words(mark.at)}"
    return (Reason("VOLATILITY_ESTIMATED", text, Tone.NEUTRAL),)


def _direction(terms: TradeTerms) -> Direction:
    assert terms.context.expert is not None
    return terms.context.expert.direction


def _refusal(code: str, text: str) -> Reason:
    return Reason(code, text, Tone.NEGATIVE)
