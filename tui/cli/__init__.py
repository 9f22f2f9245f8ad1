from tui.cli.typer_app import (
    app,
    main,
)

__all__ = [
    "app",
    "main",
]
