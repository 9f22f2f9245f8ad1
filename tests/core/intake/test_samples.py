"""The sample bodies are read as what they claim to be, in every disguise in which senders post them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.intake import ENDPOINTS, normalise, sample
from core.model import Bias, Direction, Source
from tests.core.intake.disguises import DISGUISES

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("source", list(Source))
def test_every_sample_reads_as_its_source(source: Source, direction: Direction, disguise: str) -> None:
    body = sample(source, NOW, "SPY", 650.123, direction)
    update = normalise(DISGUISES[disguise](body))
    assert (update.source, update.symbol) == (source, "SPY")
    assert (update.fired_at or update.timestamp) == NOW
    assert update.fired is (update.fired_at is None)
    assert update.sender_id
    plain = normalise(body)
    assert (update.signal, update.regime, update.alignment, update.structure) == (
        plain.signal,
        plain.regime,
        plain.alignment,
        plain.structure,
    )


@pytest.mark.parametrize("direction", list(Direction))
def test_samples_point_the_way_they_say(direction: Direction) -> None:
    bias = Bias(direction.value)
    signal = normalise(sample(Source.TRADINGVIEW_SIGNAL, NOW, "SPY", 650.0, direction)).signal
    assert signal is not None
    assert None not in (signal.entry, signal.stop, signal.target_1, signal.target_2)
    levels = [signal.stop or 0, signal.entry or 0, signal.target_1 or 0, signal.target_2 or 0]
    assert sorted(levels, reverse=direction is Direction.SHORT) == levels
    regime = normalise(sample(Source.SATY_PHASE, NOW, "SPY", 650.0, direction, confidence=61.5)).regime
    assert regime is not None
    assert (regime.bias, regime.confidence, regime.htf_alignment) == (bias, 61.5, True)
    alignment = normalise(sample(Source.MTF_DOTS, NOW, "SPY", 650.0, direction, agreeing=5)).alignment
    assert alignment is not None
    assert sum(state is bias for state in alignment.states.values()) == 5


def test_two_moments_are_two_messages() -> None:
    for source in Source:
        ids = {
            normalise(sample(source, NOW + timedelta(seconds=n), "SPY", 650.0, Direction.LONG)).sender_id
            for n in range(3)
        }
        assert len(ids) == 3


def test_every_source_has_an_endpoint() -> None:
    assert set(ENDPOINTS.values()) == set(Source)
