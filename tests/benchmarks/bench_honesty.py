"""Whether the paper engine is honest: on a fair market with blind signals it must earn nothing and pay its costs.

The simulated market's prices are martingales and its options are worth what they are quoted, so every trade's
expectation before costs is zero whatever the rules do. A mean P&L beyond two standard errors of zero would
mean that the engine looks ahead or prices wrongly; so would a net that does not lie below by the costs.

The second row takes out what the underlyings' moves paid at each mark's delta, which is fair by itself and
nearly all of the noise: what is left (gamma, volatility, time) is a test many times as sharp.
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
"""Standard errors from which one slice of the trades is named; some of many slices pass 2 by chance alone."""

Runs = Sequence[Sequence[ExitFill]]
Amount = Callable[[ExitFill], float]


def legs_of(seed: int) -> list[ExitFill]:
    """Every exit of one seed, trades and shadow trades."""
    run = MarketRun(seed)
    run.to_the_end()
    return list(run.legs())


def measure(seeds: Iterable[int] = SEEDS) -> Runs:
    """Every seed's exits, on all cores."""
    workers = min(8, os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        return list(pool.map(legs_of, seeds))


def mean_and_error(runs: Runs, amount: Amount, wanted: Callable[[ExitFill], bool]) -> tuple[float, float]:
    """The mean over the seeds of a sum over their legs, and its standard error."""
    sums = [sum(amount(leg) for leg in legs if wanted(leg)) for legs in runs]
    return statistics.fmean(sums), statistics.stdev(sums) / len(sums) ** 0.5


def gross(leg: ExitFill) -> float:
    return leg.gross


def undirected(leg: ExitFill) -> float:
    """What a leg made beyond its delta: gamma, volatility, time and what the model cannot explain."""
    return sum(leg.parts) - leg.parts[PARTS.index("delta")]


def rows() -> Iterator[Row]:
    """Trades in dollars a seed, the same beyond their delta, and the shadow trades."""
    runs = measure()
    for real, what in ((True, "trades"), (False, "shadow trades")):

        def chosen(leg: ExitFill, real: bool = real) -> bool:
            return leg.real is real

        count = len({leg.trade for legs in runs for leg in legs if leg.real is real})
        yield _row(f"P&L of {count:,} {what} before costs, a seed of {len(runs)}", runs, gross, chosen)
        yield _row("the same beyond delta", runs, undirected, chosen)


def _row(work: str, runs: Runs, amount: Amount, chosen: Callable[[ExitFill], bool]) -> Row:
    mean, error = mean_and_error(runs, amount, chosen)
    off = abs(mean) / error
    note = f"{off:.2f} standard errors from 0"
    if amount is gross:
        net, _ = mean_and_error(runs, lambda leg: leg.net, chosen)
        costs, _ = mean_and_error(runs, lambda leg: leg.costs, chosen)
        note += f"; net {_money(net)}, costs {_money(costs)}, adds up to {_money(mean - costs - net)}"
    if off > LIMIT:
        note += f"; SUSPECT: {_slices(runs, amount, chosen)}"
    target = f"within {LIMIT:g} standard errors of 0"
    return Row(work, f"{_money(mean)} ± {error:,.0f}", "0, a fair market", None, target, note)


def _slices(runs: Runs, amount: Amount, chosen: Callable[[ExitFill], bool]) -> str:
    """By direction and timeframe (each fair by itself, unlike exit reasons): which slices are far from zero."""
    kinds: Mapping[str, Callable[[ExitFill], object]] = {
        "direction": lambda leg: leg.direction,
        "timeframe": lambda leg: leg.timeframe,
    }
    found: dict[str, float] = defaultdict(float)
    for kind, of in kinds.items():
        for value in {of(leg) for legs in runs for leg in legs if chosen(leg)}:

            def wanted(leg: ExitFill, of: Callable[[ExitFill], object] = of, value: object = value) -> bool:
                return chosen(leg) and of(leg) == value

            mean, error = mean_and_error(runs, amount, wanted)
            found[f"{kind} {value}"] = mean / error if error else 0.0
    worst = sorted(found.items(), key=lambda item: -abs(item[1]))
    return ", ".join(f"{name} {off:+.1f}" for name, off in worst if abs(off) > SUSPECT) or "no slice alone"


def _money(dollars: float) -> str:
    rounded = round(dollars)
    return f"{'-' if rounded < 0 else ''}${abs(rounded):,}"
