"""`gatedeck note` on a running engine: notes are found, filtered, exported, and made again from the journal."""

from __future__ import annotations

import json
import signal
from typing import Any

from core.model import Source

ALL = (Source.SATY_PHASE, Source.MTF_DOTS, Source.STRAT_EXEC, Source.TRADINGVIEW_SIGNAL)


def test_notes_are_added_listed_removed_and_survive_a_rebuild(gatedeck: Any, beside: Any) -> None:
    served = gatedeck.serve()
    for symbol in ("SPY", "QQQ"):
        assert [served.send(source, symbol) for source in ALL][-1]["decision"]["action"] == "EXECUTE"
    url = ("--url", served.url)
    code, out, _ = beside("note", "SPY", "entered late #FOMO", "--tag", "plan", *url)
    assert (code, out) == (0, "Note added, tags fomo, plan\n")
    trades = {trade["symbol"]: trade for trade in served.all("/api/trades")}
    assert beside("note", trades["QQQ"]["id"][:8], "will be removed", *url)[0] == 0
    assert beside("note", "2026-11-24", "#news day", *url)[1] == "Note added to 2026-11-24, tags news\n"
    assert beside("close", "--all", *url)[0] == 0
    code, out, _ = beside("note", "QQQ", "--json", *url)
    (note,) = json.loads(out)
    assert (code, note["text"], note["position_id"]) == (0, "will be removed", trades["QQQ"]["position_id"])
    assert beside("note", "--remove", note["id"][:8], *url)[1] == "Note removed\n"
    assert beside("note", "QQQ", *url)[1] == "no note yet\n"
    code, _, err = beside("note", "IWM", "x", *url)
    assert code == 2 and "note: no trade is 'IWM'" in err

    page = served.http("/api/trades?tag=fomo&window=today").json
    assert [item["symbol"] for item in page["items"]] == ["SPY"]
    assert page["totals"]["closed"] == 1 and page["totals"]["net"] == page["items"][0]["net"]
    (day,) = served.http("/api/days").json["items"]
    assert (day["trades"], day["notes"][0]["tags"]) == (2, ["news"])

    served.process.send_signal(signal.SIGTERM)
    served.process.wait(20)
    ledger = ("--db", str(served.state / "gatedeck.db"))
    assert beside("verify", *ledger)[0] == 0
    assert beside("verify", "--rebuild", *ledger)[0] == 0
    rows = [
        json.loads(line)
        for line in beside("export", "--what", "notes", "--format", "jsonl", *ledger)[1].splitlines()
    ]
    assert [row["text"] for row in rows] == ["entered late #FOMO #plan", "#news day"]
    lines = beside("export", "--format", "jsonl", *ledger)[1].splitlines()
    tagged = {row["symbol"]: row["tags"] for row in map(json.loads, lines)}
    assert tagged == {"SPY": ["fomo", "plan"], "QQQ": []}
