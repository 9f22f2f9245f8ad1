"""Options of the commands that read a ledger: `replay`, `verify`, `rebuild`, `report`, `whatif` and others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tui.cli.options import Config, Db, JsonLine, RulesFile, Url


def replay(
    source: Annotated[
        str,
        typer.Argument(
            help="A ledger (file or postgresql://…), or receipts as jsonl (fields received_at and body)."
        ),
    ],
    prices: Annotated[
        list[str] | None,
        typer.Option(
            "--prices",
            help="Exported prices, bars as csv (SYMBOL=FILE or FILE), or a ledger (file or URL); may be repeated.",
        ),
    ] = None,
    rules: RulesFile = None,
    db: Annotated[str | None, typer.Option("--db", help="New ledger file for the result.")] = None,
    json: JsonLine = False,
) -> None:
    """Run a ledger, or receipts and prices, through the engine again.

    Time is simulated. A replayed ledger must give the same decisions and trades. If not, the differences are
    printed and the exit code is 1.
    """
    from tui.cli import replay as replay_command

    raise typer.Exit(replay_command.replay(source, prices=prices or [], rules=rules, db=db, as_json=json))


def verify(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE]...", help="Archives of gatedeck archive, or a ledger; default the ledger."
        ),
    ] = None,
    db: Db = None,
    chain: Annotated[
        bool,
        typer.Option("--chain", help="Check the file, hash chain and checkpoints only; replay nothing."),
    ] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Write a file that differs again from its journal.")
    ] = False,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Check a ledger's file, its hash chain, its checkpoints and its tables; or archives.

    Tables and checkpoints are compared with a replay of the journal; --chain leaves that out and takes seconds for a
    year. The exit code is 1 if anything differs.
    """
    from tui.cli import replay as replay_command

    raise typer.Exit(
        replay_command.verify(files or [], db=db, config=config, chain=chain, rebuild=rebuild, as_json=json)
    )


def rebuild(
    db: Db = None,
    until_damage: Annotated[
        bool,
        typer.Option("--until-damage", help="Take over the sound inputs before the damage of a journal."),
    ] = False,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Write a ledger again from its journal: tables, indexes and checkpoints.

    The old file is kept under another name. No engine may be running on it.
    """
    from tui.cli import replay as replay_command

    raise typer.Exit(replay_command.rebuild(db=db, config=config, until_damage=until_damage, as_json=json))


def ledger(db: Db = None, json: JsonLine = False, config: Config = None) -> None:
    """Print a ledger's rows and bytes by table and by day."""
    from tui.cli import ledger as ledger_command

    raise typer.Exit(ledger_command.ledger(db=db, config=config, as_json=json))


def archive(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder for the archives, one for each day.")
    ],
    before: Annotated[
        str | None, typer.Option("--before", help="Seal only days before this one, as 2026-11-24.")
    ] = None,
    db: Db = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Seal each day of the ledger that is over in a file of its own; `report`, `whatif` and `verify` read it.

    The ledger stays as it is. A day that has an archive in the folder is left.
    """
    from tui.cli import archive as archive_command

    raise typer.Exit(archive_command.archive(folder, before=before, db=db, config=config, as_json=json))


def backup(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="New file for the copy.")],
    db: Db = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Copy the ledger to one file, also while an engine writes it, and check the copy."""
    from tui.cli import backup as backup_command

    raise typer.Exit(backup_command.backup(target, db=db, config=config, as_json=json))


def restore(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A copy that gatedeck backup made.")],
    db: Db = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Put a copy in the ledger's place. The old ledger is kept under another name; no engine may run on it."""
    from tui.cli import backup as backup_command

    raise typer.Exit(backup_command.restore(source, db=db, config=config, as_json=json))


def migrate(
    target: Annotated[
        str, typer.Argument(metavar="TO", help="A new file, or the postgresql:// URL of a database.")
    ],
    db: Db = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Copy a ledger from a file into a database, or back, and compare every row. No engine may write it."""
    from tui.cli import migrate as migrate_command

    raise typer.Exit(migrate_command.migrate(target, db=db, config=config, as_json=json))


def report(
    date: Annotated[
        str | None,
        typer.Argument(metavar="[DATE]", help="With --day: the day, as 2026-11-24; default the latest."),
    ] = None,
    day: Annotated[
        bool, typer.Option("--day", help="Report one day: its trades with their sums, and its notes.")
    ] = False,
    window: Annotated[str, typer.Option("--window", help="Days to look back: 30, 60, 90 or all.")] = "all",
    cut: Annotated[
        str | None,
        typer.Option("--cut", help="One breakdown, as setup, symbol, timeframe or weekday; default all."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write a self-contained HTML page to this file.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Date or time to look back from; default now.")
    ] = None,
    include_stale: Annotated[
        bool, typer.Option("--include-stale", help="Include trades that were filled at a stale price.")
    ] = False,
    book: Annotated[
        str | None,
        typer.Option("--book", help="Report a book of imported trades: by day, symbol and setup."),
    ] = None,
    db: Db = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Report the closed trades of a ledger.

    The report has metrics with intervals, P&L by Greek, curves and breakdowns.
    """
    from tui.cli import report as report_command

    if book is not None:
        raise typer.Exit(report_command.report_book(book, as_json=json, db=db, config=config))
    if day or date is not None:
        raise typer.Exit(report_command.report_day(date, day=day, as_json=json, db=db, config=config))
    raise typer.Exit(
        report_command.report(
            window=window, cut=cut, as_of=as_of, html=html, include_stale=include_stale, as_json=json, db=db,
            config=config,
        )
    )  # fmt: skip


def export(
    what: Annotated[
        str, typer.Option("--what", help="decisions, trades, receipts, ledger, marks, prices or notes.")
    ] = "trades",
    form: Annotated[str, typer.Option("--format", help="csv, jsonl or parquet.")] = "csv",
    out: Annotated[Path | None, typer.Option("--out", help="File to write; default standard output.")] = None,
    book: Annotated[
        str | None, typer.Option("--book", help="The trades of this book, see gatedeck import.")
    ] = None,
    begin: Annotated[
        str | None, typer.Option("--from", help="First day (2026-11-24, the exchange's) or instant to write.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last day or instant to write.")] = None,
    db: Db = None,
    config: Config = None,
) -> None:
    """Export one list of the ledger as csv, jsonl or parquet. Its rows are oldest first."""
    from tui.cli import export as export_command

    raise typer.Exit(
        export_command.export(what, form=form, out=out, db=db, config=config, begin=begin, end=end, book=book)
    )


def import_book(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", help="A statement, or an export of trades; without one list the books."
        ),
    ] = None,
    book: Annotated[
        str | None, typer.Option("--as", help="Name of the book; default that of the layout, as tastytrade.")
    ] = None,
    remove: Annotated[
        str | None,
        typer.Option("--remove", metavar="BOOK", help="Remove a book; the journal keeps its rows."),
    ] = None,
    url: Url = None,
    db: Db = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Import trades of a broker's csv statement (Tradier, Alpaca, tastytrade) or of gatedeck export as a book.

    A book is kept apart from the engine's own trades: from its P&L, limits, metrics and learning. Rows that it has
    already are left, so that statements may overlap. The exit code is 1 if a row could not be read.
    """
    from tui.cli import import_book as import_command

    raise typer.Exit(
        import_command.import_book(
            file, book=book, remove=remove, url=url, db=db, config=config, as_json=json
        )
    )


def whatif(
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", help="A changed rule, as market.max_spread_bps=18; may be repeated."),
    ] = None,
    rules: RulesFile = None,
    db: Db = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Decide a whole ledger again under other rules.

    The changes in decisions and dollars are printed.
    """
    from tui.cli import whatif as whatif_command

    raise typer.Exit(whatif_command.whatif(changes or [], rules=rules, db=db, config=config, as_json=json))


def learning(
    looks: Annotated[
        bool,
        typer.Option("--looks", help="Print how certain advice must be at each look of a year."),
    ] = False,
    db: Db = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Show what each gate saved and cost, what became of the signals that were not taken, and what is advised.

    Intervals are by sessions. Advice changes nothing until a person approves it.
    """
    from tui.cli import learning as learning_command

    raise typer.Exit(learning_command.learning(looks=looks, as_json=json, db=db, config=config))


def tune(
    study: Annotated[str, typer.Option("--study", help="Name of the study; a known name continues it.")],
    storage: Annotated[
        str | None,
        typer.Option(help="Database of the study, shared by its workers: sqlite:///FILE or postgresql://…"),
    ] = None,
    trials: Annotated[
        int, typer.Option(min=1, help="Number of finished trials in total, over all workers.")
    ] = 200,
    rule: Annotated[
        list[str] | None,
        typer.Option("--rule", help="A rule to search, as market.max_spread_bps; may be repeated."),
    ] = None,
    measure: Annotated[str, typer.Option(help="Mean per trade to maximise: R or usd.")] = "R",
    folds: Annotated[int, typer.Option(min=1, help="Number of walk-forward folds.")] = 4,
    embargo: Annotated[int, typer.Option(min=0, help="Sessions left out before each fold's test.")] = 5,
    least: Annotated[int, typer.Option(min=0, help="Fewest trades; rules with fewer are penalised.")] = 30,
    penalty: Annotated[
        float | None,
        typer.Option(help="Penalty of rules without any trade, in the measure's unit; default 1 R or $250."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of this worker's sampler.")] = None,
    grace: Annotated[
        int, typer.Option(min=2, help="Seconds without a heartbeat before a worker counts as dead.")
    ] = 60,
    rules: RulesFile = None,
    db: Db = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Search for better rules on the ledger's history. The result is a suggestion; it changes no rule."""
    from tui.cli import tune as tune_command

    raise typer.Exit(
        tune_command.tune(
            study=study, storage=storage, trials=trials, paths=rule or [], measure=measure, folds=folds,
            embargo=embargo, least=least, penalty=penalty, seed=seed, grace=grace, rules=rules, db=db,
            config=config, as_json=json,
        )
    )  # fmt: skip


def mcp(db: Db = None, url: Url = None, config: Config = None) -> None:
    """Let an assistant read decisions, positions and reports, over MCP on standard input and output.

    It reads the ledger, and the engine where one answers; it never writes. An assistant starts it by itself.
    """
    from tui.cli import mcp as mcp_command

    raise typer.Exit(mcp_command.serve(db=db, url=url, config=config))


def register(app: typer.Typer) -> None:
    """Add the commands that read a ledger."""
    commands = (
        replay, verify, rebuild, ledger, archive, backup, restore, migrate, report, learning, export, whatif, tune,
        mcp,
    )  # fmt: skip
    for command in commands:
        app.command()(command)
    app.command("import")(import_book)
