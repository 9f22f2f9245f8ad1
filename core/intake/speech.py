"""Words of a trade in texts: entry, exit, reduction, moved stop, cancel, test, and its side."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from core.fast_init import fast_init
from core.intake.languages import in_english
from core.intake.words import PHASES, listed
from core.model import Direction

ENTRY, EXIT, REDUCE, MOVE, CANCEL, TEST, FINISHED, WAIT = (
    "entry", "exit", "reduce", "move", "cancel", "test", "finished", "wait",
)  # fmt: skip


@fast_init
@dataclass(frozen=True, slots=True)
class Heard:
    """Meaning of a text: ``kind`` of intent if any, the side of an order and of a position if named.

    ``whole`` tells that every word was understood; ``right`` is "C" or "P" when an option is named. WAIT is said
    where nothing is to be traded yet.
    """

    kind: str | None = None
    order: Direction | None = None
    position: Direction | None = None
    right: str | None = None
    whole: bool = False
    both: bool = False

    @property
    def direction(self) -> Direction | None:
        """The direction that an entry with these words proposes on the underlying."""
        if self.right is not None:
            return Direction.LONG if self.right == "C" else Direction.SHORT
        return self.position or self.order

    @property
    def leaves(self) -> Direction | None:
        """The side of the position that an exit with these words leaves."""
        if self.right is not None:
            return Direction.LONG if self.right == "C" else Direction.SHORT
        if self.position is not None:
            return self.position
        return self.order.opposite if self.order else None


NOTHING: Final = Heard()

_ORDERS: Final = {
    **dict.fromkeys(listed("BUY BUYS BUYING BOUGHT BTO"), Direction.LONG),
    **dict.fromkeys(listed("SELL SELLS SELLING SOLD SLD STO"), Direction.SHORT),
}
_POSITIONS: Final = {
    **dict.fromkeys(listed("LONG LONGS BULL BULLS BULLISH UP UPSIDE UPTREND"), Direction.LONG),
    **dict.fromkeys(listed("SHORT SHORTS BEAR BEARS BEARISH DOWN DOWNSIDE DOWNTREND"), Direction.SHORT),
}
_RIGHTS: Final = {"CALL": "C", "CALLS": "C", "PUT": "P", "PUTS": "P", "CE": "C", "PE": "P"}
_EXITS: Final = frozenset(
    listed(
        "EXIT EXITS EXITED EXITING CLOSE CLOSES CLOSED CLOSING CLOSEALL FLAT FLATTEN FLATTENED COVER COVERS "
        "COVERED COVERING LIQUIDATE LIQUIDATED LIQUIDATION UNWIND UNWOUND STOPPED STOPOUT STOPLOSS TAKEPROFIT "
        "SQUAREOFF SQUARE DECLOSE OUT LEAVE LEAVING DISENGAGE OFFLOAD EXITALL FLATTENALL EOD TIMEOUT CUT CLOSEOUT "
        "END TAKEPROFITS TOCLOSE TOCOVER KILLSWITCH SQUAREUP SQOFF FORCEEXIT FORCECLOSE FORCESELL GOFLAT"
    )
)
_REDUCES: Final = frozenset(
    listed(
        "REDUCE REDUCES REDUCED REDUCING REDUCTION TRIM TRIMS TRIMMED TRIMMING PARTIAL PARTIALLY PARTIALS "
        "HALF SCALEOUT DERISK LIGHTEN REDUCEONLY DECREASE"
    )
)
_ENTRIES: Final = frozenset(
    listed(
        "ENTRY ENTRIES ENTER ENTERS ENTERED ENTERING OPEN OPENS OPENED OPENING NEW START STARTED GO ADD ADDED "
        "INITIATE REENTER REENTRY INITIAL PYRAMID DCA INCREASE INCREASED TOOPEN"
    )
)
_CANCELS: Final = frozenset(
    listed(
        "CANCEL CANCELS CANCELED CANCELLED CANCELLING CANCELLATION CANCELALL INVALIDATED INVALIDATE VOID "
        "VOIDED ABORT ABORTED EXPIRED REVOKE REVOKED WITHDRAW WITHDRAWN CANCELALLORDERS DELETE DELETED REMOVE"
    )
)
_TESTS: Final = frozenset(
    listed("TEST TESTS TESTING TESTED PING PONG HEARTBEAT KEEPALIVE ALIVE DRYRUN TESTALERT HELLO SANDBOX")
)
_FINISHED: Final = frozenset(
    listed(
        "COMPLETED COMPLETE COMPLETES FINISHED FINISH DONE ENDED RESULT RESULTS OUTCOME UPDATE UPDATED "
        "UPDATES MFE MAE SUMMARY REPORT STATS STATISTICS RECAP WON LOST SETTLED PNL STATUS INFO RESOLVED WIN "
        "WINNER LOSER LOSS CONCLUDED ARCHIVED TERMINATED"
    )
)
_MOVES: Final = frozenset(listed(
        "MOVE MOVED MOVES MOVING ADJUST ADJUSTED MODIFY MODIFIED RAISE RAISED SET CHANGE CHANGED TRAIL "
        "TRAILED TRAILING UPDATE UPDATED UPDATES LIFT SHIFT TIGHTEN TIGHTENED EDIT AMEND AMENDED REPLACE REPLACED"
    ))  # fmt: skip
_MOVED: Final = (
    ["TRAIL"],
    ["TRAILING"],
    ["POSITION", "MODIFY"],
    ["MODIFY", "POSITION"],
    ["MODIFY"],
    ["EDIT"],
    ["BE"],
)
_WAITS: Final = frozenset(
    listed(
        "HOLD WAIT WAITING NEUTRAL SKIP SKIPPED REJECT REJECTED AVOID WATCH WATCHLIST WATCHING PENDING FORMING ARMED "
        "PREALERT WARNING POTENTIAL POSSIBLE PREPARE PREPARING INVALIDATION MISSED UNCONFIRMED PREVIEW DRAFT IGNORE "
        "IGNORED ERROR FAILED DENIED BLOCKED DISABLE DISABLED PAUSE PAUSED CONNECTED DISCONNECTED STARTUP SHUTDOWN "
        "UNFILLED DEVELOPING"
    )
)
"""Words of a message that proposes nothing yet, or nothing any more."""
_ALL: Final = frozenset(("ALL", "EVERYTHING"))
_HELD: Final = frozenset(("LONG", "LONGS", "SHORT", "SHORTS"))
_LEAVES: Final = frozenset(
    listed("EXIT EXITS EXITED EXITING CLOSE CLOSES CLOSED CLOSING FLATTEN LIQUIDATE END")
)
_COVERS: Final = frozenset(("COVER", "COVERS", "COVERED", "COVERING"))
_STOPS: Final = frozenset(["STOP", "SL", "STOPLOSS", "STOPS", "TSL"])
_EVEN: Final = frozenset(["BREAKEVEN", "BE", "BREAKEVENS"])
_HITS: Final = frozenset(
    listed("HIT REACHED FILLED TRIGGERED TRIGGER HITS DONE TOUCHED EXECUTED ACHIEVED TAKEN TAGGED SMASHED")
)
_FILLERS: Final = frozenset(
    listed(
        "STRONG SIGNAL NOW MARKET LIMIT STOP ORDER TO THE POSITION POSITIONS TRADE SIDE TREND SETUP ALERT AT "
        "CONFIRMED ALL ENTRIES ID OF ON FOR A AN YOUR MY ONLY AND BY ACTION STRATEGY TRIGGER OPTION OPTIONS "
        "CONTRACT REVERSAL CROSS CROSSOVER BREAKOUT MOMENTUM IS WE I ARE L S TYPE DEAL OP PLACE SUBMIT SEND CREATE "
        "EVERYTHING"
    )
)
_KNOWN: Final = frozenset().union(
    _ORDERS, _POSITIONS, _RIGHTS, _EXITS, _REDUCES, _ENTRIES, _CANCELS, _TESTS, _FINISHED, _MOVES, _STOPS, _EVEN,
    _HITS, _FILLERS, _WAITS, ("PERCENT", "PCT"),
)  # fmt: skip
_TAKE: Final = re.compile(r"(?:TP|T|PT|TARGET|TAKEPROFIT|TGT)([1-9])?$")
_JOINED: Final = re.compile(
    r"(EXIT|CLOSE|CLOSED|ENTER|ENTRY|OPEN|GO|REDUCE|COVER|TRIM|FLATTEN|FLAT|BUY|SELL|LONG|SHORT|STOP|MOVE|CANCEL|PARTIAL)"
    r"(LONG|SHORT|ALL|POSITION|EVERYTHING|STRATEGY|TRADE|BUY|SELL|CALL|PUT|ENTRY|EXIT|CLOSE|OPEN|STOP|LIMIT|LOSS|ORDER|MARKET|SL|BE"
    r"|TOCLOSE|TOOPEN|TOCOVER|SIGNAL|TP)S?$"
)
_LABEL_WORDS: Final = 3
_TOKENS: Final = re.compile(r"[A-Z]+\d?(?![A-Z])|[A-Z]+|[\d.,]+%?")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SEPARATORS: Final = re.compile(r"[^A-Z0-9.,%]+")
_NUMBER_END: Final = re.compile(r"(?<=[0-9])[0-9]{3,}")
"""The digits after the first of a number of four digits or more: no word depends on them."""
_SPLIT_FIRST: Final = (
    ("BREAK EVEN", "BREAKEVEN"), ("MARGIN CALL", "EXIT"), ("TAKE PROFIT", "TAKEPROFIT"),
    ("STOP LOSS", "STOPLOSS"), ("TRAILING STOP", "STOPLOSS"), ("STOP OUT", "STOPPED"),
    ("SCALE OUT", "SCALEOUT"), ("DRY RUN", "TEST"), ("KEEP ALIVE", "TEST"), ("PROFIT TARGET", "TP"),
    ("SQUARE OFF", "EXIT"), ("TARGET 1", "TP1"), ("TARGET 2", "TP2"), ("TP 1", "TP1"), ("TP 2", "TP2"),
    ("FIRST TARGET", "TP1"), ("TAKEPROFIT 1", "TP1"), ("TAKEPROFIT 2", "TP2"), ("TAKEPROFIT1", "TP1"),
    ("TO COVER", "COVER"), ("DE RISK", "DERISK"), ("CLOSE ENTRY S ORDER", "CLOSE"),
    *((f"{bar} {close}", "BAR") for bar in ("BAR", "CANDLE", "DAILY") for close in ("CLOSE", "CLOSED", "CLOSES")),
    *((f"{close} {side}", side) for close in ("CLOSE", "CLOSED", "CLOSES") for side in ("ABOVE", "BELOW", "OVER")),
    ("TRAIL STOP", "STOPLOSS"), ("END OF DAY", "EOD"), ("SESSION END", "EOD"), ("END OF SESSION", "EOD"),
    ("AUTO REPAY", "EXIT"), ("TIME STOP", "TIMEOUT"), ("TIME EXIT", "TIMEOUT"), ("MAX BARS", "TIMEOUT"),
    ("TURN TO", ""), ("CLOSE ENTRIES ORDER", "CLOSE"), ("BOOK PROFITS", "TAKEPROFIT"), ("BOOK PROFIT", "TAKEPROFIT"),
    ("TAKE PROFITS", "TAKEPROFIT"),
    ("CUT LOSS", "STOPLOSS"), ("CUT LOSSES", "STOPLOSS"), ("HARD STOP", "STOPLOSS"), ("MAX LOSS", "STOPLOSS"),
    ("BUY BACK", "COVER"), ("BUYBACK", "COVER"), ("EXIT L", "EXIT LONG"), ("EXIT S", "EXIT SHORT"),
    ("L EXIT", "EXIT LONG"), ("S EXIT", "EXIT SHORT"), ("SELL SOME", "SELL PARTIAL"), ("SCALE IN", "ADD"),
    ("RE ENTER", "REENTER"), ("RE ENTRY", "REENTRY"), ("TRAILING TP", "TP"), ("TRAILING TAKEPROFIT", "TAKEPROFIT"),
    ("STOP TO ENTRY", "MOVE STOP BREAKEVEN"), ("SL TO ENTRY", "MOVE SL BREAKEVEN"), ("RISK FREE", "BREAKEVEN"),
    ("PLACE STOP", "MOVE STOP"), ("PRE ALERT", "PREALERT"), ("EARLY WARNING", "WARNING"), ("GET READY", "PREPARE"),
    ("NO FILL", "UNFILLED"), ("NOT CONFIRMED", "UNCONFIRMED"), ("HEALTH CHECK", "PING"), ("DO NOT", "AVOID"),
    *((f"NO {what}", "AVOID") for what in ("TRADE", "ACTION", "SIGNAL", "ENTRY", "SETUP", "LONG", "SHORT")),
    ("EXITBULL", "EXIT BULL"), ("EXITBEAR", "EXIT BEAR"),
    *((f"{verb} SOME", "PARTIAL") for verb in ("CLOSE", "EXIT", "TAKE")),
    ("INITIAL STOP", "STOPLOSS"), ("INITIAL SL", "STOPLOSS"), ("MAX DD", "STOPLOSS"),
    ("MAX DRAWDOWN", "STOPLOSS"), ("LOSS LIMIT", "STOPLOSS"),
    ("TIME S UP", "TIMEOUT"), ("KILL SWITCH", "EXIT"), ("PANIC SELL", "EXIT"), ("EMERGENCY STOP", "STOPPED"),
    ("SQ OFF", "EXIT"), ("SQUARE UP", "EXIT"), ("LIGHTEN UP", "LIGHTEN"),
    ("STC", "SELL TO CLOSE"), ("BTC CALL", "BUY TO CLOSE CALL"), ("BTC PUT", "BUY TO CLOSE PUT"),
    *((f"{what} TEST", "TEST") for what in ("CONNECTION", "WEBHOOK", "UNIT")),
)  # fmt: skip
_FREE: Final = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (TEST, r"\bTHIS IS (?:ONLY |JUST )?A TEST\b|\bTEST (?:ALERT|MESSAGE|WEBHOOK|SIGNAL|ONLY)\b|\bDRY RUN\b"
               r"|\bHEARTBEAT\b|^TEST FROM\b|\bTESTING (?:THE |MY |A )?(?:WEBHOOK|ALERT|BOT|CONNECTION|SIGNAL)S?\b"),
        (MOVE, r"\b(?:MOVED?|MOVING|ADJUST(?:ED)?|RAISED?|SET|CHANGED?|TRAIL(?:ED)?|UPDATED?) (?:THE |YOUR |MY )?"
               r"(?:STOPLOSS|STOP|SL)\b|\b(?:STOP|SL|STOPLOSS) (?:IS )?(?:MOVED|TO|AT) (?:BREAKEVEN|BE|ENTRY)\b"),
        (REDUCE, r"\b(?:TP1|TAKEPROFIT1) (?:\w+ ){0,2}(?:HIT|REACHED|FILLED)|\b(?:TRIM|REDUCE|SCALEOUT|PARTIAL)\w* "
                 r"(?:EXIT|CLOSE|PROFITS?|POSITION|LONG|SHORT|HALF|THE|YOUR|OUT|MY)\b|\b(?:CLOSE|SELL|TAKE)D? HALF\b"
                 r"|\bTAKE (?:SOME |PARTIAL )PROFITS?\b|\bTOOK PARTIALS?\b|\bSOLD \d{1,2}%"),
        (EXIT, r"\b(?:EXIT|EXITED|EXITING|CLOSE|CLOSED|CLOSING|LIQUIDATED?|COVER|COVERED|FLATTEN|FLATTENED)"
               r"(?: (?:THE|ALL|YOUR|MY|OUR|ANY|OPEN|ENTRY|S|ORDER|ENTRIES|FULL|ENTIRE))*"
               r" (?:LONGS?|SHORTS?|POSITIONS?|TRADES?|ALL|CALLS?|PUTS?|IT|NOW|BUY|SELL|OUT)\b"
               r"|\b(?:LONG|SHORT|POSITION|TRADE|CALLS?|PUTS?) (?:WAS |IS |HAS BEEN |POSITION |TRADE )?"
               r"(?:EXIT|EXITED|CLOSED?|STOPPED|FLAT|LIQUIDATED)\b"
               r"|\bSTOPPED(?: OUT)?\b|\b(?:TP[2-9]?|SL|STOPLOSS|TAKEPROFIT|TARGETS?|STOP) (?:WAS |IS |HAS BEEN )?"
               r"(?:HIT|REACHED|FILLED|TRIGGERED)\b|\b(?:GO|GOING|NOW|WENT|IS|POSITION) FLAT\b"
               r"|\b(?:STRATEGIE)?POSITION(?: DE LA ESTRATEGIA| SIZE)? (?:IS |NOW |IST |ES )*0(?![\d.,%])"
               r"|^(?:EXIT|FLATTEN|FLAT)\b(?! (?:IF|WHEN|ONCE|BELOW|ABOVE|AFTER)\b)|\bGET OUT\b|\bALL OUT\b"
               r"|\bHIT (?:THE |ITS |MY )?(?:STOPLOSS|STOP|SL|TP|TARGET)\b|\bALL TARGETS (?:DONE|TAKEN)\b"
               r"|^(?:CLOSED|EXITED) (?:BY|AT|ON|DUE|FOR|WITH)\b"),
    )
)  # fmt: skip

_SENTENCE_ENDS: Final = re.compile(r"[;|\n]|[.!?](?:\s|$)")
_STATISTIC: Final = re.compile(
    r"\b(?:RATES?|RATIOS?|WINRATE|HITRATE|PROB|PROBABILITY|PROBABILITIES|CHANCES?|ODDS|AVERAGE|AVG|STATISTICS|STATS"
    r"|ACCURACY|EXPECTANCY|BACKTEST\w*|HISTORICAL(?:LY)?|OF THE TIME|OF (?:ALL )?(?:CASES|TRADES|SIGNALS))\b"
)
"""Words of a sentence that describes how a strategy has done, not what it does now."""
_BEFORE: Final = re.compile(
    r"\b(?:IF|WHEN|WHENEVER|ONCE|UNTIL|UNLESS)(?: \w+){0,3} ?$"
    r"|\b(?:PREVIOUS|PRIOR|EARLIER)(?: (?:TRADES?|SIGNALS?|ALERTS?)(?: \w+){0,2})? ?$"
)
_LATER: Final = {
    MOVE: re.compile(r"(?: \w+){0,4}? (?:AFTER|ONCE|WHEN|IF|AS SOON AS|AT (?:TP|T|PT|TARGET|TGT)\d?)\b"),
    REDUCE: re.compile(r"(?: \w+){0,4}? (?:ONCE|WHEN|IF|AT (?:TP|T|PT|TARGET|TGT)\d?)\b"),
}
"""A condition before or after a phrase. An exit is heard whatever stands after it."""


_SHORTHAND: Final = {
    "LE": "ENTRY LONG", "SE": "ENTRY SHORT", "LX": "EXIT LONG", "SX": "EXIT SHORT", "XL": "EXIT LONG",
    "XS": "EXIT SHORT", "XLONG": "EXIT LONG", "XSHORT": "EXIT SHORT",
    "LONG X": "EXIT LONG", "SHORT X": "EXIT SHORT",
    "NEWSLTPLONG": "MOVE SL LONG", "NEWSLTPSHORT": "MOVE SL SHORT", "BOT": "BUY",
    "STC": "SELL TO CLOSE", "BTC": "BUY TO CLOSE", "BTO": "BUY TO OPEN",
    **dict.fromkeys(("EX L", "EXL", "EX LONG", "TPL", "SLL"), "EXIT LONG"),
    **dict.fromkeys(("EX S", "EXS", "EX SHORT", "SLS"), "EXIT SHORT"),
    **dict.fromkeys(("KILL", "BAIL", "NEUTRALIZE", "NEUTRALISE", "TERMINATE TRADE"), "EXIT"),
}  # fmt: skip


_FIRST_WORDS: Final = frozenset(written.partition(" ")[0] for written, _ in _SPLIT_FIRST)
"""Words with which what is to be replaced begins: most texts have none of them."""


def _plain(text: str) -> str:
    flat = in_english(_CAMEL.sub(" ", text).upper())
    flat = " ".join(_SEPARATORS.sub(" ", flat).split())
    if _FIRST_WORDS.isdisjoint(flat.replace(".", " ").replace(",", " ").split()):
        return flat
    for written, word in _SPLIT_FIRST:
        if written in flat:
            flat = re.sub(rf"\b{written}\b", word, flat)
    return flat


def is_command(value: object) -> bool:
    """Return whether a code is a command such as "EXIT-LONG", not a symbol."""
    return isinstance(value, str) and "-" in value and hear(value).kind in (ENTRY, EXIT) and hear(value).whole


@lru_cache(maxsize=4096)
def hear(text: str) -> Heard:
    """Return what a short text such as "enter_long", "TP1 hit" or "close entry(s) order Long" says."""
    if len(text) > _LONGEST_NAME:
        return hear_free(text)
    flat = _plain(text)
    if not flat:
        return NOTHING
    flat = _SHORTHAND.get(flat, flat)
    if _STATISTIC.search(flat):
        return Heard(FINISHED)
    named = flat.replace(" ", "_")
    if (
        named in PHASES
        or named.removeprefix("ENTER_").removeprefix("ENTERING_").removeprefix("EXIT_") in PHASES
    ):
        return NOTHING
    tokens: list[str] = []
    for token in _TOKENS.findall(flat):
        joined = _JOINED.match(token)
        tokens += joined.groups() if joined and token not in _EXITS else [token]
    if len(tokens) > 8:
        return hear_free(text)
    return _understand(tokens)


def _understand(tokens: list[str]) -> Heard:
    have = set(tokens)
    if have.isdisjoint(_KNOWN) and not any(map(_TAKE.match, tokens)):
        return Heard(whole=all(token[0].isdigit() for token in tokens))
    orders = {_ORDERS[t] for t in have if t in _ORDERS}
    sides = {_POSITIONS[t] for t in have if t in _POSITIONS}
    rights = {_RIGHTS[t] for t in have if t in _RIGHTS}
    kind = _kind(tokens, have)
    if kind == EXIT and len(sides) > 1 and have & _LEAVES:
        at = next(n for n, token in enumerate(tokens) if token in _LEAVES)
        first = next((t for t in tokens[at:] if t in _POSITIONS), None)
        orders, sides = (
            set(),
            {_POSITIONS[first]} if first else set(),
        )  # "close long and open short" leaves the long
    elif kind in (EXIT, REDUCE) and len(orders) == 1 and not (sides or rights):
        orders, sides = _left(tokens, have, orders)
    elif kind == EXIT and have & _COVERS and not (orders or sides or rights):
        sides = {Direction.SHORT}
    whole = all(t in _KNOWN or t[0].isdigit() or (kind is not None and _TAKE.match(t)) for t in tokens)
    return Heard(
        kind=kind,
        order=orders.pop() if len(orders) == 1 else None,
        position=sides.pop() if len(sides) == 1 else None,
        right=rights.pop() if len(rights) == 1 else None,
        whole=whole,
        both=len(orders) > 1 or len(sides) > 1,
    )


def _left(tokens: list[str], have: set[str], orders: set[Direction]) -> tuple[set[Direction], set[Direction]]:
    """Return the order and the position that an exit with a buy or sell means.

    "close buy" leaves what was bought, "buy to close" buys; "buy exit" and "sell TP" may be meant either way, so
    that they name no side.
    """
    at = next(n for n, token in enumerate(tokens) if token in _ORDERS)
    if at and tokens[at - 1] in _LEAVES:
        return set(), orders
    told = have & {"TO", "CLOSE", "CLOSES", "CLOSED", "CLOSING", "TOCLOSE", "TOCOVER"} or have & (
        _COVERS | _REDUCES | _ALL
    )
    return (orders, set()) if told or _sells_part(tokens, have) else (set(), set())


def _kind(tokens: list[str], have: set[str]) -> str | None:
    if have & _TESTS:
        return TEST
    if "BE" in have and have & _HITS:
        return FINISHED
    if have & _CANCELS:
        return CANCEL
    if "BREAKEVEN" in have and have & _LEAVES and not have & _MOVES:
        return EXIT
    if (
        have & {"BREAKEVEN", "BREAKEVENS"}
        or (have & _MOVES and have & _STOPS)
        or ("BE" in have and have & (_MOVES | _STOPS))
        or tokens in _MOVED
    ):
        return MOVE
    takes = [found for t in tokens if (found := _TAKE.match(t))]
    hit = bool(have & _HITS)
    rest = [
        t for t in tokens
        if not (_TAKE.match(t) or t in _STOPS or t in _POSITIONS or t in _ORDERS or t in _HITS or t in _FILLERS
                or t in _RIGHTS or t in _EXITS or t in _REDUCES or t[-1] == "%")
    ]  # fmt: skip
    alone = not rest
    if have & _REDUCES or _sells_part(tokens, have) or (takes and (hit or alone) and takes[0][1] == "1"):
        return REDUCE
    if have & _EXITS or (takes and (hit or alone)) or (have & _STOPS and hit):
        return EXIT
    if have & {"SL", "TSL"} and alone:
        return EXIT
    if tokens == ["STOP"] or (len(tokens) == 2 and "STOP" in tokens and have & _HELD):
        return EXIT
    if have & {"SELL", "SELLS", "SELLING", "SOLD"} and have & _ALL:
        return EXIT
    if have & _FINISHED:
        return FINISHED
    if have & _WAITS and (tokens[0] in _WAITS or have <= _KNOWN):
        return WAIT
    if have & _HELD and _opposed(have):
        return EXIT  # "sell long" sells what is held
    if have & _ENTRIES:
        return ENTRY
    return None


def _opposed(have: set[str]) -> bool:
    """Return whether an order acts against the position that is named with it."""
    orders = {_ORDERS[t] for t in have if t in _ORDERS}
    held = {_POSITIONS[t] for t in have & _HELD}
    return len(orders) == 1 and len(held) == 1 and orders != held


def _sells_part(tokens: list[str], have: set[str]) -> bool:
    """Return whether a percent is sold, as in "sell 50%", and nothing else is said."""
    return (
        bool(have & {"SELL", "SELLS", "SELLING", "SOLD"})
        and any(t[-1] == "%" or t in ("PERCENT", "PCT") for t in tokens)
        and not have & _ENTRIES
        and all(t in _KNOWN or t[0].isdigit() for t in tokens)
    )


def hear_order_name(text: str) -> Heard:
    """Return what the name of an order says; one that ends in "stop", such as "ATR stop", is an exit."""
    heard = hear_label(text)
    if heard.kind is None and heard.order is None and len(text) <= _LONGEST_NAME:
        flat = _plain(text)
        if len(flat.split()) <= _LABEL_WORDS and _EXIT_NAME.fullmatch(flat):
            return Heard(EXIT, position=heard.position, whole=True)
    return heard


def hear_label(text: str) -> Heard:
    """Return what the name or comment of an order says; a long one only by clear phrases."""
    if len(text) > _LONGEST_NAME:
        return _label(text)
    return _short_label(_NUMBER_END.sub("000", text))  # the ids of a sender differ by their numbers


def _label(text: str) -> Heard:
    flat = _plain(text[:1024])
    if _STATISTIC.search(flat):
        return hear_free(text)
    heard = hear(text)
    if flat in _FILLED or (heard.kind == MOVE and not _ORDERED.search(flat)):
        return Heard(
            EXIT, whole=True
        )  # the order that a trailing stop, a stop at break-even or a target filled
    if heard.kind is None or heard.whole:
        return heard
    if heard.kind in (EXIT, REDUCE) and len(text.split()) <= _LABEL_WORDS:
        return heard
    return hear_free(text)


_LONGEST_NAME = 64
_short_label = lru_cache(maxsize=1024)(_label)
_EXIT_NAME: Final = re.compile(
    r"(?:\D+ )?(?:STOP|SL|TSL) ?\d?|(?:LOCK(?: IN)?|SECURE|TAKE) (?:PROFITS?|GAINS)|PROFIT TAK(?:E|ING)"
)
"""Names of an order that a stop or a target fills."""
_FILLED: Final = frozenset(("TRAIL", "TRAILING", "PROFIT", "LOSS"))
_ORDERED: Final = re.compile(
    r"\b(?:MOVED?|MOVING|ADJUST|MODIFY|RAISED?|SET|CHANGED?|UPDATED?|SL|STOP|STOPLOSS|TO)\b"
)


@lru_cache(maxsize=1024)
def hear_free(text: str) -> Heard:
    """Return what a free text says; only clear phrases of an exit, a moved stop or a test count.

    A sentence of statistics ("target hit rate 60%") says nothing, and neither does a phrase under a condition
    ("if stop hit", "move SL to BE after TP1"): it tells what may be done later.
    """
    sentences = [_plain(part) for part in _SENTENCE_ENDS.split(text[:1024])]
    flats = [flat for flat in sentences if flat and not _STATISTIC.search(flat)]
    for kind, pattern in _FREE:
        for flat in flats:
            found = pattern.search(flat)
            if found is None or _BEFORE.search(flat[: found.start()]):
                continue
            if (later := _LATER.get(kind)) is not None and later.match(flat[found.end() :]):
                continue
            near = _understand(flat[found.start() : found.end() + 12].split())
            return Heard(kind=kind, order=near.order, position=near.position, right=near.right, whole=True)
    return NOTHING
