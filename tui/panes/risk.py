"""The book's risk: what is used of each limit, as one line, as a small pane on Live, and in full on System."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from server.deck import LimitUse, RiskView, SymbolRisk
from tui import fmt
from tui.commands.registry import hint
from tui.risk_format import amount, losses_text, mode_text, of_limit, percent_used, symbols_text, use_role
from tui.widgets.bars import bar
from tui.widgets.line import Line, clip_line, heading, pad_line, width_of
from tui.widgets.line_widget import Pane

_NAME = 11
_PERCENT = 7
_SHORTEST_BAR, _LONGEST_BAR = 4, 24
_COLUMN = 50
"""Cells that one limit needs with its bar and figures."""


class RiskPane(Pane):
    """The limits side by side; one line while it is folded."""

    data: RiskView | None = None
    folded = True

    def show(self, data: object) -> None:
        super().show(data)
        self._fit()

    def fold(self, folded: bool) -> None:
        """Show one line, or every limit."""
        if folded != self.folded:
            self.folded = folded
            self._fit()
            self.forget()

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        """Take as many rows as there is to show."""
        rows = 1 if self.folded or self.data is None else len(limit_lines(self.data, self.size.width)) + 1
        if self.styles.height is None or self.styles.height.value != rows:
            self.styles.height = rows

    def lines(self, width: int, height: int) -> list[Line]:
        if self.data is None:
            return [heading("Risk", width)]
        if self.folded:
            return [folded_line(self.data, width)]
        right: Line = [(hint("ToggleRisk"), "dim")]
        return [heading("Risk", width, right), *limit_lines(self.data, width)][:height]


def folded_line(view: RiskView, width: int) -> Line:
    """Return every limit's share in one line; what does not fit is left out from the end."""
    line: Line = [(" Risk", "title")]
    pieces: list[Line] = [_share("loss", view.daily_loss)]
    if view.cool_down_left is not None:
        pieces.append([("cool-down ", "dim"), (fmt.age(view.cool_down_left), "warn")])
    pieces += [
        [("positions ", "dim"), (of_limit(view.positions), use_role(view.positions))],
        *(_share(use.name, use) for use in view.greeks),
    ]
    most = _most_premium(view)
    if most is not None:
        pieces.append(_share(symbols_text(most), most.premium))
    pieces.append([(hint("ToggleRisk"), "dim")])
    for piece in pieces:
        if width_of(line) + 2 + width_of(piece) <= width:
            line += [("  ", "text"), *piece]
    return line


def _share(name: str, use: LimitUse) -> Line:
    return [(f"{name} ", "dim"), (percent_used(use) or amount(use), use_role(use))]


def limit_lines(view: RiskView, width: int) -> list[Line]:
    """Return the limits in as many columns as fit, and a line about what is not known."""
    columns = max(1, min(3, width // _COLUMN))
    size = (width - 2 * (columns - 1)) // columns
    cells = list(_cells(view, size))
    rows = -(-len(cells) // columns)
    lines: list[Line] = []
    for row in range(rows):
        line: Line = []
        for n, cell in enumerate(cells[row::rows]):
            line += [("  " if n else "", "text"), *pad_line(cell, size)]
        lines.append(clip_line(line, width))
    return lines + [clip_line([(" ! ", "warn"), (text, "dim")], width) for text in view.unknown]


def _cells(view: RiskView, width: int) -> Iterator[Line]:
    most = _most_premium(view)
    uses = [*((use.name, use) for use in view.greeks), ("positions", view.positions)]
    uses.append(("day's loss", view.daily_loss))
    if most is not None:
        uses.append((symbols_text(most), most.premium))
    size = _bar_size((use for _, use in uses), width, _NAME)
    cells = [limit_cell(name, use, size, _NAME) for name, use in uses]
    yield from cells[:6]
    yield _losses(view, _NAME)
    yield from cells[6:]


def _most_premium(view: RiskView) -> SymbolRisk | None:
    """Return the symbol, or the group, that uses the largest share of the limit on its premium."""
    return max((*view.groups, *view.symbols), key=lambda each: each.premium.used or 0.0, default=None)


def _bar_size(uses: Iterable[LimitUse], width: int, name_width: int) -> int:
    """Return the cells left for a bar beside the longest figures; 0 where there is no room for one."""
    room = width - name_width - _PERCENT - 4 - max(len(of_limit(use)) for use in uses)
    return min(room, _LONGEST_BAR) if room >= _SHORTEST_BAR else 0


def limit_cell(name: str, use: LimitUse, bar_size: int, name_width: int) -> Line:
    """Return a name, a bar of the share used, the share, and value and limit in figures."""
    line: Line = [(" " + fmt.fit(name, name_width) + " ", "dim")]
    line += bar(100 * (use.used or 0.0), bar_size if use.used is not None else 0, use_role(use))
    if use.used is None:
        line.append((" " * (bar_size + _PERCENT), "text"))
    else:
        line.append((f"{percent_used(use):>{_PERCENT}}", use_role(use)))
    return [*line, (f"  {of_limit(use)}", "text")]


def _losses(view: RiskView, name_width: int) -> Line:
    cooling = view.cool_down_left is not None
    role = "warn" if cooling else use_role(view.losses_in_a_row)
    return [(" " + fmt.fit("in a row", name_width) + " ", "dim"), (losses_text(view), role)]


class FullRiskPane(Pane):
    """Every limit, symbol and group, with the mode."""

    data: RiskView | None = None

    def lines(self, width: int, height: int) -> list[Line]:
        if self.data is None:
            return [heading("Risk", width)]
        lines = full_lines(self.data, width)
        if len(lines) > height:
            lines = [*lines[: height - 1], [(f" and {len(lines) - height + 1} more: gatedeck risk", "dim")]]
        return lines


def full_lines(view: RiskView, width: int) -> list[Line]:
    """Return the heading with the mode, each limit, each symbol's and group's premium, and what is not known."""
    tone = "good" if view.mode == "ACTIVE" else "warn"
    out: list[Line] = [heading("Risk", width, [(fmt.clip(mode_text(view), width - 10), tone)])]
    uses = [*((use.name, use) for use in view.greeks), ("positions", view.positions)]
    uses += [("day's loss", view.daily_loss), ("premium", view.premium)]
    symbols = [(each.symbols[0], each.premium) for each in view.symbols]
    groups = [("  as one", each.premium) for each in view.groups]
    name = max(_NAME, *(len(label) for label, _ in [*uses, *symbols, *groups]))
    size = _bar_size((use for _, use in [*uses, *symbols, *groups]), width, name)
    out += [limit_cell(label, use, size, name) for label, use in uses[:6]]
    out += [_losses(view, name), limit_cell(*uses[6], size, name)]
    for (label, use), each in zip(groups, view.groups, strict=True):
        out += [
            [(f" {symbols_text(each)}", "strong"), (f"  {each.basis}", "dim")],
            limit_cell(label, use, size, name),
        ]
    out += [[(" ! ", "warn"), (text, "dim")] for text in view.unknown]
    for (label, use), each in zip(symbols, view.symbols, strict=True):
        out.append([*limit_cell(label, use, size, name), (f", {of_limit(each.positions)} open", "dim")])
    return [clip_line(line, width) for line in out]
