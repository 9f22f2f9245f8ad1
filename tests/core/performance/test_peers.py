"""Agreement with empyrical where the definitions coincide."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.performance import metrics

empyrical = pytest.importorskip("empyrical", reason="empyrical-reloaded is not installed")


@pytest.fixture(params=[1, 2, 3])
def nets(request: Any) -> np.ndarray[Any, Any]:
    random = np.random.default_rng(request.param)
    return random.normal(6.0, 90.0, 150) * (random.random(150) < 0.7)


def test_sharpe_and_sortino(nets: np.ndarray[Any, Any], on_sessions: Any) -> None:
    """On dollars by session; both are free of scale, so the account does not matter."""
    made = metrics(on_sessions(nets))
    assert made.sharpe.value == pytest.approx(empyrical.sharpe_ratio(nets), rel=1e-9)
    assert made.sortino.value == pytest.approx(empyrical.sortino_ratio(nets), rel=1e-9)


def test_deepest_drawdown_in_percent(nets: np.ndarray[Any, Any], on_sessions: Any) -> None:
    """On the returns of equity from exit to exit; empyrical's is a negative fraction."""
    equity = np.concatenate(([25_000.0], 25_000.0 + np.cumsum(nets)))
    returns = equity[1:] / equity[:-1] - 1
    made = metrics(on_sessions(nets), account=25_000.0)
    assert made.max_drawdown_pct.value == pytest.approx(-100 * empyrical.max_drawdown(returns), rel=1e-9)
