"""Keys that are missing or refused: one line each at the start, and the deck runs on what is left."""

from __future__ import annotations

from typing import Any


def test_each_feed_that_cannot_be_used_is_one_line_and_the_deck_runs_on(gatedeck: Any) -> None:
    config = gatedeck.state / "gatedeck.toml"
    config.write_text(
        'feeds = ["tradier", "alpaca", "webhook"]\ntradier_url = "http://127.0.0.1:1/v1"\nport = 0\n'
        f'state_dir = "{gatedeck.state}"\n'
    )
    gatedeck.extra["TRADIER_TOKEN"] = "a-token-that-nobody-may-see"
    process = gatedeck.begin("run", "--headless", "--config", str(config))
    url = process.stdout.readline().split()[-1]
    lines = sorted(process.stderr.readline().strip() for _ in range(2))
    assert lines[0].startswith("gatedeck: feed alpaca: no key") and "APCA_API_KEY_ID" in lines[0]
    assert lines[1] == "gatedeck: feed tradier: no connection to 127.0.0.1"
    code, out, err = gatedeck("feeds", "--url", url, "--config", str(config))
    assert (code, err) == (1, "")
    told = {line.split()[0]: line for line in out.splitlines()[1:]}
    assert list(told) == ["tradier", "alpaca", "webhook"]
    assert "KEY_MISSING" in told["alpaca"] and "no connection" in told["tradier"]
    assert "a-token" not in out + "".join(lines)
    process.terminate()
    assert process.wait(10) == 0
