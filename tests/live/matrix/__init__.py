"""Every fault of the vendor's service that is known, on a real socket.io server of every age.

`python -m tests.live.matrix` runs them and prints the table. A fault is a function of the package and its protocol
that raises if what happens is not as expected; those that the suite has as tests are those tests.
"""
