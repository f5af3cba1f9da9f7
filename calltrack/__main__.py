"""`python -m calltrack` is the `calltrack` command."""

from calltrack.cli import main

main()
