"""The archive of changes: each once, whatever happens to the one who writes it."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from calltrack.export.changes import BadFolder, ChangesFolder
from calltrack.kafka.changes import rows
from calltrack.kafka.rule import Facts, Number
from calltrack.testing.disturbed import disturbed

Rows = list[tuple[Any, ...]]
KEPT = "select account, frame, change, json from '{}/changes/**/*.parquet' order by all"


def archived(folder: Path, records: list[tuple[bytes, bytes]], killed: bool = False) -> None:
    """One run over what is new."""
    archive = ChangesFolder(folder)
    facts = Facts({name.encode(): Number(*last) for name, last in archive.read.last.items()})
    begin = archive.read.following.get(3, 0)
    found = list(rows(records[begin:], facts))
    if killed:
        archive._write(f"3-{begin}", found)
    else:
        archive.write(3, begin, len(records), found)


def asked(query: str) -> Rows:
    """What DuckDB answers."""
    with duckdb.connect() as connection:
        found: Rows = connection.execute(query).fetchall()
    return found


def test_every_change_is_there_once(tmp_path: Path) -> None:
    """Over several runs, one of which is killed before it says how far it came."""
    log = disturbed(2)
    half = len(log.records) // 2
    archived(tmp_path, log.records[:half])
    archived(tmp_path, log.records[: half + 40], killed=True)
    archived(tmp_path, log.records)
    archived(tmp_path, log.records)

    expected = sorted((row.account, row.frame, row.change, row.text.decode()) for row in log.expected)
    assert expected == asked(KEPT.format(tmp_path))


def test_queries_read_only_the_account_and_the_day(tmp_path: Path) -> None:
    """Both are folders, and what the most asked for is a column."""
    archived(tmp_path, disturbed(3).records)
    files = f"{tmp_path}/changes/account=acme/**/*.parquet"
    counted: dict[str, int] = dict(asked(f"select type, count(*) from '{files}' where day is not null group by all"))

    assert counted["CallStarted"] > 0
    assert {"acme", "bolt"} == {path.name.partition("=")[2] for path in (tmp_path / "changes").iterdir()}


def test_the_queries_of_the_page_find_something(tmp_path: Path) -> None:
    """Each as it stands there."""
    archived(tmp_path, disturbed(3).records)
    page = (Path(__file__).parents[2] / "docs" / "archive.md").read_text(encoding="utf-8")
    sql = page.split("```sql\n")[1].split("```")[0].replace("archive/", f"{tmp_path}/")
    call = asked(f"select call_id from '{tmp_path}/changes/account=acme/**/*.parquet' where type = 'CallStarted'")[0][0]
    answers = [asked(one) for one in sql.replace("2026010109000000000001", call).split(";") if one.strip()]

    assert 3 == len(answers)
    assert all(answer and answer[0][-1] is not None for answer in answers)


def test_a_damaged_record_of_what_was_read_is_refused(tmp_path: Path) -> None:
    """It says where."""
    (tmp_path / "changes.json").write_text("{")
    with pytest.raises(BadFolder, match=r"changes\.json: "):
        ChangesFolder(tmp_path)
