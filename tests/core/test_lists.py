import pytest

from calltrack.core.lists import Lists
from calltrack.core.observations import ListedCall, ListedWait
from calltrack.core.states import State


def ids(listed: list[ListedCall] | list[ListedWait] | None) -> list[str] | None:
    return None if listed is None else [one.call_id for one in listed]


def test_a_call_lives_from_its_first_change_to_its_end() -> None:
    """In the order in which calls came; a later change takes the place of an earlier."""
    lists = Lists[ListedCall](idle=True)

    assert ["1"] == ids(lists.put("A", ListedCall("1", State.RINGING)))
    before = lists.put("A", ListedCall("2", State.RINGING))
    after = lists.put("A", ListedCall("1", State.TALKING))

    assert before is not None
    assert after is not None
    assert ([State.RINGING, State.RINGING], [State.TALKING, State.RINGING]) == (
        [one.state for one in before],
        [one.state for one in after],
    )
    assert ["2"] == ids(lists.drop("A", "1"))
    assert [] == lists.drop("A", "2")


def test_devices_have_lists_of_their_own() -> None:
    """A call may live at two of them, and end at one."""
    lists = Lists[ListedWait](idle=True)
    lists.put("sales", ListedWait("1"))
    lists.put("service", ListedWait("1"))

    assert [] == lists.drop("sales", "1")
    assert ["1", "2"] == ids(lists.put("service", ListedWait("2")))


def test_click2call_legs_share_an_id() -> None:
    """And are two calls; without a number all of them end."""
    lists = Lists[ListedCall](idle=True)
    lists.put("A", ListedCall("1", c2c=1))

    assert ["1", "1"] == ids(lists.put("A", ListedCall("1", c2c=2)))
    assert ["1"] == ids(lists.drop("A", "1", 1))
    lists.put("A", ListedCall("1", c2c=1))
    assert [] == lists.drop("A", "1")


def test_a_list_that_may_lack_something_is_none() -> None:
    """Until the source says what lives there: at the start in the middle of a day, and after a loss."""
    lists = Lists[ListedCall](idle=False)

    assert lists.put("A", ListedCall("1")) is None
    assert lists.drop("A", "1") is None
    assert ["7"] == ids(lists.replace("A", [ListedCall("7")]))
    assert ["7", "8"] == ids(lists.put("A", ListedCall("8")))
    assert ["8"] == ids(lists.drop("A", "7"))
    lists.lose()
    assert lists.put("A", ListedCall("9")) is None


def test_a_device_that_falls_idle_stays_known() -> None:
    """An empty list is a list."""
    lists = Lists[ListedCall](idle=False)
    lists.replace("A", [])

    assert ["1"] == ids(lists.put("A", ListedCall("1")))
    assert [] == lists.drop("A", "1")
    assert ["2"] == ids(lists.put("A", ListedCall("2")))


@pytest.mark.parametrize("idle", [True, False])
def test_the_end_of_an_unknown_call_changes_nothing(idle: bool) -> None:
    """It was not there."""
    lists = Lists[ListedCall](idle=idle)
    lists.replace("A", [ListedCall("1")])

    assert ["1"] == ids(lists.drop("A", "2"))
