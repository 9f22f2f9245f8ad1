"""Pricing, Greeks and implied volatility of 10,000 options against py_vollib_vectorized and QuantLib."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from core.options import greeks, greeks_one, implied_volatility, implied_volatility_one, price
from tests.benchmarks.table import Row, alternate, duration, per_second

N = 10_000
RATE, DIVIDEND = 0.04, 0.012
QUANTLIB_N = 500  # one object graph per option: a part of them is enough to measure the rate

Options = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _options(n: int = N) -> Options:
    """Return options with an hour to a year left, strikes within two deviations, 10 to 80 % volatility."""
    rng = np.random.default_rng(20)
    spot = rng.uniform(50.0, 600.0, n)
    years = np.exp(rng.uniform(np.log(1 / (252 * 6.5)), 0.0, n))
    volatility = rng.uniform(0.1, 0.8, n)
    strike = spot * np.exp(volatility * np.sqrt(years) * rng.uniform(-2.0, 2.0, n))
    return spot, strike, years, volatility, rng.random(n) < 0.5


def _vollib() -> Any | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import py_vollib_vectorized

            # It compiles at its first call; numba from 0.63 on may refuse its recursion.
            py_vollib_vectorized.vectorized_black_scholes_merton(
                np.array(["c"]), 100.0, 105.0, 0.1, RATE, 0.2, DIVIDEND, return_as="numpy"
            )
    except Exception:  # absent, or broken by a newer pandas or numba
        return None
    return py_vollib_vectorized


def _quantlib() -> Any | None:
    try:
        import QuantLib
    except Exception:
        return None
    return QuantLib


def rows() -> Iterator[Row]:
    """Yield the rows of the table."""
    yield from _greeks_rows()
    yield from _implied_rows()
    yield from _small_rows()


def _greeks_rows() -> Iterator[Row]:
    options = _options()
    spot, strike, years, volatility, is_call = options
    work = f"price, delta, gamma, theta, vega, {N:,} options"

    def ours() -> object:
        return greeks(*options, rate=RATE, dividend=DIVIDEND)

    def american() -> object:
        return greeks(*options, rate=RATE, dividend=DIVIDEND, american=True)

    def puts() -> object:
        return greeks(spot, strike, years, volatility, False, rate=RATE, dividend=DIVIDEND, american=True)

    vollib = _vollib()
    target = "≥ 20 × py_vollib_vectorized"
    if vollib is None:
        mine, early, both = alternate(ours, puts, american)
        peer = "py_vollib_vectorized absent"
        yield Row(work, per_second(N, mine), peer, None, target)
        yield Row(f"{work}, American puts", per_second(N, early), peer, None, "≥ 10 × py_vollib_vectorized")
        yield Row(f"{work}, American calls and puts", per_second(N, both), peer, None, "–")
    else:
        flag = np.where(is_call, "c", "p")
        inputs = (flag, spot, strike, years, RATE, volatility, DIVIDEND)

        def theirs() -> object:
            # The faster of its two interfaces: one call for all Greeks (with rho, as ours has).
            value = vollib.vectorized_black_scholes_merton(*inputs, return_as="numpy")
            return value, vollib.get_all_greeks(*inputs, model="black_scholes_merton", return_as="dict")

        mine, early, both, other = alternate(ours, puts, american, theirs)
        peer = f"py_vollib_vectorized {per_second(N, other)}"
        yield Row(work, per_second(N, mine), peer, other / mine, target, "its Greeks are differences")
        note, target = "it prices European options only", "≥ 10 × py_vollib_vectorized"
        yield Row(f"{work}, American puts", per_second(N, early), peer, other / early, target, note)
        both_work = f"{work}, American calls and puts"
        yield Row(
            both_work,
            per_second(N, both),
            peer,
            other / both,
            "–",
            f"yield {DIVIDEND:.1%}: calls too may be exercised",
        )

    quantlib = _quantlib()
    if quantlib is None:
        yield Row(work, per_second(N, mine), "QuantLib absent", None, "–")
        return
    graph = _quantlib_work(quantlib, options)
    mine, other = alternate(ours, graph, runs=5)
    mine, other = mine / N, other / QUANTLIB_N
    yield Row(work, per_second(1, mine), f"QuantLib {per_second(1, other)}", other / mine, "–")


def _quantlib_work(ql: Any, options: Options) -> Callable[[], object]:
    """Return a closure that values the first options by QuantLib's Black calculator, its fastest path."""
    spot, strike, years, volatility, is_call = (column[:QUANTLIB_N].tolist() for column in options)

    def work() -> object:
        got = []
        for s, k, t, v, call in zip(spot, strike, years, volatility, is_call, strict=True):
            right = ql.Option.Call if call else ql.Option.Put
            forward, discount = s * math.exp((RATE - DIVIDEND) * t), math.exp(-RATE * t)
            one = ql.BlackCalculator(ql.PlainVanillaPayoff(right, k), forward, v * math.sqrt(t), discount)
            got.append((one.value(), one.delta(s), one.gamma(s), one.theta(s, t), one.vega(t)))
        return got

    return work


def _implied_rows() -> Iterator[Row]:
    options = _options()
    spot, strike, years, volatility, is_call = options
    value = price(*options, rate=RATE, dividend=DIVIDEND)
    # Deep in the money the price does not determine volatility to 1e-10: errors are of the other options.
    vega = greeks(*options, rate=RATE, dividend=DIVIDEND).vega * 100
    told = 4e-16 * (spot + strike) / vega < 1e-11

    def ours() -> np.ndarray:
        return implied_volatility(value, spot, strike, years, is_call, rate=RATE, dividend=DIVIDEND)

    work = f"implied volatility, {N:,} options"
    target = "≥ 3.5 × py_vollib_vectorized at ≤ 1e-10"
    error = f"error ≤ {np.abs(ours() - volatility)[told].max():.0e}"
    vollib = _vollib()
    if vollib is None:
        (mine,) = alternate(ours)
        yield Row(work, per_second(N, mine), "py_vollib_vectorized absent", None, target, error)
        return
    flag = ["c" if call else "p" for call in is_call]  # QuantLib reads a list faster than an array

    def theirs() -> np.ndarray:
        return vollib.vectorized_implied_volatility(
            *(value, spot, strike, years, RATE, flag, DIVIDEND),
            model="black_scholes_merton",
            return_as="numpy",
            on_error="ignore",
        )

    mine, other = alternate(ours, theirs)
    error += f", its {np.abs(theirs() - volatility)[told].max():.0e}, {told.mean():.0%} of them told"
    peer = f"py_vollib_vectorized {per_second(N, other)}"
    yield Row(work, per_second(N, mine), peer, other / mine, target, error)


def _small_rows() -> Iterator[Row]:
    """Yield rows for the scalar path against an array of one, and for the positions of one book."""
    one = (450.0, 455.0, 0.02, 0.2, True)
    times = 500

    def scalar() -> object:
        return [greeks_one(*one) for _ in range(times)]

    def array() -> object:
        return [greeks(*one) for _ in range(times)]

    mine, other = (taken / times for taken in alternate(scalar, array, runs=7))
    yield Row(
        "value and Greeks of one option", duration(mine), f"array of one {duration(other)}", other / mine, "–"
    )

    value = float(price(*one))

    def scalar_implied() -> object:
        return [implied_volatility_one(value, *one[:3], True) for _ in range(times)]

    def array_implied() -> object:
        return [implied_volatility(value, *one[:3], True) for _ in range(times)]

    mine, other = (taken / times for taken in alternate(scalar_implied, array_implied, runs=7))
    yield Row(
        "implied volatility of one option",
        duration(mine),
        f"array of one {duration(other)}",
        other / mine,
        "–",
    )
    yield _american_row()


def _american_row() -> Row:
    """Return the row of a single put, each time at another volatility: nothing of it is cached."""
    times, volatility = 500, itertools.count(0.2, 1e-9)

    def scalar() -> object:
        return [greeks_one(450.0, 455.0, 0.02, next(volatility), False, american=True) for _ in range(times)]

    def implied() -> object:
        values = (7.0 + next(volatility) for _ in range(times))
        return [implied_volatility_one(one, 450.0, 455.0, 0.02, False, american=True) for one in values]

    mine, back = (taken / times for taken in alternate(scalar, implied, runs=7))
    return Row(
        *("value and Greeks of one American put", duration(mine), "–", None, "–"),
        f"critical price included; its implied volatility {duration(back)}",
    )
