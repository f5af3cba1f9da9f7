from itertools import cycle

import pytest

from calltrack.live.login import Protocol
from tests.live.harness import VERSIONS
from tests.live.matrix.__main__ import FAULTS, Case

AGES = cycle(VERSIONS)
CASES = [(name, case, *next(AGES)) for name, case in FAULTS.items() if "matrix" in getattr(case, "__module__", "")]


@pytest.mark.usefixtures("npm_servers")
@pytest.mark.parametrize(("name", "case", "package", "protocol"), CASES, ids=[name for name, *_ in CASES])
def test_a_fault_ends_as_expected(name: str, case: Case, package: str, protocol: Protocol) -> None:
    """Each that is no other test's, on one age of the server; `python -m tests.live.matrix` tries all."""
    case(package, protocol)


def test_the_faults_that_have_a_test_stay_in_the_table() -> None:
    """All that were ever counted."""
    assert 37 <= len(FAULTS)
    assert 20 <= len(CASES)
