"""One configuration file for a command: its options by their names, and tables for what no option can hold.

An option is looked for on the command line, then in the environment, then in the file; then its default holds. So a new
option of a command can stand in the file without a line here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from calltrack.cli.terminal import ParamType
from calltrack.words.values import has_controls

if TYPE_CHECKING:
    from calltrack.serve.config import Config

_OWN = ("config", "show_config", "help")
"""Options that say where the configuration is and what to do with it; they cannot stand in it."""
_QUERY = re.compile(r"^(\w+://[^?#]*[?#]).+", re.DOTALL)
_NUMBERS = (click.types.IntParamType, click.types.FloatParamType)
_SAID_BY = {
    ParameterSource.COMMANDLINE: "the command line",
    ParameterSource.ENVIRONMENT: "the environment",
    ParameterSource.DEFAULT_MAP: "the file",
}


def read_toml(file: Path, error: type[Exception]) -> dict[str, Any]:
    """The document of a TOML file; raises `error` if it cannot be read or is none."""
    try:
        with file.open("rb") as opened:
            document = tomllib.load(opened)
    except OSError as cause:
        raise error(f"{file}: cannot be read: {cause.strerror}") from None
    except ValueError as cause:  # not TOML, not UTF-8, or a number with thousands of digits
        raise error(f"{file}: {cause}") from None
    except RecursionError:
        raise error(f"{file}: is nested too deeply") from None
    for name, said in document.items():
        if _has_controls(said):
            raise error(f"{file}: {name}: a text must not contain control characters")
    return document


class ConfigParam(ParamType["Config"]):
    """A configuration file; its options become the defaults of the command's."""

    name = "file"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Config:
        """Returns the tables of the file; raises ConfigError."""
        from calltrack.serve.config import tables
        from calltrack.serve.security.secrets import ConfigError

        assert ctx is not None
        file = Path(str(value))
        document = read_toml(file, ConfigError)
        options = {_name(option): option for option in _options(ctx.command)}
        given: dict[str, Any] = {}
        for name in [one for one in document if one in options]:
            option, said = options[name], document.pop(name)
            if fault := _fault(option, said, ctx):
                raise ConfigError(f"{file}: {name}: {fault}")
            given[str(option.name)] = said
        ctx.default_map = given
        return tables(document, file, options)


def config_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command --config, which it gets as its argument `config`, and --show-config."""
    command = click.option(
        "--show-config",
        is_flag=True,
        is_eager=False,
        help="Check the configuration, print what holds in the end and what said so, and stop.",
    )(command)
    return click.option(
        "--config",
        metavar="FILE",
        type=ConfigParam(),
        is_eager=True,  # before the options whose defaults it has
        help="Options by their names (keep_days = 90), webhooks and more, in TOML (docs/configuration.md).",
    )(command)


def effective(ctx: click.Context, config: Config) -> Iterator[str]:
    """The lines of a file that says what holds now; what said so stands behind each option.

    A query of an address is left out: it may be secret.
    """
    import tomli_w

    for option in _options(ctx.command):
        value, name = ctx.params.get(str(option.name)), _name(option)
        source = ctx.get_parameter_source(str(option.name))
        if value is None or value == () or (value is False and source is ParameterSource.DEFAULT):
            yield f"# {name} is not set"
        else:
            said_by = _SAID_BY.get(source, "default") if source else "default"
            yield f"{tomli_w.dumps({name: _written(option, value)}).rstrip()}  # {said_by}"
    yield from ("", *tomli_w.dumps(_shown(config.to_dict())).splitlines())


def _options(command: click.Command) -> list[click.Option]:
    return [one for one in command.params if isinstance(one, click.Option) and one.name not in _OWN]


def _name(option: click.Option) -> str:
    """The option's name in the file: --keep-days is keep_days."""
    return max(option.opts, key=len).lstrip("-").replace("-", "_")


def _has_controls(said: object) -> bool:
    if isinstance(said, dict):
        return any(map(_has_controls, (*said.keys(), *said.values())))
    if isinstance(said, list):
        return any(map(_has_controls, said))
    return isinstance(said, str) and has_controls(said)


def _fault(option: click.Option, said: object, ctx: click.Context) -> str:
    """Why a value cannot be an option's, "" if it can; what has the right kind is judged as on the command line."""
    if not option.multiple:
        fault = _of_one(option, said)
    elif isinstance(said, list) and not any(_of_one(option, one) for one in said):
        fault = ""
    else:
        fault = "give a list"
    if fault:
        return fault
    try:
        option.type_cast_value(ctx, said)
    except click.BadParameter as error:
        return error.message
    return ""


def _of_one(option: click.Option, said: object) -> str:
    if option.is_flag:
        return "" if isinstance(said, bool) else "give true or false"
    if isinstance(option.type, click.types.IntParamType):
        return "" if isinstance(said, int) and not isinstance(said, bool) else "give a whole number"
    if isinstance(option.type, _NUMBERS):
        return "" if isinstance(said, int | float) and not isinstance(said, bool) else "give a number"
    return "" if isinstance(said, str) else "give a text"


def _written(option: click.Option, value: Any) -> Any:
    """A value as the file has it."""
    if option.multiple:
        return [_written_one(option, one) for one in value]
    return _written_one(option, value)


def _written_one(option: click.Option, value: Any) -> Any:
    if option.is_flag or isinstance(option.type, _NUMBERS):
        return value
    return str(getattr(option.type, "written", str)(value))


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shown(one) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_shown(one) for one in value]
    return _QUERY.sub(r"\1…", value) if isinstance(value, str) else value
