from pathlib import Path

import pytest

from calltrack.kafka.cluster import properties
from calltrack.kafka.connecting import login
from calltrack.kafka.errors import ClusterError
from calltrack.kafka.records import Account
from calltrack.live import CredentialsError


def test_a_secret_is_where_the_definition_says(tmp_path: Path) -> None:
    """In variables with a prefix, or in a file."""
    file = tmp_path / "acme"
    file.write_text("CALLTRACK_TOKEN=s3cret")
    file.chmod(0o600)

    login(Account("env:ACME"), {"ACME_TOKEN": "s3cret"})
    login(Account(f"file:{file}", login_url="http://127.0.0.1:1", protocol=4), {})


@pytest.mark.parametrize("where", ["env:ACME", "file:/nowhere/acme"])
def test_a_secret_that_is_missing_is_said_and_where(where: str) -> None:
    """By its own name."""
    with pytest.raises(CredentialsError, match=r"set ACME_TOKEN|/nowhere/acme: cannot be read"):
        login(Account(where), {})


def test_properties_are_their_owner_s_alone(tmp_path: Path) -> None:
    """They hold passwords."""
    file = tmp_path / "kafka.properties"
    file.write_text("# TLS\nsecurity.protocol = SASL_SSL\n\nsasl.password=a=b\n")
    file.chmod(0o600)
    assert {"security.protocol": "SASL_SSL", "sasl.password": "a=b"} == properties(file)
    file.chmod(0o640)
    with pytest.raises(ClusterError, match="run: chmod 600"):
        properties(file)


def test_a_line_that_is_no_property_is_named_without_its_text(tmp_path: Path) -> None:
    """It may be a password."""
    file = tmp_path / "kafka.properties"
    file.write_text("sasl.username=me\nhunter2\n")
    file.chmod(0o600)

    with pytest.raises(ClusterError, match=r"kafka.properties:2: expected name=value$"):
        properties(file)
