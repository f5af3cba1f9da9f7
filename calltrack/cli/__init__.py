"""The command line. Every command is a module of its own, loaded when it is asked for, so that --help is fast."""

import sys
from importlib import import_module
from typing import NamedTuple

import click

from calltrack.errors import CalltrackError


class Home(NamedTuple):
    """Where a command lives, and the line that the overview shows of it."""

    module: str
    help: str
    name: str = "command"


COMMANDS = {
    "replay": Home("calltrack.cli.replay", "Tell the story of a recording, one line per change."),
    "snapshot": Home("calltrack.cli.snapshot", "Show the state at one moment of a recording."),
    "explain": Home("calltrack.cli.explain", "Show one call's whole life, and why it went so."),
    "check": Home("calltrack.cli.check", "Report whether a recording is sound, and whether the sums hold."),
    "watch": Home("calltrack.cli.watch", "Watch agents, calls and queues on a live board."),
    "diagram": Home("calltrack.cli.diagram", "Print the state machines as Mermaid, from the tables."),
    "simulate": Home("calltrack.simulate.command", "Simulate a call centre: recordings, and a server.", "simulate"),
}
EXTRAS = {"aiohttp": "live", "socketio": "live", "textual": "watch"}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        home = COMMANDS.get(cmd_name)
        if home is None:
            return None
        command = getattr(import_module(home.module), home.name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, home.help) for name, home in COMMANDS.items()])


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  calltrack replay events.jsonl
  calltrack replay events.jsonl.zst --call 20231130112947 --format json
  calltrack snapshot events.jsonl --at 2023-11-30T10:00:00Z --json
  calltrack explain events.jsonl 202311301129476d30fb50a125f19f53
  zcat events.jsonl.gz | calltrack check -
\b
Exit codes: 0 fine; 1 the recording has lines that are not frames, or a check failed;
2 it cannot be read, --strict met a bad line, or the command line is wrong.
\b
Completion: eval "$(_CALLTRACK_COMPLETE=bash_source calltrack)"  (or zsh_source, fish_source)""",
)
@click.version_option(package_name="calltrack")
def commands() -> None:
    """Know, at every moment and with proof, what every call and every agent of a call centre is doing.

    A RECORDING is a file of JSON lines, one socket.io event each: ["ExtensionEvent", {...}],
    {"name": ..., "data": {...}} or {"at": ..., "event": ..., "data": {...}}; plain, gzip or zstd;
    "-" is standard input.
    """


def main() -> None:
    """Entry point of the `calltrack` command."""
    try:
        commands(prog_name="calltrack")
    except CalltrackError as error:
        click.echo(f"calltrack: {error}", err=True)
        sys.exit(2)
    except ModuleNotFoundError as error:
        extra = EXTRAS.get((error.name or "").split(".")[0])
        if extra is None:
            raise
        click.echo(f"calltrack: this needs {error.name}: pip install 'calltrack[{extra}]'", err=True)
        sys.exit(2)
