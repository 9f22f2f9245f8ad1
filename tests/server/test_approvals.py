"""A trade that waits for a person, through the runtime: on disk, on the deck, over a restart, and folded anew."""

from __future__ import annotations

from typing import Any

from server.deck import Command, PageQuery
from server.deck.local import LocalDeck
from server.feeds.base import NoFeed
from server.replay.verify import verify_ledger


def word(name: str, approval_id: str, command_id: str = "w1") -> Command:
    return Command(id=command_id, name=name, argument=approval_id, author="trader")


async def listed(deck: LocalDeck, **filters: str) -> list[dict[str, Any]]:
    return [dict(item) for item in (await deck.page(PageQuery(what="approvals", filters=filters))).items]


async def test_it_waits_over_a_kill_and_is_bought_once_when_a_person_says_yes(station: Any) -> None:
    first = await station.start(NoFeed(), rules="")
    told = await station.enter(first)
    assert (told.decision.action, told.decision.code) == ("WAIT", "APPROVAL_NEEDED")
    await station.kill(first)
    station.later(seconds=20)
    runtime = await station.start(NoFeed(), rules="")
    deck = LocalDeck(runtime)
    (row,) = deck.snapshot().approvals
    assert (row.contracts, row.decision_id) == (told.decision.count.contracts, told.decision.id)
    assert row.premium > 1500 and row.left == 15 * 60 - 20 and not row.stale
    assert row.mark is not None and abs(row.mark / row.price - 1) < 0.05
    (item,) = await listed(deck, status="pending")
    assert (item["id"], item["status"], item["contract"]) == (row.id, "PENDING", row.contract)
    done = await deck.command(word("approve_trade", row.id))
    assert (done.ok, done.code) == (True, "APPROVING")
    again = await deck.command(word("approve_trade", row.id))
    assert again == done
    await runtime.settled()
    snapshot = deck.snapshot()
    assert snapshot.approvals == ()
    (held,) = snapshot.positions
    assert (held.contract, held.contracts) == (row.contract, row.contracts)
    (item,) = await listed(deck)
    assert (item["status"], item["author"], item["position_id"]) == ("EXECUTED", "trader", held.id)
    bought = await deck.decision(held.decision_id)
    assert (bought.action, bought.supersedes, bought.approval_id) == ("EXECUTE", told.decision.id, row.id)
    assert await runtime.ledger.record(held.decision_id) == bought
    await station.stop(runtime)
    assert verify_ledger(station.path)["ok"]


async def test_a_no_is_a_decision_and_nothing_is_bought(station: Any) -> None:
    runtime = await station.start(NoFeed(), rules="")
    deck = LocalDeck(runtime)
    await station.enter(runtime)
    (row,) = deck.snapshot().approvals
    assert (await deck.command(word("reject_trade", row.id))).code == "REJECTED"
    latest = deck.snapshot().decision
    assert (latest.action, latest.code, latest.blocks[0].text) == ("SKIP", "REJECTED", "Rejected by trader")
    assert deck.snapshot().positions == ()
    refused = await deck.command(word("approve_trade", row.id, "w2"))
    assert (refused.ok, refused.code) == (False, "REJECTED")
    assert [item["status"] for item in await listed(deck)] == ["REJECTED"]
    await station.stop(runtime)
    assert verify_ledger(station.path)["ok"]
