"""The line above the footer: freshness of each source, rules in force, and the listener's address."""

from __future__ import annotations

from dataclasses import dataclass

from core.model import Source
from server.deck import SourceStatus
from tui import fmt
from tui.widgets.line import Line, clip_line, spread, width_of
from tui.widgets.line_widget import Pane

SHORT = {
    Source.SATY_PHASE: "SATY",
    Source.MTF_DOTS: "DOTS",
    Source.STRAT_EXEC: "STRAT",
    Source.TRADINGVIEW_SIGNAL: "TV",
    Source.ULTIMATE_OPTIONS: "ULT",
}


@dataclass(frozen=True, slots=True)
class SourcesView:
    """The newest receipt per source; ``age`` is text, so that the line changes only when the text does."""

    sources: tuple[tuple[Source, str, int, int], ...]
    rules: str
    listener: str


def freshest(sources: tuple[SourceStatus, ...]) -> tuple[tuple[Source, str, int, int], ...]:
    """Return (source, age of its newest receipt, silent symbols, symbols) per source."""
    out = []
    for source in SHORT:
        of_it = [status for status in sources if status.source is source]
        if of_it:
            quiet = sum(status.quiet for status in of_it)
            out.append((source, fmt.age(min(status.age for status in of_it)), quiet, len(of_it)))
    return tuple(out)


class SourcesPane(Pane):
    data: SourcesView | None = None

    def lines(self, width: int, height: int) -> list[Line]:
        view = self.data
        if view is None:
            return []
        listener: Line = [(view.listener, "info"), (" ", "text")]
        left: Line = [(" ", "text")]
        if not view.sources:
            left.append(("no sender heard yet", "dim"))
        for source, age, quiet, symbols in view.sources:
            piece: Line = [(f"{SHORT[source]} ", "dim")]
            if quiet == symbols:
                piece.append((f"! quiet {age}", "warn"))
            else:
                piece.append((age, "text"))
                piece.append((f" !{quiet} quiet" if quiet else "", "warn"))
            piece.append(("  ", "text"))
            if width_of(left) + width_of(piece) > width - width_of(listener):
                break
            left += piece
        for rules in (f"rules {view.rules}  ", f"rules {view.rules.split(' ')[0]}  ", ""):
            right: Line = [(rules, "dim"), *listener]
            if width_of(left) + width_of(right) <= width:
                break
        return [spread(clip_line(left, max(0, width - width_of(listener) - 1)), right, width)]
