"""Option mechanics: model values, Greeks and implied volatility."""

from core.options.implied_volatility import implied_volatility, implied_volatility_one
from core.options.pricing import Greeks, GreeksOne, greeks, greeks_one, price, price_one

__all__ = [
    "Greeks",
    "GreeksOne",
    "greeks",
    "greeks_one",
    "implied_volatility",
    "implied_volatility_one",
    "price",
    "price_one",
]
