"""The local servers answer in the form of the vendors' recorded answers: the same keys, values of the same types."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

Start = Callable[..., Awaitable[Any]]
EXPIRY = "2026-11-27"
CALL, PUT = "AAPL261127C00270000", "AAPL261127P00270000"
TRADIER, PY, GO, RS = (
    "tradier_asynctradier_2024", "alpaca_py", "alpaca_go", "alpaca_data_rs_2026",
)  # fmt: skip
SOUL, MAREK = "twelvedata_soulgarden", "twelvedata_marekskopal"
BARS = "symbols=AAPL&start=2026-11-01T00:00:00Z&timeframe=1Day"

CASES = [
    ("tradier", f"{TRADIER}/get_quotes_single.json", "/v1/markets/quotes?symbols=AAPL"),
    ("tradier", f"{TRADIER}/get_quotes_multiple.json", f"/v1/markets/quotes?symbols=AAPL,{PUT}&greeks=true"),
    ("tradier", f"{TRADIER}/get_quotes_with_greeks.json", f"/v1/markets/quotes?symbols={PUT}&greeks=true"),
    ("tradier", f"{TRADIER}/get_quotes_parts_unmatch_symbol.json", "/v1/markets/quotes?symbols=AAPL,SEFDF"),
    ("tradier", f"{TRADIER}/get_quotes_unmatched_symbol.json", "/v1/markets/quotes?symbols=SEFDF"),
    (
        "tradier",
        f"{TRADIER}/get_option_chains.json",
        f"/v1/markets/options/chains?symbol=AAPL&expiration={EXPIRY}&greeks=true",
    ),
    (
        "tradier",
        f"{TRADIER}/get_option_chains_invalid_date.json",
        "/v1/markets/options/chains?symbol=AAPL&expiration=2026-11-28",
    ),
    (
        "tradier",
        f"{TRADIER}/get_option_expirations_all_info.json",
        "/v1/markets/options/expirations?symbol=AAPL&strikes=true&contractSize=true&expirationType=true",
    ),
    (
        "tradier",
        f"{TRADIER}/get_option_expirations_only_date.json",
        "/v1/markets/options/expirations?symbol=AAPL",
    ),
    (
        "tradier",
        f"{TRADIER}/get_option_expirations_toggles.json",
        "/v1/markets/options/expirations?symbol=XXXX&strikes=true",
    ),
    (
        "tradier",
        f"{TRADIER}/get_option_strikes.json",
        f"/v1/markets/options/strikes?symbol=AAPL&expiration={EXPIRY}",
    ),
    ("tradier", f"{TRADIER}/option_lookup.json", "/v1/markets/options/lookup?underlying=AAPL"),
    (
        "tradier",
        f"{TRADIER}/get_historical_quotes.json",
        "/v1/markets/history?symbol=AAPL&interval=daily&start=2026-11-01",
    ),
    (
        "tradier",
        f"{TRADIER}/get_historical_quotes_non_list.json",
        "/v1/markets/history?symbol=AAPL&interval=daily&start=2026-11-20&end=2026-11-20",
    ),
    ("tradier", f"{TRADIER}/get_time_and_sale.json", "/v1/markets/timesales?symbol=AAPL&interval=1min"),
    ("tradier", f"{TRADIER}/get_calendar.json", "/v1/markets/calendar?month=1&year=2024"),
    ("tradier", "tradier_rb_2013/clock.json", "/v1/markets/clock"),
    ("alpaca", f"{PY}/stock_get_latest_quote.json", "/v2/stocks/quotes/latest?symbols=AAPL"),
    ("alpaca", f"{PY}/stock_get_latest_quote_multi_empty_response.json", "/v2/stocks/quotes/latest?symbols=X"),
    ("alpaca", f"{PY}/stock_get_latest_trade.json", "/v2/stocks/trades/latest?symbols=AAPL"),
    ("alpaca", f"{GO}/TestLatestBar_1.json", "/v2/stocks/bars/latest?symbols=AAPL"),
    ("alpaca", f"{GO}/TestSnapshots_1.json", "/v2/stocks/snapshots?symbols=AAPL,MSFT,INVALID"),
    ("alpaca", f"{RS}/benches_bench_stocks_latest_quote_local.json",
     "/v2/stocks/AAPL/quotes/latest"),
    ("alpaca", f"{PY}/stock_get_bars.json", f"/v2/stocks/bars?{BARS}&limit=2"),
    ("alpaca", f"{PY}/stock_get_bars_multi_empty_response.json", "/v2/stocks/bars?symbols=X&timeframe=1Min"),
    ("alpaca", f"{PY}/option_get_latest_quote.json", f"/v1beta1/options/quotes/latest?symbols={PUT}"),
    ("alpaca", f"{PY}/option_get_latest_trade_multi_not_found.json", "/v1beta1/options/trades/latest?symbols=X"),
    ("alpaca", f"{PY}/option_get_snapshot.json", f"/v1beta1/options/snapshots?symbols={PUT}"),
    ("alpaca", f"{PY}/option_get_snapshot_single_empty_response.json", "/v1beta1/options/snapshots?symbols=X"),
    ("alpaca", f"{GO}/TestGetOptionChain_1.json",
     f"/v1beta1/options/snapshots/AAPL?expiration_date={EXPIRY}&limit=10"),
    ("twelvedata", f"{SOUL}/Test_client_GetTimeSeries_1.json", "/time_series?symbol=AAPL&interval=1min"),
    ("twelvedata", f"{SOUL}/Test_client_GetPrice_1.json", "/price?symbol=AAPL"),
    ("twelvedata", f"{SOUL}/Test_client_GetQuote_1.json", "/quote?symbol=AAPL"),
    ("twelvedata", f"{SOUL}/Test_client_GetUsage_1.json", "/api_usage"),
    ("twelvedata", f"{MAREK}/batch_quote.json", "/quote?symbol=AAPL,MSFT"),
    ("twelvedata", f"{MAREK}/batch_time_series.json", "/time_series?symbol=AAPL,MSFT&interval=1day"),
    ("twelvedata", f"{MAREK}/batch_error.json", "/time_series?symbol=AAPL,INVALID&interval=1day"),
]  # fmt: skip

NOT_SERVED = {
    "rolling_1d_change",
    "rolling_7d_change",
    "rolling_change",
    "currency",
    "extended_change",
    "extended_percent_change",
    "extended_price",
    "extended_timestamp",
}
"""Fields of other plans or other days, which a client must not need."""
NOT_RECORDED = {
    "next_page_token",
    "last_quote_at",
    "greeks",
    "impliedVolatility",
    "latestTrade",
    "z",
    "n",
    "vw",
    "c",
}
"""Fields that some of the recordings have and others lack."""
BY_NAME = {"AAPL", "MSFT", "TSLA", "NIO", "INVALID", "X"}


def differences(ours: Any, recorded: Any, at: str = "") -> list[str]:
    """Return the places where our answer has other keys or types than the recorded one; null has any type."""
    if ours is None or recorded is None:
        return []
    if isinstance(recorded, dict) and isinstance(ours, dict):
        if keyed_by_symbol(recorded) or keyed_by_symbol(ours):
            return differences(list(ours.values()), list(recorded.values()), f"{at}.*")
        missing = set(recorded) - set(ours) - NOT_SERVED
        extra = set(ours) - set(recorded) - NOT_RECORDED
        found = [f"{at} lacks {sorted(missing)}"] * bool(missing) + [f"{at} has {sorted(extra)}"] * bool(
            extra
        )
        return found + [
            d for key in ours.keys() & recorded for d in differences(ours[key], recorded[key], f"{at}.{key}")
        ]
    if isinstance(recorded, list) and isinstance(ours, list):
        if not recorded or not ours:
            return (
                [] if bool(recorded) == bool(ours) else [f"{at}: {len(ours)} items, recorded {len(recorded)}"]
            )
        return min(([*differences(ours[0], kind, f"{at}[]")] for kind in recorded), key=len)
    kinds = [
        float if isinstance(v, int | float) and not isinstance(v, bool) else type(v) for v in (ours, recorded)
    ]
    return [] if kinds[0] is kinds[1] else [f"{at}: {ours!r} is no {kinds[1].__name__}, as {recorded!r}"]


def keyed_by_symbol(value: dict[str, Any]) -> bool:
    return bool(value) and all(
        key in BY_NAME or (any(c.isdigit() for c in key) and key.isupper()) for key in value
    )


@pytest.mark.parametrize(
    ("vendor", "file", "path"), CASES, ids=[case[1].split("/")[1][:-5] for case in CASES]
)
async def test_answers_have_the_recorded_form(
    vendor: str, file: str, path: str, local: Start, reference: Callable[..., Path]
) -> None:
    recorded = json.loads(reference("vendor", *file.split("/")).read_text(encoding="utf-8"))
    market = await local(vendor)
    market.minute(3)
    assert differences(await market.json(path), recorded) == []
