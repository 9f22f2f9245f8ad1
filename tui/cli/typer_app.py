"""The `gatedeck` command and its options. Each command imports its own module when it runs.

Only `demo` and `run` import Textual, and only when they show a screen.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from server.config import ConfigError
from tui.cli import control_options, feeds_options, rules_options, service_options
from tui.cli.options import (
    ClockStart,
    Config,
    Db,
    Headless,
    Host,
    JsonLine,
    LowBandwidth,
    NoMouse,
    Port,
    Refresh,
    RulesFile,
    ThemeName,
    Url,
    Version,
)

app = typer.Typer(
    name="gatedeck",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line; a user's mistake prints one line to standard error and exits with code 2."""
    from core.rules import RulesError
    from tui.character_set import prepare_streams

    prepare_streams()
    try:
        app()
    except (ConfigError, RulesError) as error:
        fail(str(error))
    except Exception as error:
        from server.ledger.base import LedgerError

        if not isinstance(error, LedgerError):
            raise
        fail(str(error))


def fail(text: str) -> None:
    """Print an error and exit with code 2."""
    print(f"gatedeck: {text}", file=sys.stderr)
    sys.exit(2)


@app.callback()
def gatedeck(
    version: Version = False,
) -> None:
    """The terminal deck of an options trader: webhooks in, explained decisions, paper trades."""


@app.command()
def demo(
    seed: Annotated[
        int, typer.Option(help="Seed of the simulation; equal seeds give equal markets, signals and trades.")
    ] = 7,
    speed: Annotated[
        str, typer.Option(help="Simulated seconds per real second, or max for as fast as possible.")
    ] = "60",
    seconds: Annotated[
        float | None,
        typer.Option(
            help="End after this many seconds × speed of simulated time; with speed max, after as many minutes."
        ),
    ] = None,
    feed: Annotated[
        str | None,
        typer.Option(
            help="Read the market as tradier, alpaca or twelvedata, from a local server of its kind."
        ),
    ] = None,
    headless: Headless = False,
    json: Annotated[bool, typer.Option("--json", help="Print the result as one line of JSON.")] = False,
    db: Db = None,
    port: Port = None,
    rules: RulesFile = None,
    clock: ClockStart = None,
    refresh: Refresh = None,
    no_mouse: NoMouse = False,
    low_bandwidth: LowBandwidth = False,
    theme: ThemeName = None,
) -> None:
    """Show the deck on a simulated market. Webhooks are real HTTP requests; nothing is saved without --db."""
    from tui.cli import run as run_command

    flags = {
        "db": db,
        "port": 0 if port is None else port,
        "rules": rules,
        "clock": clock,
        "refresh_hz": refresh,
    }
    raise typer.Exit(
        run_command.demo(
            flags,
            _display_options(no_mouse, low_bandwidth, theme),
            seed=seed,
            speed=_speed(speed),
            seconds=seconds,
            headless=headless,
            json=json,
            feed=feed,
        )
    )


@app.command()
def run(
    headless: Headless = False,
    host: Host = None,
    port: Port = None,
    db: Db = None,
    rules: RulesFile = None,
    config: Config = None,
    clock: ClockStart = None,
    refresh: Refresh = None,
    no_mouse: NoMouse = False,
    low_bandwidth: LowBandwidth = False,
    theme: ThemeName = None,
    keep_running: Annotated[
        bool,
        typer.Option(
            "--keep-running", help="Keep the engine running without a screen when the terminal is closed."
        ),
    ] = False,
    ledger_ahead: Annotated[
        bool,
        typer.Option(
            "--ledger-ahead",
            help="Go on from the ledger's last entry although the machine's clock is behind it.",
        ),
    ] = False,
) -> None:
    """Receive webhooks, decide, trade on paper, and show the deck."""
    from tui.cli import run as run_command

    flags: dict[str, Any] = {
        "host": host, "port": port, "db": db, "rules": rules, "clock": clock, "refresh_hz": refresh,
        "headless": headless or None,
    }  # fmt: skip
    display = _display_options(no_mouse, low_bandwidth, theme)
    raise typer.Exit(
        run_command.run(flags, config, display, keep_running=keep_running, ledger_ahead=ledger_ahead)
    )


@app.command()
def send(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            help="Samples (signals, saty-phase, trend, ultimate-options, strat), or files; default every sample."
        ),
    ] = None,
    url: Url = None,
    symbol: Annotated[str, typer.Option(help="Symbol of the samples.")] = "SPY",
    price: Annotated[float, typer.Option(help="Price of the underlying in the samples.")] = 660.0,
    short: Annotated[bool, typer.Option("--short", help="Propose SHORT in place of LONG.")] = False,
    print_only: Annotated[
        bool, typer.Option("--print", help="Print the bodies instead of posting them.")
    ] = False,
    template: Annotated[
        str | None,
        typer.Option(
            metavar="PLATFORM",
            help="With --print: ready alert bodies of a platform (tradingview) in place of samples.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the answers as one line of JSON.")] = False,
    config: Config = None,
) -> None:
    """Post sample webhooks, or files, and print the engine's answers."""
    from tui.cli import send as send_command

    if print_only or template is not None:
        raise typer.Exit(
            send_command.print_bodies(what or [], template, symbol=symbol, price=price, short=short)
        )
    raise typer.Exit(
        send_command.send(
            what or [], url=url, symbol=symbol, price=price, short=short, as_json=json, config=config
        )
    )


control_options.register(app)
feeds_options.register(app)
service_options.register(app)


@app.command()
def replay(
    source: Annotated[
        Path, typer.Argument(help="A ledger, or receipts as jsonl (fields received_at and body).")
    ],
    prices: Annotated[
        list[str] | None,
        typer.Option(
            "--prices",
            help="Exported prices, bars as csv (SYMBOL=FILE or FILE), or a ledger; may be repeated.",
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


@app.command()
def verify(
    db: Db = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Write the derived tables again from the journal.")
    ] = False,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Check a ledger's hash chain and its tables.

    The tables are compared with a replay of the journal. The exit code is 1 if anything differs.
    """
    from tui.cli import replay as replay_command

    raise typer.Exit(replay_command.verify(db=db, config=config, rebuild=rebuild, as_json=json))


@app.command()
def report(
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
    db: Db = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Report the closed trades of a ledger.

    The report has metrics with intervals, P&L by Greek, curves and breakdowns.
    """
    from tui.cli import report as report_command

    raise typer.Exit(
        report_command.report(
            window=window, cut=cut, as_of=as_of, html=html, include_stale=include_stale, as_json=json, db=db,
            config=config,
        )
    )  # fmt: skip


@app.command()
def export(
    what: Annotated[
        str, typer.Option("--what", help="decisions, trades, receipts, ledger, marks or prices.")
    ] = "trades",
    form: Annotated[str, typer.Option("--format", help="csv, jsonl or parquet.")] = "csv",
    out: Annotated[Path | None, typer.Option("--out", help="File to write; default standard output.")] = None,
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
        export_command.export(what, form=form, out=out, db=db, config=config, begin=begin, end=end)
    )


app.add_typer(rules_options.app, name="rules")


@app.command()
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


@app.command()
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


def _guide_topics() -> list[str]:
    from tui.cli.guide import topic_names

    return topic_names()


@app.command()
def guide(
    topic: Annotated[
        str | None,
        typer.Argument(help="A topic; without it, list the topics.", autocompletion=_guide_topics),
    ] = None,
) -> None:
    """Read about gatedeck: architecture, glossary, rules, feeds, keys."""
    from tui.cli.guide import guide as show_guide

    raise typer.Exit(show_guide(topic))


def _display_options(no_mouse: bool, low_bandwidth: bool, theme: str | None) -> Any:
    """Return the display options. Sets Textual's environment variables, which it reads when it is imported."""
    from tui.supervisor import THEMES, Display
    from tui.textual_patches.environment import set_textual_environment

    if theme is not None and theme not in THEMES:
        raise ConfigError(f"theme: {theme!r} is not one of {', '.join(THEMES)}")
    set_textual_environment(low_bandwidth=low_bandwidth)
    return Display(mouse=not no_mouse, low_bandwidth=low_bandwidth, theme=theme)


def _speed(text: str) -> float:
    if text == "max":
        return math.inf
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not (math.isfinite(value) and value > 0):
        raise ConfigError(f"speed: {text!r} is neither a positive number nor max")
    return value
