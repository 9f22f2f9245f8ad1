"""What a person says to a suggestion: kept with the journal, once, and never undone by a restart."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from core.learning import Suggestion
from core.learning.learn import learn_from
from core.rules import Rules
from server.deck import Command
from server.deck import learning as teaching
from server.deck.local import LocalDeck
from server.deck.rules_history import with_changes
from server.feeds.base import NoFeed

ASKED = Suggestion(
    id="0a1b2c",
    rule="market.max_spread_bps",
    old=12.0,
    new=13.2,
    text="Raise market.max_spread_bps from 12 to 13.2: spread 12 to 13.8 made 0.31 R against 0.02 R",
    evidence=(),
)


@pytest.fixture(autouse=True)
def one_suggestion(monkeypatch: pytest.MonkeyPatch) -> None:
    def learned(observed: Any, statuses: Any, rules: Rules, judged: Any) -> Any:
        made = learn_from(observed, statuses, rules, judged=judged)
        return replace(made, search=replace(made.search, suggestions=(ASKED,)))

    monkeypatch.setattr(teaching, "learn_from", learned)


def say(name: str, **changes: Any) -> Command:
    return Command(**{"id": f"c-{name}", "name": name, "argument": ASKED.id, "author": "ana", **changes})


async def test_an_approval_writes_a_rules_version_with_its_author(station: Any) -> None:
    runtime = await station.start(NoFeed(), rules="")
    deck = LocalDeck(runtime)
    assert [each.id for each in (await deck.learning()).suggestions] == [ASKED.id]
    station.later(minutes=5)
    result = await deck.command(say("approve"))
    assert (result.ok, result.code) == (True, "APPROVED")
    assert runtime.engine.rules.market.max_spread_bps == 13.2
    version = (await deck.system()).rules_versions[0]
    assert version["author"] == "ana" and version["changes"] == "market.max_spread_bps 12 → 13.2"
    assert await deck.command(say("approve")) == result, "sent again by an attached deck, with the same id"
    view = await deck.learning()
    assert view.suggestions == ()
    (said,) = view.judged
    assert (said.status, said.author, said.text, said.at) == (
        "APPROVED",
        "ana",
        ASKED.text,
        station.clock.now(),
    )


async def test_a_rejection_changes_no_rule_and_is_not_offered_again(station: Any) -> None:
    runtime = await station.start(NoFeed(), rules="")
    deck = LocalDeck(runtime)
    assert (await deck.command(say("reject"))).code == "REJECTED"
    assert runtime.engine.rules == Rules()
    assert (await deck.learning()).suggestions == ()
    again = await deck.command(say("approve"))
    assert (again.ok, again.code) == (False, "JUDGED") and "ana" in again.text
    assert runtime.engine.rules == Rules()


async def test_a_suggestion_that_is_not_offered_or_no_longer_fits_changes_nothing(station: Any) -> None:
    runtime = await station.start(NoFeed(), rules="[market]\nmax_spread_bps = 10\n")
    deck = LocalDeck(runtime)
    assert (await deck.command(say("approve", argument="another"))).code == "NO_SUGGESTION"
    told = await deck.command(say("approve"))
    assert (told.ok, told.code) == (False, "RULES_CHANGED") and "10" in told.text
    assert runtime.engine.rules.market.max_spread_bps == 10
    assert [each.id for each in (await deck.learning()).suggestions] == [ASKED.id]


async def test_an_approval_outlives_a_restart_until_the_file_is_changed(station: Any) -> None:
    text = "[account]\nsize = 50000\n"
    runtime = await station.start(NoFeed(), rules=text)
    await LocalDeck(runtime).command(say("approve"))
    await station.kill(runtime)
    again = await station.start(NoFeed(), rules=text)
    assert again.engine.rules.market.max_spread_bps == 13.2 and again.engine.rules.account.size == 50_000
    assert [each.status for each in (await LocalDeck(again).learning()).judged] == ["APPROVED"]
    await station.stop(again)
    other = await station.start(NoFeed(), rules="[account]\nsize = 60000\n")
    assert other.engine.rules.market.max_spread_bps == 12 and other.engine.rules.account.size == 60_000


async def test_it_learns_again_only_when_something_has_changed(
    station: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = await station.start(NoFeed(), rules="")
    deck = LocalDeck(runtime)
    first = await deck.learning()
    assert await deck.learning() is first
    await runtime.tick()
    assert await deck.learning() is first
    await deck.command(say("reject"))
    assert await deck.learning() is not first


def test_changes_between_versions_are_told_in_words() -> None:
    old = Rules()
    new = replace(old, sizing=replace(old.sizing, quality={**old.sizing.quality, "HIGH": 1.2}))
    versions = [SimpleNamespace(toml=new.to_toml()), SimpleNamespace(toml=old.to_toml())]
    told = with_changes([{"toml": each.toml} for each in versions])
    assert [each["changes"] for each in told] == [
        f"sizing.quality.HIGH {old.sizing.quality['HIGH']:g} → 1.2",
        "",
    ]
    unread = with_changes([{"toml": old.to_toml()}, {"toml": "[acount]\nsize = 1\n"}])
    assert "cannot be compared" in unread[0]["changes"]
