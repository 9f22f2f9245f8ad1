"""One mark for one contract: whoever holds it has the same mark at one instant, whatever made the newest one.

An entry, a sale by hand or a sale on a quote marks one position. After each step every other holder of that contract,
trade or shadow, is brought to the newest mark. No exit acts on it: the next price or tick decides about exits. What
was bought before a split is another contract by now, under an old name, and stands alone.

Invariant, tested under this name: one contract has one mark.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

from core.effects import Effect, StoreMarks
from core.engine.kernel import Kernel
from core.model import Contract
from core.positions.fills import apply_mark
from core.positions.marking import marked_like
from core.positions.position import Basis, Mark, Position, PositionChange

_NEVER = datetime.min.replace(tzinfo=UTC)


def note_mark(kernel: Kernel, position: Position) -> None:
    """Remember that a position was marked in this step, unless at a price that its underlying has left again.

    Inside a bar an exit is marked at its level, the other holders at the bar's close.
    """
    if position.new_shares != 1:
        return
    mark = position.last
    if not position.is_open:
        seen = kernel.state.prices.get(position.symbol)
        if seen is None or mark.spot != seen.price:
            return
    occ = kernel.trading.known(position.contract).occ
    noted = kernel.marked.get(occ)
    if noted is None or (noted[1] is not mark and _order(mark) > _order(noted[1])):
        kernel.marked[occ] = position.contract, mark


def newest_mark(kernel: Kernel, contract: Contract) -> Mark | None:
    """Return the newest mark of a contract by whoever holds it or held it and is followed, ``None`` without any."""
    marks = [p.last for p in _holders(kernel, contract.underlying) if p.contract.occ == contract.occ]
    followed = kernel.state.tail_marks.get(contract.occ)
    if followed is not None:
        marks.append(followed)
    return max(marks, key=_order, default=None)


def align_marks(kernel: Kernel) -> list[Effect]:
    """Bring the other holders of each contract that was marked in this step to its newest mark."""
    noted, kernel.marked = kernel.marked, {}
    newest_marks = {id(mark) for _, mark in noted.values()}
    held: dict[str, list[Position]] = defaultdict(list)
    others: set[str] = set()
    known = kernel.trading.known
    for symbol in {contract.underlying for contract, _ in noted.values()}:
        holders = _holders(kernel, symbol)
        if newest_marks.issuperset([id(position.last) for position in holders]):
            continue  # mostly all of them were marked alike, by one price
        for position in holders:
            occ = known(position.contract).occ
            mark = noted.get(occ)
            if mark is not None and position.is_open and position.suspended is None:
                held[occ].append(position)
                if position.last is not mark[1]:
                    others.add(occ)
    effects: list[Effect] = []
    for occ, holders in held.items():
        if occ not in others:
            continue
        newest = max((noted[occ][1], *(position.last for position in holders)), key=_order)
        for position in holders:
            if position.last is not newest and _value(position.last) != _value(newest):
                effects += _align(kernel, position, newest)
    return effects


def _align(kernel: Kernel, position: Position, newest: Mark) -> list[Effect]:
    mark = marked_like(position.contract, position.last, newest, kernel.trading)
    after = apply_mark(PositionChange(position=position), mark).position
    if position.id in kernel.state.shadows:
        kernel.state.shadows[position.id] = after
        return []
    kernel.state.positions[position.id] = after
    return [StoreMarks(position_id=position.id, marks=(mark,))]


def _holders(kernel: Kernel, symbol: str) -> list[Position]:
    trades = [p for p in kernel.state.positions.values() if p.symbol == symbol and p.new_shares == 1]
    return [*trades, *[p for p in kernel.shadows_of(symbol) if p.new_shares == 1]]


def _order(mark: Mark) -> tuple[datetime, datetime, datetime, bool]:
    return mark.at, mark.spot_at, mark.quoted_at or _NEVER, mark.basis is Basis.QUOTE


def _value(mark: Mark) -> tuple[object, ...]:
    return mark.at, mark.spot, mark.mid, mark.iv, mark.dividends, mark.quoted_at
