"""Everything that a person sees or types: the command line, and the deck on the terminal.

tui shows what core computed and sends commands to the engine. It may not compute a trading number, contain
SQL, or open a socket for others. Of the server it uses ``server.deck`` (and ``server.private_files`` for its
settings file) and nothing else; the command line, which builds the program from its parts, is the exception.
Import contracts in ``pyproject.toml`` check this, and the layers inside tui: a file imports only from layers
below its own.

Read first:

1. ``cli/typer_app.py``: the commands, and the module that each one runs.
2. ``app.py``: the deck's app; it reads a snapshot twice a second and hands it to the current screen.
3. ``screens/live.py``: a screen; it divides the snapshot among its panes and has the actions of its keys.
4. ``widgets/line_widget.py``: base of all panes; it sends only the cells that changed.
5. ``commands/registry.py``: the table of all keys, from which bindings, footer, help and palette are made.
"""
