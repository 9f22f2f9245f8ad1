"""Dialogs: questions before anything is done to money or rules, and documents to read.

A dialog has its own data and returns an answer; its caller sends the command. It imports neither screens nor
the app's class. Read base.py, position_question.py, exit_position.py, mode.py and position_detail.py first.
"""
