"""Parse each piece of CSS once for each theme.

Textual parses the whole style sheet again at every start, at every change of theme, and when a screen or a
dialog of a new class is shown for the first time. That costs about 100 ms, during which no webhook is answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.css.types import CSSLocation
from textual.screen import ModalScreen
from textual.widgets import Input

if TYPE_CHECKING:
    _AppBase = App[Any]
else:
    _AppBase = object

_Source = tuple[str, CSSLocation, bool, int, str]

_MAX_THEMES = 8
"""Themes whose parsed rules are kept; the deck has five."""
_PARSED: dict[frozenset[tuple[str, str]], dict[_Source, list[RuleSet]]] = {}
"""Parsed rules by the CSS variables they were parsed with. Rules are never modified, so apps can share them."""


class CachedStylesheet(Stylesheet):
    """Style sheet that keeps parsed rules for every theme, in place of the last theme alone."""

    def _parse_rules(
        self,
        css: str,
        read_from: CSSLocation,
        is_default_rules: bool = False,
        tie_breaker: int = 0,
        scope: str = "",
    ) -> list[RuleSet]:
        variables = frozenset(self._variables.items())
        if variables not in _PARSED and len(_PARSED) >= _MAX_THEMES:
            del _PARSED[next(iter(_PARSED))]
        parsed = _PARSED.setdefault(variables, {})
        source = (css, read_from, is_default_rules, tie_breaker, scope)
        if source not in parsed:
            parsed[source] = super()._parse_rules(css, read_from, is_default_rules, tie_breaker, scope)
        return parsed[source]

    def reparse(self) -> None:
        """Apply new variables; the rules stay as they were if the CSS has a mistake."""
        # `parse` is atomic, so Textual's temporary style sheet, which has no cache, is unnecessary.
        self.parse()


class DialogStylesFirst(_AppBase):
    """Mixin for the app, named before ``App``: read the CSS of dialogs at the start.

    Without it the first dialog adds the CSS of ``ModalScreen`` and ``Input``, and Textual then parses and
    applies the whole style sheet again before the dialog is painted.
    """

    def _get_default_css(self) -> list[tuple[tuple[str, str], str, int, str]]:
        css = super()._get_default_css()
        for widget in (ModalScreen[None](), Input()):
            css += widget._get_default_css()
        return css
