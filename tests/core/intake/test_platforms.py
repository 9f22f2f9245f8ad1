"""What bodies of trading platforms mean, in their own words, and in the words of other languages."""

from __future__ import annotations

from typing import Any

import pytest

from core.intake import IntakeError, normalise
from core.model import Direction, Update

BASE: dict[str, Any] = {
    "ticker": "SPY", "price": 660.0, "score": 9.4, "tf": "15", "timenow": "2026-11-24T15:05:00Z",
}  # fmt: skip
THREE_COMMAS: dict[str, Any] = {
    "secret": "", "max_lag": "300", "timestamp": "2026-11-24T15:05:00Z", "trigger_price": "660",
    "tv_exchange": "NASDAQ", "tv_instrument": "SPY", "bot_uuid": "b-1", "order": {"amount": "10"},
}  # fmt: skip
FLAT_AFTER_LONG = {"market_position": "flat", "market_position_size": "0", "prev_market_position": "long",
                   "prev_market_position_size": "10"}  # fmt: skip


def meaning(body: dict[str, Any] | str) -> str:
    """Return the intent with the side of the trade or of the position, such as "EXIT LONG"; REFUSED for none."""
    try:
        update = normalise(body, "/api/webhooks/signals")
    except IntakeError:
        return "REFUSED"
    return f"{update.intent} {_side(update) or ''}".strip()


def _side(update: Update) -> Direction | None:
    if update.signal is not None:
        return update.signal.direction
    return update.request.direction if update.request is not None else None


WHOLE = [
    # 3Commas, bots with a strategy's fields
    ("ENTRY LONG", {**THREE_COMMAS, "action": "enter_long"}),
    ("EXIT LONG", {**THREE_COMMAS, "action": "exit_long", "strategy_info": FLAT_AFTER_LONG}),
    ("EXIT LONG", {**THREE_COMMAS, "action": "sell", "strategy_info": FLAT_AFTER_LONG}),
    ("ENTRY SHORT", {**THREE_COMMAS, "action": "sell", "strategy_info": {
        **FLAT_AFTER_LONG, "market_position": "short", "market_position_size": "10"}}),
    ("EXIT", {"message_type": "bot", "action": "close_at_market_price", "pair": "SPY"}),
    # TradersPost
    ("ENTRY LONG", {"ticker": "SPY", "action": "add", "sentiment": "bullish"}),
    ("EXIT", {"ticker": "SPY", "action": "exit", "price": 660}),
    ("EXIT LONG", {"ticker": "SPY", "action": "sell", "sentiment": "flat"}),
    ("CANCEL", {"ticker": "SPY", "action": "cancel"}),
    ("REDUCE", {"ticker": "SPY", "action": "exit", "quantity": 50, "quantityType": "percent_of_position"}),
    ("MOVE_STOP", {"ticker": "SPY", "action": "breakeven"}),
    # QuantConnect
    ("ENTRY LONG", {"Symbol": "SPY", "Direction": "Up", "Confidence": 0.9, "Period": "15m"}),
    ("EXIT", {"Symbol": "SPY", "Direction": "Flat"}),
    ("EXIT", {"symbol": "SPY", "insight": {"direction": "Flat"}}),
    ("EXIT", {"Symbol": "SPY", "targetQuantity": 0}),
    # NinjaTrader
    ("EXIT", {"instrument": "SPY", "command": "CLOSEPOSITION", "account": "Sim101"}),
    ("EXIT", {"instrument": "SPY", "command": "FLATTENEVERYTHING"}),
    ("CANCEL", {"instrument": "SPY", "command": "CANCELALLORDERS"}),
    ("ENTRY LONG", {"instrument": "SPY", "command": "PLACE", "action": "BUY", "orderType": "MARKET", "qty": 1}),
    ("ENTRY LONG", {"instrument": "SPY", "marketPosition": "Long", "orderAction": "Buy", "quantity": 1}),
    ("EXIT LONG", {"instrument": "SPY", "marketPosition": "Flat", "orderAction": "Sell", "quantity": 1}),
    ("EXIT SHORT", {"instrument": "SPY", "orderAction": "BuyToCover", "quantity": 1}),
    ("REFUSED", {"instrument": "SPY", "command": "REVERSEPOSITION", "action": "SELL"}),
    # MetaTrader and MetaApi
    ("ENTRY LONG", {"symbol": "SPY", "type": "ORDER_TYPE_BUY", "sl": 655, "tp": 669, "price": 660}),
    ("ENTRY SHORT", {"symbol": "SPY", "cmd": "OP_SELL", "price": 660}),
    ("EXIT LONG", {"symbol": "SPY", "type": "DEAL_TYPE_SELL", "entry": "DEAL_ENTRY_OUT", "price": 660}),
    ("ENTRY LONG", {"symbol": "SPY", "type": "DEAL_TYPE_BUY", "entry": "DEAL_ENTRY_IN", "price": 660}),
    ("EXIT LONG", {"symbol": "SPY", "entry": "OUT", "type": "sell", "price": 660}),
    ("EXIT", {"symbol": "SPY", "action": "POSITION_CLOSE_ID"}),
    ("EXIT", {"symbol": "SPY", "actionType": "POSITION_CLOSE_SYMBOL"}),
    ("REDUCE", {"symbol": "SPY", "actionType": "POSITION_PARTIAL", "volume": 1}),
    ("MOVE_STOP", {"symbol": "SPY", "actionType": "POSITION_MODIFY", "stopLoss": 657}),
    # OKX and WunderTrading
    ("REDUCE SHORT", {"instrument": "SPY", "action": "EXIT_SHORT", "investmentType": "percentage_position",
                      "amount": "50"}),
    ("EXIT LONG", {"instrument": "SPY", "action": "EXIT_LONG", "investmentType": "percentage_position",
                   "amount": "100"}),
    ("EXIT LONG", {"code": "EXIT-LONG", "reduceOnly": True, "symbol": "SPY"}),
    ("EXIT", {"code": "EXIT-ALL", "reduceOnly": True, "symbol": "SPY"}),
    # Schwab and TD Ameritrade
    ("EXIT LONG", {"orderLegCollection": [{"instruction": "SELL_TO_CLOSE", "instrument": {"symbol": "SPY"}}]}),
    ("ENTRY LONG", {"orderLegCollection": [{"instruction": "BUY_TO_OPEN", "instrument": {"symbol": "SPY"}}]}),
    # platforms whose commands are no JSON are refused as a whole
    ("REFUSED", "60123,closelong,SPY"),
    ("REFUSED", "s=SPY b=long c=position t=market"),
    ("REFUSED", "SPY(SPY) { exitOnePosition(side=sell); } #bot"),
    ("REFUSED", "ENTER-LONG_Exchange_SPY_bot1_5M_abc"),
    ("REFUSED", {"ticker": "SPY", "action": "start_bot_and_start_deal"}),
    ("REFUSED", {"ticker": "SPY", "action": "stop_bot", "bot_id": 1}),
    # a strategy's sentence, wherever it stands
    ("EXIT LONG", "My strategy (1, 2): order sell @ 10 filled on SPY. New strategy position is 0"),
    ("REDUCE SHORT", "My strategy: order buy @ 4 filled on SPY. New strategy position is -6"),
    ("ENTRY SHORT", "My strategy: order sell @ 20 filled on SPY. New strategy position is -10"),
    ("EXIT LONG", {"content": "S: order sell @ 1 filled on SPY. New strategy position is 0", "username": "tv"}),
    ("EXIT LONG", {**BASE, "message": "S: order sell @ 1 filled on SPY. New strategy position is 0"}),
]  # fmt: skip
SAID = [
    # short words of a side or an intent
    ("EXIT", {"action": "flat"}), ("EXIT LONG", {"action": "closelong"}), ("EXIT", {"action": "squareoff"}),
    ("EXIT", {"action": "liquidatePosition"}), ("EXIT", {"action": "CLOSE_ALL_POSITIONS"}),
    ("EXIT", {"action": "stop"}), ("EXIT", {"action": "tp"}), ("EXIT LONG", {"action": "LX"}),
    ("REDUCE", {"action": "reduce 50%"}), ("REDUCE", {"action": "close 1/2"}), ("REDUCE", {"action": "tp1 hit"}),
    ("EXIT", {"action": "tp3 hit"}), ("MOVE_STOP", {"action": "sl to be"}),
    ("MOVE_STOP", {"action": "trail", "stop": 657}), ("MOVE_STOP", {"action": "set_sl", "sl": 655}),
    ("ENTRY LONG", {"side": "BOT"}), ("EXIT LONG", {"side": "SLD", "open_close": "C"}),
    # an order of nothing
    ("REFUSED", {"action": "sell", "quantity": 0}), ("REFUSED", {"action": "buy", "contracts": "0"}),
    ("EXIT SHORT", {"action": "buy", "quantity": 0, "position_size": 0}),
    ("EXIT", {"position_size": 0, "prev_position_size": 5}), ("EXIT LONG", {"action": "sell", "prev_size": "3"}),
    ("EXIT SHORT", {"action": "buy", "prev_size": "-3"}), ("ENTRY LONG", {"action": "buy", "prev_size": "3"}),
    # the name or comment of an order
    *(("EXIT LONG", {"action": "sell", "comment": comment}) for comment in (
        "XL", "Long Exit", "exit_1", "TP/SL", "L-SL", "Trail", "Trailing Stop", "Time exit", "EOD", "session end",
        "End of day close", "Profit target", "Take Profit 2", "Salida Long", "Cierre", "Ausstieg", "平多",
        "Закрыть лонг", "Sortie", "Saída", "Chiusura", "Kapat", "決済", "청산", "Cerrar posición", "Sluiten",
        "Zamknij", "Close entry(s) order Long", "stopped @ 655")),
    *(("REDUCE LONG", {"action": "sell", "comment": comment}) for comment in (
        "TP1", "Take Profit 1", "Long TP1 50%", "减仓", "scale out 1/3")),
    # a key that says it
    *(("EXIT LONG", {"action": "sell", **said}) for said in (
        {"reason": "take profit"}, {"exit_reason": "stop"}, {"intent": "close"}, {"effect": "CLOSING"},
        {"positionEffect": "CLOSE"}, {"offset": "close"}, {"reduce-only": "yes"}, {"isExit": "1"},
        {"is_closing_order": True}, {"entry": False}, {"is_entry": False}, {"side_effect": "AUTO_REPAY"},
        {"leg": "exit"}, {"tags": ["exit"]}, {"labels": ["close", "long"]}, {"flags": {"exit": True}},
        {"meta": {"intent": "exit"}}, {"position": {"size": 0}}, {"position": "none"}, {"new_position": "0"},
        {"positionBefore": 5, "positionAfter": 0}, {"strategy.market_position": "flat"},
        {"strategy": {"order": {"action": "sell"}, "market": {"position": "flat"}}})),
    # "close buy" leaves what was bought; "sell long" sells what is held; a buy and an exit may be meant either way
    *(("EXIT LONG", {"action": word}) for word in (
        "close_buy", "CloseBuy", "exit buy", "sell_long", "stop long", "sell all", "exit L", "exitbull", "end_long")),
    *(("EXIT SHORT", {"action": word}) for word in ("close_sell", "exit sell", "buy short", "cover", "buy back")),
    ("EXIT", {"action": "buy exit"}), ("EXIT", {"signal": "Sell TP hit"}), ("ENTRY LONG", {"action": "open buy"}),
    *(("EXIT", {"action": word}) for word in ("closeout", "cut losses", "book profits", "hard stop", "take_profits")),
    *(("EXIT LONG", {"action": "sell", "comment": comment}) for comment in (
        "Buy Exit", "Exit Buy", "Close entry(s) order Buy", "TP/SL Buy", "XLong", "LongX", "Trailing TP", "BE",
        "Breakeven exit", "Profit", "Loss", "Closed by opposite signal")),
    ("EXIT SHORT", {"action": "buy", "comment": "Sell Exit"}),
    # the name of an order that ends in a stop, or that takes a profit; as a plan in free text it says nothing
    *(("EXIT LONG", {"action": "sell", "comment": comment}) for comment in (
        "ATR stop", "long_sl_1", "SL1", "Vol stop 2", "Initial stop", "Lock in profits", "Profit taking", "Max DD",
        "Daily loss limit", "Kill switch", "Time's up", "ExL", "TPL", "Encerrar", "Zerar compra", "Stop de pérdida")),
    *(("ENTRY LONG", {"action": "buy", **said}) for said in (
        {"note": "ATR stop"}, {"message": "lock profits at 665"}, {"comment": "Buy Stop"},
        {"comment": "stop hunt long"},
        {"comment": "Kill zone long"}, {"comment": "SL 655 TP 669"}, {"flag": "t"}, {"action": "increase_long"},
        {"action": "buytoopen"}, {"action": "buy 50%"})),
    ("ENTRY SHORT", {"action": "sell", "comment": "Sell Stop"}), ("EXIT LONG", {"action": "long_stop"}),
    *(("REDUCE LONG", {"action": word}) for word in ("sell 50%", "sell_25_percent", "close_some_long")),
    *(("EXIT LONG", {"action": word}) for word in ("sell 100%", "selltoclose", "STC CALL")),
    *(("EXIT", {"action": word}) for word in ("killswitch", "panic sell", "square_up", "sqoff", "forceexit")),
    ("EXIT SHORT", {"action": "buytocover"}), ("EXIT SHORT", {"action": "STC PUT"}),
    ("MOVE_STOP", {"action": "trail_stop", "sl": 655}), ("MOVE_STOP", {"action": "amend_sl", "sl": 655}),
    # what is cancelled is the order that is named
    ("CANCEL LONG", {"action": "buy", "status": "canceled"}),
    ("CANCEL LONG", {"action": "delete_order", "side": "buy"}),
    # a broker's message about an order is no signal; a strategy that tells its position is
    *(("STATUS", {"action": "buy", **said}) for said in (
        {"status": "filled"}, {"event": "orderFilled"}, {"event": "partial_fill"}, {"order": {"status": "accepted"}},
        {"status": "submitted"}, {"event": "entry_fill"})),
    ("ENTRY LONG", {"action": "buy", "status": "filled", "market_position": "long", "prev_market_position": "flat"}),
    ("EXIT LONG", {"action": "sell", "event": "order_filled", "market_position": "flat"}),
    ("EXIT LONG", {"action": "sell", "status": "filled", "position_intent": "sell_to_close"}),
    *(("EXIT LONG", {"action": "sell", "message": text}) for text in (
        "Neue Strategieposition ist 0", "SPY hit stop loss", "All targets done")),
    *(("REDUCE LONG", {"action": "sell", "message": text}) for text in ("Took partial at 665", "sold 50%")),
    ("ENTRY LONG", {"action": "buy", "message": "Exit if 655 breaks"}),
    ("ENTRY LONG", {"action": "buy", "exit_time": "15:55"}),
    ("ENTRY LONG", {"action": "buy", "exit_signal": "no exit"}),
    # the position that an exit acts on
    *(("EXIT LONG", said) for said in (
        {"action": "close", "position": "long"}, {"action": "exit", "position_side": "LONG"},
        {"action": "close", "position": {"side": "long", "size": 5}}, {"signal": "exit", "position": "long"},
        {"action": "sell", "direction": "long", "reason": "tp"}, {"long_exit": 1, "long_entry": 0},
        {"action": "sell", "pos_after": 0}, {"action": "sell", "position_status": "closed"},
        {"action": "sell", "state": "flat"}, {"action": "sell", "close_reason": "trailing_stop"},
        {"action": "sell", "phase": "exit"}, {"action": "sell", "mode": "close"}, {"action": "sell", "why": "stop"})),
    ("EXIT SHORT", {"side": "buy", "action": "close", "position": "short"}),
    ("EXIT LONG", {"action": "close", "positionType": "buy"}),
    ("EXIT", {"action": "close", "type": "buy"}), ("EXIT", {"action": "close", "type": "sell"}),
    ("EXIT", {"event": "trade_closed", "type": "buy"}),
    ("EXIT SHORT", {"action": "sell", "side": "put", "effect": "close"}),
    ("REFUSED", {"action": "exit_long", "position": "short"}), ("REFUSED", {"action": "sell", "direction": "long"}),
    # nothing is to be traded yet
    *(("STATUS", {"direction": "long", **said}) for said in (
        {"signal": "HOLD"}, {"signal": 0}, {"verdict": "NO_TRADE"}, {"decision": "skip"}, {"status": "pending"},
        {"state": "armed"}, {"event": "setup_forming"}, {"type": "WATCHLIST"}, {"alert_type": "early_warning"},
        {"event": "POTENTIAL_LONG"}, {"event": "order_rejected"}, {"event": "missed_entry"}, {"event": "no_fill"},
        {"confirmed": False}, {"bar_confirmed": "false"}, {"trade": False}, {"trade_allowed": False}, {"valid": 0},
        {"paper": True}, {"mode": "paper"}, {"source": "backtest"}, {"executionMode": "test"}, {"strategy": "TEST"},
        {"id": "test-123"}, {"type": "loss"}, {"close_rate": 665, "status": "closed"})),
    *(("ENTRY LONG", {"action": "buy", **said}) for said in (
        {"comment": "Watch 665"}, {"confirmed": True}, {"setup": "retest"}, {"message": "potential squeeze"})),
    ("EXIT LONG", {"action": "exit_long", "confirmed": False}), ("REFUSED", {"action": "modify", "side": "long"}),
    ("STATUS", {"recommendation": "HOLD", "trend": "bullish"}), ("ENTRY SHORT", {"long": 0.0, "short": 1.0}),
    ("ENTRY LONG", {"signal": "1"}), ("ENTRY SHORT", {"dir": "-1"}), ("ENTRY LONG", {"action": "re-enter long"}),
    # an option named in any spelling; what is bought is the side
    *(("ENTRY SHORT", {"action": "buy", **said}) for said in (
        {"type": "put"}, {"option": "650P"}, {"contract": "SPY 650P 12/18"}, {"contract": "SPY 12/18 P650"},
        {"contract": "SPY 650 put"}, {"option": "Dec 18 650 Put"}, {"right": "PE"}, {"optionType": "puts"})),
    *(("ENTRY LONG", {"action": "buy", **said}) for said in (
        {"type": "call"}, {"option": "665C"}, {"contract": "SPY 665C 12/18"}, {"right": "CE"})),
    ("ENTRY SHORT", {"signal": "BUY PE"}), ("REFUSED", {"action": "sell", "type": "put"}),
    ("REFUSED", {"action": "buy", "type": "put", "right": "C"}), ("EXIT SHORT", {"action": "STC", "option": "650P"}),
    # spreads and written options say neither up nor down; an option in a text must not contradict the order
    *(("REFUSED", {"action": action, "strategy": name}) for action, name in (
        ("buy", "bear put spread"), ("sell", "put credit spread"), ("sell", "covered_call"), ("buy", "straddle"),
        ("open", "iron_condor"))),
    ("REFUSED", {"action": "buy", "spread": "put debit spread"}), ("REFUSED", {"action": "buy", "comment": "655P"}),
    ("REFUSED", {"action": "buy", "message": "BTO SPY 655P 11/27"}),
    ("REFUSED", {"action": "buy", "text": "buying puts"}),
    *(("ENTRY LONG", {"action": "buy", "message": text}) for text in ("BTO SPY 665C", "call wall 665", "P/L +3")),
    ("ENTRY LONG", {"direction": "bullish", "strategy": "put credit spread"}),
    ("ENTRY SHORT", {"action": "BTO", "strike": 655, "type": "P"}),
    ("ENTRY SHORT", {"ticker": "SPY_112726P655", "action": "buy"}),
    # finished, refused, tested or switched off: nothing is traded
    *(("STATUS", {"direction": "long", **said}) for said in (
        {"status": "closed"}, {"status": "TP_HIT"}, {"status": "rejected"}, {"state": "inactive"},
        {"event": "daily_summary"}, {"type": "performance_report"}, {"bars_held": 12}, {"realizedPnl": 12},
        {"message": "This is a test"}, {"backtest": True}, {"is_live": False}, {"enabled": False},
        {"historical": True}, {"replay": 1}, {"meta": {"test": True}}, {"env": "sandbox"}, {"active": "false"},
        {"sim": True}, {"mode": "dry"}, {"account_type": "paper"}, {"duplicate": True}, {"do_not_trade": True},
        {"alert_only": True}, {"event": "connection_test"})),
    # statistics, plans and earlier trades are told, not acted on
    *(("ENTRY LONG", {"action": "buy", **said}) for said in (
        {"message": "Target hit rate 60%"}, {"message": "win rate 60%, TP hit 55% of the time"},
        {"message": "Historical: stop hit in 40% of cases"}, {"comment": "TP hit rate"},
        {"note": "TP1 hit probability 70%"}, {"summary": "TP hit ratio: 0.6, stop hit ratio: 0.4"},
        {"message": "SPY long. Move SL to BE after TP1"}, {"message": "Take half profits at TP1"},
        {"message": "If stop hit, exit"}, {"message": "Stop to breakeven once TP1 is hit"},
        {"notes": "previous trade stopped out"}, {"description": "Last 10 trades closed in profit"},
        {"tp1_hit_rate": 60}, {"stop_hit_prob": 0.4}, {"exit_on": "close"}, {"closed_trades": 10},
        {"previous_trade": {"result": "win", "exit_price": 655}}, {"last_trade": {"status": "closed"}})),
    ("REFUSED", {"message": "target hit rate 60%"}), ("REFUSED", {"message": "Win rate: TP hit 60%"}),
    ("EXIT", {"message": "SPY: stop loss hit at 655"}),
    ("REDUCE", {"message": "SPY TP1 hit, take partial profits"}),
    # the words of other languages as an order
    *(("EXIT", {"action": word}) for word in (
        "cerrar", "schließen", "fermer", "fechar", "chiudi", "sluiten", "kapat", "закрыть", "平仓", "決済", "청산")),
    *(("ENTRY LONG", {"action": word}) for word in ("comprar", "kaufen", "acheter", "kup", "купить", "买入", "매수")),
    *(("ENTRY SHORT", {"action": word}) for word in ("vender", "verkaufen", "vendre", "продать", "卖出", "매도")),
    ("EXIT LONG", {"action": "平多"}), ("EXIT SHORT", {"action": "平空"}), ("ENTRY SHORT", {"action": "开空"}),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "body"), WHOLE, ids=str)
def test_bodies_of_platforms(expected: str, body: dict[str, Any] | str) -> None:
    assert meaning(body) == expected


@pytest.mark.parametrize(("expected", "said"), SAID, ids=str)
def test_what_is_said_beside_a_plain_signal(expected: str, said: dict[str, Any]) -> None:
    assert meaning({**BASE, **said}) == expected
