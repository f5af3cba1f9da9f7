"""Files of records: notifications as lines, Call Log answers, tables; and what is none of them."""

import json
from pathlib import Path

import msgspec
import pytest

from calltrack import Recording
from calltrack.cdr.shapes import CallLogRefused, records_of
from calltrack.core.observations import Stated
from tests.cdr.test_wire import LOGGED, NOTIFICATION


def ids(path: Path) -> list[str]:
    """The calls that a file's records name."""
    found = []
    for frame in Recording(path):
        assert isinstance(frame.body, Stated)
        found.append(frame.body.statement.call_id)
    return found


def test_notifications_as_lines(tmp_path: Path) -> None:
    """As a web server would log the bodies."""
    path = tmp_path / "cdrs.jsonl"
    path.write_text("\n".join(json.dumps({**NOTIFICATION, "ivruniqueid": str(n)}) for n in (1, 2)))

    assert ids(path) == ["1", "2"]


def test_call_log_answers(tmp_path: Path) -> None:
    """One answer a line, or one pretty-printed file."""
    answer = {"ERROR_NUMBER": 0, "TOTAL_HITS": 2, "RETURN_HITS": 2, "CDR_LIST": [LOGGED, {**LOGGED, "CallID": "2"}]}
    path = tmp_path / "log.json"
    for text in (json.dumps(answer), json.dumps(answer, indent=2)):
        path.write_text(text)
        assert ids(path) == [LOGGED["CallID"], "2"]


def test_an_error_of_the_call_log(tmp_path: Path) -> None:
    """It is said in words."""
    path = tmp_path / "log.json"
    path.write_text('{"ERROR_NUMBER": 4}\n')
    recording = Recording(path, on_bad=lambda bad: None)

    assert list(recording) == []
    assert "this address is not permitted" in str(recording.first_bad[0])


def test_a_table(tmp_path: Path) -> None:
    """With the fields of either account as columns, in any case and spacing."""
    path = tmp_path / "calls.csv"
    path.write_text("Call ID;Cdr Type;Dial Status;Date;Duration\r\n7;4;ANSWER;2023-11-30 09:29:47;00:01:10\r\n")
    (frame,) = Recording(path)
    assert isinstance(frame.body, Stated)
    found = frame.body.statement

    assert (found.call_id, found.started_utc, found.total_s) == ("7", 1701336587, 70)


def test_a_table_with_other_columns(tmp_path: Path) -> None:
    """One line says which are missing."""
    path = tmp_path / "calls.csv"
    path.write_text("Call ID,Dial Status,Caller Number\n1,ANSWER,050\n2,ANSWER,051\n")
    recording = Recording(path, on_bad=lambda bad: None)

    assert list(recording) == []
    assert recording.bad == 1
    assert "without a start and a duration" in str(recording.first_bad[0])


def test_two_columns_of_one_field(tmp_path: Path) -> None:
    """The one that is spelled as the field is counts, wherever it stands."""
    path = tmp_path / "calls.csv"
    path.write_text("Call ID,Time,time,Duration\n7,12,1701343787,70\n")
    (frame,) = Recording(path)
    assert isinstance(frame.body, Stated)

    assert frame.body.statement.started == 1701343787


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"ERROR_NUMBER": "9" * 5000, "CDR_LIST": []}, "no Call Log answer"),
        ({"ERROR_NUMBER": 2, "CDR_LIST": []}, "error 2: the code was refused"),
        ({"ERROR_NUMBER": 0, "CDR_LIST": {}}, "no Call Log answer: CDR_LIST is not a list"),
    ],
)
def test_an_answer_that_is_an_error(answer: dict[str, object], said: str) -> None:
    """It is refused in words, whatever its number is."""
    with pytest.raises(CallLogRefused, match=said):
        records_of({name: msgspec.Raw(msgspec.json.encode(value)) for name, value in answer.items()})


def test_an_answer_that_is_cut(tmp_path: Path) -> None:
    """It says how many records there are, and has fewer."""
    path = tmp_path / "answer.json"
    path.write_text(json.dumps({"ERROR_NUMBER": 0, "TOTAL_HITS": 3, "RETURN_HITS": 1, "CDR_LIST": [LOGGED]}))
    recording = Recording(path, on_bad=lambda bad: None)

    assert len(list(recording)) == 1
    assert "has 1 of 3 records" in str(recording.first_bad[0])
