"""Plots in text cells that are read without colour: histogram, scatter, signed bars, paths with their scale."""

from __future__ import annotations

from collections.abc import Sequence

from tui import fmt
from tui.widgets.chart import buckets, signed_chart, split_rows
from tui.widgets.line import Line

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_RIGHT = " ▏▎▍▌▋▊▉█"
SCALE = 9
"""Cells left of a plot in which its largest and smallest value stand."""


def short_money(value: float) -> str:
    """Dollars for a scale: whole, thousands as k."""
    if abs(value) >= 100_000:
        return f"{value / 1000:+,.0f}k"
    return "0" if round(value) == 0 else f"{value:+,.0f}"


def stretched(series: Sequence[float], width: int) -> tuple[float, ...]:
    """As many values as there are cells where there are fewer: each stands in several."""
    count = len(series)
    if count == 0 or count >= width:
        return tuple(series)
    return tuple(series[x * count // width] for x in range(width))


def path_lines(series: Sequence[float], width: int, height: int) -> list[Line]:
    """A path around its zero line, its extremes at the left."""
    if height <= 0:
        return []
    # Thinned first: the chart and its scale must speak of the same values.
    values = stretched(buckets(series, max(1, width - SCALE)), max(1, width - SCALE))
    up, down = split_rows(values, height)
    labels = [" " * SCALE] * height
    labels[up - 1] = fmt.fit("0", SCALE - 1, "right") + " "
    if up > 1:
        labels[0] = fmt.fit(short_money(max(values)), SCALE - 1, "right") + " "
    if down > 0:
        labels[-1] = fmt.fit(short_money(min(values)), SCALE - 1, "right") + " "
    chart = signed_chart(values, max(1, width - SCALE), height)
    return [[(label, "dim"), *line] for label, line in zip(labels, chart, strict=True)]


def underwater_lines(series: Sequence[float], width: int, height: int) -> list[Line]:
    """How far below its peak a path is, hanging from the water line; the deepest at the left."""
    if height <= 0:
        return []
    room = max(1, width - SCALE)
    values = stretched(series, room)
    if len(values) > room:
        # Of each stretch the deepest: a drawdown must not vanish between two cells.
        count = len(values)
        values = tuple(min(values[x * count // room : (x + 1) * count // room]) for x in range(room))
    deepest = min(values, default=0.0)
    lines: list[Line] = []
    for row in range(height):
        label = "0" if row == 0 else short_money(deepest) if row == height - 1 else ""
        line: Line = [(fmt.fit(label, SCALE - 1, "right") + " ", "dim")]
        for value in values:
            part = (value / deepest * height - row) * 2 if deepest < 0 else 0.0
            halves = min(2, max(0, round(part)))
            if row == 0 and halves == 0:
                line.append(("▔", "bad" if value < 0 else "rule"))
            else:
                line.append((" ▀█"[halves], "bad"))
        lines.append(line)
    return lines


def histogram_lines(edges: Sequence[float], counts: Sequence[int], width: int, height: int) -> list[Line]:
    """Columns over their values, the bins of losses left of zero; a foot line names the ends and zero."""
    if not counts or height < 2:
        return []
    room = max(1, width - SCALE)
    each = max(1, room // len(counts))
    if len(counts) > room:
        edges, counts = _merged(edges, counts, -(-len(counts) // room))
    gap = 1 if each >= 3 else 0
    most, rows = max(counts), height - 1
    lines: list[Line] = []
    for row in range(rows):
        floor = rows - 1 - row
        label = str(most) if row == 0 else ""
        line: Line = [(fmt.fit(label, SCALE - 1, "right") + " ", "dim")]
        for n, count in enumerate(counts):
            eighths = min(8, max(0, round((count / most * rows - floor) * 8)))
            if floor == 0 and count and eighths == 0:
                eighths = 1
            role = "good" if edges[n] >= 0 else "bad"
            line.append((_EIGHTHS[eighths] * (each - gap) + " " * gap, role))
        lines.append(line)
    lines.append([(" " * SCALE, "dim"), (_feet(edges, each, each * len(counts)), "dim")])
    return lines


def _merged(edges: Sequence[float], counts: Sequence[int], by: int) -> tuple[list[float], list[int]]:
    """Bins joined ``by`` at a time, never across zero."""
    zero = next((n for n, edge in enumerate(edges) if edge >= 0), 0)
    lead = -zero % by
    padded = [0] * lead + list(counts)
    starts = range(0, len(padded), by)
    firsts = [edges[max(0, start - lead)] for start in starts]
    return [*firsts, edges[-1]], [sum(padded[start : start + by]) for start in starts]


def _feet(edges: Sequence[float], each: int, width: int) -> str:
    low, high = short_money(edges[0]), short_money(edges[-1])
    foot = list(" " * max(width, len(low) + len(high) + 1))
    foot[: len(low)] = low
    foot[len(foot) - len(high) :] = high
    zero = next((n for n, edge in enumerate(edges) if edge >= 0), 0) * each
    if edges[0] < 0 < edges[-1] and len(low) < zero < len(foot) - len(high) - 1:
        foot[zero] = "0"
    return "".join(foot)


def scatter_lines(
    points: Sequence[tuple[float, float, float]], width: int, height: int, names: tuple[str, str]
) -> list[Line]:
    """Points (x, y, sign): ▲ where the sign is above zero, ▼ below, ◆ where both fall into one cell.

    ``x`` is zero or less and runs to the left, ``y`` zero or more and runs up; ``names`` are theirs.
    """
    if not points or height < 3:
        return []
    room, rows = max(8, width - SCALE), height - 1
    least_x = min(min(x for x, _, _ in points), -1.0)
    most_y = max(max(y for _, y, _ in points), 1.0)
    cells: dict[tuple[int, int], set[bool]] = {}
    for x, y, sign in points:
        column = min(room - 1, max(0, round((1 - min(0.0, x) / least_x) * (room - 1))))
        row = min(rows - 1, max(0, round((1 - max(0.0, y) / most_y) * (rows - 1))))
        cells.setdefault((row, column), set()).add(sign > 0)
    lines: list[Line] = []
    for row in range(rows):
        label = short_money(most_y) if row == 0 else names[1] if row == rows // 2 else ""
        label = "0" if row == rows - 1 else label
        line: Line = [(fmt.fit(label, SCALE - 1, "right") + "│", "dim")]
        blank = "·" if row == rows - 1 else " "
        for column in range(room):
            found = cells.get((row, column))
            if not found:
                line.append((blank, "rule"))
            elif len(found) == 2:
                line.append(("◆", "warn"))
            else:
                line.append(("▲", "good") if True in found else ("▼", "bad"))
        lines.append(line)
    left, right = short_money(least_x), "0"
    gap = room - len(left) - len(right)
    middle = names[0].center(gap) if len(names[0]) + 2 <= gap else " " * max(0, gap)
    lines.append([(" " * SCALE, "dim"), (left + middle + right, "dim")])
    return lines


def signed_bar(value: float, largest: float, width: int) -> Line:
    """A bar from the middle: to the right in green for what earns, to the left in red for what costs."""
    half = max(1, (width - 1) // 2)
    share = 0.0 if largest <= 0 else min(1.0, abs(value) / largest)
    if value < 0:
        halves = max(1, round(share * half * 2))
        full, rest = divmod(halves, 2)
        text = "▐" * rest + "█" * full
        return [(text.rjust(half), "bad"), ("│", "dim"), (" " * half, "text")]
    eighths = max(1, round(share * half * 8)) if value > 0 else 0
    full, rest = divmod(eighths, 8)
    text = "█" * full + (_RIGHT[rest] if rest else "")
    return [(" " * half, "text"), ("│", "dim"), (text.ljust(half), "good")]
