"""A rules text that could not be traded by is refused when it is read, with the place and what would do."""

from __future__ import annotations

import re

import pytest

from core.rules import DEFAULT, RulesError, parse_rules
from core.rules.penny_program import AS_OF, CLASSES

REFUSED = [
    ('[fills]\nspread_model = "wide"', "fills.spread_model", "'premium'"),
    ('[fills]\ncommission_preset = "free"', "fills.commission_preset", "'ib'"),
    ('[fills]\norder_type = "Limit"', "fills.order_type", "'limit'"),
    ('[contract]\nmoneyness = "itm"', "contract.moneyness", "'otm'"),
    ('[volatility.classes]\nSPY = "tech"', "volatility.classes", "index, mega, other"),
    ('[fills.spread_classes]\nSPY = "tech"', "fills.spread_classes", "etf"),
    ('[clock]\nmidday_from = "25:00"', "clock", "25:00"),
    ('[clock]\nclosures = ["2026-13-01"]', "clock", "month"),
    ('[clock.early_closes]\n"2026-11-26" = "13:00"', "clock", "no session"),
    ("[sizing]\nconfluence = []", "sizing.confluence", "one row"),
    ("[sizing]\nconfluence = [[60, 1.0], [90, 2.5]]", "sizing.confluence", "from the highest"),
    ('[sizing]\nrr = ["x"]', "sizing.rr", "a list"),
    ("[exits]\natr_multiples = [[5, 0.25, 0.5]]", "exits.atr_multiples", "rows of 4"),
    ("[volatility]\nsmile = [[1, 1.0], [-1, 1.1]]", "volatility.smile", "from the lowest"),
    ("[contract]\nstrike_steps_by_price = [[200, 5]]", "contract.strike_steps_by_price", "lowest prices"),
    ("[contract.strike_steps]\nSPY = 0", "contract.strike_steps", "above 0"),
    ("[fills.tick_steps]\npenny = [0, 0.05]", "fills.tick_steps", "above 0"),
    ("[volatility.by_symbol]\nSPY = -0.2", "volatility.base and by_symbol", "above 0"),
    ('[structural]\nquality_by_score = [[9, "SUPER"], [7, "HIGH"]]', "structural.quality_by_score", "MEDIUM"),
    ('[regime.allowed]\n"1" = ["UP"]', "regime.allowed", "SHORT"),
    ('[sizing.quality]\nEXTREME = "much"', "sizing.quality", "a number"),
    ("[account]\nsize = nan", "account.size", "a number"),
    ("[account]\nbudget_pct = 101", "account.budget_pct", "0 to 100 %"),
    ("[clock]\nnight_minutes = -1", "clock.night_minutes", "under 0 min"),
]


@pytest.mark.parametrize(("text", "path", "said"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_would_fail_at_the_first_trade_is_refused_at_once(text: str, path: str, said: str) -> None:
    with pytest.raises(RulesError) as refusal:
        parse_rules(text)
    assert str(refusal.value).startswith(f"{path}:") and said in str(refusal.value)


def test_the_default_and_a_class_of_ones_own_are_taken() -> None:
    again = parse_rules(DEFAULT.to_toml())
    assert (again, again.fingerprint) == (DEFAULT, DEFAULT.fingerprint)
    own = parse_rules('[volatility.classes]\nMU = "chips"\n[volatility.base]\nchips = 0.5\n')
    assert own.volatility.base["chips"] == 0.5


def test_the_classes_of_the_penny_program_are_named_once_and_dated() -> None:
    assert len(CLASSES) == len(set(CLASSES)) > 100
    assert {"AAPL", "NVDA", "TLT"} <= set(CLASSES)
    assert not set(CLASSES) & set(DEFAULT.fills.penny_ticks), "those trade in cents at any price"
    assert re.fullmatch(r"20\d\d-\d\d", AS_OF)
