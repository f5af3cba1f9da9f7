"""`calltrack diagram`: the state machines, drawn from the tables."""

import click


@click.command("diagram", short_help="Print the state machines as Mermaid, from the tables.")
@click.option(
    "--of",
    type=click.Choice(["connection", "call", "extension"]),
    help="Only this one: the machine of legs and waits, or the order that derives a call's or extension's state.",
)
def command(of: str | None) -> None:
    """Print the state machines as Mermaid, generated from calltrack/core/table.py.

    \b
    Example:
      calltrack diagram --of connection > connection.mmd
    """
    from calltrack.core.machine import diagrams

    found = diagrams()
    click.echo("\n".join(f"%% {name}\n{found[name]}" for name in ([of] if of else found)), nl=False)
