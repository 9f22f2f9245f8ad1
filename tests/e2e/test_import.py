"""`gatedeck import` as a trader uses it: without an engine, on a running one, again, overlapping, and away again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.model import Source

STATEMENTS = Path(__file__).parents[1] / "golden" / "statements"
ALL = (Source.SATY_PHASE, Source.MTF_DOTS, Source.STRAT_EXEC, Source.TRADINGVIEW_SIGNAL)
TASTYTRADE = str(STATEMENTS / "tastytrade.csv")
NET = "15 rows: 6 trades closed, 2 rows that are no trades; net 46.57, as the statement's amounts"


def test_without_an_engine_a_statement_becomes_a_book(gatedeck: Any, beside: Any, tmp_path: Path) -> None:
    ledger = ("--db", str(tmp_path / "books.db"))
    assert beside("import", *ledger)[:2] == (0, "no book yet: gatedeck import FILE\n")
    assert not (tmp_path / "books.db").exists()
    code, out, err = beside("import", TASTYTRADE, *ledger)
    assert (code, err) == (0, "")
    assert (
        "15 of 15 rows are new" in out
        and f"book tastytrade: {NET}" in out
        and "deposit: 1 × 10,000.00" in out
    )
    assert "nothing new: the book has every row" in beside("import", TASTYTRADE, *ledger)[1]

    # An overlapping statement, with a row that cannot be read: that one is told, the rest is imported.
    header, *rows = Path(TASTYTRADE).read_text().splitlines()
    later = tmp_path / "later.csv"
    new = rows[4].replace("2026-03-23", "2026-03-24").replace("700009", "700010")
    later.write_text("\n".join([header, new.replace(",100,11.50,", ",x,11.50,"), rows[0], *rows[2:4]]))
    code, out, err = beside("import", str(later), "--as", "tastytrade", *ledger)
    assert (code, "nothing new" in out) == (1, True)
    assert (
        "1 row could not be read and is left out:" in err
        and "line 2: Quantity: 'x' is not a quantity such as 2 or -0.5" in err
    )

    report = beside("report", "--book", "tastytrade", *ledger)[1]
    assert "6 closed, 0 open   net +$46.57   win 50.0 % of 6" in report
    assert "2026-03-12                 2     1      +$112.97" in report and "SPX" in report
    told = json.loads(beside("report", "--book", "tastytrade", "--json", *ledger)[1])
    assert {group["name"]: group["net"] for group in told["symbols"]} == {
        "SPX": 243.4, "IWM": 112.97, "F": -16.24, "AAPL": -293.56,
    }  # fmt: skip
    assert round(sum(group["net"] for group in told["days"]), 2) == 46.57
    exported = beside("export", "--book", "tastytrade", "--format", "jsonl", *ledger)[1].splitlines()
    assert round(sum(json.loads(line)["net"] for line in exported), 2) == 46.57
    assert beside("export", *ledger)[1].strip("\ufeff\n") == ""

    assert beside("verify", *ledger)[0] == 0
    assert beside("rebuild", *ledger)[0] == 0
    assert NET in beside("import", *ledger)[1]
    assert beside("backup", str(tmp_path / "copy.db"), *ledger)[0] == 0
    assert NET in beside("import", "--db", str(tmp_path / "copy.db"))[1]
    assert beside("import", "--remove", "tastytrade", *ledger)[:2] == (0, "book tastytrade removed\n")
    assert beside("import", "--remove", "tastytrade", *ledger)[2] == "There is no book 'tastytrade'\n"
    assert beside("import", *ledger)[1] == "no book yet: gatedeck import FILE\n"


# arguments | what is said
MISTAKES = [
    (("no-such-file.csv",), "file: no-such-file.csv cannot be read: No such file or directory"),
    ((str(STATEMENTS.parent / "sizing.jsonl"),), "file: no trades of gatedeck export"),
    ((TASTYTRADE, "--as", "My Book"), "book: 'My Book' is not a name of 1 to 32 small letters"),
    (("--as", "x"), "import: --as needs a file"),
    ((TASTYTRADE, "--remove", "x"), "import: --remove takes the name of a book"),
]


def test_a_mistake_is_told_in_a_line(beside: Any, tmp_path: Path) -> None:
    for arguments, told in MISTAKES:
        code, out, err = beside("import", *arguments, "--db", str(tmp_path / "books.db"))
        assert (code, out) == (2, "") and told in err and len(err.splitlines()) == 1
    assert not (tmp_path / "books.db").exists()


def test_on_a_running_engine_a_book_changes_nothing_of_the_engine(
    gatedeck: Any, beside: Any, tmp_path: Path
) -> None:
    served = gatedeck.serve()
    assert [served.send(source, "SPY") for source in ALL][-1]["decision"]["action"] == "EXECUTE"
    url = ("--url", served.url)
    assert beside("close", "--all", *url)[0] == 0
    paths = ("/api/metrics", "/api/risk", "/api/learning", "/api/day", "/api/trades", "/api/days")
    before = {path: _timeless(served.http(path).json) for path in paths}
    code, out, _ = beside("import", str(STATEMENTS / "alpaca.csv"), *url)
    assert code == 0 and "book alpaca: 14 rows: 4 trades closed, 1 still open" in out
    assert {path: _timeless(served.http(path).json) for path in paths} == before
    page = served.http("/api/trades?book=alpaca&symbol=TSLA").json
    assert [(item["contract"], item["net"]) for item in page["items"]] == [("-TSLA stock", 21.0)]
    assert served.http("/api/books").json["items"][0]["added"] == 14

    # The engine's own trades, exported and imported again, are a book as well.
    own = tmp_path / "own.csv"
    ledger = ("--db", str(served.state / "gatedeck.db"))
    assert beside("export", "--out", str(own), *ledger)[0] == 0
    assert beside("import", str(own), *ledger)[0] == 2  # the engine has the ledger; it is asked without --db
    assert "1 trade closed" in beside("import", str(own), "--as", "mine", *url)[1]
    trade = served.http("/api/trades").json["items"][0]
    assert served.http("/api/trades?book=mine").json["items"][0]["net"] == trade["net"]
    code, _, err = beside("import", TASTYTRADE, "--as", "mine", *url)
    assert code == 1 and "book: mine has rows of gatedeck export of trades" in err
    assert served.end() == 0
    assert beside("verify", *ledger)[0] == 0


def _timeless(found: Any) -> str:
    """An answer without what time alone changes."""
    if isinstance(found, dict):
        names = (
            "as_of",
            "at",
            "uptime_seconds",
            "clock",
            "seconds",
            "age",
            "silent",
            "queue",
            "last_commit_ms",
        )
        return str({key: _timeless(value) for key, value in found.items() if key not in names})
    return str([_timeless(each) for each in found]) if isinstance(found, list) else str(found)
