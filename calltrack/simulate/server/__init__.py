"""A server that speaks as the vendor's does: the login API and the socket (extra `simulate`)."""

from calltrack.simulate.server.simulator import Simulator

__all__ = ["Simulator"]
