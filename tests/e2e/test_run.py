"""`gatedeck run --headless` as its own process: webhooks in, positions out, signals, ports and ledgers."""

from __future__ import annotations

import json
import signal
import socket
import threading
from typing import Any

import pytest

from core.model import Direction, Source
from tui.cli import main

SIGNAL = Source.TRADINGVIEW_SIGNAL
BESIDE = (Source.SATY_PHASE, Source.MTF_DOTS, Source.STRAT_EXEC, Source.ULTIMATE_OPTIONS)


def test_webhooks_of_all_sources_become_a_position_that_a_person_closes(gatedeck: Any) -> None:
    served = gatedeck.serve()
    for source in BESIDE:
        told = served.send(source)
        assert (told["status"], told["source"], told["symbol"]) == ("accepted", source.value, "SPY")
    told = served.send(SIGNAL, "QQQ")
    assert told["decision"]["action"] == "EXECUTE"
    assert {d["id"] for d in served.all("/api/decisions")} >= {told["decision"]["id"]}
    held = {p["symbol"]: p for p in served.all("/api/positions")}
    position = held["QQQ"]
    assert (
        position["remaining"] == position["contracts"] > 0
        and position["decision_id"] == told["decision"]["id"]
    )
    path = f"/api/positions/{position['id']}/exit"
    assert served.http(path, b"{}").status == 401
    assert served.http(path, b"{}", token="guessed").status == 401
    assert served.http(path, b'{"expected": 99}', served.token()).status == 409
    done = served.http(
        path, json.dumps({"expected": position["remaining"], "command_id": "once"}), served.token()
    )
    assert done.status == 200 and done.json["ok"]
    again = served.http(
        path, json.dumps({"expected": position["remaining"], "command_id": "once"}), served.token()
    )
    assert again.json == done.json
    assert position["id"] not in {p["id"] for p in served.all("/api/positions")}
    entry = next(e for e in served.all("/api/ledger") if e["id"] == told["decision"]["id"])
    assert [leg["exit_reason"] for leg in entry["exit"]["partials"]] == ["MANUAL"]
    statuses = {r["status"] for r in served.all("/api/receipts")}
    assert statuses == {"accepted"}


def test_a_termination_signal_ends_it_cleanly_and_the_next_start_goes_on(gatedeck: Any) -> None:
    served = gatedeck.serve("--clock", "2026-11-24T13:00-05:00")
    told = served.send(SIGNAL)
    last = served.now()
    host, _, port = served.url.removeprefix("http://").rpartition(":")
    with (
        socket.create_connection((host, int(port))) as idle,
        socket.create_connection((host, int(port))) as half,
    ):
        half.sendall(b"POST /api/webhooks HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{")
        assert served.http("/healthz").status == 200
        assert served.end(signal.SIGTERM, within=3) == 0, "however many connections are open"
        assert idle.recv(10) == b""
    before = told["decision"]["position_id"]
    code, _, why = gatedeck("run", "--headless", "--port", "0", "--clock", "2026-11-24T10:00-05:00")
    assert code == 2 and "before the ledger's last entry" in why and "leave --clock out" in why
    again = gatedeck.serve("--clock", f"{last:%Y-%m-%dT%H:%M:%S}Z")
    assert again.now() >= last.replace(microsecond=0)
    assert [p["id"] for p in again.all("/api/positions")] == [before]
    assert again.send(SIGNAL, changes={"id": told["receipt_id"]})["status"] == "accepted"
    assert again.end(signal.SIGINT, within=3) == 0


def test_a_second_one_is_refused_by_its_ledger_and_by_its_port(gatedeck: Any) -> None:
    served = gatedeck.serve()
    port = served.url.rpartition(":")[2]
    locked = gatedeck.begin("run", "--headless", "--port", "0")
    occupied = gatedeck.begin("run", "--headless", "--port", port, "--db", str(gatedeck.state / "other.db"))
    out, err = locked.communicate(timeout=30)
    assert (locked.returncode, out) == (2, "")
    assert f"process {served.process.pid}" in err and err.count("\n") == 1
    out, err = occupied.communicate(timeout=30)
    assert (occupied.returncode, out) == (2, "")
    assert f"port: {port}" in err and "in use" in err and "--port" in err and err.count("\n") == 1


MISTAKES = [
    (("run", "--headless", "--port", "0", "--rules", "absent.toml"), "rules: absent.toml cannot be read"),
    (("run", "--headless", "--port", "0", "--clock", "2066-11-24T10:00-05:00"), "clock: 2066"),
    (("run", "--headless", "--port", "0", "--clock", "2026-11-24T10:00"), "offset from UTC"),
    (("run", "--headless", "--port", "0", "--host", "0.0.0.0"), "a webhook secret is required"),
    (
        ("run", "--headless", "--port", "0", "--db", "postgresql://me@127.0.0.1:9/x"),
        "postgresql://me@127.0.0.1:9/x: no connection: Connection refused",
    ),
    (("demo", "--headless"), "give --seconds"),
    (
        ("demo", "--headless", "--seconds", "1", "--clock", "2026-11-24T20:00-05:00"),
        "clock: the simulation starts",
    ),
    (("demo", "--headless", "--seconds", "1", "--rules", "absent.toml"), "rules: absent.toml cannot be read"),
    (("send", "signalz"), "signalz"),
    (("send", "--url", "http://127.0.0.1:9"), "gatedeck run"),
]


@pytest.mark.parametrize(("arguments", "words"), MISTAKES, ids=[" ".join(m[0]) for m in MISTAKES])
def test_a_mistake_is_one_line_that_says_what_is_wrong(
    gatedeck: Any,
    arguments: tuple[str, ...],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """In this process, as it is faster: what a mistake leaves running would hang this test as it hangs a shell."""
    for name, value in gatedeck.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(gatedeck.state)
    monkeypatch.setattr("sys.argv", ["gatedeck", *arguments])
    threads = threading.active_count()
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capfd.readouterr()
    assert ended.value.code in (1, 2) and out == ""
    assert words in err and err.startswith("gatedeck: ") and err.count("\n") == 1
    assert threading.active_count() <= threads


def test_send_shows_a_first_decision(gatedeck: Any) -> None:
    served = gatedeck.serve()
    code, out, err = gatedeck("send", "--url", served.url)
    assert (code, err) == (0, "")
    assert "signals: accepted TRADINGVIEW_SIGNAL SPY → EXECUTE LONG" in out
    code, out, err = gatedeck("send", "signals", "--url", served.url, "--symbol", "iwm", "--short", "--json")
    assert (code, err, out.count("\n")) == (0, "", 1)
    (told,) = json.loads(out)
    assert (told["symbol"], told["decision"]["proposed_direction"]) == ("IWM", "SHORT")
    bad = gatedeck.state / "bad.json"
    bad.write_text('{"ticker": "SPY", "action": "buy", "price": -1}')
    code, out, _ = gatedeck("send", str(bad), "--url", served.url)
    assert code == 1 and "price" in out


HOSTILE = "\x1b]52;c;aGk=\x07\x1b[2J\x9b31m\u202e[/x][@click=app.quit]\u0000"


def test_hostile_texts_come_back_clean(gatedeck: Any) -> None:
    served = gatedeck.serve()
    changes = {
        "id": f"id{HOSTILE}",
        "comment": HOSTILE,
        "event": HOSTILE,
        "pattern": HOSTILE,
        "components": [HOSTILE],
    }
    for source in Source:
        served.send(source, direction=Direction.SHORT, changes=dict(changes))
    served.send(SIGNAL, "QQQ", changes={**changes, "timenow": None, "id": f"id{HOSTILE}"})
    refused = served.http("/api/webhooks", json.dumps({"ticker": f"SPY{HOSTILE}", "action": HOSTILE}))
    assert refused.status == 422
    told = [
        refused.text,
        *(served.http(p).text for p in ("/api/receipts", "/api/decisions", "/api/ledger", "/api/positions")),
    ]
    for text in told:
        held = json.dumps(json.loads(text), ensure_ascii=False)
        for bad in ("\x1b", "\x07", "\x9b", "\u202e", "\\u001b", "\\u0007", "\\u009b"):
            assert bad not in held and bad not in text
