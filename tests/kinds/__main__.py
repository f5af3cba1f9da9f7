"""Small days with random moments, plain and disturbed: `python -m tests.kinds [--seeds 0-1000] [--kind NAME]`.

Each kind has what is right by the rulings (tests/kinds). Exit code 1 if anything is wrong; each fault comes with the
command that repeats it.
"""

import sys

import click

from tests.kinds.runs import KINDS, MODES, NOT_FOR, wrong


@click.command(help=__doc__)
@click.option("--seeds", default="0-1000", show_default=True, help="FIRST-LAST.")
@click.option("--kind", "kinds", type=click.Choice(list(KINDS)), multiple=True, help="Only this kind; repeatable.")
def main(seeds: str, kinds: tuple[str, ...]) -> None:
    first, last = map(int, seeds.split("-"))
    days = bad = 0
    for name in kinds or KINDS:
        for mode in [mode for mode in MODES if name not in NOT_FOR.get(mode, ())]:
            for seed in range(first, last + 1):
                days += 1
                if found := wrong(name, mode, seed):
                    bad += 1
                    click.echo(f"{name}, {mode}, seed {seed}: {found}")
                    click.echo(f"  repeat: python -m tests.kinds --seeds {seed}-{seed} --kind {name}")
        click.echo(f"{name}: {days} days so far, {bad} bad")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
