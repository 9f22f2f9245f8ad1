"""Documents: a decision, a position or a page of the guide as lines of text with colour roles.

Dialogs show these lines and the clipboard copies them. Functions only: no widget, no app, no engine. Read
decision.py, position.py, outcome.py, fields.py and markdown.py first.
"""
