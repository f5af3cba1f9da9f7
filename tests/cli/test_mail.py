"""`calltrack report --mail` against a mail server that speaks the protocol."""

import socketserver
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from click.testing import CliRunner

from calltrack.cli import commands
from calltrack.cli.mail import MailError, send

AGAIN = str(Path(__file__).parents[2] / "fixtures" / "scenarios" / "queue-rings-again.jsonl")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    taken: list[bytes]


class _Talk(socketserver.StreamRequestHandler):
    """As much of SMTP as is spoken here."""

    server: _Server

    def handle(self) -> None:
        self.wfile.write(b"220 test\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                data = b""
                while (more := self.rfile.readline()) != b".\r\n":
                    data += more
                self.server.taken.append(data)
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
            if word == b"QUIT":
                return


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Server]:
    """A mail server on loopback, which the environment names."""
    with _Server(("127.0.0.1", 0), _Talk) as running:
        running.taken = []
        monkeypatch.setenv("CALLTRACK_SMTP", f"smtp://reports@127.0.0.1:{running.server_address[1]}")
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_a_report_is_sent(server: _Server) -> None:
    """The figures in the text, the page attached; no table on standard output."""
    result = CliRunner().invoke(commands, ["report", AGAIN, "--day", "2026-01-01", "--mail", "boss@example.com"])
    assert (0, "") == (result.exit_code, result.stdout)
    (data,) = server.taken
    message = message_from_bytes(data, policy=policy.default)
    assert isinstance(message, EmailMessage)
    body, (page,) = message.get_body(), list(message.iter_attachments())

    assert "boss@example.com" == message["To"] and "2026-01-01" in message["Subject"]
    assert body is not None and "offered: 1" in body.get_content()
    assert "report-2026-01-01.html" == page.get_filename()
    assert "<svg" in page.get_content()


def test_yesterday_is_a_day(server: _Server) -> None:
    """For a timer; here it has nothing."""
    result = CliRunner().invoke(commands, ["report", AGAIN, "--day", "yesterday", "--mail", "a@b.example"])

    assert 0 == result.exit_code
    assert 1 == len(server.taken)


@pytest.mark.parametrize("server", ["", "mail.example", "http://mail.example"])
def test_without_a_server_it_says_how(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the name in the environment."""
    monkeypatch.setenv("CALLTRACK_SMTP", server)
    with pytest.raises(MailError, match="set CALLTRACK_SMTP"):
        send(["a@b.example"], "", "", ("a.html", ""))


def test_the_password_does_not_stand_in_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor in the message."""
    monkeypatch.setenv("CALLTRACK_SMTP", "smtps://me:sesame@mail.example")
    with pytest.raises(MailError) as error:
        send(["a@b.example"], "", "", ("a.html", ""))

    assert "sesame" not in str(error.value)


def test_a_line_in_an_address_is_refused(server: _Server) -> None:
    """It cannot add a header."""
    with pytest.raises(MailError, match="was not sent"):
        send(["a@b.example\nBcc: c@d.example"], "x", "", ("a.html", ""))
    assert [] == server.taken
