"""`gatedeck challenge` on a running engine: other rules on the same webhooks, over a restart, adopted by a person."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.model import Source
from tests.e2e.conftest import WIDE

ALL = (Source.SATY_PHASE, Source.MTF_DOTS, Source.STRAT_EXEC, Source.TRADINGVIEW_SIGNAL)
SMALL = 'name = "small"\n' + WIDE + "[sizing]\ncontract_cap = 1\n"


@pytest.mark.slow
def test_a_challenger_is_started_compared_kept_over_a_restart_and_adopted(gatedeck: Any) -> None:
    file = gatedeck.state / "small.toml"
    file.write_text(SMALL)
    served = gatedeck.serve()
    url = ("--url", served.url)
    code, out, _ = gatedeck("challenge", *url)
    assert (code, out) == (0, "no challenger runs; start one with: gatedeck challenge FILE\n")
    code, out, _ = gatedeck("challenge", str(file), *url, "--author", "owner")
    assert code == 0 and out.startswith("Challenger small ") and "on paper, from now on" in out
    code, _, err = gatedeck("challenge", str(file), *url)
    assert code == 1 and "retire it first" in err
    assert [served.send(source) for source in ALL][-1]["decision"]["action"] == "EXECUTE"
    assert gatedeck("close", "SPY", *url)[0] == 0
    before = served.http("/api/challenge").json["running"]
    assert (before["champion"]["trades"], before["challenger"]["trades"]) == (1, 1)
    assert before["champion"]["net"] != before["challenger"]["net"]
    served.end()

    again = gatedeck.serve("--clock", "2026-11-24T10:30-05:00")
    url = ("--url", again.url)
    assert again.http("/api/challenge").json["running"] == before
    code, out, _ = gatedeck("challenge", *url)
    assert code == 0 and "changes     " in out and "sizing.contract_cap 20 → 1" in out
    assert "no session is over yet; the first interval comes at session 10, 10 more" in out
    assert "2026-11-24     1/1" in out and "not over yet" in out
    code, out, _ = gatedeck("challenge", "--adopt", *url, "--json")
    assert code == 0 and json.loads(out)["code"] == "ADOPTED"
    assert again.http("/api/rules").json["in_force"]["name"] == "small"
    code, out, _ = gatedeck("challenge", *url)
    assert code == 0 and "over        small " in out and "adopted by " in out
    again.end()
    assert gatedeck("verify", "--db", str(again.state / "gatedeck.db"))[0] == 0
