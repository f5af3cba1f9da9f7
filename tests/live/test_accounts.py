"""The file of accounts, where their secrets are, and their logins at a pace."""

import asyncio
from pathlib import Path

import pytest

from calltrack.live import Account, AccountsError, CredentialsError, LoginRefused, Network, Token, User
from calltrack.live.accounts import AccountLogin, Definition, is_account_name, read_accounts
from calltrack.live.timing import Pace
from calltrack.simulate import Plan
from calltrack.simulate.server import Simulator
from tests.live.harness import FAST, scenario, streaming


def written(folder: Path, text: str) -> Path:
    """A file of accounts."""
    path = folder / "accounts.toml"
    path.write_text(text)
    return path


def test_accounts_are_read_in_the_order_of_the_file(tmp_path: Path) -> None:
    """With all that the options of a command say."""
    found = read_accounts(
        written(
            tmp_path,
            """
            [[account]]
            name = "globex"
            credentials = "file:/etc/globex"
            servers = ["monitor.test"]
            protocol = 4
            [[account]]
            name = "acme"
            credentials = "env:ACME"
            login_url = "https://login.test"
            stack = "newer"
            """,
        )
    )
    assert list(found) == ["globex", "acme"]
    assert (found["globex"].servers, found["globex"].protocol) == (("monitor.test",), 4)
    assert (found["acme"].login_url, found["acme"].stack) == ("https://login.test", "newer")


_ONE = '[[account]]\nname = "a"\ncredentials = "env:A"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "accounts.toml: has no [[account]] table"),
        ("account = []", "has no [[account]] table"),
        pytest.param("x = " + "1" * 5000, "accounts.toml: ", id="digits"),
        ("not TOML", "accounts.toml: "),
        (_ONE.replace("env:A", "hunter2"), "credentials must be file:PATH or env:PREFIX"),
        (_ONE.replace('"a"', '"../a"'), "at `$.account[0].name`"),
        (_ONE + 'password = "hunter2"', "unknown field `password` - at `$.account[0]`"),
        (_ONE + 'login_url = "login.test"', "is not a valid address"),
        (_ONE + 'stack = "newer"', "needs the address of its login API"),
        (_ONE + _ONE, "two accounts are named a"),
        (_ONE + _ONE.replace('"a"', '"A"'), "two accounts are named A"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_place(tmp_path: Path, text: str, said: str) -> None:
    """Before anything is tried, and without showing what may be a secret."""
    with pytest.raises(AccountsError) as refused:
        read_accounts(written(tmp_path, text))
    assert said in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """As everywhere."""
    with pytest.raises(AccountsError, match=r"accounts.toml: cannot be read: No such file"):
        read_accounts(tmp_path / "accounts.toml")


def test_a_secret_is_where_the_definition_says(tmp_path: Path) -> None:
    """In variables with a prefix, or in a file."""
    file = tmp_path / "acme"
    file.write_text("CALLTRACK_TOKEN=s3cret")
    file.chmod(0o600)

    assert Definition("env:ACME").secret({"ACME_EMAIL": "a@b.test", "ACME_PASSWORD": "p"}) == User("a@b.test", "p")
    assert Definition("env:ACME").secret({"ACME_USERNAME": "a", "ACME_PASSWORD": "p"}) == Account("a", "p")
    assert Definition(f"file:{file}").secret({}) == Token("s3cret")


@pytest.mark.parametrize("where", ["env:ACME", "file:/nowhere/acme"])
def test_a_secret_that_is_missing_is_said_and_where(where: str) -> None:
    """By its own name."""
    with pytest.raises(CredentialsError, match=r"set ACME_TOKEN|/nowhere/acme: cannot be read"):
        Definition(where).secret({})


def test_names_of_accounts() -> None:
    """They appear in addresses, file names and metrics."""
    assert all(map(is_account_name, ("acme", "1", "a.b-c_d")))
    assert not any(map(is_account_name, ("", "-a", ".a", "acme.", "a-", "a/b", "a b", "a\n", "a" * 101, "é")))


@scenario
async def test_turns_come_at_an_even_pace_and_in_order() -> None:
    """However many are asked for at once; after a pause two more than the first one are free."""
    loop, pace, times = asyncio.get_running_loop(), Pace(50), list[tuple[float, int]]()

    async def one(number: int) -> None:
        await pace.turn()
        times.append((loop.time(), number))

    await asyncio.gather(*(one(number) for number in range(8)))
    assert [number for _, number in times] == list(range(8))
    assert times[7][0] - times[0][0] >= 5 * 0.02 - 0.001
    assert all(later[0] - early[0] >= 0.02 - 0.001 for early, later in zip(times, times[3:], strict=False))


@scenario
async def test_a_secret_that_is_corrected_is_used_without_a_restart() -> None:
    """A refusal of one account among many is tried again, and the file is read again."""
    async with Simulator(Plan(agents=2)) as simulator:
        with pytest.raises(LoginRefused, match="cannot be read"):
            await AccountLogin(Definition("file:/nowhere/acme"), Pace(1000), Network()).login()
        secrets = {"ACME_TOKEN": "mistyped"}
        definition = Definition("env:ACME", login_url=simulator.url)
        login = AccountLogin(definition, Pace(1000), Network(), secrets)
        async with streaming(login, FAST, account="acme", patient=True) as stream:
            while not stream.supervisor.health.trouble:
                await asyncio.sleep(0)
            assert stream.supervisor.health.trouble == "login: login refused: wrong credentials"
            assert stream.supervisor.health.server == ""
            secrets["ACME_TOKEN"] = simulator.credentials.token
            await stream.until("AllExtensionsStatus")
            health = await asyncio.to_thread(lambda: stream.supervisor.health)  # as metrics are
            assert (health.trouble, health.server) == ("", simulator.url.removeprefix("http://"))
            assert health.frames == len(stream.events) - len(stream.of("connect"))
