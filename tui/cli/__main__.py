"""Run the command line as ``python -m tui.cli``."""

from tui.cli.typer_app import main

if __name__ == "__main__":
    main()
