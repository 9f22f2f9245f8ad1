"""Commands: everything a person can do by key, as rows of data.

Bindings, footer, help, palette and the README's key table are made from these rows. A row names an action; the
screen, the app or the table in focus has the method ``action_<name>``. Nothing here imports a screen, a dialog or
the app. Read user_command.py, registry.py, positions.py, general.py and keymap.py first.
"""
