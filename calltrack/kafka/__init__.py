"""Many accounts on Kafka: connectors write what they receive, workers track it, and any of them may be killed.

::

    accounts ─► connector ─► frames ─► worker ─► changes ─► readers (rule.py)
                                         └─► points ─► the worker that takes over

`records`, `rule`, `points`, `partition`, `takeover` and `line` are pure: no Kafka, no clock, no socket.
What each promises, and what each fault does: docs/kafka.md.
"""
