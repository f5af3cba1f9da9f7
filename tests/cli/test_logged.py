from __future__ import annotations

import io
import logging

from calltrack.cli.logged import Lines


def test_what_a_stranger_wrote_stays_in_its_line() -> None:
    """In the message, and in an exception's text."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(Lines("%(levelname)s: %(message)s"))
    log = logging.Logger("of the test")
    log.addHandler(handler)
    log.warning("who: %s", "x\nERROR: forged \x1b[31m")
    try:
        raise ValueError("x\nERROR: forged\rERROR: too")
    except ValueError:
        log.exception("it failed")
    lines = written.getvalue().splitlines()
    assert ["WARNING: who: x\\nERROR: forged \\x1b[31m", "ERROR: it failed"] == lines[:2]
    assert all(line.startswith("  ") for line in lines[2:])
