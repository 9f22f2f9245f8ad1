"""What stands on the System screen beside the senders: refused requests, the phone, secrets by name."""

from __future__ import annotations

from dataclasses import replace

from fake_deck import NOW, FakeDeck, record, screen_text, snapshot

from server.deck import CredentialUse, PhoneAddress, RefusedRequests, SystemView
from tui.app import DeckApp
from tui.panes.decision import DecisionPane
from tui.panes.senders import SendersPane

REFUSED = (
    RefusedRequests(
        code="UNAUTHORIZED", status=401, address="52.32.178.7", count=3, last_at=NOW, reason="no secret"
    ),
)


async def test_an_empty_card_says_what_was_refused_and_how_to_get_in() -> None:
    empty = replace(snapshot(), decision=None, refused=REFUSED)
    app = DeckApp(FakeDeck(empty))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        pane = app.screen.query_one(DecisionPane)
        text = "".join("".join(part for part, _ in line) for line in pane.lines(38, 20)).replace("  ", " ")
        assert "! 3 refused with 401 from" in text and "52.32.178.7" in text and "?key=SECRET" in text


async def test_the_system_screen_lists_refusals_before_the_senders() -> None:
    app = DeckApp(FakeDeck(replace(snapshot(decision=record()), refused=REFUSED)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5")
        await pilot.pause(0.3)
        text = screen_text(app)
        assert "52.32.178.7" in text and "✗ 3 refused" in text and "no valid secret" in text


class Keyed(FakeDeck):
    """A deck whose secrets have names."""

    async def system(self) -> SystemView:
        uses = (
            CredentialUse(name="trend old", scope="webhooks"),
            CredentialUse(name="api_token grafana", scope="read", count=7, last_at=NOW),
        )
        return replace(await super().system(), credentials=uses)


async def test_the_system_screen_lists_secrets_by_name_with_their_last_use() -> None:
    app = DeckApp(Keyed(snapshot(decision=record())))
    async with app.run_test(size=(120, 60)) as pilot:
        await pilot.press("5")
        await pilot.pause(0.3)
        app.screen.query_one(SendersPane).show((), (), (), NOW)
        await pilot.pause(0.3)
        lines = [" ".join(line.split()) for line in screen_text(app).splitlines()]
        assert any("trend old webhook never 0 × not used" in line for line in lines)
        assert any("api_token grafana read" in line and "7 × secret used" in line for line in lines)


async def test_the_system_screen_lists_the_addresses_of_the_phone() -> None:
    phone = (
        PhoneAddress(name="telegram", sent=1204, waiting=2),
        PhoneAddress(name="mail", sent=4, retried=6, lost=3, failing=True),
        PhoneAddress(name="ntfy 3"),
    )
    app = DeckApp(FakeDeck(replace(snapshot(decision=record()), phone=phone)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5")
        await pilot.pause(0.3)
        lines = [" ".join(line.split()) for line in screen_text(app).splitlines()]
        mail = next(n for n, line in enumerate(lines) if "mail phone 4 sent 6 retried ✗ 3 lost" in line)
        assert any("SATY_PHASE" in line for line in lines[mail:]), "what fails comes before the senders"
    app = DeckApp(FakeDeck(replace(snapshot(decision=record()), phone=phone)))
    async with app.run_test(size=(120, 60)) as pilot:
        await pilot.press("5")
        await pilot.pause(0.3)
        lines = [" ".join(line.split()) for line in screen_text(app).splitlines()]
        assert any("telegram phone 1,204 sent 2 wait ✓ sent" in line for line in lines)
        assert any("ntfy 3 phone 0 sent none yet" in line for line in lines)
