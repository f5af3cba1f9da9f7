"""Small days on which the stream leaves a choice: each kind has random moments, and what is right by the rulings.

`test_kinds.py` runs a few seeds; `python -m tests.kinds` runs many.
"""
