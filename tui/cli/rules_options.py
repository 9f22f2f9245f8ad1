"""Options of `gatedeck challenge` and of `rules show`, `check`, `diff`, `approve`, `reject` and `rollback`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tui.cli.options import Author, Config, Db, JsonLine, Url

Suggestion = Annotated[str, typer.Argument(help="Id of the suggestion.")]
RulesPath = Annotated[Path, typer.Argument(help="TOML file with trading rules.")]

app = typer.Typer(no_args_is_help=True, help="Show, check and compare rules; judge suggestions.")


@app.command("show")
def show(
    versions: Annotated[
        bool, typer.Option("--versions", help="List every version: author, time, changes.")
    ] = False,
    db: Db = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Print the rules in force in a ledger as TOML, or all versions."""
    from tui.cli import rules

    raise typer.Exit(rules.show(db=db, config=config, versions=versions, as_json=json))


@app.command("check")
def check(file: RulesPath) -> None:
    """Check a rules file and print its fingerprint or its mistake."""
    from tui.cli import rules

    raise typer.Exit(rules.check(file))


@app.command("diff")
def diff(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="TOML file with trading rules; without it, the file that a start was given last."
        ),
    ] = None,
    other: Annotated[
        Path | None, typer.Argument(help="Second file; without it, compare with the defaults.")
    ] = None,
    db: Db = None,
    config: Config = None,
) -> None:
    """Print the differences of two rules files, or of the rules in force and the file given last.

    A single file is compared with the defaults. The exit code is 1 if there are differences.
    """
    from tui.cli import rules

    raise typer.Exit(rules.drift(db=db, config=config) if file is None else rules.diff(file, other))


@app.command("approve")
def approve(
    suggestion: Suggestion,
    url: Url = None,
    author: Author = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Put a suggestion in force. The engine gets a new version of its rules."""
    _post(f"/api/suggestions/{suggestion}/approve", url, author, json, config)


@app.command("reject")
def reject(
    suggestion: Suggestion,
    url: Url = None,
    author: Author = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Reject a suggestion. The engine does not suggest it again."""
    _post(f"/api/suggestions/{suggestion}/reject", url, author, json, config)


@app.command("rollback")
def rollback(
    fingerprint: Annotated[str, typer.Argument(help="Fingerprint of the version, from show --versions.")],
    url: Url = None,
    author: Author = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Put an earlier version of the rules in force again."""
    _post(f"/api/rules/{fingerprint}/rollback", url, author, json, config)


def challenge(
    file: Annotated[
        Path | None, typer.Argument(help="TOML file with trading rules; without it, show the challenger.")
    ] = None,
    suggestion: Annotated[
        str | None, typer.Option("--suggestion", metavar="ID", help="Start a suggestion that is offered.")
    ] = None,
    adopt: Annotated[bool, typer.Option("--adopt", help="Put the challenger's rules in force.")] = False,
    retire: Annotated[bool, typer.Option("--retire", help="End the challenger; the rules stay.")] = False,
    url: Url = None,
    author: Author = None,
    json: JsonLine = False,
    config: Config = None,
) -> None:
    """Run other rules on paper beside those in force, on the same webhooks, and compare both by session.

    Only a person adopts a challenger. Until then it touches nothing of the account.
    """
    from tui.cli import challenge as challenge_command

    raise typer.Exit(
        challenge_command.challenge(
            file, suggestion=suggestion, adopt=adopt, retire=retire, url=url, author=author, config=config,
            as_json=json,
        )
    )  # fmt: skip


def register(root: typer.Typer) -> None:
    """Add `rules` with its commands, and `challenge`."""
    root.add_typer(app, name="rules")
    root.command("challenge")(challenge)


def _post(path: str, url: str | None, author: str | None, json: bool, config: Path | None) -> None:
    from tui.cli.client import post_command

    raise typer.Exit(post_command(path, url=url, author=author, config=config, as_json=json))
