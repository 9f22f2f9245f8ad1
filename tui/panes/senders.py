"""Senders by symbol: last receipt, usual gap, silence; addresses of the phone; secrets and tokens: their last use."""

from __future__ import annotations

from datetime import datetime

from server.deck import CredentialUse, PhoneAddress, RefusedRequests, SourceStatus
from tui import fmt
from tui.panes.decision import REFUSALS
from tui.panes.sources import SHORT
from tui.widgets.columns import Cell, Column, Row
from tui.widgets.table import LiveTable

COLUMNS = (
    Column("sender", 16),
    Column("symbol", 6),
    Column("heard ET", 12),
    Column("silent for", 10, "right"),
    Column("usual gap", 9, "right"),
    Column("state", 11),
)


class SendersPane(LiveTable):
    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("Senders", COLUMNS, id=id, empty=("no sender heard yet: POST a webhook",))
        self.credentials: tuple[CredentialUse, ...] = ()
        """Secrets and tokens, shown below the senders."""

    def show(
        self,
        sources: tuple[SourceStatus, ...],
        refused: tuple[RefusedRequests, ...],
        phone: tuple[PhoneAddress, ...],
        at: datetime,
    ) -> None:
        # Silent senders come first, because there may be more senders than rows.
        order = list(SHORT)
        rows = sorted(
            sources,
            key=lambda s: (not s.quiet, order.index(s.source) if s.source in order else len(order), s.symbol),
        )
        quiet = sum(status.quiet for status in sources)
        note: list[Cell] = [(f"! {quiet} quiet", "warn")] if quiet else [("none quiet", "dim")]
        shown = [Row(f"refused/{each.code}/{each.address}", each, refused_cells) for each in refused]
        shown += [Row(f"phone/{each.name}", each, phone_cells) for each in phone if each.failing]
        shown += [Row(f"{status.source}/{status.symbol}", status, sender_cells) for status in rows]
        shown += [Row(f"phone/{each.name}", each, phone_cells) for each in phone if not each.failing]
        shown += [Row(f"credential/{each.name}", each, credential_cells) for each in self.credentials]
        if refused:
            count = sum(each.count for each in refused)
            reason = REFUSALS.get(refused[0].code, refused[0].code)
            note = [(f"✗ {count} refused, the last: {reason}  ", "bad"), *note]
        self.show_rows(tuple(shown), note if shown else [])


def refused_cells(refused: RefusedRequests) -> tuple[Cell, ...]:
    """Return the cells of requests refused without a receipt: address, status, last time, count and reason."""
    return (
        (refused.address, "bad"),
        (str(refused.status), "bad"),
        (fmt.moment(refused.last_at), "dim"),
        (f"{refused.count} ×", "bad"),
        ("", "text"),
        ("✗ refused", "bad"),
    )


def credential_cells(use: CredentialUse) -> tuple[Cell, ...]:
    """Return the cells of a secret or token: name, scope, last use and number of uses since the start."""
    used = use.last_at is not None
    return (
        (use.name, "text"),
        (use.scope.removesuffix("s"), "dim"),
        (fmt.moment(use.last_at) if use.last_at is not None else "never", "dim"),
        (f"{use.count} ×", "text" if used else "dim"),
        ("", "text"),
        ("secret used", "dim") if used else ("not used", "dim"),
    )


def phone_cells(phone: PhoneAddress) -> tuple[Cell, ...]:
    """Return the cells of an address of the phone: messages sent, tried again, waiting and lost since the start."""
    state: Cell = ("✓ sent", "good") if phone.sent else ("none yet", "dim")
    if phone.lost:
        state = (
            f"{'✗' if phone.failing else '!'} {fmt.count(phone.lost)} lost",
            "bad" if phone.failing else "warn",
        )
    return (
        (phone.name, "text"),
        ("phone", "dim"),
        (f"{fmt.count(phone.sent)} sent", "text" if phone.sent else "dim"),
        (f"{fmt.count(phone.retried)} retried", "warn") if phone.retried else ("", "text"),
        (f"{fmt.count(phone.waiting)} wait", "warn") if phone.waiting else ("", "text"),
        state,
    )


def sender_cells(status: SourceStatus) -> tuple[Cell, ...]:
    state: Cell = ("! quiet", "warn") if status.quiet else ("✓ heard", "good")
    if status.usual_gap is None and not status.quiet:
        state = ("too few yet", "dim")
    return (
        (str(status.source), "strong"),
        (status.symbol, "text"),
        (fmt.moment(status.last_at), "dim"),
        (fmt.age(status.age), "warn" if status.quiet else "text"),
        (fmt.age(status.usual_gap), "text"),
        state,
    )
