"""``?`` explains the codes of the selected row, and on Live those of the decision, before the keys."""

from __future__ import annotations

import pytest
from fake_deck import FakeDeck, screen_text

from tui.app import DeckApp
from tui.dialogs import base
from tui.dialogs.help import HelpDialog, known_codes
from tui.guide.pages import glossary_terms


@pytest.mark.parametrize(
    ("texts", "codes"),
    [
        (["24 Nov 15:41", "SKIP", "▲ LONG QQQ 5m", "GRADE_C"], ("SKIP", "LONG", "GRADE_C")),
        (["PHASE_FORBIDS +1", "SKIP", "SKIP"], ("PHASE_FORBIDS", "SKIP")),
        (["META 610C 11/27", "+1,007.10", ""], ()),
        (["stale"], ("stale",)),
    ],
)
def test_codes_of_texts(texts: list[str], codes: tuple[str, ...]) -> None:
    assert known_codes(texts) == codes


async def test_the_row_under_the_cursor_is_explained_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "DEBOUNCE", 0.0)
    app = DeckApp(FakeDeck(), refresh_hz=0.01)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2")
        await pilot.pause()
        await pilot.press("down", "question_mark")
        await pilot.pause()
        assert isinstance(app.screen, HelpDialog)
        shown = " ".join(screen_text(app).split())
        assert "On the selected row" in shown
        row = app.screen_stack[-2].focused.current_row  # type: ignore[union-attr]
        code = known_codes([text for text, _ in row.cells])[-1]
        assert glossary_terms()[code].replace("`", "").split(". ")[0][:40] in shown
        await pilot.press("escape", "1", "question_mark")
        await pilot.pause()
        assert "On the decision above" in screen_text(app) and "EXECUTE" in screen_text(app)
