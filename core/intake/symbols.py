"""The underlying a body names: one name for one underlying, and whether it has US-listed options."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from core.fast_init import fast_init
from core.intake.errors import IntakeError, shown
from core.intake.speech import is_command
from core.intake.walk import Reading, of_words
from core.intake.words import listed
from core.model import SYMBOL_PATTERN, OptionWish, Reason, Tone

_SYMBOL: Final = re.compile(SYMBOL_PATTERN)
_EXCHANGE: Final = re.compile(r"[A-Z0-9_ ]{1,20}", re.ASCII)
_OCC: Final = re.compile(
    r"(?:O:|\.|OPRA:)?([A-Z]{1,6}) *(\d{2})(\d{2})(\d{2})([CP])(\d{8}|\d{1,6}(?:\.\d{1,3})?)"
)
_TOS: Final = re.compile(r"([A-Z]{1,6})_(\d{2})(\d{2})(\d{2})([CP])(\d{1,6}(?:\.\d{1,3})?)")
"""A contract as "SPY_112726P655": month, day and year before the right."""
_CLASS_SHARE: Final = re.compile(r"([A-Z]{1,5})[./_ -]([A-DK])")
_FUTURE: Final = re.compile(
    r"(?:ES|NQ|YM|RTY|MES|MNQ|MYM|M2K|CL|MCL|GC|MGC|SI|HG|NG|ZB|ZN|ZF|ZT|ZC|ZS|ZW|6[A-Z]|BTC|MBT)"
    r"[FGHJKMNQUVXZ](?:\d{1,2}|20\d{2})"
)
_ROOT: Final = re.compile(r"M?6[A-Z]|MES|MNQ|MYM|M2K|NQ|YM|RTY|MGC|MCL|ZB|ZN|ZF|ZT|ZC|ZS|ZW")
"""Futures that no US stock or fund shares its letters with."""
_INDIAN: Final = re.compile(r"[A-Z]+\d{2}[A-Z]{3}(?:FUT|\d+[CP]E)|[A-Z]+\d{7,}[CP]E")
_LONGEST: Final = 5
"""Most letters of a US listing's root symbol."""
_CURRENCIES: Final = frozenset(
    listed("USD EUR GBP JPY CHF AUD CAD NZD CNH CNY HKD SGD SEK NOK DKK MXN ZAR TRY PLN HUF CZK INR KRW BRL")
)
_COINS: Final = frozenset(
    listed(
        "BTC ETH SOL XRP DOGE ADA LTC BNB DOT AVAX LINK MATIC SHIB TRX XLM BCH UNI ATOM XAU XAG XPT XPD WTI"
    )
)
_QUOTES: Final = ("USDT", "USDC", "BUSD", "USD", "EUR", "GBP", "BTC", "ETH", "PERP", "TUSD", "FDUSD")
_INDICES: Final = frozenset(
    listed(
        "DXY US10Y US02Y US30Y US05Y UKX NI225 N225 HSI NIFTY NIFTY50 BANKNIFTY SENSEX CAC40 STOXX DEU40 GDAXI FTSE "
        "FCHI STOXX50E BTC.D TOTAL"
    )
)
_CFDS: Final = frozenset(
    listed(
        "US500 US30 US100 US2000 SPX500 SPX500USD NAS100 NAS100USD US30USD USTEC DJ30 GER40 DE40 DE30 UK100 "
        "JP225 JPN225 FRA40 AUS200 HK50 EU50 STOXX50 XAUUSD XAGUSD USOIL UKOIL BRENT NATGAS GOLD SILVER SPX500M"
    )
)
US_EXCHANGES: Final = frozenset(
    listed(
        "NYSE NASDAQ AMEX ARCA NYSEARCA NYSE_ARCA BATS CBOE CBOEBZX BZX IEX NYSEAMERICAN NYSE_AMERICAN "
        "NYSEMKT NYSE_MKT SP DJ DJI RUSSELL US USA SMART XNAS XNYS ARCX XASE BATX BATO EDGX CBOE_BZX NMS NGS "
        "NAS NYS I NCM NYQ ASE PCX OPRA ISLAND NASDAQ_GS NASDAQGS NASDAQGM NASDAQCM NSDQ NSQ CBOE_BATS XCBO TVC "
        "NASDAQ_DLY NYSE_DLY BATS_DLY AMEX_DLY CBOE_DLY SP_DLY INDEX USSTOCKS STOCK STOCKS EQUITY EQUITIES"
    )
)
"""Exchanges whose stocks, funds and indices have listed options in the US."""
_AFFIXES: Final = frozenset(listed("NASDAQ NYSE AMEX ARCA NYSEARCA BATS CBOE SMART"))
"""Exchanges that stand before or after a symbol with a dot, a dash or an @."""
_AFFIXED: Final = re.compile(r"([A-Z]+)[.@-]([A-Z]+)")
_ENDINGS: Final = frozenset(listed("O OQ N NYS NAS X"))
"""Endings of data vendors for a US listing."""
_TVC_INDICES: Final = frozenset(listed("SPX NDX RUT VIX DJI XSP"))
_NO_OPTIONS: Final = frozenset(
    listed(
        "FUTURE FUTURES FOREX FX CRYPTO CRYPTOCURRENCY CFD CURRENCY BOND ECONOMIC COIN PERPETUAL SPOT_CRYPTO "
        "SWAP PERP CMDTY COMMODITY SPREAD CASH_FX FUT CONTFUT DEFI CASH LINEAR INVERSE"
    )
)
_NO_DOLLARS: Final = (_CURRENCIES | _COINS | frozenset(listed("USDT USDC BUSD FDUSD TUSD DAI"))) - {"USD"}
"""Currencies and coins in which no US stock is quoted."""
_FAULTY: Final = (
    ("asset", _NO_OPTIONS), ("loose", _NO_OPTIONS), ("symbol", _NO_OPTIONS), ("quote", _NO_DOLLARS),
)  # fmt: skip
"""Slots whose word may say that a symbol has no US-listed options, and those words."""
UNDERLYING_NAMES: Final = {
    "BRKB": "BRK.B",
    "BRKA": "BRK.A",
    "BFB": "BF.B",
    "SPXW": "SPX", "GSPC": "SPX", "INX": "SPX", "NDXP": "NDX", "RUTW": "RUT", "VIXW": "VIX", "SP500": "SPX",
}  # fmt: skip
"""Underlyings by their other spellings, roots of their options among them."""
_PARSED = 40
"""Longest text that is taken for a symbol."""


@fast_init
@dataclass(frozen=True, slots=True)
class Underlying:
    """A symbol in its one spelling; ``why_not`` says why it has no US-listed options, if it has none."""

    symbol: str
    exchange: str | None = None
    why_not: str | None = None
    option: OptionWish | None = None
    respelled: bool = False


@of_words
def underlying(reading: Reading) -> tuple[Underlying, Reason | None]:
    """Return the underlying and the reason why it has no contract, if so; raises IntakeError."""
    found: Underlying | None = None
    where = ""
    exchange: str | None = None
    for _, path, value in reading.near("symbol"):
        if type(value) is not str and path.rpartition(".")[2].lower() in ("market", "root", "asset"):
            continue
        if path.rpartition(".")[2].lower() == "code" and is_command(value):
            continue
        read = _read(value, path)
        if found is not None and read.symbol != found.symbol:
            if _lesser(path):
                continue
            raise IntakeError(
                "AMBIGUOUS_SYMBOL", f"{path}: says {read.symbol}, {where} says {found.symbol}", path
            )
        if found is None:
            found, where = read, path
        exchange = exchange or read.exchange
    if found is None:
        raise IntakeError(
            "NO_SYMBOL",
            "symbol: missing; send symbol or ticker (at the top or in instrument), such as SPY",
            "symbol",
        )
    if exchange is None and isinstance(stated := reading.value("exchange"), str):
        text = stated.strip()
        exchange = _exchange(text) if len(text) <= _PARSED else None
    why = found.why_not or _exchange_fault(exchange) or _class_fault(reading)
    if found.respelled:
        reading.notes.append(f"{where}: read as {found.symbol}")
    block = None
    if why is not None:
        text = f"{found.symbol} has no US-listed options: {why}"
        block = Reason("NO_CONTRACT", text, Tone.NEGATIVE)
        reading.notes.append(text)
    if exchange == found.exchange and why == found.why_not:
        return found, block
    return Underlying(found.symbol, exchange, why, found.option, found.respelled), block


def _lesser(path: str) -> bool:
    """Return whether a key names something else as often as the symbol."""
    return path.rpartition(".")[2].lower() in (
        "root",
        "market",
        "asset",
        "coin",
        "pair",
        "security",
        "tick",
        "sym",
    )


@lru_cache(maxsize=1024)
def _exchange(text: str) -> str | None:
    text = text.upper()
    return text.replace(" ", "_") if _EXCHANGE.fullmatch(text) else None


def _exchange_fault(exchange: str | None) -> str | None:
    if exchange is None or exchange in US_EXCHANGES:
        return None
    return (
        f"the exchange {exchange} is none of the US stock and index exchanges (NYSE, NASDAQ, AMEX, CBOE ...)"
    )


def _class_fault(reading: Reading) -> str | None:
    for slot, faulty in _FAULTY:
        for _, path, value in reading.all(slot):
            if isinstance(value, str) and value.strip().upper().replace(" ", "_") in faulty:
                if slot != "symbol" or _lesser(path):
                    return f"{path} says {shown(value)}"
    return None


def _read(value: Any, path: str) -> Underlying:
    if isinstance(value, str) and len(value) <= _PARSED:
        found = parse(value)
        if found is not None:
            return found
    raise IntakeError(
        "BAD_SYMBOL",
        f"{path}: {shown(value)} is not a symbol; accepted are 1 to 15 of A-Z 0-9 . ^ / - _ with an "
        "exchange prefix if wanted, such as SPY or BATS:SPY",
        path,
    )


@lru_cache(maxsize=4096)
def parse(text: str) -> Underlying | None:
    """Return the underlying that a text names, ``None`` for what is no symbol."""
    upper = text.strip().upper()
    if occ := _OCC.fullmatch(upper):
        root, year, month, day, right, strike = occ.groups()
        amount = int(strike) / 1000 if len(strike) == 8 else float(strike)
        wish = OptionWish(right=right, strike=amount, expiry=f"20{year}-{month}-{day}")
        return Underlying(UNDERLYING_NAMES.get(root, root), option=wish, respelled=True)
    if tos := _TOS.fullmatch(upper):
        root, month, day, year, right, strike = tos.groups()
        wish = OptionWish(right=right, strike=float(strike), expiry=f"20{year}-{month}-{day}")
        return Underlying(UNDERLYING_NAMES.get(root, root), option=wish, respelled=True)
    prefix, colon, ticker = upper.rpartition(":")
    if colon and ticker in ("US", "UN", "UW", "UQ"):
        prefix, ticker = "", prefix
    exchange = prefix.replace(" ", "_") or None
    if exchange is not None and not _EXCHANGE.fullmatch(exchange):
        return None
    plain = re.sub(r"^\$|^US\.(?=[A-Z])| (?:US|UN|UW|UQ)(?: EQUITY| INDEX)?$|\.US$", "", ticker)
    if plain.startswith("^") and plain[1:].isalnum():
        plain = plain[1:]
    if affixed := _AFFIXED.fullmatch(plain):
        if affixed[2] in _AFFIXES or affixed[2] in _ENDINGS:
            exchange, plain = exchange or (affixed[2] if affixed[2] in _AFFIXES else None), affixed[1]
        elif affixed[1] in _AFFIXES:
            exchange, plain = exchange or affixed[1], affixed[2]
    plain = UNDERLYING_NAMES.get(plain, plain)
    if share := _CLASS_SHARE.fullmatch(plain):
        plain = f"{share[1]}.{share[2]}"
    if not _SYMBOL.fullmatch(plain):
        return None
    fault = _shape_fault(plain)
    if exchange == "TVC" and fault is None and plain not in _TVC_INDICES:
        fault = "TradingView's own index or rate of this name has none"
    return Underlying(plain, exchange, fault, respelled=plain != ticker)


def _shape_fault(symbol: str) -> str | None:
    """Return why a symbol of this shape is none of a US stock, fund or index."""
    flat = symbol.replace("-", "").replace("/", "").replace("_", "")
    if len(flat) == 6 and flat[:3] in _CURRENCIES | _COINS and flat[3:] in _CURRENCIES | _COINS:
        return "it is a pair of currencies"
    for quote in _QUOTES:
        base = flat.removesuffix(".P").removesuffix(quote)
        if base != flat.removesuffix(".P") and (
            base in _COINS or (quote in ("USDT", "USDC", "PERP") and base)
        ):
            return "it is a cryptocurrency pair"
    if symbol in _INDICES:
        return "it is an index or a rate without options in the US"
    if symbol in _CFDS or symbol.partition(".")[0] in _CFDS or symbol.removesuffix("M") in _CFDS:
        return "it is a contract for difference"
    root = symbol.partition(".")[0]
    if "_" in symbol or (len(root) > _LONGEST and root.isalpha()):
        return "no US listing has such a name"
    if _INDIAN.fullmatch(symbol):
        return "it is a contract of an Indian exchange"
    if (
        symbol.startswith("/")
        or symbol.endswith("=F")
        or _FUTURE.fullmatch(symbol)
        or _ROOT.fullmatch(symbol)
    ):
        return "it is a futures contract"
    if symbol.endswith(".P"):
        return "it is a perpetual swap"
    if "/" in symbol or "-" in symbol:
        return "it is a pair or a ratio"
    head, dot, tail = symbol.partition(".")
    if dot and head and (len(tail) > 1 or tail in ("F", "L", "T", "V")):
        return f"the ending .{tail} names another market"
    return None
