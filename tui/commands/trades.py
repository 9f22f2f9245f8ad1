"""Commands of the Trades screen: filters, order, paging, notes and the calendar."""

from __future__ import annotations

from tui.commands.user_command import UserCommand


def _trades(
    name: str, help: str, key: str, label: str, action: str, *, footer: bool = True, rank: int = 1
) -> UserCommand:
    return UserCommand(
        name=name, help=help, keys=(key,), label=label, action=action, group="Trades", scope="trades",
        footer=footer, footer_rank=rank, palette=False,
    )  # fmt: skip


COMMANDS = (
    _trades("AddNote", "Write a note on the selected trade; a word with # before it is a tag.", "n", "note",
            "add_note", rank=0),
    _trades("SearchTrades", "Search contract, setup, reason and notes; an empty line shows all trades.", "slash",
            "search", "search", rank=0),
    _trades("TradeWindow", "Show the trades of today, of the last 5 sessions, or all; open trades are in each.",
            "w", "window", "next_window", rank=0),
    _trades("TradeCalendar", "Open the calendar: the P&L and number of trades of each day; Enter shows its trades.",
            "v", "calendar", "show_calendar", rank=0),
    _trades("SortTrades", "Sort by the next column; after the last one, by time.", "s", "sort", "next_order"),
    _trades("TurnOrder", "Sort the other way round.", "S", "turn", "turn_order"),
    _trades("TradeOutcome", "Show all trades, or only wins, losses, flat or open ones.", "o", "outcome",
            "next_outcome"),
    _trades("ChooseSetup", "Choose a setup to see only its trades.", "f", "setup", "choose('setup')", rank=2),
    _trades("ChooseSymbol", "Choose a symbol to see only its trades.", "y", "symbol", "choose('symbol')", rank=2),
    _trades("ChooseTag", "Choose a tag to see only its trades.", "t", "tag", "choose('tag')", rank=2),
    _trades("ChooseBook", "Choose a book of imported trades to see its trades in place of the engine's.", "b", "book",
            "choose('book')", footer=False),
    _trades("AllTrades", "Show every trade: remove the filters, newest first.", "a", "all", "clear_filters"),
    _trades("TradeDecision", "Open the decision that led to the selected trade.", "d", "decision", "show_decision",
            footer=False),
    _trades("NextTrades", "Show the next page of trades.", "right_square_bracket", "next page", "next_page",
            footer=False),
    _trades("PreviousTrades", "Show the page of trades before.", "left_square_bracket", "page before",
            "previous_page", footer=False),
    _trades("ReadTrades", "Read the trades again; this also happens after each entry and exit.", "r", "refresh",
            "read", footer=False),
)  # fmt: skip
