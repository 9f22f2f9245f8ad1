"""Commands of a person: each acts at most once, and only on the position that it names."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import replace

from core.challenge import ADOPT, RETIRE, START
from core.effects import AnswerCommand, Effect, Notice, StoreJudgement, StoreTrade
from core.engine.approvals import approve, reject
from core.engine.books import import_book, remove_book
from core.engine.challenger import adopt_challenger, retire_challenger, start_challenger
from core.engine.kernel import Kernel
from core.engine.levels_by_hand import levels_by_hand, levels_text
from core.engine.mode_by_hand import UNDO_SECONDS, mode_by_hand, undo_mode
from core.engine.notes import add_note, note_on_trade, note_refusal, remove_note
from core.engine.positions import settle_outcome
from core.engine.price_doubt import doubt_text
from core.engine.settlement import awaiting_text, settle_command
from core.engine.state import CommandDone
from core.engine.taking import take
from core.engine.underlyings import waiting_for
from core.engine.working_orders import cancel_orders
from core.events import Commanded
from core.model import ExitReason, Mode, Tone
from core.positions import (
    Position,
    PositionChange,
    PositionState,
    adjusted,
    close_at,
    exit_at_next_price,
    exit_by_hand,
    stop_to_break_even,
)
from core.positions.settle import is_wide_gap

KEPT_COMMANDS = 1_000
MOST_ASKED = 5_000
"""Longest argument that is kept as it is."""
FLATTEN = "FLATTEN"
"""Follows REDUCING or HALTED in the argument of a mode command: also exit all positions."""
Result = tuple[CommandDone, list[Effect]]


def command(kernel: Kernel, event: Commanded) -> list[Effect]:
    """Run a command, or repeat the answer when the same command id was handled before.

    Another command under the same id is refused: the answer of the first one would be wrong for it.
    """
    done = kernel.state.commands.get(event.command_id)
    effects: list[Effect] = []
    asked = _asked(event)
    if done is not None and done.asked not in ("", asked):
        text = f"command_id: {event.command_id} was another command's ({done.asked}); give this one an id of its own"
        done = CommandDone(False, "COMMAND_ID_USED", text)
    elif done is None:
        run = COMMANDS.get(event.name)
        if run is None:
            done = CommandDone(False, "UNKNOWN", f"no command {event.name!r}; known: {', '.join(COMMANDS)}")
        else:
            done, effects = note_refusal(event) or run(kernel, event)
            if done.ok:
                effects += note_on_trade(kernel, event)
        done.asked = asked
        commands = kernel.state.commands
        commands[event.command_id] = done
        if len(commands) > KEPT_COMMANDS:
            del commands[next(iter(commands))]
    answer = AnswerCommand(command_id=event.command_id, ok=done.ok, code=done.code, text=done.text)
    return [*effects, answer]


def _asked(event: Commanded) -> str:
    """Return a command in words; a long argument, such as a rules file, by its digest."""
    argument = event.argument
    if argument is not None and len(argument) > MOST_ASKED:
        argument = hashlib.sha256(argument.encode()).hexdigest()
    parts = (event.name, event.position_id, event.contracts, event.expected, argument, event.note)
    return " ".join(str(part) for part in parts if part is not None)


def _exit(kernel: Kernel, event: Commanded) -> Result:
    position = kernel.state.positions.get(event.position_id or "")
    refused = _not_exitable(kernel, position, event)
    if refused is not None or position is None:
        return refused or _no_position(), []
    contracts = position.remaining if event.contracts is None else event.contracts
    if not 1 <= contracts <= position.remaining:
        text = f"contracts: {contracts} cannot be sold, {position.remaining} are held"
        return CommandDone(False, "BAD_QUANTITY", text), []
    return _sell(kernel, position, contracts, event)


def _close_at(kernel: Kernel, event: Commanded) -> Result:
    """Close a suspended position at the price that a person states; any other is sold at the market."""
    position = kernel.state.positions.get(event.position_id or "")
    refused = _not_exitable(kernel, position, event, expired=True)
    if refused is not None or position is None:
        return refused or _no_position(), []
    label, held = position.contract.label, position.remaining
    if position.suspended is None and position.awaits_settlement:
        return _awaiting_settlement(kernel, position), []
    if position.suspended is None and position.symbol not in kernel.state.ended:
        text = f"{label} is priced: it is sold at the market, not at a stated price"
        return CommandDone(False, "NOT_SUSPENDED", text), []
    if event.contracts not in (None, held):
        return CommandDone(False, "BAD_QUANTITY", f"contracts: all {held} are closed at a stated price"), []
    try:
        outcome = close_at(position, float(event.argument or ""), event.at)
    except ValueError:
        text = f"price: {event.argument!r} is not a price per share, 0 or more"
        return CommandDone(False, "BAD_PRICE", text), []
    effects = settle_outcome(kernel, position, outcome, event.at)
    text = f"Closed {held} × {label} at {outcome.legs[-1].price:.2f} by hand"
    return CommandDone(True, "EXITED", text), effects


def _resume(kernel: Kernel, event: Commanded) -> Result:
    """Mark and exit a suspended position again: a person says that its contract is unchanged."""
    position = kernel.state.positions.get(event.position_id or "")
    refused = _not_exitable(kernel, position, event, expired=True)
    if refused is not None or position is None:
        return refused or _no_position(), []
    label = position.contract.label
    if position.suspended is None:
        return CommandDone(False, "NOT_SUSPENDED", f"{label} is not suspended"), []
    after = replace(position, suspended=None)
    kernel.state.positions[position.id] = after
    text = f"{label} is marked again: its contract is unchanged, says {event.author}"
    return CommandDone(True, "RESUMED", text), [StoreTrade(position=after), _going_on(after, event, text)]


def _adjust(kernel: Kernel, event: Commanded) -> Result:
    """Go on with a suspended position after a split: ``argument`` is new shares for old ones, as 4:1."""
    position = kernel.state.positions.get(event.position_id or "")
    refused = _not_exitable(kernel, position, event, expired=True)
    if refused is not None or position is None:
        return refused or _no_position(), []
    label, ratio = position.contract.label, _ratio(event.argument or "")
    if position.suspended is None:
        return CommandDone(False, "NOT_SUSPENDED", f"{label} is not suspended"), []
    if ratio is None:
        text = f"split: {event.argument!r} is not new shares for old ones, as 4:1 or 1:10"
        return CommandDone(False, "BAD_RATIO", text), []
    known, last = kernel.state.prices.get(position.symbol), position.last.spot
    if known is not None and is_wide_gap(known.price, last / position.new_shares, kernel.rules):
        price = known.price * ratio * position.new_shares
        if is_wide_gap(price, last, kernel.rules):
            text = (
                f"split: {event.argument} makes {price:g} of {position.symbol}'s price {known.price:g}, far from its "
                f"last known {last:g}; new shares come first"
            )
            return CommandDone(False, "BAD_RATIO", text), []
    after = adjusted(position, ratio, position.ex_dates[-1])
    kernel.state.positions[position.id] = after
    text = (
        f"{label} goes on after a {event.argument} split, says {event.author}: {after.new_shares:g} new shares of "
        f"{position.symbol} stand for one as it was bought"
    )
    return CommandDone(True, "ADJUSTED", text), [StoreTrade(position=after), _going_on(after, event, text)]


def _going_on(position: Position, event: Commanded, text: str) -> Notice:
    """Return the notice of a suspended position that goes on."""
    return Notice(
        kind="risk",
        at=event.at,
        text=text,
        tone=Tone.NEUTRAL,
        symbol=position.symbol,
        position_id=position.id,
    )


def _ratio(text: str) -> float | None:
    """Return new shares for an old one from a text as 4:1, ``None`` when it is none."""
    new, colon, old = text.partition(":")
    try:
        ratio = float(new) / float(old) if colon else math.nan
    except (ValueError, ZeroDivisionError):
        return None
    return ratio if 0 < ratio < math.inf and ratio != 1 else None


def _exit_half(kernel: Kernel, event: Commanded) -> Result:
    position = kernel.state.positions.get(event.position_id or "")
    refused = _not_exitable(kernel, position, event)
    if refused is not None or position is None:
        return refused or _no_position(), []
    return _sell(kernel, position, (position.remaining + 1) // 2, event)


def _exit_all(kernel: Kernel, event: Commanded) -> Result:
    """Sell everything; what could not be sold is named, and makes the command fail."""
    held = list(kernel.state.positions.values())
    effects = cancel_orders(kernel, event.at, f"Exit of all positions by {event.author}")
    if not held:
        return CommandDone(True, "NOTHING_OPEN", "Nothing is open"), effects
    left: list[str] = []
    for position in held:
        if position.awaits_settlement:
            done = _awaiting_settlement(kernel, position)
        else:
            done, caused = _sell(kernel, position, position.remaining, event)
            effects += caused
        if done.code != "EXITED":
            left.append(done.text)
    exited = len(held) - len(left)
    text = f"Exit of {exited} {'position' if exited == 1 else 'positions'}"
    if left:
        return CommandDone(False, "NOT_ALL_CLOSED", f"{text}; not closed: {'; '.join(left)}"), effects
    return CommandDone(True, "EXITED", text), effects


def _break_even(kernel: Kernel, event: Commanded) -> Result:
    position = kernel.state.positions.get(event.position_id or "")
    refused = _not_exitable(kernel, position, event)
    if refused is not None or position is None:
        return refused or _no_position(), []
    after = stop_to_break_even(position, event.at, event.author)
    effects = settle_outcome(kernel, position, PositionChange(position=after), event.at)
    return CommandDone(True, "MOVED", f"Stop of {position.contract.label} at {after.stop:.2f}"), effects


def _levels(kernel: Kernel, event: Commanded) -> Result:
    position = kernel.state.positions.get(event.position_id or "")
    refused = _not_exitable(kernel, position, event)
    if refused is not None or position is None:
        return refused or _no_position(), []
    if position.suspended is not None:
        return CommandDone(False, "SUSPENDED", f"{position.contract.label}: {position.suspended}"), []
    after = levels_by_hand(kernel, position, event)
    if isinstance(after, str):
        return CommandDone(False, "BAD_LEVELS", after), []
    effects = settle_outcome(kernel, position, PositionChange(position=after), event.at)
    return CommandDone(True, "LEVELS", f"{position.contract.label}: {levels_text(after)}"), effects


def _mode(kernel: Kernel, event: Commanded) -> Result:
    name, _, also = (event.argument or "").upper().partition(" ")
    try:
        mode = Mode(name)
    except ValueError:
        mode = None
    if mode is None or also not in ("", FLATTEN) or (also and mode is Mode.ACTIVE):
        text = f"mode: {event.argument!r} is not one of {', '.join(Mode)}; {FLATTEN} may follow REDUCING and HALTED"
        return CommandDone(False, "BAD_MODE", text), []
    # Change the mode before exiting, so that freed limits cannot allow a new entry.
    changed = mode_by_hand(kernel, event, mode, flattened=bool(also))
    if not also:
        return CommandDone(True, "MODE", f"Mode is {mode} ({UNDO_SECONDS:.0f} s to undo)"), changed
    exits, effects = _exit_all(kernel, event)
    if not exits.ok:
        return CommandDone(False, exits.code, f"Mode is {mode}. {exits.text}"), [*effects, *changed]
    return CommandDone(True, "MODE", f"Mode is {mode}, everything exited"), [*effects, *changed]


def _judge(status: str) -> Callable[[Kernel, Commanded], Result]:
    """Return the handler that stores a judgement; ``argument`` is the suggestion's id, a space and its text."""

    def run(_kernel: Kernel, event: Commanded) -> Result:
        suggestion, _, text = (event.argument or "").partition(" ")
        if not suggestion:
            return CommandDone(False, "NO_SUGGESTION", "argument: needs the id of a suggestion"), []
        judgement = StoreJudgement(
            seq=event.seq, at=event.at, id=suggestion, status=status, author=event.author, text=text
        )
        return CommandDone(True, status, f"{status.capitalize()}: {text or suggestion}"), [judgement]

    return run


COMMANDS: dict[str, Callable[[Kernel, Commanded], Result]] = {
    "exit": _exit,
    "exit_half": _exit_half,
    "close_at": _close_at,
    "settle": settle_command,
    "resume": _resume,
    "adjust": _adjust,
    "exit_all": _exit_all,
    "breakeven": _break_even,
    "levels": _levels,
    "mode": _mode,
    "undo_mode": undo_mode,
    "take": take,
    "approve_trade": approve,
    "reject_trade": reject,
    "approve_suggestion": _judge("APPROVED"),
    "reject_suggestion": _judge("REJECTED"),
    "note": add_note,
    "remove_note": remove_note,
    "import_book": import_book,
    "remove_book": remove_book,
    START: start_challenger,
    ADOPT: adopt_challenger,
    RETIRE: retire_challenger,
}


def _no_position() -> CommandDone:
    return CommandDone(False, "NOT_OPEN", "This position is not open")


def _awaiting_settlement(kernel: Kernel, position: Position) -> CommandDone:
    text = f"{position.contract.label}: {awaiting_text(kernel, position)}"
    if position.suspended is None:
        text += f"; or settle it by hand at the close of {position.symbol} (gatedeck settle)"
    return CommandDone(False, "AWAITING_SETTLEMENT", text)


def _not_exitable(
    kernel: Kernel, position: Position | None, event: Commanded, *, expired: bool = False
) -> CommandDone | None:
    """Return why a position cannot be sold; ``expired``: the command is also for one that awaits its settlement."""
    if position is None:
        return _no_position()
    if not (position.is_open or expired):
        return _awaiting_settlement(kernel, position)
    if event.expected is not None and event.expected != position.remaining:
        text = f"{position.remaining} contracts are held now, not {event.expected}"
        return CommandDone(False, "CHANGED", text)
    return None


def _sell(kernel: Kernel, position: Position, contracts: int, event: Commanded) -> Result:
    if position.suspended is not None:
        text = (
            f"{position.contract.label}: {position.suspended}; close it at a price (gatedeck close --at), "
            "adjust it (gatedeck adjust), or say that its contract is unchanged (gatedeck resume)"
        )
        return CommandDone(False, "SUSPENDED", text), []
    why = waiting_for(kernel, position, event.at)
    if why is not None:
        after = exit_at_next_price(position, contracts, ExitReason.MANUAL)
        effects = settle_outcome(kernel, position, PositionChange(position=after), event.at)
        text = f"Exit of {contracts} × {position.contract.label} waits: {why}"
        return CommandDone(True, "EXITING", text), effects
    last = kernel.state.prices.get(position.symbol)
    doubted = position.symbol in kernel.state.doubts
    outcome = exit_by_hand(position, contracts, event.at, last, None, kernel.trading, doubted=doubted)
    effects = settle_outcome(kernel, position, outcome, event.at)
    label = position.contract.label
    if outcome.position.state is PositionState.AWAITING_SETTLEMENT:
        return _awaiting_settlement(kernel, outcome.position), effects
    if not outcome.legs:
        return CommandDone(True, "EXITING", f"Exit of {contracts} × {label} waits for a price"), effects
    sold = outcome.legs[-1]
    why = doubt_text(kernel, position.symbol) if sold.stale_fill else None
    flagged = " (stale price)" if sold.stale_fill and why is None else ""
    text = f"Sold {contracts} × {label} at {sold.price:.2f}" + (f" (stale: {why})" if why else flagged)
    return CommandDone(True, "EXITED", text), effects
