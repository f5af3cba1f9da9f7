"""A report by e-mail, for a command that cron or systemd runs."""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

from calltrack.core.errors import CalltrackError

SERVER, PASSWORD = "CALLTRACK_SMTP", "CALLTRACK_SMTP_PASSWORD"
"""The environment's names of the server and of its password, which stands in no command line."""

_PORTS = {"smtp": 587, "smtps": 465}
_PATIENCE = 60.0  # s for each answer of the server


class MailError(CalltrackError):
    """A report was not sent; says why, never the password."""


def send(to: Sequence[str], subject: str, text: str, page: tuple[str, str]) -> None:
    """Send a text with a page (its file's name, and HTML) to addresses.

    The server is that of CALLTRACK_SMTP: smtps://USER@HOST:PORT, or smtp:// with STARTTLS where the server is not this
    machine. Raises MailError.
    """
    server = os.environ.get(SERVER, "")
    parts = urlsplit(server)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise MailError(f"set {SERVER} to the mail server, such as smtps://reports@mail.example:465")
    if parts.password:
        raise MailError(f"{SERVER}: put the password into {PASSWORD}, not into the address")
    user = unquote(parts.username or "")
    try:
        message = EmailMessage()
        message["From"] = user if "@" in user else f"{user or 'calltrack'}@{parts.hostname}"
        message["To"] = ", ".join(to)
        message["Subject"] = subject
        message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=parts.hostname)
        message.set_content(text)
        name, html = page
        message.add_attachment(html.encode(), maintype="text", subtype="html", filename=name)
        _deliver(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme], user, message)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise MailError(f"the report was not sent: {parts.hostname}: {error}") from None


def _deliver(scheme: str, host: str, port: int, user: str, message: EmailMessage) -> None:
    safe = ssl.create_default_context()
    if scheme == "smtps":
        with smtplib.SMTP_SSL(host, port, timeout=_PATIENCE, context=safe) as server:
            _hand_over(server, user, message)
        return
    with smtplib.SMTP(host, port, timeout=_PATIENCE) as server:
        if host not in ("localhost", "127.0.0.1", "::1"):
            server.starttls(context=safe)
        _hand_over(server, user, message)


def _hand_over(server: smtplib.SMTP, user: str, message: EmailMessage) -> None:
    if user and (password := os.environ.get(PASSWORD)):
        server.login(user, password)
    server.send_message(message)
