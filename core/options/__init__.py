"""Option mechanics: model values, Greeks, implied volatility, contract selection and simulated fills.

Job: the mathematics and the market rules of one option. May not touch files, sockets, the wall clock,
positions, the engine or the screens: arrays and floats in, arrays and floats out.

Read first:

- pricing.py: Black-Scholes-Merton values and Greeks on two clocks; theta comes from here.
- american.py: what the right to exercise early adds to them.
- implied_volatility.py: the inverse, from a price to a volatility.
- trading_clock.py: time to expiry in years of variance.
- contract.py: the choice of expiry, strike and OCC symbol for a signal.
- fills.py: the simulated fill of an order on a quote, with its costs.
"""

from core.options.implied_volatility import implied_volatility, implied_volatility_one
from core.options.pricing import Greeks, greeks, price
from core.options.pricing_one import GreeksOne, early_exercise_one, greeks_one, price_one

__all__ = [
    "Greeks",
    "GreeksOne",
    "early_exercise_one",
    "greeks",
    "greeks_one",
    "implied_volatility",
    "implied_volatility_one",
    "price",
    "price_one",
]
