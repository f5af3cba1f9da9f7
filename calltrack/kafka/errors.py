"""What the Kafka shell raises.

::

    CalltrackError
    └── FleetError
        ├── ClusterError    the brokers or the topics cannot be used; says which and what to do
        ├── NotARecord      a record of a topic is not what belongs there; says why
        └── NotDelivered    Kafka refuses a record for good; the process must end and start again
"""

from calltrack.core.errors import CalltrackError


class FleetError(CalltrackError):
    """Anything that the Kafka shell raises."""


class ClusterError(FleetError):
    """The brokers cannot be reached, or the topics are not as they must be."""


class NotARecord(FleetError):
    """A record of a topic is not what belongs there; the message holds nothing of its contents."""


class NotDelivered(FleetError):
    """Kafka refuses a record for good, so that what follows it may not be written either."""
