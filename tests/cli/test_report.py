"""`calltrack report` and `calltrack export` as a user runs them."""

import csv
import io
import json
import re
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from calltrack.cli import commands, main
from calltrack.cli.terminal import Reader
from calltrack.journal import Journal
from calltrack.serve.history.follower import Count
from calltrack.serve.history.store import Store, beside
from calltrack.simulate import Faults, Plan, write_recording

SCENARIOS = Path(__file__).parent.parent.parent / "fixtures" / "scenarios"
AGAIN = str(SCENARIOS / "queue-rings-again.jsonl")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands, arguments)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two simulated hours before and after midnight in Israel, with an outage now and then."""
    path = tmp_path_factory.mktemp("report") / "simulated.jsonl"
    plan = Plan(agents=6, queues=2, start=1_704_747_600.0)  # 23:00 there
    write_recording(path, plan, seed=3, hours=2, faults=Faults(disconnects=2, outage=200), truth=False)
    return str(path)


def test_tables_on_the_terminal() -> None:
    """Free of colour when piped, and of phone numbers; what is not enough is marked, and said what it means."""
    result = run("report", AGAIN)

    assert 0 == result.exit_code
    assert "Support" in result.output and "Lois Lane" in result.output
    assert "2026-01-01 09:00:00 UTC+02:00 to 2026-01-01 09:01:41 UTC+02:00" in result.output
    assert "66% !" in result.output and "! less than 95%" in result.output
    assert "\x1b" not in result.output and "0501234567" not in result.output


def test_only_some_tables(recording: str) -> None:
    """Those that are named."""
    output = run("report", recording, "--by", "queue", "--by", "day").output

    assert "By queue" in output and "By day" in output
    assert "In all" not in output and "By agent" not in output
    assert "2024-01-08" in output and "2024-01-09" in output


def test_as_json_and_csv_it_is_the_same_report(recording: str) -> None:
    """The figures of each, and nothing else on standard output."""
    found = json.loads(run("report", recording, "--json").stdout)
    rows = list(csv.DictReader(io.StringIO(run("report", recording, "--csv").stdout, newline="")))

    total = next(row for row in rows if row["by"] == "total")
    assert found["total"]["waits"]["offered"] == int(total["offered"]) > 0
    assert len(found["agents"]) == sum(row["by"] == "agent" for row in rows)
    assert found["total"]["coverage"] < 1 and found["gaps"]


def test_a_local_day(recording: str) -> None:
    """Named zone or the stream's own offset: both midnights are 22:00 UTC in winter."""
    named = json.loads(run("report", recording, "--json", "--day", "2024-01-09", "--tz", "Asia/Jerusalem").stdout)
    own = json.loads(run("report", recording, "--json", "--day", "2024-01-09").stdout)
    utc = json.loads(run("report", recording, "--json", "--day", "2024-01-09", "--tz", "UTC").stdout)

    assert (1_704_751_200, 1_704_837_600) == (named["since"], named["until"])
    assert named == own
    assert 1_704_758_400 == utc["since"]


def test_since_and_until_cut_the_days_too(recording: str) -> None:
    """The parts are those of the interval."""
    found = json.loads(
        run("report", recording, "--json", "--since", "2024-01-08T21:30Z", "--until", "1704752000").stdout
    )

    assert [(1_704_749_400, 1_704_751_200), (1_704_751_200, 1_704_752_000)] == [
        (part["since"], part["until"]) for part in found["parts"]
    ]


def test_days_without_anything_are_not_listed(tmp_path: Path) -> None:
    """Two recordings that are years apart, one behind the other, are two days."""
    old = Path(AGAIN).read_text()
    both = tmp_path / "both.jsonl"
    later = re.sub(r"\b1767(\d{6,9})\b", r"1867\1", old)
    both.write_text(old + later)
    found = json.loads(run("report", str(both), "--json").stdout)

    assert ["2026-01-01", "2029-03-03"] == [part["name"] for part in found["parts"]]
    assert [1, 1] == [part["waits"]["offered"] for part in found["parts"]]


def test_options_change_the_figures() -> None:
    """Service level, short abandons, statuses."""
    found = json.loads(
        run("report", AGAIN, "--json", "--service-level", "40", "--available", "3,9", "--wrap-up", "1").stdout
    )

    assert {"service_level_s": 40, "available": [3, 9], "wrap_up": [1]}.items() <= found["options"].items()
    assert 1.0 == found["total"]["waits"]["service_level"]["negative"]
    assert 0 == found["total"]["work"]["available_s"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--day", "2024-01-09", "--since", "0"], "leave --since and --until out"),
        (["--csv", "--json"], "choose one"),
        (["--json", "--by", "queue"], "leave --by out"),
        (["--since", "2", "--until", "1"], "--since is after --until"),
        (["--available", "Login"], "write their numbers"),
        (["--day", "tomorrow"], "tomorrow"),
        (["--day", "9999-12-31"], "between 1971 and 9998"),
        (["--since", "1e20"], "'1e20' is no time between 1970 and 9998"),
        (["--until", "0001-01-01"], "'0001-01-01' is no time between 1970 and 9998"),
    ],
)
def test_a_wrong_command_line(arguments: list[str], says: str) -> None:
    """Exit code 2, and what to do."""
    result = run("report", AGAIN, *arguments)

    assert (2, True) == (result.exit_code, says in result.output)


def test_a_zone_that_is_none(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is read."""
    monkeypatch.setattr(sys, "argv", ["calltrack", "report", "no such file", "--tz", "Mars"])
    with pytest.raises(SystemExit) as exit_code:
        main()

    assert 2 == exit_code.value.code
    assert "'Mars' is no time zone; write an IANA name" in capsys.readouterr().err


def test_a_page(recording: str, tmp_path: Path) -> None:
    """With plots, and no phone number of the recording."""
    out = tmp_path / "report.html"
    result = run("report", recording, "--html", str(out))

    text = out.read_text(encoding="utf-8")
    assert (0, "", 4) == (result.exit_code, result.stdout, text.count("<svg"))
    numbers = set(re.findall(r'"CallerID":"(\d{9,})"', Path(recording).read_text()))
    assert numbers and not [number for number in numbers if number in text]


def test_every_hour(recording: str) -> None:
    """The intervals of the local clock, as a table and in the CSV; and the hours of the week."""
    rows = list(csv.DictReader(io.StringIO(run("report", recording, "--every", "hour", "--csv").stdout, newline="")))
    hours = [row for row in rows if row["by"] == "hour"]
    total = next(row for row in rows if row["by"] == "total")

    assert ["2024-01-08 23:00", "2024-01-09 00:00"] == [row["key"] for row in hours][:2]
    assert int(total["offered"]) == sum(int(row["offered"]) for row in hours) > 0
    assert "By hour" in run("report", recording, "--every", "hour", "--by", "queue").output
    week = run("report", recording, "--by", "weekday").output
    assert "Mon 23:00" in week and "Tue 00:00" in week and "Sun" not in week
    assert 2 == run("report", recording, "--by", "day", "--every", "hour").exit_code


@pytest.mark.parametrize(
    ("module", "extra", "arguments"),
    [
        ("matplotlib", "report", ["report", AGAIN, "--html", "out.html"]),
        ("jinja2", "report", ["report", AGAIN, "--html", "out.html"]),
        ("pyarrow", "parquet", ["export", AGAIN, "--table", "calls", "-o", "out.parquet"]),
    ],
)
def test_a_missing_extra_is_named(
    module: str,
    extra: str,
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With the command that installs it; no file is left behind."""
    monkeypatch.chdir(tmp_path)
    for name in [*sys.modules]:
        if name.split(".")[0] == module or name.startswith("calltrack.report."):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr(sys, "argv", ["calltrack", *arguments])
    with pytest.raises(SystemExit) as exit_code:
        main()

    assert 2 == exit_code.value.code
    assert f"pip install 'calltrack-voicenter[{extra}]'" in capsys.readouterr().err
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("options", [["report", AGAIN, "--html"], ["export", AGAIN, "--table", "calls", "-o"]])
def test_what_cannot_be_written_is_named(
    options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line and exit code 2."""
    out = tmp_path / "nowhere" / "out.csv"
    monkeypatch.setattr(sys, "argv", ["calltrack", *options, str(out)])
    with pytest.raises(SystemExit) as left:
        main()

    assert 2 == left.value.code
    assert f"calltrack: {out}: cannot be written: No such file or directory\n" == capsys.readouterr().err


def test_a_journal_is_read_like_a_recording(recording: str, tmp_path: Path) -> None:
    """The same report and the same rows."""
    journal = str(tmp_path / "calls.journal")
    assert 0 == run("journal", "import", recording, journal).exit_code

    assert run("report", recording, "--json").stdout == run("report", journal, "--json").stdout
    for table in ("calls", "agent_states"):
        assert run("export", recording, "--table", table).stdout == run("export", journal, "--table", table).stdout


def test_lines_that_are_no_frames(tmp_path: Path) -> None:
    """Are reported, the rest is counted, and the exit code says so."""
    broken = tmp_path / "broken.jsonl"
    broken.write_text("no frame\n" + Path(AGAIN).read_text())
    report, export = run("report", str(broken), "--by", "queue"), run("export", str(broken), "--table", "legs")

    assert (1, 1) == (report.exit_code, export.exit_code)
    assert "Support" in report.stdout and "broken.jsonl:1:" in report.stderr
    assert 3 == len(export.stdout.splitlines())


def journal_of(recording: str, path: Path) -> Path:
    """A journal with the frames of a recording."""
    assert 0 == run("journal", "import", recording, str(path)).exit_code
    return path


def count(path: Path, frames: int = 10**9) -> None:
    """Count so many frames of a journal, as a service does."""
    with Journal.open(path, read_only=True) as journal, closing(Store(beside(path))) as store:
        count = Count.begun(store, journal, 0)
        count.read(min(frames, journal.position))
        count.keep()


@pytest.mark.parametrize("counted", [300, 10**9])
def test_what_a_service_has_counted_is_not_read_again(
    recording: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counted: int
) -> None:
    """All output stays the same, byte for byte; only frames since then are read. What other code made is not used."""
    path = journal_of(recording, tmp_path / "calls.journal")
    asked = [("report", str(path), "--json"), ("contacts", str(path), "--journey"), ("missed", str(path))]

    def outputs() -> list[str]:
        return [f"{result.exit_code} {result.output}" for result in (run(*one) for one in asked)]

    expected = outputs()
    count(path, counted)
    monkeypatch.setattr(Reader, "__iter__", None)

    assert expected == outputs()
    monkeypatch.setattr("calltrack.serve.history.store.FORMAT", 0)
    assert isinstance(run(*asked[0]).exception, TypeError)  # it reads the frames
    assert beside(path).exists()


def test_a_report_to_which_nothing_new_came_is_not_made_again(
    recording: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same bytes as of all frames, without any rows; a new frame, or another question, has it counted anew."""
    path, page = journal_of(recording, tmp_path / "calls.journal"), tmp_path / "page.html"
    large = ["--by", "weekday", "--since", "2024-01-08T23:30", "--available", f"{10**24}"]
    forms = [["--json"], ["--csv", "--day", "2024-01-09"], large]
    asked = [["report", str(path), *form] for form in (*forms, ["--html", str(page), "--every", "hour"])]

    def outputs() -> list[str]:
        page.unlink(missing_ok=True)
        return [*(run(*one).output for one in asked), page.read_text()]

    expected = outputs()
    count(path, 300)

    assert expected == outputs()
    with monkeypatch.context() as patched:
        patched.setattr(Reader, "facts", None)
        assert expected == outputs()
        assert isinstance(run(*asked[0], "--service-level", "21").exception, TypeError)
    more = run("report", recording, "--json").stdout
    assert 0 == run("journal", "import", AGAIN, str(path)).exit_code
    assert json.loads(more)["until"] < json.loads(run(*asked[0]).stdout)["until"]


def test_a_report_of_today_is_of_another_day_tomorrow(
    recording: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although nothing new came."""
    path = journal_of(recording, tmp_path / "calls.journal")
    count(path)
    asked = ("report", str(path), "--day", "today", "--json")

    def since(now: datetime) -> float:
        monkeypatch.setattr("calltrack.cli.report.datetime", type("At", (datetime,), {"now": now.astimezone}))
        return float(json.loads(run(*asked).stdout)["since"])

    first = datetime.fromtimestamp(1_704_747_600, UTC)
    assert [1_704_664_800] * 2 == [since(first), since(first + timedelta(minutes=59))]
    assert 1_704_664_800 + 86400 == since(first + timedelta(minutes=61))


def test_what_is_kept_of_a_damaged_journal_says_so(recording: str, tmp_path: Path) -> None:
    """The same figures, lines and exit code as from its frames, also of a report that is not made again."""
    path, lost = journal_of(recording, tmp_path / "calls.journal"), (200, 201, 270)
    with closing(sqlite3.connect(path)) as database, database:
        database.executemany("UPDATE frames SET sum = 0 WHERE position = ?", [(one,) for one in lost])
    asked = [("report", str(path), "--json"), ("contacts", str(path)), ("missed", str(path))]

    def outputs() -> list[tuple[int, str, str]]:
        return [(result.exit_code, result.stdout, result.stderr) for result in (run(*one) for one in asked)]

    expected = outputs()
    count(path, 250)

    assert [expected] * 2 == [outputs(), outputs()]
    assert [1] * 3 == [code for code, _, _ in expected]
    assert all(f"{path}:{position}: " in said for _, _, said in expected for position in lost)
    assert "frame 200 of the journal is damaged" in expected[0][1]
