from calltrack.kafka.line import Action, Buffer, Claim, Close, Line, Open, Phase, Write
from calltrack.kafka.records import Claimed, claim_record, frame_record


def opened(limit: int = 1000) -> tuple[Line, Buffer]:
    """A line whose claim is at offset 7; its claim record is delivered."""
    buffer = Buffer(limit)
    line = Line("me", buffer, patience=10.0)
    line.own()
    line.claimed(1, 7)
    line.delivered(len(claim_record(7, "me")))
    return line, buffer


def kinds(actions: list[Action]) -> list[type[Action]]:
    return [type(action) for action in actions]


def test_the_claim_comes_first() -> None:
    """In `accounts`, then in `frames`, then the socket."""
    line = Line("me", Buffer(1000))

    assert [Claim(1, Claimed("me").record())] == line.own()
    assert [] == line.received(b"early")
    assert [Write(claim_record(7, "me")), Open()] == line.claimed(1, 7)
    assert [Write(frame_record(7, b"[]"))] == line.received(b"[]")


def test_a_claim_that_is_no_longer_wanted_opens_nothing() -> None:
    """The account was another's meanwhile."""
    line = Line("me", Buffer(1000))
    line.own()

    assert [] == line.disown()
    assert [] == line.claimed(1, 7)
    assert Phase.IDLE is line.phase


def test_what_the_buffer_does_not_take_is_a_gap() -> None:
    """The socket closes; once Kafka has what waits, the stream says what is lost, and opens again."""
    line, buffer = opened(limit=100)
    line.received(b"x" * 80)
    assert [Close()] == line.received(b"y" * 80)
    assert [] == line.received(b"z")
    assert [] == line.tick(1.0)
    line.delivered(89)
    write, again = line.tick(2.0)

    assert isinstance(write, Write) and b"2 frames lost on the way to Kafka" in write.value
    assert (Open(), 2, len(write.value)) == (again, line.lost, buffer.used)


def test_what_kafka_does_not_take_is_a_gap() -> None:
    """Also if it is the note of a gap itself."""
    line, _ = opened()
    line.received(b"x")
    assert [Close()] == line.failed(10)
    (write, _) = line.tick(1.0)
    assert isinstance(write, Write)
    assert [Close()] == line.failed(len(write.value), write.lost)
    (again, _) = line.tick(2.0)
    assert again == write


def test_a_frame_that_is_too_large_is_in_the_stream_as_a_note() -> None:
    """A new connection would bring the same, so there is none."""
    line, _ = opened()
    line.received(b"x" * 90)
    (write,) = line.too_large(99)

    assert isinstance(write, Write) and b"a frame of 99 bytes is larger than Kafka takes" in write.value
    assert (Phase.OPEN, 1) == (line.phase, line.lost)


def test_a_later_claim_is_another_s_until_patience_ends() -> None:
    """A zombie may have claimed; if the group still gives the account to this one, it claims again."""
    line, _ = opened()
    assert [] == line.seen(7, "me", 0.0)
    assert [] == line.seen(6, "another", 0.0)
    assert [Close()] == line.seen(9, "another", 1.0)
    assert [] == line.tick(10.9)
    assert [Claim] == kinds(line.tick(11.0))
    assert [Write(claim_record(12, "me")), Open()] == line.claimed(2, 12)


def test_a_claim_that_was_overtaken_opens_nothing() -> None:
    """Its own offset decides, whatever it learns first."""
    line = Line("me", Buffer(1000), patience=10.0)
    line.own()
    line.seen(9, "another", 1.0)

    assert [] == line.claimed(1, 8)
    assert Phase.RIVALLED is line.phase


def test_a_claim_that_fails_is_tried_again() -> None:
    """After patience."""
    line = Line("me", Buffer(1000), patience=10.0)
    line.own()
    line.claim_failed(1, 5.0)

    assert [] == line.tick(14.0)
    assert [Claim] == kinds(line.tick(15.0))
