"""The list of accounts, and the way to a board and back."""

from pathlib import Path

from playwright.sync_api import expect

from tests.page.conftest import Visit
from tests.page.served import served

_ACCOUNT = """[[account]]
name = "{0}"
credentials = "env:NOTHING"
login_url = "http://127.0.0.1:1"
"""


def test_the_list_leads_to_each_board_and_back(tmp_path: Path, visit: Visit) -> None:
    """With what hinders each; a search leaves those that match."""
    file = tmp_path / "accounts.toml"
    file.write_text(_ACCOUNT.format("acme") + _ACCOUNT.format("globex"))
    journals = str(tmp_path / "journals")
    options = ("--accounts", str(file), "--journal", journals, "--listen", "127.0.0.1:0")
    with served("calltrack", "serve", *options) as running:
        page = visit(running.address)
        expect(page.locator("#accounts tr")).to_have_count(2)
        expect(page.locator("#sum")).to_have_text("0 of 2 well")
        expect(page.locator("#accounts tr").first).to_contain_text("set NOTHING_TOKEN")
        page.get_by_role("link", name="globex").focus()
        page.locator("#search").dispatch_event("input")  # the list is drawn anew
        expect(page.get_by_role("link", name="globex")).to_be_focused()
        page.locator("#search").fill("glob")
        expect(page.locator("#accounts tr")).to_have_count(1)
        page.get_by_role("link", name="globex").click()
        expect(page.locator("#board-name")).to_have_text("globex")
        page.get_by_role("link", name="All accounts").click()
        expect(page.locator("#accounts tr")).to_have_count(2)


def test_a_board_of_the_only_account_has_no_way_to_others(centre: str, visit: Visit) -> None:
    """It says when the server was last heard, which of a simulation is not known."""
    page = visit(centre)
    expect(page.locator("#link-text")).to_have_text("Live")
    expect(page.locator("#all-accounts")).to_be_hidden()
    page.locator("#connection").click()
    expect(page.get_by_text("Server last heard")).to_be_visible()
