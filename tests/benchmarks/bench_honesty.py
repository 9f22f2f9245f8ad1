"""Honesty of the paper engine: on a fair market with random signals it must earn nothing before costs.

The simulated prices are martingales and options are worth their quotes, so the expected P&L of every trade before
costs is zero under any rules. A mean P&L more than two standard errors from zero would show that the engine looks
ahead or prices wrongly. So would a net P&L that is not lower by the costs.

The second row leaves out the P&L from delta. That part is fair by itself and has nearly all of the noise, so the
rest (gamma, volatility, time) is a test many times as sharp.
"""

from __future__ import annotations

import os
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.benchmarks.market_run import PARTS, ExitFill, MarketRun
from tests.benchmarks.table import Row

SEEDS = range(1, 25)
LIMIT = 2.0
SUSPECT = 3.0
"""Standard errors from which a slice of the trades is reported; of many slices some exceed 2 by chance."""

Runs = Sequence[Sequence[ExitFill]]
Amount = Callable[[ExitFill], float]


def exit_fills(seed: int) -> list[ExitFill]:
    """Return every exit fill of one seed, of trades and shadow trades."""
    run = MarketRun(seed)
    run.to_the_end()
    return list(run.fills())


def measure(seeds: Iterable[int] = SEEDS) -> Runs:
    """Return the exit fills of every seed, computed on all cores."""
    workers = min(8, os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        return list(pool.map(exit_fills, seeds))


def mean_and_error(runs: Runs, amount: Amount, wanted: Callable[[ExitFill], bool]) -> tuple[float, float]:
    """Return the mean over the seeds of the summed amount of their fills, and its standard error."""
    sums = [sum(amount(fill) for fill in fills if wanted(fill)) for fills in runs]
    return statistics.fmean(sums), statistics.stdev(sums) / len(sums) ** 0.5


def gross(fill: ExitFill) -> float:
    return fill.gross


def undirected(fill: ExitFill) -> float:
    """Return a fill's P&L without its part from delta: gamma, volatility, time and the unexplained part."""
    return sum(fill.parts) - fill.parts[PARTS.index("delta")]


def rows() -> Iterator[Row]:
    """Yield P&L per seed in dollars of trades, the same without delta, and both for shadow trades."""
    runs = measure()
    for real, what in ((True, "trades"), (False, "shadow trades")):

        def chosen(fill: ExitFill, real: bool = real) -> bool:
            return fill.real is real

        count = len({fill.trade for fills in runs for fill in fills if fill.real is real})
        yield _row(f"P&L of {count:,} {what} before costs, a seed of {len(runs)}", runs, gross, chosen)
        yield _row("the same beyond delta", runs, undirected, chosen)


def _row(work: str, runs: Runs, amount: Amount, chosen: Callable[[ExitFill], bool]) -> Row:
    mean, error = mean_and_error(runs, amount, chosen)
    off = abs(mean) / error
    note = f"{off:.2f} standard errors from 0"
    if amount is gross:
        net, _ = mean_and_error(runs, lambda fill: fill.net, chosen)
        costs, _ = mean_and_error(runs, lambda fill: fill.costs, chosen)
        note += f"; net {_money(net)}, costs {_money(costs)}, adds up to {_money(mean - costs - net)}"
    if off > LIMIT:
        note += f"; SUSPECT: {_slices(runs, amount, chosen)}"
    target = f"within {LIMIT:g} standard errors of 0"
    return Row(work, f"{_money(mean)} ± {error:,.0f}", "0, a fair market", None, target, note)


def _slices(runs: Runs, amount: Amount, chosen: Callable[[ExitFill], bool]) -> str:
    """Return the slices by direction and timeframe that are far from zero.

    Each such slice is fair by itself. A slice by exit reason is not.
    """
    kinds: Mapping[str, Callable[[ExitFill], object]] = {
        "direction": lambda fill: fill.direction,
        "timeframe": lambda fill: fill.timeframe,
    }
    found: dict[str, float] = defaultdict(float)
    for kind, of in kinds.items():
        for value in {of(fill) for fills in runs for fill in fills if chosen(fill)}:

            def wanted(fill: ExitFill, of: Callable[[ExitFill], object] = of, value: object = value) -> bool:
                return chosen(fill) and of(fill) == value

            mean, error = mean_and_error(runs, amount, wanted)
            found[f"{kind} {value}"] = mean / error if error else 0.0
    worst = sorted(found.items(), key=lambda item: -abs(item[1]))
    return ", ".join(f"{name} {off:+.1f}" for name, off in worst if abs(off) > SUSPECT) or "no slice alone"


def _money(dollars: float) -> str:
    rounded = round(dollars)
    return f"{'-' if rounded < 0 else ''}${abs(rounded):,}"
