"""TLS for a simulated service: a certificate authority and a certificate that live as long as the process."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from pathlib import Path

import trustme

VENDOR = ("loginapi.voicenter.co.il", "*.voicenter.co.il", "*.voicenter.co")
"""The vendor's names: with the resolver or the hosts file pointed here, a client needs no other address."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Authority:
    """A certificate authority of its own, and a certificate for loopback, the vendor's names and `names`.

    The authority's key is never written.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._authority = trustme.CA(organization_name="calltrack simulate")
        certificate = self._authority.issue_cert(*dict.fromkeys((*_LOOPBACK, *VENDOR, *names)))
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        """For a server."""
        certificate.configure_cert(self.context)

    @property
    def pem(self) -> bytes:
        """The authority's certificate, for clients to trust."""
        return self._authority.cert_pem.bytes()

    def write(self, path: Path) -> None:
        """Write the authority's certificate, as PEM. Raises OSError."""
        path.write_bytes(self.pem)

    def trust(self, context: ssl.SSLContext) -> None:
        """Make a client's context trust it."""
        self._authority.configure_trust(context)
