"""The command line. Every command is a module of its own, loaded when it is asked for, so that --help is fast."""

import os
import sys
import warnings
from importlib import import_module
from io import TextIOWrapper
from typing import NamedTuple

import click

from calltrack import __version__
from calltrack.cli import extras
from calltrack.core.errors import CalltrackError
from calltrack.words.values import safe


class Home(NamedTuple):
    """Where a command lives, and the line that the overview shows of it."""

    module: str
    help: str
    name: str = "command"


COMMANDS = {
    "import": Home("calltrack.cli.import_", "Read captured events in any form, and write them as one recording."),
    "replay": Home("calltrack.cli.replay", "Print the changes of a recording, one line each."),
    "snapshot": Home("calltrack.cli.snapshot", "Show the state at one moment of a recording."),
    "explain": Home("calltrack.cli.explain", "Show one call's whole life, and why it went so."),
    "find": Home("calltrack.cli.find", "List the calls that an id, a number, a name, an extension or a time names."),
    "index": Home("calltrack.cli.index", "Write checkpoints of a long recording, so that any moment is reached fast."),
    "check": Home("calltrack.cli.check", "Report whether a recording is sound, and whether every law holds."),
    "record": Home("calltrack.cli.record", "Record what the live service sends."),
    "journal": Home(
        "calltrack.cli.journal", "Look after a journal: what is in it, in, out, remove the oldest.", "journal"
    ),
    "redact": Home("calltrack.cli.redact", "Replace names and numbers in a recording, so that it can be shared."),
    "watch": Home("calltrack.cli.watch", "Watch agents, calls and queues on a live board."),
    "report": Home("calltrack.cli.report", "Count a recording: figures per queue, agent, account and day."),
    "reconcile": Home("calltrack.cli.reconcile", "Compare a recording with the vendor's CDRs, call by call."),
    "backfill": Home("calltrack.cli.backfill", "Fill the gaps of a journal from the vendor's Call Log."),
    "contacts": Home("calltrack.cli.contacts", "List contacts: a customer's matter over all of its calls."),
    "missed": Home("calltrack.cli.missed", "List callers who were missed and not spoken to since."),
    "export": Home("calltrack.cli.export", "Write calls, legs, queue entries or agent states as a table."),
    "diagram": Home("calltrack.cli.diagram", "Print the state machines as Mermaid, from the tables."),
    "listen": Home("calltrack.cli.listen", "Print changes as they happen, one line each, for pipes."),
    "serve": Home("calltrack.cli.serve", "Serve the state, the changes and a board over HTTP."),
    "status": Home("calltrack.cli.status", "How the accounts of a running service are."),
    "connect": Home("calltrack.cli.connect", "Connect many accounts to Kafka: what their sockets bring, into frames."),
    "worker": Home("calltrack.cli.worker", "Track many accounts from Kafka: frames in, changes out."),
    "cluster": Home("calltrack.cli.cluster", "Set up Kafka's topics, and the accounts in them.", "cluster"),
    "simulate": Home("calltrack.cli.simulate", "Simulate a call centre: recordings, and a server.", "simulate"),
}


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # the reader of our output has what it wanted
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return None
        except ModuleNotFoundError as error:
            raise extras.missing(error.name or "", ctx.invoked_subcommand or "") or error from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        home = COMMANDS.get(cmd_name)
        if home is None:
            return None
        command = getattr(import_module(home.module), home.name)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            from difflib import get_close_matches  # slow to import, and seldom needed

            near = get_close_matches(name, COMMANDS)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            raise click.UsageError(f"No such command {safe(name)}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, home.help) for name, home in COMMANDS.items()])


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  calltrack import capture.har -o events.jsonl
  calltrack replay events.jsonl
  calltrack replay events.jsonl.zst --call 20231130112947 --format json
  calltrack snapshot events.jsonl --at 2023-11-30T10:00:00Z --json
  calltrack explain events.jsonl 202311301129476d30fb50a125f19f53
  zcat events.jsonl.gz | calltrack check -
\b
Exit codes: 0 fine; 1 the recording has lines that are not frames, a check failed, or a filter
matches nothing; 2 it cannot be read, --strict met a bad line, the login is refused, or the
command line is wrong.
\b
Completion: eval "$(_CALLTRACK_COMPLETE=bash_source calltrack)"  (or zsh_source, fish_source)""",
)
@click.version_option(__version__)
def commands() -> None:
    """Know, at every moment and with proof, what every call and every agent of a call centre is doing.

    A RECORDING is a file of socket.io events: JSON lines such as ["ExtensionEvent", {...}], or any other form
    that `calltrack import` knows, such as a browser's HAR; plain, compressed or in a zip. "-" is standard input.
    A journal, which calltrack serve writes, is read like one, and so is an account on Kafka,
    kafka://HOST:PORT/ACCOUNT (docs/kafka.md); their lines are their frames.
    """


def main() -> None:
    """Entry point of the `calltrack` command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a character shows its name
    # A journal warns of a checkpoint that it passes over: to who runs a command the words matter, not our source.
    warnings.showwarning = lambda message, *_, **__: click.echo(f"calltrack: {safe(message)}", err=True)
    try:
        sys.exit(commands.main(prog_name="calltrack", standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except CalltrackError as error:
        _fail(str(error))
    except OSError as error:
        named = f"{safe(error.filename)}: " if isinstance(error.filename, str | os.PathLike) else ""
        _fail(f"{named}cannot be written: {error.strerror or error}")


def _fail(message: str) -> None:
    click.echo(f"calltrack: {message}", err=True)
    sys.exit(2)
