"""A simulated call centre that emits what the vendor emits, and knows the truth.

`traffic` gives frames and truth, `write_recording` writes them to files, and `calltrack.simulate.server`
speaks them over a socket (extra `simulate`).
"""

from calltrack.simulate.centre.opening import open_centre
from calltrack.simulate.centre.things import End
from calltrack.simulate.centre.world import World
from calltrack.simulate.faults import Faults, Line
from calltrack.simulate.plan import Plan, good_day
from calltrack.simulate.recording import Notation, Written, traffic, truth_path, write_recording
from calltrack.simulate.truth import TrueLeg, Truth
from calltrack.simulate.vendor import Emitted, Vendor

__all__ = [
    "Emitted",
    "End",
    "Faults",
    "Line",
    "Notation",
    "Plan",
    "TrueLeg",
    "Truth",
    "Vendor",
    "World",
    "Written",
    "good_day",
    "open_centre",
    "traffic",
    "truth_path",
    "write_recording",
]
