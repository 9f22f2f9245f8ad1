"""Small charts as inline SVG. Colours are CSS classes, so that the page can have a light and a dark style."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT, LEFT, BOTTOM = 760, 200, 70, 22
_APART = 22
"""Units between two labels of an axis below which only the one at zero is written."""


def _frame(body: str, title: str, height: int = HEIGHT) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{body}</svg>"
    )


class _Scale:
    """Linear scale from values to SVG units; its range contains zero."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self.low, self.high = min(0.0, *values, 0.0), max(0.0, *values, 0.0)
        if self.low == self.high:
            self.high = self.low + 1.0
        self._start, self._end = start, end

    def at(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self._start + share * (self._end - self._start), 2)


def area(values: Sequence[float], title: str, ends: tuple[str, str], role: str) -> str:
    """Return a chart of values in their order, filled to the zero line; "" without values.

    ``ends`` are the labels below the first and the last value, ``role`` the CSS class of the colour.
    """
    if not values:
        return ""
    up = _Scale(values, HEIGHT - BOTTOM, 10)
    step = (WIDTH - LEFT - 10) / max(1, len(values) - 1)
    points = " ".join(f"{LEFT + n * step:.1f},{up.at(v)}" for n, v in enumerate(values))
    right = LEFT + (len(values) - 1) * step
    zero = up.at(0)
    body = (
        f'<polygon class="fill {role}" points="{LEFT},{zero} {points} {right:.1f},{zero}"/>'
        f'<polyline class="line {role}" points="{points}"/>'
        f'<line class="axis" x1="{LEFT}" x2="{WIDTH - 10}" y1="{zero}" y2="{zero}"/>'
    )
    near = [level for level in (up.low, up.high) if level and abs(up.at(level) - zero) < _APART]
    for level in {up.low, 0.0, up.high} - set(near):
        body += f'<text class="tick end" x="{LEFT - 6}" y="{up.at(level) + 4}">{level:,.0f}</text>'
    body += f'<text class="tick" x="{LEFT}" y="{HEIGHT - 5}">{escape(ends[0])}</text>'
    body += f'<text class="tick end" x="{WIDTH - 10}" y="{HEIGHT - 5}">{escape(ends[1])}</text>'
    return _frame(body, title)


def signed_bars(rows: Sequence[tuple[str, float, str]], title: str) -> str:
    """Return one bar for each (label, value, value as text); a negative bar goes to the left of zero."""
    # Room for the labels in the larger type of a phone.
    across = _Scale([value for _, value, _ in rows], LEFT + 90, WIDTH - 170)
    zero, body = across.at(0), ""
    for n, (label, value, text) in enumerate(rows):
        y, end = 6 + 26 * n, across.at(value)
        role = "bad" if value < 0 else "good"
        body += (
            f'<text class="tick" x="4" y="{y + 14}">{escape(label)}</text>'
            f'<rect class="{role}" x="{min(zero, end)}" y="{y}" width="{abs(end - zero):.2f}" height="18"/>'
            f'<text class="tick end" x="{WIDTH - 4}" y="{y + 14}">{escape(text)}</text>'
        )
    height = 12 + 26 * len(rows)
    body += f'<line class="axis" x1="{zero}" x2="{zero}" y1="0" y2="{height}"/>'
    return _frame(body, title, height)


def histogram(edges: Sequence[float], counts: Sequence[int], title: str) -> str:
    """Return one column for each bin, in the colour of losses below zero; "" without bins."""
    if not counts:
        return ""
    up = _Scale([float(c) for c in counts], HEIGHT - BOTTOM, 14)
    each = (WIDTH - LEFT - 40) / len(counts)
    body = ""
    for n, count in enumerate(counts):
        x, y = LEFT + n * each, up.at(count)
        role = "bad" if edges[n + 1] <= 0 else "good"
        label = f"{edges[n]:,.10g} to {edges[n + 1]:,.10g}: {count}"
        body += (
            f'<rect class="{role}" x="{x + 1:.1f}" y="{y}" width="{max(1.0, each - 2):.1f}"'
            f' height="{HEIGHT - BOTTOM - y:.2f}"><title>{escape(label)}</title></rect>'
        )
    for n in {0, len(counts), *(n for n, edge in enumerate(edges) if edge == 0)}:
        body += f'<text class="tick mid" x="{LEFT + n * each:.1f}" y="{HEIGHT - 5}">{edges[n]:,.10g}</text>'
    body += f'<text class="tick end" x="{LEFT - 6}" y="18">{max(counts):,}</text>'
    return _frame(body, title)


def scatter(points: Sequence[tuple[float, float, float]], title: str, across: str, up: str) -> str:
    """Return one dot for each (x, y, net P&L), in the colour of a gain or a loss; "" without points.

    ``across`` and ``up`` are the titles of the two axes.
    """
    if not points:
        return ""
    height = 280
    xs = _Scale([x for x, _, _ in points], LEFT, WIDTH - 20)
    ys = _Scale([y for _, y, _ in points], height - 36, 14)
    dots = "".join(
        f'<circle class="{"bad" if net < 0 else "good"}" cx="{xs.at(x)}" cy="{ys.at(y)}" r="3"/>'
        for x, y, net in points
    )
    axes = (
        f'<line class="axis" x1="{LEFT}" x2="{WIDTH - 20}" y1="{ys.at(0)}" y2="{ys.at(0)}"/>'
        f'<line class="axis" x1="{xs.at(0)}" x2="{xs.at(0)}" y1="14" y2="{height - 36}"/>'
        f'<text class="tick" x="{LEFT}" y="{height - 18}">{xs.low:,.0f}</text>'
        f'<text class="tick end" x="{WIDTH - 20}" y="{height - 18}">{xs.high:,.0f}</text>'
        f'<text class="tick end" x="{LEFT - 6}" y="{ys.at(ys.high) + 4}">{ys.high:,.0f}</text>'
        f'<text class="tick end" x="{LEFT - 6}" y="{ys.at(ys.low) + 4}">{ys.low:,.0f}</text>'
        f'<text class="tick mid" x="{WIDTH / 2}" y="{height - 4}">{escape(across)} · up: {escape(up)}</text>'
    )
    return _frame(axes + dots, title, height)
