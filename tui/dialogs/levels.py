"""The dialogs that set stop and targets of a position: one takes what is typed, the other asks and is confirmed."""

from __future__ import annotations

from core.positions import LEVELS, STOP
from core.positions.asked_levels import LevelTerms, asked_levels
from server.deck import LevelDistance, PositionRow
from tui import fmt
from tui.dialogs.position_question import Now, PositionQuestion
from tui.dialogs.typed_answer import PositionText, TypedAnswerDialog
from tui.widgets.line import DIRECTION_MARK, DIRECTION_ROLE, Line, heading, wrap_text

_SHORT = {"stop": "stop", "t1": "target_1", "t2": "target_2"}
"""Text typed for each level."""
_NAMES = {level: short if short == STOP else short.upper() for short, level in _SHORT.items()}
_ASKED = 'Type as "stop 448.50 t1 1% t2 2atr" or "stop cost"; Enter goes on, Esc cancels.'


def levels_of(row: PositionRow) -> dict[str, LevelDistance | None]:
    """Return the levels of a position by their names, ``None`` for a target that was sold at."""
    return dict(zip(LEVELS, (row.to_stop, row.to_target_1, row.to_target_2), strict=True))


def terms_of(row: PositionRow) -> LevelTerms:
    """Return what levels of a position are read and checked by, at its last price."""
    return LevelTerms(
        symbol=row.symbol,
        direction=row.direction,
        price=row.underlying,
        cost=row.cost,
        atr=row.execution.atr,
        stop=row.to_stop.level,
        target_1=None if row.to_target_1 is None else row.to_target_1.level,
        target_2=row.to_target_2.level,
        held=row.remaining,
    )


def argument_of(typed: str) -> str:
    """Return what is typed as the argument of the command: "stop 448.5 t1=1%" as "stop=448.5 target_1=1%"."""
    words = typed.lower().replace("=", " ").replace("$", " ").replace(",", " ").split()
    parts: list[str] = []
    for word in words:
        if word in ("%", "atr") and parts:
            parts[-1] += word
        elif word in _SHORT or not parts or not parts[-1].endswith("="):
            parts.append(f"{_SHORT.get(word, word)}=")
        else:
            parts[-1] += word
    return " ".join(parts)


class LevelsText(PositionText):
    """The position, its levels with what they become, and why they cannot."""

    usual_height = 9
    box_width = 68

    def text(self, width: int, *, short: bool) -> list[Line]:
        if self.data is None:
            return []
        row, typed, refusal = self.data
        asked = asked_levels(terms_of(row), argument_of(typed)) if typed.strip() else {}
        said = refusal or (asked if isinstance(asked, str) else "")
        out: list[Line] = [
            heading("Set stop and targets", width),
            [(f" {DIRECTION_MARK[row.direction]} {row.direction}  ", DIRECTION_ROLE[row.direction]),
             (row.contract, "strong"), (f"   {fmt.plural(row.remaining, 'contract')}", "dim")],
            [(f" {row.symbol} ", "dim"), (fmt.number(row.underlying), "text"),
             (f", {fmt.age(row.mark_age)} old", "warn" if row.stale else "dim"),
             ("   cost ", "dim"), (fmt.number(row.cost), "text")],
        ]  # fmt: skip
        wanted = {} if isinstance(asked, str) else asked
        for name, level in levels_of(row).items():
            out.append(_level(name, level, wanted.get(name)))
        words: list[Line] = [
            [(" ", "text"), *line] for line in wrap_text(said or _ASKED, "warn" if said else "dim", width - 1)
        ]
        return [*out[:2], *words, *out[2:]] if short and said else [*out, *words]


def _level(name: str, level: LevelDistance | None, wanted: float | None) -> Line:
    line: Line = [(f" {_NAMES[name]:<5}", "dim")]
    if level is None:
        return [*line, ("taken", "dim")]
    line.append((fmt.fit(fmt.number(level.level), 9, "right"), "text"))
    if wanted is not None and wanted != level.level:
        return [*line, (" → ", "text"), (fmt.number(wanted), "strong")]
    return [*line, (f"   {fmt.signed(level.dollars)}  {fmt.signed(level.percent)} %", "dim")]


class LevelsDialog(TypedAnswerDialog[str]):
    """Returns the argument of the command with every level as a price, ``None`` when cancelled."""

    text_type = LevelsText
    max_length = 60

    def refusal(self, now: PositionRow | None) -> str:
        if now is not None:
            self.row = now  # the levels are checked at the newest price
        return "" if now is not None else "This position is no longer open."

    def answer(self, typed: str) -> str | None:
        asked = asked_levels(terms_of(self.row), argument_of(typed))
        # As prices, so that what is confirmed is what is set, wherever the underlying is by then.
        return (
            None if isinstance(asked, str) else " ".join(f"{name}={level!r}" for name, level in asked.items())
        )


class LevelsQuestion(PositionQuestion):
    """Asks whether to set the levels that were typed; nothing is sold at once."""

    asks = "Set these levels?"

    def __init__(self, row: PositionRow, argument: str) -> None:
        super().__init__(row)
        self._argument = argument

    def confirm_label(self) -> str:
        return "Set the levels"

    def action_line(self, row: PositionRow) -> Line:
        at = self._now or row
        asked = asked_levels(terms_of(at), self._argument)
        line: Line = []
        for name, level in asked.items() if isinstance(asked, dict) else ():
            before = levels_of(at)[name]
            line += [
                (f"{_NAMES[name]} ", "dim"),
                (f"{fmt.number(before.level if before else None)} → ", "text"),
                (f"{fmt.number(level)}   ", "strong"),
            ]
        return line

    def refusal(self, row: PositionRow, now: Now) -> str:
        refused = super().refusal(row, now)
        if refused or now is None:
            return refused
        asked = asked_levels(terms_of(now), self._argument)
        return asked if isinstance(asked, str) else ""
