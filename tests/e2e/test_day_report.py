"""The end of a session: its summary as an event and in the log, and `gatedeck report --day`."""

from __future__ import annotations

import json
import signal
from typing import Any

from core.model import Source

ALL = (Source.SATY_PHASE, Source.MTF_DOTS, Source.STRAT_EXEC, Source.TRADINGVIEW_SIGNAL)


def test_a_day_is_reported_from_the_ledger(gatedeck: Any, beside: Any) -> None:
    served = gatedeck.serve()
    for symbol in ("SPY", "QQQ"):
        assert [served.send(source, symbol) for source in ALL][-1]["decision"]["action"] == "EXECUTE"
    url = ("--url", served.url)
    trades = {trade["symbol"]: trade for trade in served.all("/api/trades")}
    assert beside("close", trades["SPY"]["position_id"], *url)[0] == 0
    assert beside("note", "SPY", "closed by hand #early", *url)[0] == 0
    assert beside("note", "today", "quiet #thanksgiving-week", *url)[0] == 0
    served.process.send_signal(signal.SIGTERM)
    served.process.wait(20)
    ledger = ("--db", str(served.state / "gatedeck.db"))
    code, out, err = beside("report", "--day", *ledger)
    assert (code, err) == (0, "")
    for words in (
        "Tuesday 24 November 2026",
        "2 opened, 1 closed, 1 open overnight",
        "closed by hand #early",
        "quiet #thanksgiving-week",
        "Open overnight",
        trades["QQQ"]["contract"],
        "MANUAL",
    ):
        assert words in out, words
    assert max(map(len, out.splitlines())) <= 80
    assert beside("report", "--day", "2026-11-24", *ledger)[1] == out
    code, out, _ = beside("report", "--day", "2026-11-24", "--json", *ledger)
    told = json.loads(out)
    assert (told["day"], told["totals"]["closed"], len(told["overnight"])) == ("2026-11-24", 1, 1)
    assert told["closed"][0]["tags"] == ["early"]
    assert "no trade was opened or closed" in beside("report", "--day", "2026-11-23", *ledger)[1]
    for wrong, said in (
        (("--day", "soon"), "'soon' is not a day"),
        (("2026-11-24",), "needs --day before it"),
    ):
        code, _, err = beside("report", *wrong, *ledger)
        assert code == 2 and said in err
