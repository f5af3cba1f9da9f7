"""The addresses of a service, from the tables of its configuration."""

from __future__ import annotations

from calltrack.serve.config import Config
from calltrack.serve.engine import Engine
from calltrack.serve.intake.door import Address
from calltrack.serve.intake.phases import Phases
from calltrack.serve.intake.popups import Popups
from calltrack.serve.intake.popups import refused as refused_popup
from calltrack.serve.intake.records import Records
from calltrack.serve.intake.records import refused as refused_record

_READ_AGAIN = 20_000  # frames of the journal in which a repeated record is looked for


def addresses(config: Config, engine: Engine, account: str = "") -> dict[str, Address]:
    """What the vendor may post to, of one `account` among many; raises ConfigError."""
    found: dict[str, Address] = {}
    if config.cdr is not None:
        records = Records(engine.keep, engine.named_zone)
        records.remember(engine.last(_READ_AGAIN))
        found["cdr"] = Address(config.cdr.secret("cdr", account), records.take, refused_record)
    if config.popup is not None:
        phases = Phases(engine.keep, engine.named_zone) if engine.owns_frames else None
        popups = Popups(config.popup, phases.see if phases is not None else None)
        found["popup"] = Address(
            config.popup.secret("popup", account), popups.answer, refused_popup, config.popup.origins
        )
    return found
