"""A path of signed values in a few lines, with its zero line; red below and green above, and by shape."""

from __future__ import annotations

from collections.abc import Sequence

from tui.widgets.line import Line

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_HANG = " ▔▔▀▀▀▀██"
"""From the top down there are only ▔ ▀ █ in common fonts: four steps instead of eight."""


def buckets(series: Sequence[float], width: int) -> list[float]:
    """At most ``width`` values, oldest first: of each stretch its last, so the end is always now."""
    count = len(series)
    if count <= width:
        return list(series)
    return [series[(n + 1) * count // width - 1] for n in range(width)]


def split_rows(series: Sequence[float], height: int) -> tuple[int, int]:
    """Lines above and below zero, each at least one when it has something to show."""
    above = max(0.0, max(series, default=0.0))
    below = max(0.0, -min(series, default=0.0))
    if below == 0 or height < 2:
        return height, 0
    if above == 0:
        return 1, height - 1
    down = min(height - 1, max(1, round(height * below / (above + below))))
    return height - down, down


def signed_sparkline(series: Sequence[float], width: int, height: int) -> list[Line]:
    """The path as bars from the zero line, which runs along the foot of the upper part."""
    values = buckets(series, width)
    up, down = split_rows(values, height)
    above = max(0.0, max(values, default=0.0))
    below = max(0.0, -min(values, default=0.0))
    # One scale for both sides, so that a dollar lost is as tall as a dollar won.
    unit = max(above / up if up else 0.0, below / down if down else 0.0) or 1.0
    lines: list[Line] = []
    for row in range(up):
        floor = up - 1 - row
        lines.append([_rising(value / unit - floor, row == up - 1) for value in values])
        lines[-1].append((("▁" if row == up - 1 else " ") * (width - len(values)), "rule"))
    for row in range(down):
        lines.append([_hanging(-value / unit - row) for value in values])
    return lines


def _rising(part: float, on_zero: bool) -> tuple[str, str]:
    eighths = round(8 * min(1.0, max(0.0, part)))
    if on_zero and (part <= 0 or eighths == 0):
        return ("▁", "good" if part > 0 else "rule")
    return (_EIGHTHS[eighths], "good")


def _hanging(part: float) -> tuple[str, str]:
    if part <= 0:
        return (" ", "bad")
    return (_HANG[max(1, round(8 * min(1.0, part)))], "bad")
