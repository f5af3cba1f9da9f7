"""Writes the parts of the documentation that come from the code: `python docs/generate.py`.

docs/changes.md from the classes of calltrack/core/changes.py, docs/states.md from the tables of transitions,
docs/tables.md from the rows of calltrack/figures/rows.py. A test compares them.
"""

import ast
import inspect
from pathlib import Path

import msgspec

from calltrack.core import changes, table
from calltrack.core.changes import AnomalyKind, Change
from calltrack.core.machine import diagrams
from calltrack.core.states import Outcome
from calltrack.export import columns, writers
from calltrack.figures import rows
from calltrack.voicenter import spellings

DOCS = Path(__file__).parent


def changes_page() -> str:
    """The catalogue of changes and anomalies."""
    lines = [
        "# Changes and anomalies",
        "",
        "Generated from `calltrack/core/changes.py` by `docs/generate.py`.",
        "",
        *_prose(changes.__doc__),
        "",
        "As JSON (`calltrack replay --format json`) a change is an object whose field `change` is its name.",
        "",
        "| change | says | fields, besides `position` and `at` |",
        "| --- | --- | --- |",
    ]
    for kind in _leaves(Change):
        if kind.__module__ != Change.__module__:
            continue  # a shell's own
        own = [field.name for field in msgspec.structs.fields(kind) if field.name not in ("position", "at")]
        lines.append(
            f"| `{kind.__name__}` | {' '.join(_prose(kind.__doc__))} | {', '.join(f'`{one}`' for one in own)} |"
        )
    lines += ["", "## Anomalies", "", "| kind | means |", "| --- | --- |"]
    lines += [f"| `{name}` | {means} |" for name, means in _documented(AnomalyKind)]
    return "\n".join(lines) + "\n"


def states_page() -> str:
    """The state machines and the tables of outcomes."""
    drawn = diagrams()
    says = {
        "connection": "The machine of a leg or a wait; in brackets the kinds of event that report a step.",
        "call": "A call's state is derived: the first question with a yes.",
        "extension": "So is an extension's.",
    }
    lines = [
        "# States",
        "",
        "Generated from `calltrack/core/table.py` by `docs/generate.py`.",
        "",
        *_prose(table.__doc__),
    ]
    for name, text in drawn.items():
        lines += ["", f"## {name.capitalize()}", "", says[name], "", "```mermaid", text.rstrip(), "```"]
    lines += [
        "",
        "## Outcomes of a leg",
        "",
        "The first row that fits. Words that stand for no outcome decide nothing.",
    ]
    lines += ["", "| the leg | ended with | outcome |", "| --- | --- | --- |"]
    lines += [f"| any | dialStatus `{word}` | {outcome} |" for word, outcome in _words(spellings.DIAL_STATUSES)]
    lines += ["| was answered | anything else | answered |", "| was not answered | no event of its own | lost |"]
    lines += [f"| was not answered | cause `{word}` | {outcome} |" for word, outcome in _words(spellings.CAUSES)]
    lines += [f"| was {state} | any other cause | {outcome} |" for state, outcome in table.UNANSWERED.items()]
    lines += [
        "",
        "## Outcome of a call",
        "",
        "The first row that one of its legs or waits ended with; within a row",
        "",
    ]
    lines[-2] += " the latest."
    lines += [f"{number}. {', '.join(row)}" for number, row in enumerate(table.CALL_OUTCOMES, 1)]
    lines += ["", "## Outcome of a wait in a queue", "", "| QueueEvent | outcome |", "| --- | --- |"]
    lines += [f"| {word} | {outcome} |" for word, outcome in _words(spellings.QUEUE_OUTCOMES)]
    lines += ["| gone from the list | lost; answered, if an agent has the call |"]
    return "\n".join(lines) + "\n"


def tables_page() -> str:
    """The columns of the exported tables."""
    lines = [
        "# Tables",
        "",
        "Generated from `calltrack/figures/rows.py` by `docs/generate.py`.",
        "",
        "`calltrack export RECORDING --table NAME` writes one of them, a row as soon as it is final; `-o OUT.xlsx` all",
        "of them, a sheet each; `calltrack export RECORDING... -o FOLDER` all of them of many recordings at once, as",
        "Parquet by account and local day.",
        "In Python they are `Facts.calls`, `.legs`, `.queue_entries` and `.agent_states`, times as epoch seconds.",
        "",
        *_prose(rows.__doc__)[2:],
        "",
        *_prose(writers.__doc__),
        "",
        "| kind | JSON lines | CSV | Excel | Parquet |",
        "| --- | --- | --- | --- | --- |",
        *(f"| {kind} | {' | '.join(forms)} |" for kind, forms in writers.KINDS.items()),
    ]
    for name, kind in rows.TABLES.items():
        lines += ["", f"## {name}", "", *_prose(kind.__doc__), ""]
        lines += ["| column | kind | says |", "| --- | --- | --- |"]
        lines += [f"| `{column.name}` | {column.kind} | {column.says} |" for column in columns(name)]
    return "\n".join(lines) + "\n"


PAGES = {"changes.md": changes_page, "states.md": states_page, "tables.md": tables_page}


def _words(meanings: dict[str, Outcome]) -> list[tuple[str, Outcome]]:
    """The vendor's words as it usually writes them; the tables have other cases of each, too."""
    usual: dict[str, tuple[str, Outcome]] = {}
    for word, outcome in meanings.items():
        usual.setdefault(word.casefold(), (word, outcome))
    return list(usual.values())


def _leaves(kind: type[Change]) -> list[type[Change]]:
    """The classes without subclasses, in the order of the file."""
    below = kind.__subclasses__()
    return [leaf for one in below for leaf in _leaves(one)] if below else [kind]


def _prose(text: str | None) -> list[str]:
    return inspect.cleandoc(text or "").splitlines()


def _documented(kind: type[AnomalyKind]) -> list[tuple[str, str]]:
    """An enum's values with the strings that stand below them, which are there for readers of the source alone."""
    body = ast.parse(inspect.getsource(kind)).body[0]
    assert isinstance(body, ast.ClassDef)
    found = []
    for node, below in zip(body.body, body.body[1:], strict=False):
        if isinstance(node, ast.Assign) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            assert isinstance(node.value, ast.Constant)
            found.append((str(node.value.value), str(below.value.value)))
    return found


if __name__ == "__main__":
    for page, write in PAGES.items():
        (DOCS / page).write_text(write(), encoding="utf-8")
