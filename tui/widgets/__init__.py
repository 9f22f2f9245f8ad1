"""Widgets: the building blocks of panes: lines, tables, documents, bars and the two answers of a question.

Nothing here knows of trading. Each widget draws lines of cells itself and repaints only the cells that changed,
because a stock DataTable repaints 19 KB for one cell. Read line_widget.py, table.py, line.py, document.py and
keybar.py first.
"""
