"""Feeds by their names: order, keys, a faulty package, and the trial of each without an engine."""

from __future__ import annotations

from random import Random
from typing import Any

import aiohttp
import pytest

from server.config import ConfigError, load_settings
from server.demo.vendors import twelvedata as local
from server.demo.vendors.simulated import SimulatedSource
from server.feeds import registry
from server.feeds.base import NoFeed
from server.feeds.live import LiveMarkets, open_markets
from server.feeds.trial import try_vendor
from server.runtime.clock import SteadyClock, VirtualClock


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))


def test_a_name_that_is_no_feed_names_those_that_are() -> None:
    with pytest.raises(ConfigError, match="no feed is named tradir; did you mean tradier"):
        registry.check_names(("tradir",))


def test_an_unencrypted_address_elsewhere_is_refused() -> None:
    with pytest.raises(ConfigError, match="would send the key unencrypted"):
        load_settings({"tradier_url": "http://example.com/v1"})
    assert load_settings({"tradier_url": "http://127.0.0.1:9/v1"}).tradier_url.endswith("/v1")


async def test_without_a_name_there_is_no_feed_and_with_webhook_alone_the_market_is_assumed() -> None:
    assert isinstance(open_markets(load_settings(), SteadyClock()), NoFeed)
    alone = open_markets(load_settings({"feeds": ("webhook",)}), SteadyClock())
    assert alone.assumed and [each.name for each in alone.status()] == ["webhook"]


async def test_each_feed_without_a_key_is_told_in_one_line_and_the_others_run() -> None:
    settings = load_settings({"feeds": ("twelvedata", "webhook")})
    missing = open_markets(settings, SteadyClock(), environment={})
    assert isinstance(missing, LiveMarkets) and not missing.assumed
    assert await missing.check() == ("feed twelvedata: no key: set TWELVEDATA_API_KEY in the environment",)
    assert [(each.name, each.state) for each in missing.status()] == [
        ("twelvedata", "KEY_MISSING"), ("webhook", "WAITING"),
    ]  # fmt: skip
    await missing.close()


async def test_a_package_that_cannot_be_loaded_does_not_stop_the_start(monkeypatch: Any) -> None:
    class Broken:
        name = "broken"

        def load(self) -> Any:
            raise ImportError("no module of that name")

    monkeypatch.setattr(registry, "_installed", lambda: {"broken": Broken()})
    markets = open_markets(load_settings({"feeds": ("broken",)}), SteadyClock(), environment={})
    assert isinstance(markets, LiveMarkets)
    assert "cannot be loaded (ImportError" in (await markets.check())[0]
    await markets.close()


@pytest.mark.parametrize("key", [local.KEY, "revoked"])
async def test_a_trial_asks_for_all_that_a_vendor_offers(key: str, simulated: SimulatedSource) -> None:
    server = local.TwelveDataServer(simulated)
    await server.start()
    simulated.record(simulated.market.step())
    settings = load_settings({"feeds": ("twelvedata",), "twelvedata_url": server.url})
    clock = VirtualClock(simulated.market.now, "test")
    async with aiohttp.ClientSession() as session:
        feeds = registry.open_feeds(
            settings, session, clock, environment={"TWELVEDATA_API_KEY": key}, random=Random(1)
        )
        rows = await try_vendor(feeds.vendors[0], "SPY", clock.now())
    await server.stop()
    assert [row.need for row in rows] == ["quotes", "daily bars", "minute bars"]
    if key == local.KEY:
        assert not any(row.failed for row in rows) and "0 s old" in rows[0].text
    else:
        assert [row.code for row in rows] == ["KEY_REFUSED"] * 3 and len(server.requests) == 1
