from pathlib import Path

import pytest

from calltrack.kafka.cluster import properties
from calltrack.kafka.errors import ClusterError


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

    with pytest.raises(ClusterError, match=r"kafka.properties:2: expected NAME=value$"):
        properties(file)
