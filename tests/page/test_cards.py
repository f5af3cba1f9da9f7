"""What an agent's card says of a call."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.frames import call, extension, queue, waiting
from tests.page.conftest import Visit
from tests.page.served import Served

NUMBER = "0501234567"


def test_the_number_is_shown_whatever_name_comes_with_it(visit: Visit, service: Served) -> None:
    """The vendor gives the queue's name as the caller's; it is left out only where the queue is known."""
    served_by_queue = call("c1", "Talking", answered_at=2, callername="Support", queueID=55)
    service.give(
        extension(3, "SIP1", "ANSWER", served_by_queue),
        extension(4, "SIP2", "ANSWER", call("c2", "Talking", answered_at=2, callername="Dana")),
    )
    page = visit(service.address)
    expect(page.locator("[data-agent=SIP1] .detail")).to_have_text(f"55 · {NUMBER} · Support")
    expect(page.locator("[data-agent=SIP2] .detail")).to_have_text(f"{NUMBER} · Dana")
    service.give(queue(5, "JOIN", "c9", [waiting("c9", 5)]))
    expect(page.locator("[data-queue]")).to_have_count(1)
    page.reload()

    expect(page.locator("[data-agent=SIP1] .detail")).to_have_text(f"Support · {NUMBER}")


def test_a_caller_without_a_number(visit: Visit, service: Served) -> None:
    """Has a name, or is said to be unknown."""
    service.give(
        extension(3, "SIP1", "ANSWER", call("c1", "Talking", answered_at=2, callerphone="", callername="Dana")),
        extension(4, "SIP2", "ANSWER", call("c2", "Talking", answered_at=2, callerphone="", callername="")),
    )
    page = visit(service.address)

    expect(page.locator("[data-agent=SIP1] .detail")).to_have_text("Dana")
    expect(page.locator("[data-agent=SIP2] .detail")).to_have_text("Number unknown")
