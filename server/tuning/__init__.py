"""Search for better rules on a ledger's past, by any number of processes on one optuna study.

May not touch: the rules in force; a result is a suggestion that a person may take.

Read first:
- ``server/tuning/problem.py``: a set of rules in, its trades and score out
- ``server/tuning/study.py``: the shared study, its workers and its report
- ``core/learning/walk_forward.py``: the folds that a score is taken over
- ``core/learning/search.py``: candidates and what they would have traded
- ``core/learning/tunable_rules.py``: the rules that may be searched
"""
