"""For your own tests: streams of frames, lawful and faulty, by seed or by hypothesis, and the laws that they must keep.

* `lawful(seed)`, `faulty(seed)`: what a simulated call centre sends in an hour or as long as you like.
* `streams()`: a hypothesis strategy; small streams that no call centre would send (extra `testing`).
* `prove(frames)`: fails, in words, if the tracker breaks one of its laws on a stream.
* `prove_reader(read)`: fails if a reader of Kafka's changes loses or doubles one.
* `calltrack.testing.frames`: single frames from what matters to a test.

docs/testing.md shows them in use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from calltrack.core.replica import Replica
    from calltrack.laws.trial import Trial
    from calltrack.testing.disturbed import prove_reader
    from calltrack.testing.laws import prove
    from calltrack.testing.simulated import faulty, lawful
    from calltrack.testing.strategies import streams
else:
    _HOMES = {
        "Trial": "calltrack.laws.trial",
        "Replica": "calltrack.core.replica",
        "faulty": "calltrack.testing.simulated",
        "lawful": "calltrack.testing.simulated",
        "prove": "calltrack.testing.laws",
        "prove_reader": "calltrack.testing.disturbed",
        "streams": "calltrack.testing.strategies",
    }

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module 'calltrack.testing' has no attribute {name!r}")
        return getattr(import_module(_HOMES[name]), name)


__all__ = ["Replica", "Trial", "faulty", "lawful", "prove", "prove_reader", "streams"]
