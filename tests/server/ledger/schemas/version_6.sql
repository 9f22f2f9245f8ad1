BEGIN TRANSACTION;
CREATE TABLE approvals (
  id          TEXT PRIMARY KEY,
  seq         INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  signal_id   TEXT NOT NULL,
  decision_id TEXT NOT NULL,
  symbol      TEXT NOT NULL,
  status      TEXT NOT NULL,
  author      TEXT,
  ended_at    INTEGER,
  payload     TEXT NOT NULL
) STRICT;
CREATE TABLE checkpoints (
  seq   INTEGER PRIMARY KEY,
  at    INTEGER NOT NULL,
  state TEXT NOT NULL
) STRICT;
INSERT INTO "checkpoints" VALUES(7,1795532460000000,'{"seq":7,"at":"2026-11-24T15:01:00Z","mode":"ACTIVE","mode_reason":"","mode_since":null,"mode_until":null,"rules_toml":"[risk]\nopen_positions = 90\nper_symbol = 90\nsymbol_premium = 1e6\ndaily_loss = 1e6\nlosses_in_a_row = 90\napproval_above_contracts = 1000\napproval_above_premium = 1e9\ndelta_accounts = 1e6\ngamma_accounts = 1e6\nvega_pct = 1e6\ntheta_pct = 1e6\n","contexts":{"symbols":{"SPY":{"regime":{"facts":{"phase":2,"confidence":82.0,"bias":"LONG","volatility":"NORMAL","htf_alignment":true,"allows_trading":true,"event":"ENTER_MARKUP"},"origin":{"source":"SATY_PHASE","at":"2026-11-24T15:00:00Z","valid_until":"2026-11-24T16:00:00Z","receipt_id":"e951ac44-08d9-520e-a601-8b81c3c2f405","timeframe":15}},"alignment":{"facts":{"states":{"3":"SHORT","5":"LONG","15":"LONG","30":"LONG","60":"LONG","240":"LONG","W":"LONG","M":"LONG"},"bullish_pct":83.33333333333333,"bearish_pct":16.666666666666668},"origin":{"source":"MTF_DOTS","at":"2026-11-24T15:00:00Z","valid_until":"2026-11-24T15:30:00Z","receipt_id":"5f9fa005-c647-5b70-a1dd-936ee236f3c1","timeframe":null}},"structure":{"facts":{"valid_setup":true,"liquidity_ok":true,"execution_quality":"A","pattern":"2-1-2 CONTINUATION"},"origin":{"source":"STRAT_EXEC","at":"2026-11-24T15:00:00Z","valid_until":"2026-11-24T15:30:00Z","receipt_id":"4d433bee-300e-5ab5-ae88-d8f5ea0bbded","timeframe":15}},"experts":{"TRADINGVIEW_SIGNAL":{"facts":{"direction":"LONG","ai_score":8.7,"quality":"HIGH","event":null,"entry":450.0,"stop":448.2,"target_1":452.7,"target_2":454.5,"rr1":1.5,"rr2":2.5,"volume_ratio":1.2,"trend_strength":78.0,"bias_4h":"LONG","bias_1h":"LONG","session":null,"day":null,"atr":0.9,"atr_is_daily":false,"components":["STRAT","TREND","VWAP"]},"origin":{"source":"TRADINGVIEW_SIGNAL","at":"2026-11-24T15:00:00Z","valid_until":"2026-11-24T15:30:00Z","receipt_id":"aeae2d30-f338-5869-a23f-9c5b49d28b96","timeframe":15}}},"directions":{"15":{"facts":"LONG","origin":{"source":"TRADINGVIEW_SIGNAL","at":"2026-11-24T15:00:00Z","valid_until":"2026-11-24T15:30:00Z","receipt_id":"aeae2d30-f338-5869-a23f-9c5b49d28b96","timeframe":15}}}}}},"signals":{},"positions":{"058c46ac-84a3-51e4-af81-4c54f00c277b":{"id":"058c46ac-84a3-51e4-af81-4c54f00c277b","signal_id":"51c48dd0-8a3d-5dcd-a5bb-d88498780ace","decision_id":"56451b6e-e6e4-53e4-a6b9-92530f9ad18d","symbol":"SPY","direction":"LONG","contract":{"underlying":"SPY","root":"SPY","expiry":"2026-11-27","strike":450.0,"right":"C","multiplier":100,"style":"american"},"timeframe":15,"opened_at":"2026-11-24T15:00:00Z","levels":{"stop":448.2,"target_1":452.7,"target_2":454.5,"origin":"signal"},"stop":448.2,"entry":{"option_type":"CALL","strike":450.0,"expiry":"2026-11-27","dte":3,"contracts":8,"entry_price":2.34,"entry_iv":0.12698511303655033,"entry_delta":0.5134410854414186,"entry_theta":-0.4780923882589241,"entry_gamma":0.07105337467707978,"entry_vega":0.17619332101521445,"spread_cost":8.395721645142729,"slippage":10.68312431276972,"fill_quality":"FULL","filled_contracts":8,"commission":5.2,"underlying_at_entry":450.0,"risk_amount":716.8996850304936,"entry_mid":2.3161514425526093,"multiplier":100,"atr":4.5,"estimated":false,"entry_expected":2.3222383407453377,"entry_worst":2.34,"entry_iv_source":"estimated","evidence":""},"remaining":8,"last":{"at":"2026-11-24T15:01:00Z","spot":450.0,"spot_at":"2026-11-24T15:00:00Z","iv":0.1269644378494412,"years":0.009635357326668838,"carry_years":0.008559741248097413,"mid":2.3148451692240144,"delta":0.5134435300951009,"gamma":0.07109431437920763,"theta":-0.47820608493016703,"vega":0.17612046241642976,"basis":"model","estimated":false,"quoted_at":null,"step":{"delta":0.0,"gamma":0.0,"iv":-0.036420766966216434,"theta":-0.09420656589327336,"unexplained":0.0},"dividends":0.0,"iv_source":"estimated","level":{"value":0.16,"source":"assumed VIX","at":null,"feed":null,"percentile":null},"implied":null},"legs":[],"running":{"delta":0.0,"gamma":0.0,"iv":-0.036420766966216434,"theta":-0.09420656589327336,"unexplained":0.0},"mfe":0.0,"mae":-1.0450186628759184,"state":"OPEN","pending":null,"first":{"at":"2026-11-24T15:00:00Z","spot":450.0,"spot_at":"2026-11-24T15:00:00Z","iv":0.12698511303655033,"years":0.009643327018419598,"carry_years":0.008561643835616438,"mid":2.3161514425526093,"delta":0.5134410854414186,"gamma":0.07105337467707978,"theta":-0.4780923882589241,"vega":0.17619332101521445,"basis":"model","estimated":false,"quoted_at":null,"step":{"delta":0.0,"gamma":0.0,"iv":0.0,"theta":0.0,"unexplained":0.0},"dividends":0.0,"iv_source":"estimated","level":{"value":0.16,"source":"assumed VIX","at":null,"feed":null,"percentile":null},"implied":null},"stop_since":null,"strategy":null,"suspended":null,"ex_dates":[],"dividends_paid":0.0,"close_unavailable":null,"first_after":null,"by_feed":false,"new_shares":1.0,"split_on":null}},"shadows":{},"tails":{},"prices":{"SPY":{"kind":"price","seq":5,"at":"2026-11-24T15:00:00Z","symbol":"SPY","price":450.0,"priced_at":"2026-11-24T15:00:00Z","source":"webhook","open":null,"high":null,"low":null,"official_close":false,"quotes":[],"began":null}},"doubts":{},"approvals":{},"orders":{},"bar_signals":{"known":{"TRADINGVIEW_SIGNAL|SPY|15|LONG|1795531500":{"signal_id":"51c48dd0-8a3d-5dcd-a5bb-d88498780ace","receipt_id":"aeae2d30-f338-5869-a23f-9c5b49d28b96","symbol":"SPY","direction":"LONG","until":"2026-11-24T15:03:45Z","meaning":"15|LONG|None|8.7|450.0|448.2|452.7|454.5","over":true,"decision_id":"56451b6e-e6e4-53e4-a6b9-92530f9ad18d","last_key":"EXECUTE|111|ALIGNED,CONFIDENT,GRADE_A,HIGH_SCORE,MARKET_ASSUMED,REGIME_ALLOWS"}}},"duplicates":{"keys":{"SATY_PHASE|SPY|saty_spy_15_1795532400":["e951ac44-08d9-520e-a601-8b81c3c2f405","2026-11-24T15:00:00Z","1795532400.000|15|2|ENTER_MARKUP|LONG|82.0"],"MTF_DOTS|SPY|dots_spy_15_1795532400":["5f9fa005-c647-5b70-a1dd-936ee236f3c1","2026-11-24T15:00:00Z","1795532400.000|None|(''15'', <Bias.LONG: ''LONG''>)|(''240'', <Bias.LONG: ''LONG''>)|(''3'', <Bias.SHORT: ''SHORT''>)|(''30'', <Bias.LONG: ''LONG''>)|(''5'', <Bias.LONG: ''LONG''>)|(''60'', <Bias.LONG: ''LONG''>)|(''M'', <Bias.LONG: ''LONG''>)|(''W'', <Bias.LONG: ''LONG''>)"],"STRAT_EXEC|SPY|strat_spy_15_1795532400":["4d433bee-300e-5ab5-ae88-d8f5ea0bbded","2026-11-24T15:00:00Z","1795532400.000|15|True|True|A"],"TRADINGVIEW_SIGNAL|SPY|signal_spy_15_1795532400":["aeae2d30-f338-5869-a23f-9c5b49d28b96","2026-11-24T15:00:00Z","1795531500.000|15|LONG|None|8.7|450.0|448.2|452.7|454.5"]}},"senders":{"known":{"SATY_PHASE|SPY":{"source":"SATY_PHASE","symbol":"SPY","last_at":"2026-11-24T15:00:00Z","gaps":[],"told_quiet":false},"MTF_DOTS|SPY":{"source":"MTF_DOTS","symbol":"SPY","last_at":"2026-11-24T15:00:00Z","gaps":[],"told_quiet":false},"STRAT_EXEC|SPY":{"source":"STRAT_EXEC","symbol":"SPY","last_at":"2026-11-24T15:00:00Z","gaps":[],"told_quiet":false},"TRADINGVIEW_SIGNAL|SPY":{"source":"TRADINGVIEW_SIGNAL","symbol":"SPY","last_at":"2026-11-24T15:00:00Z","gaps":[],"told_quiet":false}}},"day":{"day":"2026-11-24","realized":0.0,"costs":24.27884595791245,"closed":0,"wins":0,"losses_in_a_row":0,"cool_down_until":null,"series":[-25.323864620788367],"sampled_at":"2026-11-24T15:01:00Z","carried":{},"closing":null,"settled_late":0.0},"alerts":{"entries":["2026-11-24T15:00:00Z"],"closed":[],"sizes":[716.8996850304936],"told":{}},"tally":{"receipts":4,"duplicates":0,"quarantined":0,"executed":1,"waited":0,"skipped":0},"commands":{},"recent":[{"id":"56451b6e-e6e4-53e4-a6b9-92530f9ad18d","seq":6,"at":"2026-11-24T15:00:00Z","signal_id":"51c48dd0-8a3d-5dcd-a5bb-d88498780ace","receipt_id":"aeae2d30-f338-5869-a23f-9c5b49d28b96","symbol":"SPY","source":"TRADINGVIEW_SIGNAL","timeframe":15,"quality":"HIGH","action":"EXECUTE","direction":"LONG","proposed_direction":"LONG","confidence":83.3,"code":null,"verdict":{"action":"EXECUTE","direction":"LONG","proposed_direction":"LONG","confidence":83.3,"gates":{"regime":{"passed":true,"score":82.0,"reason":"Phase 2 MARKUP allows LONG (82)","evidence":{"phase":2,"direction":"LONG","confidence":82.0,"bias":"LONG","min_confidence":50.0}},"structural":{"passed":true,"score":91.42857142857142,"reason":"High AI score (8.7)","evidence":{"valid_setup":true,"liquidity_ok":true,"grade":"A","ai_score":8.7,"min_ai_score":6.0,"assumed":false}},"market":{"passed":true,"score":70.0,"reason":"Spread, volatility and depth are tradable","evidence":{"spread_bps":5.0,"max_spread_bps":12.0,"atr_pct":1.0,"atr_origin":"assumed","max_atr_pct":2.5,"depth_score":70.0,"min_depth":30.0,"session":"OPEN","gamma_bias":null,"assumed":["spread_bps","depth_score","atr14"],"parts":{"spread":95.0,"atr":90.0,"depth":70.0}}}},"components":[{"name":"regime","weight":0.3,"value":82.0,"reason":""},{"name":"expert","weight":0.25,"value":82.85714285714285,"reason":""},{"name":"alignment","weight":0.2,"value":91.66666666666667,"reason":""},{"name":"market","weight":0.15,"value":70.0,"reason":""},{"name":"structural","weight":0.1,"value":91.42857142857142,"reason":""}],"reasons":[{"code":"CONFIDENT","text":"Confidence 83.3 ≥ 70","tone":"positive"},{"code":"REGIME_ALLOWS","text":"Phase 2 MARKUP allows LONG (82)","tone":"positive"},{"code":"HIGH_SCORE","text":"High AI score (8.7)","tone":"positive"},{"code":"GRADE_A","text":"Execution grade A","tone":"positive"},{"code":"MARKET_ASSUMED","text":"Assumed, as no feed gives it: spread 5 bps, ATR 1 %, depth 70","tone":"neutral"},{"code":"ALIGNED","text":"Timeframes aligned with LONG (83 %)","tone":"positive"}],"completeness":0.8,"rules_fingerprint":"864cf29aec51","engine_version":"4"},"blocks":[],"size":{"factors":{"confluence":2.5,"quality":1.1,"htf_alignment":1.3,"rr":0.85,"volume":1.0,"trend":1.0,"session":0.9,"day":1.1,"phase_confidence_boost":1.2,"phase_position_boost":1.1,"trend_boost":1.45,"phase":1.0,"volatility":1.0},"raw":5.758005825000001,"final":3.0,"skip":false,"confluence":97.0},"count":{"contracts":8,"planned_loss":89.6124606288117,"bound_by":"budget"},"contract":{"underlying":"SPY","root":"SPY","expiry":"2026-11-27","strike":450.0,"right":"C","multiplier":100,"style":"american"},"levels":{"stop":448.2,"target_1":452.7,"target_2":454.5,"origin":"signal"},"context":{"symbol":"SPY","as_of":"2026-11-24T15:00:00Z","session":"OPEN","price":450.0,"regime":{"phase":2,"confidence":82.0,"bias":"LONG","volatility":"NORMAL","htf_alignment":true,"allows_trading":true,"event":"ENTER_MARKUP"},"alignment":{"states":{"3":"SHORT","5":"LONG","15":"LONG","30":"LONG","60":"LONG","240":"LONG","W":"LONG","M":"LONG"},"bullish_pct":83.33333333333333,"bearish_pct":16.666666666666668},"expert":{"direction":"LONG","ai_score":8.7,"quality":"HIGH","event":null,"entry":450.0,"stop":448.2,"target_1":452.7,"target_2":454.5,"rr1":1.5,"rr2":2.5,"volume_ratio":1.2,"trend_strength":78.0,"bias_4h":"LONG","bias_1h":"LONG","session":null,"day":null,"atr":0.9,"atr_is_daily":false,"components":["STRAT","TREND","VWAP"]},"structure":{"valid_setup":true,"liquidity_ok":true,"execution_quality":"A","pattern":"2-1-2 CONTINUATION"},"timeframe":15,"directions":{"15":"LONG"},"conflict":null,"completeness":0.8,"provenance":{"regime":{"source":"SATY_PHASE","at":"2026-11-24T15:00:00Z","valid_until":"2026-11-24T16:00:00Z","receipt_id":"e951ac44-08d9-520e-a601-8b81c3c2f405","timeframe":15},"alignment":{"source":"MTF_DOTS","at":"2026-11-24T15:00:00Z","valid_until":"2026-11-24T15:30:00Z","receipt_id":"5f9fa005-c647-5b70-a1dd-936ee236f3c1","timeframe":null},"structure":{"source":"STRAT_EXEC","at":"2026-11-24T15:00:00Z","valid_until":"2026-11-24T15:30:00Z","receipt_id":"4d433bee-300e-5ab5-ae88-d8f5ea0bbded","timeframe":15},"expert":{"source":"TRADINGVIEW_SIGNAL","at":"2026-11-24T15:00:00Z","valid_until":"2026-11-24T15:30:00Z","receipt_id":"aeae2d30-f338-5869-a23f-9c5b49d28b96","timeframe":15},"direction:15":{"source":"TRADINGVIEW_SIGNAL","at":"2026-11-24T15:00:00Z","valid_until":"2026-11-24T15:30:00Z","receipt_id":"aeae2d30-f338-5869-a23f-9c5b49d28b96","timeframe":15}}},"market":{"symbol":"SPY","as_of":"2026-11-24T15:00:00Z","price":null,"bid":null,"ask":null,"bid_size":null,"ask_size":null,"spread_bps":null,"depth_score":null,"atr14":null,"rsi14":null,"rv20":null,"volume_ratio":null,"trend_slope":null,"put_call_ratio":null,"iv_percentile":null,"gamma_bias":null,"max_pain":null,"assumed":["spread_bps","depth_score","atr14"],"proxied":null,"feeds":{},"ages":{}},"supersedes":null,"position_id":"058c46ac-84a3-51e4-af81-4c54f00c277b","trigger":"signal","approval_id":null,"notes":[{"code":"VOLATILITY_ESTIMATED","text":"No option quote: volatility 12.7 % is estimated from VIX 16.00, assumed","tone":"neutral"}],"strategy":null,"option":null}],"outcomes":{"56451b6e-e6e4-53e4-a6b9-92530f9ad18d":{"text":"open","pnl_net":null}},"sender_exits":{},"pruned_at":"2026-11-24T15:01:00Z","halts":{},"ended":{},"dividends":{},"splits":{},"closes":{"closes":{}},"clock_ahead":0.0,"volatility":{"vix":null,"percentiles":{}},"tail_marks":{}}');
CREATE TABLE decision_columns (
  seq    INTEGER NOT NULL,
  id     TEXT NOT NULL,
  packed BLOB NOT NULL,
  PRIMARY KEY (seq, id)
) STRICT, WITHOUT ROWID;
INSERT INTO "decision_columns" VALUES(6,'56451b6e-e6e4-53e4-a6b9-92530f9ad18d',X'0600000000000000007CE2F606610600D5AC2E19EDF70CAF535059000000000000000000000000000100000000000000000000000000000000000000000000000000000000000008400166666666666621400100000000000000400000000000805440015555555555D55440ABAAAAAAAAAA3040010101000000000000F87F01000000000000F87F01000000000000F87F010000000000000000F87F000000000000000000000000000000000000000000000000000000000000000000000000000000000000');
CREATE TABLE journal (
  seq     INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  kind    TEXT NOT NULL,
  payload TEXT NOT NULL,
  hash    BLOB NOT NULL
) STRICT;
INSERT INTO "journal" VALUES(1,1795532400000000,'rules','{"kind":"rules","seq":1,"at":"2026-11-24T15:00:00Z","toml":"[risk]\nopen_positions = 90\nper_symbol = 90\nsymbol_premium = 1e6\ndaily_loss = 1e6\nlosses_in_a_row = 90\napproval_above_contracts = 1000\napproval_above_premium = 1e9\ndelta_accounts = 1e6\ngamma_accounts = 1e6\nvega_pct = 1e6\ntheta_pct = 1e6\n","author":"start"}',X'A4C979884A494C47332FF100826480D895B86C574418B0361E1C3E6283FC4CFC');
INSERT INTO "journal" VALUES(2,1795532400000000,'received','{"kind":"received","seq":2,"at":"2026-11-24T15:00:00Z","receipt_id":"e951ac44-08d9-520e-a601-8b81c3c2f405","body":"{\"meta\": {\"engine\": \"SATY_PO\", \"engine_version\": \"2.0.0\", \"event_id\": \"saty_spy_15_1795532400\", \"event_type\": \"REGIME_PHASE_ENTRY\", \"generated_at\": \"2026-11-24T15:00:00Z\"}, \"instrument\": {\"symbol\": \"SPY\", \"exchange\": \"AMEX\", \"asset_class\": \"ETF\", \"session\": \"REGULAR\"}, \"timeframe\": {\"chart_tf\": \"15\", \"event_tf\": \"15M\", \"bar_close_time\": \"2026-11-24T15:00:00Z\"}, \"event\": {\"name\": \"ENTER_MARKUP\", \"description\": \"phase change\", \"event_priority\": 8}, \"oscillator_state\": {\"value\": 61.8, \"previous_value\": 48.2, \"velocity\": \"INCREASING\"}, \"regime_context\": {\"local_bias\": \"BULLISH\", \"htf_bias\": {\"tf\": \"60\", \"bias\": \"BULLISH\", \"osc_value\": 52.3}, \"macro_bias\": {\"tf\": \"240\", \"bias\": \"BULLISH\"}, \"volatility_state\": \"NORMAL\"}, \"confidence\": {\"raw_strength\": 0.8, \"htf_alignment\": true, \"confidence_score\": 82.0}, \"execution_guidance\": {\"trade_allowed\": true, \"allowed_directions\": [\"LONG\"]}, \"risk_hints\": {\"avoid_if\": [\"LOW_VOLUME\"], \"time_decay_minutes\": 60, \"cooldown_tf\": \"15\"}, \"audit\": {\"source\": \"tradingview\", \"deduplication_key\": \"saty_spy_15_1795532400\"}}","endpoint":"/api/webhooks"}',X'5E0A6FA54ED0D3151BBAD32C03DF2D198BF0746E408422743F841FEB9A7819BD');
INSERT INTO "journal" VALUES(3,1795532400000000,'received','{"kind":"received","seq":3,"at":"2026-11-24T15:00:00Z","receipt_id":"5f9fa005-c647-5b70-a1dd-936ee236f3c1","body":"{\"id\": \"dots_spy_15_1795532400\", \"ticker\": \"SPY\", \"exchange\": \"AMEX\", \"timestamp\": \"2026-11-24T15:00:00Z\", \"timenow\": \"2026-11-24T15:00:00Z\", \"price\": 450.0, \"timeframes\": {\"tf3min\": {\"direction\": \"bearish\", \"close\": 450.0}, \"tf5min\": {\"direction\": \"bullish\", \"close\": 450.0}, \"tf15min\": {\"direction\": \"bullish\", \"close\": 450.0}, \"tf30min\": {\"direction\": \"bullish\", \"close\": 450.0}, \"tf60min\": {\"direction\": \"bullish\", \"close\": 450.0}, \"tf240min\": {\"direction\": \"bullish\", \"close\": 450.0}, \"tf1week\": {\"direction\": \"bullish\", \"close\": 450.0}, \"tf1month\": {\"direction\": \"bullish\", \"close\": 450.0}}}","endpoint":"/api/webhooks"}',X'32FB8BC482276F688ECC18B22C012158A8CE16A056ACECC0B2C1B32D8EA933E8');
INSERT INTO "journal" VALUES(4,1795532400000000,'received','{"kind":"received","seq":4,"at":"2026-11-24T15:00:00Z","receipt_id":"4d433bee-300e-5ab5-ae88-d8f5ea0bbded","body":"{\"id\": \"strat_spy_15_1795532400\", \"symbol\": \"SPY\", \"exchange\": \"AMEX\", \"timeframe\": \"15\", \"timenow\": \"2026-11-24T15:00:00Z\", \"price\": 450.0, \"setup_valid\": true, \"liquidity_ok\": true, \"quality\": \"A\", \"pattern\": \"2-1-2 CONTINUATION\"}","endpoint":"/api/webhooks"}',X'F0B503D5F11958F72889BC8F99C011F205F8CC83C0AE569179EC71328A3FC138');
INSERT INTO "journal" VALUES(5,1795532400000000,'received','{"kind":"received","seq":5,"at":"2026-11-24T15:00:00Z","receipt_id":"aeae2d30-f338-5869-a23f-9c5b49d28b96","body":"{\"id\": \"signal_spy_15_1795532400\", \"timenow\": \"2026-11-24T15:00:00Z\", \"signal\": {\"type\": \"LONG\", \"timeframe\": \"15\", \"quality\": \"HIGH\", \"ai_score\": 8.7, \"bar_time\": \"2026-11-24T14:45:00Z\"}, \"instrument\": {\"ticker\": \"SPY\", \"exchange\": \"AMEX\", \"current_price\": 450.0}, \"entry\": {\"price\": 450.0, \"stop_loss\": 448.2, \"target_1\": 452.7, \"target_2\": 454.5}, \"risk\": {\"rr_ratio_t1\": 1.5, \"rr_ratio_t2\": 2.5}, \"market_context\": {\"volume_vs_avg\": 1.2, \"atr\": 0.9}, \"trend\": {\"alignment\": \"BULLISH\", \"strength\": 78}, \"mtf_context\": {\"4h_bias\": \"LONG\", \"1h_bias\": \"LONG\"}, \"components\": [\"STRAT\", \"TREND\", \"VWAP\"]}","endpoint":"/api/webhooks"}',X'5B8733679666C65CFDBB49EC0D77504B0E6FCA58132AB92E275766F5531A960E');
INSERT INTO "journal" VALUES(6,1795532400000000,'market','{"kind":"market","seq":6,"at":"2026-11-24T15:00:00Z","signal_id":"51c48dd0-8a3d-5dcd-a5bb-d88498780ace","snapshot":{"symbol":"SPY","as_of":"2026-11-24T15:00:00Z","price":null,"bid":null,"ask":null,"bid_size":null,"ask_size":null,"spread_bps":null,"depth_score":null,"atr14":null,"rsi14":null,"rv20":null,"volume_ratio":null,"trend_slope":null,"put_call_ratio":null,"iv_percentile":null,"gamma_bias":null,"max_pain":null,"assumed":["spread_bps","depth_score","atr14"],"proxied":null,"feeds":{},"ages":{}},"chain":null}',X'17FB0C476E793ED19AC052558C60239A627054EBC23224D5295D43F064C7FD4F');
INSERT INTO "journal" VALUES(7,1795532460000000,'tick','{"kind":"tick","seq":7,"at":"2026-11-24T15:01:00Z"}',X'9AF7EC2AA6EEB2DE54455A1D88A27D861B2F1A8F24A41431219B61D1D9814B5B');
INSERT INTO "journal" VALUES(8,1795532520000000,'tick','{"kind":"tick","seq":8,"at":"2026-11-24T15:02:00Z"}',X'CB3CD25E154E1CE5CA7F8F3EDA4AFB5F0429E60BE99641896BE343AA5CAADC82');
CREATE TABLE ledger_entries (
  id                 TEXT NOT NULL,
  created_at         INTEGER NOT NULL,
  seq                INTEGER NOT NULL,
  engine_version     TEXT NOT NULL,
  rules_fingerprint  TEXT NOT NULL,
  signal_id          TEXT NOT NULL,
  receipt_id         TEXT NOT NULL,
  supersedes         TEXT,
  position_id        TEXT,
  symbol             TEXT NOT NULL,
  source             TEXT NOT NULL,
  timeframe          INTEGER,
  quality            TEXT NOT NULL,
  decision           TEXT NOT NULL,
  direction          TEXT,
  proposed_direction TEXT NOT NULL,
  confidence         REAL NOT NULL,
  code               TEXT,
  confluence_score   REAL,
  signal             TEXT NOT NULL,
  decision_breakdown TEXT NOT NULL,
  regime             TEXT,
  inputs             TEXT NOT NULL,
  execution          TEXT,
  exit               TEXT,
  hypothetical       TEXT,
  PRIMARY KEY (id, created_at)
) STRICT;
INSERT INTO "ledger_entries" VALUES('56451b6e-e6e4-53e4-a6b9-92530f9ad18d',1795532400000000,6,'4','864cf29aec51','51c48dd0-8a3d-5dcd-a5bb-d88498780ace','aeae2d30-f338-5869-a23f-9c5b49d28b96',NULL,'058c46ac-84a3-51e4-af81-4c54f00c277b','SPY','TRADINGVIEW_SIGNAL',15,'HIGH','EXECUTE','LONG','LONG',83.3,NULL,97.0,'{"id":"51c48dd0-8a3d-5dcd-a5bb-d88498780ace","receipt_id":"aeae2d30-f338-5869-a23f-9c5b49d28b96","source":"TRADINGVIEW_SIGNAL","symbol":"SPY","timeframe":15,"quality":"HIGH","direction":"LONG","facts":{"direction":"LONG","ai_score":8.7,"quality":"HIGH","event":null,"entry":450.0,"stop":448.2,"target_1":452.7,"target_2":454.5,"rr1":1.5,"rr2":2.5,"volume_ratio":1.2,"trend_strength":78.0,"bias_4h":"LONG","bias_1h":"LONG","session":null,"day":null,"atr":0.9,"atr_is_daily":false,"components":["STRAT","TREND","VWAP"]}}','{"verdict":{"action":"EXECUTE","direction":"LONG","proposed_direction":"LONG","confidence":83.3},"gates":{"regime":{"passed":true,"score":82.0,"reason":"Phase 2 MARKUP allows LONG (82)","evidence":{"phase":2,"direction":"LONG","confidence":82.0,"bias":"LONG","min_confidence":50.0}},"structural":{"passed":true,"score":91.42857142857142,"reason":"High AI score (8.7)","evidence":{"valid_setup":true,"liquidity_ok":true,"grade":"A","ai_score":8.7,"min_ai_score":6.0,"assumed":false}},"market":{"passed":true,"score":70.0,"reason":"Spread, volatility and depth are tradable","evidence":{"spread_bps":5.0,"max_spread_bps":12.0,"atr_pct":1.0,"atr_origin":"assumed","max_atr_pct":2.5,"depth_score":70.0,"min_depth":30.0,"session":"OPEN","gamma_bias":null,"assumed":["spread_bps","depth_score","atr14"],"parts":{"spread":95.0,"atr":90.0,"depth":70.0}}}},"components":[{"name":"regime","weight":0.3,"value":82.0,"reason":""},{"name":"expert","weight":0.25,"value":82.85714285714285,"reason":""},{"name":"alignment","weight":0.2,"value":91.66666666666667,"reason":""},{"name":"market","weight":0.15,"value":70.0,"reason":""},{"name":"structural","weight":0.1,"value":91.42857142857142,"reason":""}],"completeness":0.8,"reasons":[{"code":"VOLATILITY_ESTIMATED","text":"No option quote: volatility 12.7 % is estimated from VIX 16.00, assumed","tone":"neutral"},{"code":"CONFIDENT","text":"Confidence 83.3 ≥ 70","tone":"positive"},{"code":"REGIME_ALLOWS","text":"Phase 2 MARKUP allows LONG (82)","tone":"positive"},{"code":"HIGH_SCORE","text":"High AI score (8.7)","tone":"positive"},{"code":"GRADE_A","text":"Execution grade A","tone":"positive"},{"code":"MARKET_ASSUMED","text":"Assumed, as no feed gives it: spread 5 bps, ATR 1 %, depth 70","tone":"neutral"},{"code":"ALIGNED","text":"Timeframes aligned with LONG (83 %)","tone":"positive"}],"blocks":[],"size":{"factors":{"confluence":2.5,"quality":1.1,"htf_alignment":1.3,"rr":0.85,"volume":1.0,"trend":1.0,"session":0.9,"day":1.1,"phase_confidence_boost":1.2,"phase_position_boost":1.1,"trend_boost":1.45,"phase":1.0,"volatility":1.0},"raw":5.758005825000001,"final":3.0,"skip":false,"confluence":97.0},"count":{"contracts":8,"planned_loss":89.6124606288117,"bound_by":"budget"},"contract":{"underlying":"SPY","root":"SPY","expiry":"2026-11-27","strike":450.0,"right":"C","multiplier":100,"style":"american"},"levels":{"stop":448.2,"target_1":452.7,"target_2":454.5,"origin":"signal"},"trigger":"signal","approval_id":null,"notes":[{"code":"VOLATILITY_ESTIMATED","text":"No option quote: volatility 12.7 % is estimated from VIX 16.00, assumed","tone":"neutral"}],"strategy":null,"option":null}','{"phase":2,"confidence":82.0,"bias":"LONG","volatility":"NORMAL","htf_alignment":true,"allows_trading":true,"event":"ENTER_MARKUP"}','{"context":{"symbol":"SPY","as_of":"2026-11-24T15:00:00Z","session":"OPEN","price":450.0,"regime":{"phase":2,"confidence":82.0,"bias":"LONG","volatility":"NORMAL","htf_alignment":true,"allows_trading":true,"event":"ENTER_MARKUP"},"alignment":{"states":{"3":"SHORT","5":"LONG","15":"LONG","30":"LONG","60":"LONG","240":"LONG","W":"LONG","M":"LONG"},"bullish_pct":83.33333333333333,"bearish_pct":16.666666666666668},"expert":{"direction":"LONG","ai_score":8.7,"quality":"HIGH","event":null,"entry":450.0,"stop":448.2,"target_1":452.7,"target_2":454.5,"rr1":1.5,"rr2":2.5,"volume_ratio":1.2,"trend_strength":78.0,"bias_4h":"LONG","bias_1h":"LONG","session":null,"day":null,"atr":0.9,"atr_is_daily":false,"components":["STRAT","TREND","VWAP"]},"structure":{"valid_setup":true,"liquidity_ok":true,"execution_quality":"A","pattern":"2-1-2 CONTINUATION"},"timeframe":15,"directions":{"15":"LONG"},"conflict":null,"completeness":0.8,"provenance":{"regime":{"source":"SATY_PHASE","at":"2026-11-24T15:00:00Z","valid_until":"2026-11-24T16:00:00Z","receipt_id":"e951ac44-08d9-520e-a601-8b81c3c2f405","timeframe":15},"alignment":{"source":"MTF_DOTS","at":"2026-11-24T15:00:00Z","valid_until":"2026-11-24T15:30:00Z","receipt_id":"5f9fa005-c647-5b70-a1dd-936ee236f3c1","timeframe":null},"structure":{"source":"STRAT_EXEC","at":"2026-11-24T15:00:00Z","valid_until":"2026-11-24T15:30:00Z","receipt_id":"4d433bee-300e-5ab5-ae88-d8f5ea0bbded","timeframe":15},"expert":{"source":"TRADINGVIEW_SIGNAL","at":"2026-11-24T15:00:00Z","valid_until":"2026-11-24T15:30:00Z","receipt_id":"aeae2d30-f338-5869-a23f-9c5b49d28b96","timeframe":15},"direction:15":{"source":"TRADINGVIEW_SIGNAL","at":"2026-11-24T15:00:00Z","valid_until":"2026-11-24T15:30:00Z","receipt_id":"aeae2d30-f338-5869-a23f-9c5b49d28b96","timeframe":15}}},"market":{"symbol":"SPY","as_of":"2026-11-24T15:00:00Z","price":null,"bid":null,"ask":null,"bid_size":null,"ask_size":null,"spread_bps":null,"depth_score":null,"atr14":null,"rsi14":null,"rv20":null,"volume_ratio":null,"trend_slope":null,"put_call_ratio":null,"iv_percentile":null,"gamma_bias":null,"max_pain":null,"assumed":["spread_bps","depth_score","atr14"],"proxied":null,"feeds":{},"ages":{}}}','{"option_type":"CALL","strike":450.0,"expiry":"2026-11-27","dte":3,"contracts":8,"entry_price":2.34,"entry_iv":0.12698511303655033,"entry_delta":0.5134410854414186,"entry_theta":-0.4780923882589241,"entry_gamma":0.07105337467707978,"entry_vega":0.17619332101521445,"spread_cost":8.395721645142729,"slippage":10.68312431276972,"fill_quality":"FULL","filled_contracts":8,"commission":5.2,"underlying_at_entry":450.0,"risk_amount":716.8996850304936,"entry_mid":2.3161514425526093,"multiplier":100,"atr":4.5,"estimated":false,"entry_expected":2.3222383407453377,"entry_worst":2.34,"entry_iv_source":"estimated","evidence":""}',NULL,NULL);
CREATE TABLE marks (
  n           INTEGER PRIMARY KEY,
  position_id TEXT NOT NULL,
  at          INTEGER NOT NULL,
  payload     TEXT NOT NULL
) STRICT;
INSERT INTO "marks" VALUES(1,'058c46ac-84a3-51e4-af81-4c54f00c277b',1795532400000000,'{"at":"2026-11-24T15:00:00Z","spot":450.0,"spot_at":"2026-11-24T15:00:00Z","iv":0.12698511303655033,"years":0.009643327018419598,"carry_years":0.008561643835616438,"mid":2.3161514425526093,"delta":0.5134410854414186,"gamma":0.07105337467707978,"theta":-0.4780923882589241,"vega":0.17619332101521445,"basis":"model","estimated":false,"quoted_at":null,"step":{"delta":0.0,"gamma":0.0,"iv":0.0,"theta":0.0,"unexplained":0.0},"dividends":0.0,"iv_source":"estimated","level":{"value":0.16,"source":"assumed VIX","at":null,"feed":null,"percentile":null},"implied":null}');
INSERT INTO "marks" VALUES(2,'058c46ac-84a3-51e4-af81-4c54f00c277b',1795532460000000,'{"at":"2026-11-24T15:01:00Z","spot":450.0,"spot_at":"2026-11-24T15:00:00Z","iv":0.1269644378494412,"years":0.009635357326668838,"carry_years":0.008559741248097413,"mid":2.3148451692240144,"delta":0.5134435300951009,"gamma":0.07109431437920763,"theta":-0.47820608493016703,"vega":0.17612046241642976,"basis":"model","estimated":false,"quoted_at":null,"step":{"delta":0.0,"gamma":0.0,"iv":-0.036420766966216434,"theta":-0.09420656589327336,"unexplained":0.0},"dividends":0.0,"iv_source":"estimated","level":{"value":0.16,"source":"assumed VIX","at":null,"feed":null,"percentile":null},"implied":null}');
INSERT INTO "marks" VALUES(3,'058c46ac-84a3-51e4-af81-4c54f00c277b',1795532520000000,'{"at":"2026-11-24T15:02:00Z","spot":450.0,"spot_at":"2026-11-24T15:00:00Z","iv":0.12694374562239957,"years":0.009627387634918078,"carry_years":0.008557838660578387,"mid":2.313538514725451,"delta":0.5134459806656103,"gamma":0.07113531340018436,"theta":-0.4783198922784133,"vega":0.17604757363012238,"basis":"model","estimated":false,"quoted_at":null,"step":{"delta":0.0,"gamma":0.0,"iv":-0.03643570479425762,"theta":-0.09422974506207993,"unexplained":0.0},"dividends":0.0,"iv_source":"estimated","level":{"value":0.16,"source":"assumed VIX","at":null,"feed":null,"percentile":null},"implied":null}');
CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "meta" VALUES('engine_id','station');
INSERT INTO "meta" VALUES('streamed_after','0');
CREATE TABLE path_bars (
  seq            INTEGER PRIMARY KEY,
  began          INTEGER NOT NULL
) STRICT;
CREATE TABLE paths (
  seq            INTEGER PRIMARY KEY,
  at             INTEGER NOT NULL,
  symbol         TEXT NOT NULL,
  price          REAL NOT NULL,
  priced_at      INTEGER NOT NULL,
  source         TEXT NOT NULL,
  open           REAL,
  high           REAL,
  low            REAL,
  official_close INTEGER NOT NULL,
  quotes         TEXT
) STRICT;
CREATE TABLE positions (
  id          TEXT PRIMARY KEY,
  decision_id TEXT NOT NULL,
  symbol      TEXT NOT NULL,
  opened_at   INTEGER NOT NULL,
  closed_at   INTEGER,
  state       TEXT NOT NULL,
  payload     TEXT NOT NULL
) STRICT;
INSERT INTO "positions" VALUES('058c46ac-84a3-51e4-af81-4c54f00c277b','56451b6e-e6e4-53e4-a6b9-92530f9ad18d','SPY',1795532400000000,NULL,'OPEN','{"id":"058c46ac-84a3-51e4-af81-4c54f00c277b","signal_id":"51c48dd0-8a3d-5dcd-a5bb-d88498780ace","decision_id":"56451b6e-e6e4-53e4-a6b9-92530f9ad18d","symbol":"SPY","direction":"LONG","contract":{"underlying":"SPY","root":"SPY","expiry":"2026-11-27","strike":450.0,"right":"C","multiplier":100,"style":"american"},"timeframe":15,"opened_at":"2026-11-24T15:00:00Z","levels":{"stop":448.2,"target_1":452.7,"target_2":454.5,"origin":"signal"},"stop":448.2,"entry":{"option_type":"CALL","strike":450.0,"expiry":"2026-11-27","dte":3,"contracts":8,"entry_price":2.34,"entry_iv":0.12698511303655033,"entry_delta":0.5134410854414186,"entry_theta":-0.4780923882589241,"entry_gamma":0.07105337467707978,"entry_vega":0.17619332101521445,"spread_cost":8.395721645142729,"slippage":10.68312431276972,"fill_quality":"FULL","filled_contracts":8,"commission":5.2,"underlying_at_entry":450.0,"risk_amount":716.8996850304936,"entry_mid":2.3161514425526093,"multiplier":100,"atr":4.5,"estimated":false,"entry_expected":2.3222383407453377,"entry_worst":2.34,"entry_iv_source":"estimated","evidence":""},"remaining":8,"last":{"at":"2026-11-24T15:00:00Z","spot":450.0,"spot_at":"2026-11-24T15:00:00Z","iv":0.12698511303655033,"years":0.009643327018419598,"carry_years":0.008561643835616438,"mid":2.3161514425526093,"delta":0.5134410854414186,"gamma":0.07105337467707978,"theta":-0.4780923882589241,"vega":0.17619332101521445,"basis":"model","estimated":false,"quoted_at":null,"step":{"delta":0.0,"gamma":0.0,"iv":0.0,"theta":0.0,"unexplained":0.0},"dividends":0.0,"iv_source":"estimated","level":{"value":0.16,"source":"assumed VIX","at":null,"feed":null,"percentile":null},"implied":null},"legs":[],"running":{"delta":0.0,"gamma":0.0,"iv":0.0,"theta":0.0,"unexplained":0.0},"mfe":0.0,"mae":0.0,"state":"OPEN","pending":null,"first":{"at":"2026-11-24T15:00:00Z","spot":450.0,"spot_at":"2026-11-24T15:00:00Z","iv":0.12698511303655033,"years":0.009643327018419598,"carry_years":0.008561643835616438,"mid":2.3161514425526093,"delta":0.5134410854414186,"gamma":0.07105337467707978,"theta":-0.4780923882589241,"vega":0.17619332101521445,"basis":"model","estimated":false,"quoted_at":null,"step":{"delta":0.0,"gamma":0.0,"iv":0.0,"theta":0.0,"unexplained":0.0},"dividends":0.0,"iv_source":"estimated","level":{"value":0.16,"source":"assumed VIX","at":null,"feed":null,"percentile":null},"implied":null},"stop_since":null,"strategy":null,"suspended":null,"ex_dates":[],"dividends_paid":0.0,"close_unavailable":null,"first_after":null,"by_feed":false,"new_shares":1.0,"split_on":null}');
CREATE TABLE receipts (
  seq          INTEGER PRIMARY KEY,
  id           TEXT NOT NULL,
  received_at  INTEGER NOT NULL,
  status       TEXT NOT NULL,
  http_status  INTEGER NOT NULL,
  source       TEXT,
  symbol       TEXT,
  endpoint     TEXT,
  code         TEXT,
  reason       TEXT,
  duplicate_of TEXT,
  notes        TEXT
) STRICT;
INSERT INTO "receipts" VALUES(2,'e951ac44-08d9-520e-a601-8b81c3c2f405',1795532400000000,'accepted',200,'SATY_PHASE','SPY','/api/webhooks',NULL,NULL,NULL,NULL);
INSERT INTO "receipts" VALUES(3,'5f9fa005-c647-5b70-a1dd-936ee236f3c1',1795532400000000,'accepted',200,'MTF_DOTS','SPY','/api/webhooks',NULL,NULL,NULL,NULL);
INSERT INTO "receipts" VALUES(4,'4d433bee-300e-5ab5-ae88-d8f5ea0bbded',1795532400000000,'accepted',200,'STRAT_EXEC','SPY','/api/webhooks',NULL,NULL,NULL,NULL);
INSERT INTO "receipts" VALUES(5,'aeae2d30-f338-5869-a23f-9c5b49d28b96',1795532400000000,'accepted',200,'TRADINGVIEW_SIGNAL','SPY','/api/webhooks',NULL,NULL,NULL,NULL);
CREATE TABLE risk_events (
  id          TEXT PRIMARY KEY,
  seq         INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  code        TEXT NOT NULL,
  cleared     INTEGER NOT NULL,
  position_id TEXT,
  text        TEXT NOT NULL
) STRICT;
CREATE TABLE rules_versions (
  seq         INTEGER PRIMARY KEY,
  at          INTEGER NOT NULL,
  fingerprint TEXT NOT NULL,
  name        TEXT NOT NULL,
  author      TEXT NOT NULL,
  toml        TEXT NOT NULL
) STRICT;
INSERT INTO "rules_versions" VALUES(1,1795532400000000,'864cf29aec51','default','start','[risk]
open_positions = 90
per_symbol = 90
symbol_premium = 1e6
daily_loss = 1e6
losses_in_a_row = 90
approval_above_contracts = 1000
approval_above_premium = 1e9
delta_accounts = 1e6
gamma_accounts = 1e6
vega_pct = 1e6
theta_pct = 1e6
');
CREATE TABLE stream_events (
  seq     INTEGER NOT NULL,
  n       INTEGER NOT NULL,
  kind    TEXT NOT NULL,
  symbol  TEXT,
  key     TEXT NOT NULL,
  payload TEXT,
  PRIMARY KEY (seq, n)
) STRICT, WITHOUT ROWID;
INSERT INTO "stream_events" VALUES(6,0,'decision','SPY','56451b6e-e6e4-53e4-a6b9-92530f9ad18d',NULL);
INSERT INTO "stream_events" VALUES(6,1,'fill','SPY','058c46ac-84a3-51e4-af81-4c54f00c277b','{"id":"058c46ac-84a3-51e4-af81-4c54f00c277b","seq":6,"at":"2026-11-24T15:00:00Z","position_id":"058c46ac-84a3-51e4-af81-4c54f00c277b","decision_id":"56451b6e-e6e4-53e4-a6b9-92530f9ad18d","signal_id":"51c48dd0-8a3d-5dcd-a5bb-d88498780ace","symbol":"SPY","direction":"LONG","timeframe":15,"contract":"SPY 450C 11/27","occ":"SPY261127C00450000","contracts":8,"price":2.34,"levels":{"stop":448.2,"target_1":452.7,"target_2":454.5,"origin":"signal"},"execution":{"option_type":"CALL","strike":450.0,"expiry":"2026-11-27","dte":3,"contracts":8,"entry_price":2.34,"entry_iv":0.12698511303655033,"entry_delta":0.5134410854414186,"entry_theta":-0.4780923882589241,"entry_gamma":0.07105337467707978,"entry_vega":0.17619332101521445,"spread_cost":8.395721645142729,"slippage":10.68312431276972,"fill_quality":"FULL","filled_contracts":8,"commission":5.2,"underlying_at_entry":450.0,"risk_amount":716.8996850304936,"entry_mid":2.3161514425526093,"multiplier":100,"atr":4.5,"estimated":false,"entry_expected":2.3222383407453377,"entry_worst":2.34,"entry_iv_source":"estimated","evidence":""}}');
CREATE TABLE suggestions (
  seq    INTEGER PRIMARY KEY,
  at     INTEGER NOT NULL,
  id     TEXT NOT NULL,
  status TEXT NOT NULL,
  author TEXT NOT NULL,
  text   TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX receipts_id ON receipts (id);
CREATE INDEX receipts_refused ON receipts (status, seq) WHERE status <> 'accepted';
CREATE INDEX ledger_newest ON ledger_entries (seq DESC, id DESC);
CREATE INDEX ledger_created ON ledger_entries (created_at DESC);
CREATE INDEX ledger_decision ON ledger_entries (decision, seq DESC, id DESC);
CREATE INDEX ledger_confidence ON ledger_entries (confidence DESC, seq DESC, id DESC);
CREATE INDEX ledger_trades ON ledger_entries (seq DESC, id DESC) WHERE execution IS NOT NULL;
CREATE INDEX positions_open ON positions (opened_at) WHERE closed_at IS NULL;
CREATE INDEX marks_of_position ON marks (position_id, n);
CREATE INDEX approvals_newest ON approvals (seq DESC, id DESC);
CREATE INDEX risk_events_newest ON risk_events (seq DESC, id DESC);
COMMIT;
PRAGMA application_id = 1734440037;
PRAGMA user_version = 6;
