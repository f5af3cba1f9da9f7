"""Two accounts of the same calls, held against each other: what was tracked, and what other accounts state.

Pure, as the core is. The statements were not fed to the tracker: the two sides are independent.
"""

from calltrack.reconcile.compare import Account, compare
from calltrack.reconcile.result import Compared, Difference, Reason, Reconciled, Totals
from calltrack.reconcile.tracked import Tracked

__all__ = ["Account", "Compared", "Difference", "Reason", "Reconciled", "Totals", "Tracked", "compare"]
