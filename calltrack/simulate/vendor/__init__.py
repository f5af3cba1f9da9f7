"""The vendor's side of a simulated call centre: its clocks, its frames, and what its releases add to them."""

from calltrack.simulate.vendor.clocks import Clocks
from calltrack.simulate.vendor.frames import Emitted, Vendor

__all__ = ["Clocks", "Emitted", "Vendor"]
