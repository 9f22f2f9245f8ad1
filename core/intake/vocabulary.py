"""The words senders use as keys, one row per meaning; a vendor's new key is one more word in a row.

Keys are compared without case and separators: ``take_profit``, ``takeProfit`` and ``Take-Profit`` are one word.
``section.key`` counts inside that section only. In a row, earlier keys count before later ones.
"""

from __future__ import annotations

import re
from typing import Final

from core.intake.words import listed

ROWS: Final[tuple[tuple[str, str, str], ...]] = (
    # slot, meaning, keys
    ("symbol", "the underlying", "instrument.symbol instrument.ticker symbol ticker signal.symbol signal.ticker "
     "data.symbol data.ticker instrument tv_instrument underlying underlying_symbol root syminfo_ticker "
     "tickerid syminfo_tickerid stock pair coin asset market security symbol_name instrument_name "
     "ticker_symbol stock_symbol option.symbol option.underlying sym tick tv_ticker trading_symbol ticker_name "
     "strategy_ticker scrip etf code s underlyer und"),
    ("exchange", "where the symbol is listed", "instrument.exchange exchange tv_exchange venue "
     "exchange_name listing_exchange syminfo_prefix"),
    ("asset", "class of the symbol", "instrument.asset_class asset_class asset_type security_type sec_type "
     "instrument_type symbol_type syminfo_type instrument.type market_type product_type category product"),
    ("quote", "what the symbol is quoted in", "quote_currency quote quote_asset quote_symbol counter_currency"),
    ("side", "side of the order or of the trade", "signal.type signal.direction signal.action "
     "expert.direction direction signal_type action order_action side order_side trade_side "
     "trade_direction order_direction trade_action action_type order.side cmd command signal_direction "
     "signal_action signal_side buy_sell buysell long_short bs buy_or_sell orderaction operation "
     "strategy_action transaction_type long_or_short trade_decision "
     "strategy_order_action position_type instruction order_instruction"),
    ("loose", "side or intent, passed over when it is neither", "signal type order_type alert_type alert_action "
     "order trade op dir decision recommendation prediction verdict "
     "signal_name kind"),
    ("leaning", "where the market leans", "trend bias signal.trend trend.alignment signal.bias"),
    ("event", "what happened", "event strategy_event event_name event.name signal.event event_type event.type "
     "intent purpose position_effect open_close entry_exit trade_type position_intent alert_name alert_title "
     "alert.name trigger exit_type strategy_alert alert_event trade_event notification "
     "notification_type signal_event side_effect position_action position_event leg offset effect"),
    ("label", "name of an order; only exits are read from it", "order_id order_name order.id order.name "
     "order_comment comment order.comment strategy_order_id strategy_order_comment strategy.comment "
     "signal_id entry_id trade_comment tag order_tag comments tags labels label"),
    ("free", "free text; only exits and sentences are read from it", "message alert_message text content msg "
     "order_alert_message strategy_order_alert_message note notes description title subject reason "
     "details info data body alert alert_text caption embeds remark summary why cause because"),
    ("status", "state of a trade", "status state trade_status signal_status trade_state "
     "order_status lifecycle stage strategy_status alert_status"),
    ("result", "outcome of a finished trade", "result outcome trade_result pnl closed_pnl realized_pnl "
     "realised_pnl trade_pnl pnl_percent pnl_pct profit_loss realized_profit realised_profit "
     "closed_profit trade_profit pnl_r r_result final_r bars_held bars_in_trade "
     "time_in_trade held_for realized_pl realised_pl"),
    ("left_at", "price or time at which a trade was left", "exit_price exit_time exit_reason exit_date "
     "close_price_exit closed_at exit_at exited_at exit_signal_price exit_level close_reason close_rate "
     "close_date exit_ts exit_timestamp close_timestamp"),
    ("close_flag", "true: leave the position", "close_position exit flat flatten close_all is_exit exit_signal "
     "is_close closing closed close_trade exit_position exit_all flatten_all liquidate exit_trade "
     "close_open_position close_only close_long close_short exit_long exit_short sell_to_close "
     "stop_out stopped_out stopped tp_hit sl_hit take_profit_hit stop_hit stop_loss_hit target_hit "
     "tp1_hit tp2_hit tp3_hit hit_tp hit_sl target_reached long_exit short_exit exit_buy exit_sell close_buy "
     "close_sell buy_exit sell_exit"),
    ("reduce_flag", "true: the order only makes the position smaller", "reduce_only reduce only_reduce "
     "is_reduce_only reduceposition reduce_position partial_close partial_exit trim is_trim partial scale_out "
     "take_partial partial_tp"),
    ("move_flag", "true or a price: move the stop", "move_stop move_sl new_stop new_sl new_stop_loss break_even "
     "move_to_be move_to_breakeven move_sl_to_be move_stop_to_be move_stop_to_breakeven sl_to_be stop_to_be "
     "sl_to_breakeven breakeven_stop update_stop update_sl updated_stop updated_sl modify_stop modify_sl "
     "adjust_stop adjust_sl set_breakeven move_stop_loss trail_stop_to"),
    ("test_flag", "true: a test or a heartbeat, no trade", "heartbeat test is_test test_mode dry_run dryrun "
     "testing ping keep_alive test_signal test_alert test_only is_heartbeat simulate simulation simulated "
     "audit.test_mode debug no_trade demo_signal test_webhook sandbox preview "
     "backtest is_backtest backtesting historical is_historical is_historical_bar paper is_paper paper_trading demo "
     "is_demo demo_mode validate_only simulate_only replay is_replay is_simulated paper_only sim is_sim "
     "is_test_trade test_order test_trade unit_test connection_test duplicate is_duplicate replayed is_replayed "
     "do_not_trade informational info_only alert_only "
     "watch_only notify_only"),
    ("live_flag", "false: not to be traded", "live is_live live_trading active is_active enabled is_enabled tradable "
     "tradeable is_valid executable is_open"),
    ("go_flag", "false: nothing is to be traded yet", "confirmed is_confirmed bar_confirmed signal_confirmed "
     "candle_confirmed execute should_execute should_trade take_trade allow_trade can_trade trading_allowed "
     "trading_enabled trade_enabled valid signal_valid valid_signal is_valid_signal filters_passed filter_passed "
     "approved realtime is_realtime actionable is_actionable"),
    ("entry_flag", "false: the position is left", "is_entry opening is_opening entry_order is_entry_order open_order "
     "is_open_order"),
    ("environment", "test: not traded", "environment env mode run_mode execution_mode source account_type"),
    ("long_flag", "true: long", "long buy is_long is_buy go_long enter_long long_entry entry_long buy_signal "
     "long_signal open_long bullish"),
    ("short_flag", "true: short", "short sell is_short is_sell go_short enter_short short_entry entry_short "
     "sell_signal short_signal open_short bearish"),
    ("position", "position after the order", "market_position mar_pos sentiment position new_position "
     "strategy_market_position position_after current_position target_position desired_position "
     "position.side position.direction position_now new_market_position current_market_position marketpos "
     "order.position position.type pos position.current position.after position.now position.new new_pos pos_after "
     "final_position strategy_position end_position net_pos resulting_position position_status position_state"),
    ("position_of", "the position an order acts on", "position_side position_direction pos_side holding_side"),
    ("position_before", "position before the order", "prev_market_position previous_market_position pre_mar_pos "
     "prev_position previous_position last_position old_position position_before prior_position "
     "strategy_prev_market_position from_position prior_market_position prev_mar_pos prevmp prev_pos "
     "last_market_position previous_side last_side prior_side old_side prev_direction "
     "position.previous position.before position.prev "
     "previous_direction prev_side old_market_position"),
    ("size_after", "size of the position after the order", "market_position_size position_size mar_pos_size "
     "strategy_market_position_size strategy_position_size position_qty position_quantity position_contracts "
     "new_position_size position.size position.qty position.quantity position_size_after current_position_size "
     "open_contracts position_amount target_position_size pos_size net_position target_quantity target_qty "
     "target_contracts"),
    ("size_before", "size of the position before the order", "prev_market_position_size pre_mar_pos_size "
     "previous_market_position_size prev_position_size previous_position_size strategy_prev_market_position_size "
     "old_position_size prior_position_size position_size_before prev_size prev_mar_pos_size last_position_size"),
    ("size", "size of the order", "contracts order_contracts quantity qty order_size order_qty order_quantity "
     "strategy_order_contracts shares lots size order.size order_amount num_contracts trade_size "
     "order.contracts lot_size lot vol_lts"),
    ("size_unit", "unit of the size", "currency_type amount_type "
     "quantity_unit qty_type size_type qty_unit size_unit quantity_type investment_type"),
    ("out_pct", "percent of the position to leave", "close_percent close_pct exit_percent exit_pct reduce_percent "
     "reduce_pct qty_percent quantity_percent sell_percent sell_pct percent_to_close close_percentage "
     "exit_percentage reduce_percentage trim_percent trim_pct close_size_percent percent_close tp_percent_close "
     "qty_pct partial_percent partial_pct"),
    ("left_pct", "percent of the position that is to stay", "remaining_percent remaining_pct percent_remaining "
     "left_percent keep_percent keep_pct pct_left percent_left remaining_percentage"),
    ("left_size", "size that is to stay", "remaining remaining_contracts remaining_quantity remaining_qty "
     "remaining_size qty_left contracts_left quantity_left left remaining_position shares_left size_left"),
    ("pct", "a percent or share whose meaning the intent gives", "percent percentage pct fraction portion"),
    ("amount", "amount of the order; only a percent of it is read", "amount order.amount"),
    ("entry", "price of the entry", "entry.price entry.entry_price entry_price entry signal.entry "
     "entry_level open_price entry_limit entry_zone limit_price order.limit_price"),
    ("stop", "stop", "entry.stop_loss entry.stop risk.stop_loss risk.stop risk.sl stop_loss stop sl stop_price "
     "stop_loss_price sl_price sl_1 stop_1 stop_loss_1 stop_level initial_stop stop_loss_level hard_stop "
     "stoploss_price protective_stop order.stop_loss exit.stop exit.stop_loss exit.sl "
     "entry.sl long_sl invalidation "
     "initial_sl invalidation_level stop_px stop_loss_on_fill stop_targets"),
    ("target_1", "first target", "entry.target_1 entry.target1 target_1 target1 t1 tp1 target take_profit "
     "take_profit_1 take_profit1 tp_1 tp profit_target price_target target_price take_profit_price limit "
     "first_target risk.take_profit risk.tp entry.take_profit entry.tp1 entry.tp entry.target tp_price tp1_price "
     "target_1_price take_profit_level long_tp profit_price risk.target_1 pt1 target_level exit.take_profit "
     "exit.tp exit.target tgt tgt1 target_price_1 take_profit_on_fill"),
    ("target_2", "second target", "entry.target_2 entry.target2 target_2 target2 t2 tp2 take_profit_2 "
     "take_profit2 tp_2 second_target entry.tp2 tp2_price target_2_price risk.target_2 pt2 tgt2 "
     "target_price_2 exit.target_2"),
    ("targets", "list of targets", "targets take_profits tps tp_levels profit_targets target_levels entry.targets "
     "take_profit_targets take_profit_levels tp_targets risk.targets risk.take_profits exit.targets"),
    ("more_targets", "targets beyond the second; shown in a note", "target_3 tp3 t3 take_profit_3 target_4 tp4 "
     "t4 take_profit_4 tp5"),
    ("stop_unit", "unit of the stop", "sl_type stop_loss_type stop_type sl_unit stop_unit stop_loss_unit sl_mode"),
    ("target_unit", "unit of the targets", "tp_type take_profit_type target_type tp_unit target_unit "
     "take_profit_unit tp_mode"),
    ("level_unit", "unit of stop and targets", "unit units level_unit level_type levels_unit sl_tp_unit "
     "levels_type sltp_type target_stop_unit"),
    ("rr1", "reward to risk of the first target", "risk.rr_ratio_t1 risk.rr1 rr_ratio_t1 rr1 rr risk_reward "
     "risk_reward_ratio rr_ratio reward_risk"),
    ("rr2", "reward to risk of the second target", "risk.rr_ratio_t2 risk.rr2 rr_ratio_t2 rr2"),
    ("price", "price now", "instrument.current_price instrument.price price current_price signal.price last_price "
     "last mark_price market_price trigger_price alert_price spot underlying_price stock_price signal_price "
     "current.price px"),
    ("order_price", "price of the order", "order_price order.price strategy_order_price fill_price avg_price "
     "average_price filled_price avg_fill_price execution_price"),
    ("close", "close of the bar", "close bar.close ohlc.close candle.close kline.close bar.c candle.c c "
     "close_price price_close ohlcv.close quote.close bar_close"),
    ("open", "open of the bar", "open bar.open ohlc.open candle.open kline.open bar.o candle.o o ohlcv.open "
     "price_open bar_open_price quote.open"),
    ("high", "high of the bar", "high bar.high ohlc.high candle.high kline.high bar.h candle.h h ohlcv.high "
     "price_high quote.high"),
    ("low", "low of the bar", "low bar.low ohlc.low candle.low kline.low bar.l candle.l l ohlcv.low price_low "
     "quote.low"),
    ("volume", "volume of the bar", "volume bar.volume ohlc.volume candle.volume kline.volume bar.v candle.v v "
     "ohlcv.volume vol"),
    ("score", "score on 0 to 10.5", "signal.ai_score signal.score expert.ai_score expert.score ai_score score "
     "signal_score total_score rating ai_rating stars quality_score"),
    ("score_scale", "top of the score's scale", "score_scale max_score score_max out_of scale score_out_of "
     "ai_score_max score_range signal.score_scale signal.max_score rating_scale rating_max"),
    ("confidence", "confidence, 0 to 1 or in percent", "signal.confidence confidence confidence_score "
     "confidence_level probability conviction win_probability confidence_pct confidence_percent ai_confidence prob "
     "signal_confidence conf"),
    ("quality", "EXTREME, HIGH or MEDIUM; A, B or C of a setup", "signal.quality expert.quality quality"),
    ("grade", "A, B or C", "execution_quality grade"),
    ("volume_ratio", "volume against its average", "market_context.volume_vs_avg volume_vs_avg volume_ratio"),
    ("strength", "strength of the trend, 0 to 100", "trend.strength trend_strength"),
    ("bias_4h", "leaning of 4 hours", "mtf_context.4h_bias 4h_bias bias_4h"),
    ("bias_1h", "leaning of 1 hour", "mtf_context.1h_bias 1h_bias bias_1h"),
    ("session", "part of the day", "time_context.market_session market_session session"),
    ("day", "day of the week", "time_context.day_of_week day_of_week day"),
    ("daily_atr", "daily ATR", "market_context.daily_atr daily_atr atr_daily"),
    ("atr", "ATR of the chart", "market_context.atr atr atr14"),
    ("atr_timeframe", "timeframe of the ATR", "market_context.atr_timeframe atr_timeframe atr_tf"),
    ("components", "parts of the signal", "components signal.components"),
    ("pattern", "name of the setup", "signal.strat_pattern strat_pattern signal.pattern pattern setup "
     "signal.setup"),
    ("timeframe", "length of a bar", "timeframe.chart_tf signal.timeframe timeframe tf chart_tf interval "
     "signal.tf timeframe.event_tf instrument.timeframe chart_timeframe bar_interval time_frame resolution "
     "chart_interval candle_interval bar_size period chart_resolution bar.interval bar.timeframe granularity "
     "chart_period tv_interval event_tf candle_size candle_timeframe bar_length"),
    ("fired", "moment of sending", "timenow meta.generated_at audit.generated_at metadata.generated_at "
     "generated_at fired_at fire_time fired sent_time time_now sent_at alert_time trigger_time triggered_at "
     "sent created_at signal_time alert_timestamp fired_time send_time now trigger_timestamp generated "
     "published_at emitted_at event_time order_time execution_time current_time "
     "signal_ts alert_ts fired_ts trigger_ts"),
    ("bar_time", "open of the bar, or a moment that does not say which", "bar_time signal.bar_time time timestamp "
     "signal.timestamp signal.time event.timestamp meta.timestamp data.timestamp datetime date_time bar.time "
     "bar.timestamp candle_time bar_open_time open_time bar_timestamp ts candle.time ohlc.time kline.time "
     "candle_open_time bar_start unix unix_time epoch timestamp_ms time_ms utc_time timestamp_utc utc iso_time "
     "bar_ts candle_ts ts_ms unix_ts unix_ms epoch_ms "
     "bar.t candle.t t event.time event_timestamp trade_time entry_time time_stamp bar_date_time bar_open_timestamp"),
    ("bar_close", "close of the bar", "timeframe.bar_close_time bar_close_time candle_close_time bar_end "
     "bar.close_time time_close candle_close close_time"),
    ("date", "day of the moment", "date bar_date signal_date trade_date alert_date"),
    ("zone", "zone of the moment", "timezone time_zone tz zone utc_offset tz_offset timezone_offset gmt_offset"),
    ("sender_id", "the sender's id of this message", "meta.event_id audit.deduplication_key alert_id id"),
    ("strategy", "the sender's strategy", "strategy_id strategy_name strategy.name strategy.id bot_id bot_name "
     "system system_name algo algo_name strategy bot strategy_title indicator script"),
    ("option_right", "call or put", "option_type right option.type option.right put_call call_put "
     "option_right cp contract_type callput putcall option_side pc cp_flag option.option_type option.put_call option "
     "option.side option_direction option_kind call_or_put opt_type option.contract_type option.kind "
     "derivative_type opt option_strategy"),
    ("put_flag", "true: a put", "put is_put puts buy_put put_option"),
    ("call_flag", "true: a call", "call is_call calls buy_call call_option"),
    ("option_strike", "strike the sender names", "strike strike_price option_strike option.strike "
     "option.strike_price strikeprice"),
    ("option_expiry", "expiry the sender names", "expiry expiration expiration_date option_expiry "
     "option.expiry option.expiration option.expiration_date expiry_date option_expiration dte option.dte exp "
     "exp_date option.exp"),
    ("option_symbol", "the contract the sender names", "option_symbol occ_symbol option_ticker contract_symbol "
     "occ option.option_symbol contract option_contract option_name"),
    ("phase", "phase 1 to 4", "phase.current phase.current_phase event.phase_to phase data.phase"),
    ("phase_name", "name of the phase", "event.phase_name phase.name phase.phase_name phase_name "
     "data.phase_name"),
    ("phase_confidence", "confidence of the phase", "confidence.confidence_score confidence.score "
     "data.confidence phase.confidence"),
    ("local_bias", "leaning of a phase indicator", "regime_context.local_bias local_bias"),
    ("guided_bias", "leaning a phase indicator advises", "execution_guidance.bias data.bias"),
    ("regime", "name of the regime", "regime_context.regime"),
    ("htf_bias", "leaning of the higher timeframe", "regime_context.htf_bias"),
    ("htf_alignment", "true: the higher timeframe agrees", "confidence.htf_alignment htf_alignment"),
    ("trades", "false: no trading in this phase", "execution_guidance.trade_allowed trade_allowed"),
    ("decay", "minutes for which a phase counts", "risk_hints.time_decay_minutes time_decay_minutes"),
    ("volatility", "LOW, NORMAL, HIGH or EXTREME", "volatility.condition volatility volatility_state "
     "regime_context.volatility regime_context.volatility_state phase.volatility_regime data.volatility"),
    ("regime_event", "kind of a phase indicator's event", "meta.event_type"),
    ("engine", "name of the sending indicator", "meta.engine"),
    ("timeframes", "map of leanings per timeframe", "timeframes"),
    ("bullish_pct", "percent of timeframes up", "bullish_pct"),
    ("bearish_pct", "percent of timeframes down", "bearish_pct"),
    ("setup_valid", "true: the setup holds", "setup_valid"),
    ("liquidity_ok", "true: liquid", "liquidity_ok"),
    ("saty_phase", "an oscillator's value, not kept", "saty_phase"),
    ("cancel_flag", "true: older orders are cancelled first; shown in a note", "cancel cancel_orders cancel_all "
     "cancel_open_orders"),
    ("secret", "authenticates and is cut out", "passphrase secret key token password"),
    ("display", "shown or passed over", "risk.stop_distance_pct risk.amount position_multiplier stop_reason "
     "risk.position_size currency base_currency alert_frequency bar_index version pointer "
     "trade_id leverage margin_mode time_in_force tif duration order_class extended_hours "
     "ai_model timeframe.tf_role trade_allowed_directions session_type "
     "unrealized_pnl open_profit net_profit be_mfe mfe mae risk_pct risk_percent "
     "account_size market_sentiment limit_type period_type target_reason time_of_day day_open "
     "slope slippage profit_factor stop_atr side_bias"),
)  # fmt: skip
"""Every meaning with its keys: slot, what it is, the keys in the order in which they count."""

WRAPPERS: Final = frozenset(
    listed(
        "data message payload alert strategy strategyinfo order signal body content text json webhook params "
        "parameters request trade tradeinfo alertdata alertmessage embed value result input inputs attributes "
        "detail event.data tradingview tv object record msg notification position.order orderinfo signaldata "
        "positioninfo strategydata fields action ordermessage attachments attachment"
    )
)
"""Keys whose object (or JSON in a text) is read as if its keys stood at the top."""

SECTIONS: Final = frozenset(
    listed(
        "meta audit metadata regimecontext executionguidance confidence riskhints phase event volatility "
        "timeframe marketcontext mtfcontext timecontext trend entry risk bar ohlc ohlcv candle kline quote "
        "option instrument expert position exit"
    )
)
"""Keys whose object has keys of its own meaning: only rows that name the section count there."""

ALIASES: Final = {
    "options": "option",
    "contract": "option",
    "optioncontract": "option",
    "optiondetails": "option",
}
"""Sections by another name."""

OPAQUE: Final = frozenset(
    listed(
        "oscillatorstate scorebreakdown marketstructure indicators plots plot settings config history "
        "previous last prevsignal previoussignal lastsignal previoustrade lasttrade prevtrade closedtrades "
        "tradehistory trackrecord lastalert previousalert historical stats statistics performance backtest"
    )
)
"""Keys whose object is for display and is never read."""

OPEN_SECTIONS: Final = frozenset(listed("meta metadata audit"))
"""Sections in which an exit, a test or a finished trade is heard too."""
HEARD_THERE: Final = frozenset(
    listed("event close_flag reduce_flag test_flag position status live_flag entry_flag")
)
"""Slots of the keys that are heard in an open section."""

KEPT: Final = frozenset(listed("stop target_1 target_2 targets more_targets timeframes htf_bias saty_phase"))
"""Slots that take an object or a list as their value."""


LEVEL_LOOK: Final = re.compile(
    r"stop|^sl|sl(?:pct|percent|points|pips|ticks|price)?$|^tp\d?|tp\d?(?:pct|percent|points|pips|ticks|price|r)?$"
    r"|takeprofit|target|^loss$|^trail|trailing|profit$|breakeven"
)
"""Pattern of a normalised key that may be a level."""


def spelled(key: str) -> str:
    """Return a key without case and separators."""
    return "".join(c for c in key.lower() if c.isalnum())


def vocabulary() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Return every slot with its meaning and the keys that fall into it, for ``gatedeck guide senders``."""
    return tuple((slot, meaning, tuple(keys.split())) for slot, meaning, keys in ROWS)


def _index() -> dict[str, tuple[str, int]]:
    index: dict[str, tuple[str, int]] = {}
    for slot, _, keys in ROWS:
        for n, key in enumerate(keys.split()):
            path = ".".join(spelled(part) for part in key.split("."))
            index.setdefault(path, (slot, n))
    return index


INDEX: Final = _index()
"""Normalised key, or section and key, -> slot and rank in its row."""
