"""`gatedeck approve`, `reject`, `close` and `mode` on a running engine: listed, done once, refused in words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from core.model import Source
from server.config import ConfigError
from tui.cli import app

ALL = (Source.SATY_PHASE, Source.MTF_DOTS, Source.STRAT_EXEC, Source.TRADINGVIEW_SIGNAL)


class Line:
    """The command line beside a running engine, in this process."""

    def __init__(self, command: Any, served: Any) -> None:
        self.environment, self.url = command.environment, served.url

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        ran = CliRunner().invoke(app, [*arguments, "--url", self.url], env=self.environment)
        if ran.exception is not None and not isinstance(ran.exception, SystemExit):
            raise ran.exception
        return ran.exit_code, ran.stdout, ran.stderr

    def json(self, *arguments: str) -> tuple[int, Any]:
        code, out, err = self(*arguments, "--json")
        assert out.count("\n") == 1 and err == ""
        return code, json.loads(out)


def test_a_waiting_trade_is_listed_approved_and_closed_and_the_engine_flattened(gatedeck: Any) -> None:
    # Three trades of one side are more delta, vega and theta than the defaults allow together.
    greeks = "delta_accounts = 99\ngamma_accounts = 99\nvega_pct = 99\ntheta_pct = 99\n"
    asked = "[risk]\napproval_above_premium = 200\nopen_positions = 9\nsymbol_premium = 9e9\n"
    served = gatedeck.serve(rules=asked + greeks)
    line = Line(gatedeck, served)
    assert line("approve") == (0, "no trade is waiting for approval\n", "")
    for symbol in ("SPY", "QQQ", "IWM"):
        told = [served.send(source, symbol) for source in ALL][-1]
        assert (told["decision"]["action"], told["decision"]["code"]) == ("WAIT", "APPROVAL_NEEDED")
    code, waiting = line.json("approve")
    assert code == 0 and [w["symbol"] for w in waiting] == ["IWM", "QQQ", "SPY"]
    by = {w["symbol"]: w for w in waiting}
    code, out, _ = line("approve", by["SPY"]["id"][:8], "--author", "ana")
    assert code == 0 and "Approved SPY" in out
    assert line.json("approve", by["SPY"]["id"])[1]["code"] == "EXECUTED"
    assert line("reject", by["QQQ"]["occ"])[0] == 0
    code, told = line.json("approve", by["QQQ"]["id"])
    assert (code, told["code"]) == (1, "REJECTED")
    assert line("approve", by["IWM"]["contract"])[0] == 0
    kept = {a["symbol"]: a for a in served.all("/api/approvals")}
    assert [kept[s]["status"] for s in by] == ["EXECUTED", "REJECTED", "EXECUTED"]
    assert kept["SPY"]["author"] == "ana"
    held = {p["symbol"]: p for p in served.all("/api/positions")}
    assert set(held) == {"SPY", "IWM"}
    assert held["SPY"]["contract"] in line("close")[1]
    with pytest.raises(ConfigError, match="no open position is 'QQQ'"):
        line("close", "QQQ")
    code, out, _ = line("close", "SPY")
    assert code == 0 and out.startswith("Sold")
    code, told = line.json("mode", "halted", "--flatten")
    assert code == 0 and "everything exited" in told["text"]
    assert served.all("/api/positions") == []
    assert served.http("/api/mode").json["mode"] == "HALTED"
    assert line.json("close", "--all") == (
        0,
        {"ok": True, "code": "NOTHING_OPEN", "text": "No position is open"},
    )
    assert line("mode", "ACTIVE", "--flatten")[0] == 1
    with pytest.raises(ConfigError, match="mode: 'PARTY'"):
        line("mode", "PARTY")
    line.url = "http://127.0.0.1:9"
    code, out, err = line("mode", "ACTIVE")
    assert (code, out) == (1, "") and "nothing answers at http://127.0.0.1:9 (connection refused)" in err
