"""The outbox: frames that wait to be written to one connection."""

import threading

import pytest

from flask_realtime.protocol.positions import Position
from flask_realtime.writing.items import BYTES_OF_FRAME, BYTES_OF_REPLY, LARGE_REPLY_BYTES
from tests.eventually import eventually

from ..sockets import frame
from .lines import DEADLINE, Line


@pytest.fixture
def make():
    """A function that makes a line."""
    made = []

    def make(**options):
        made.append(Line(**options))
        return made[-1]

    yield make

    for line in made:
        line.close()


def blocked(line):
    """Return the outbox of *line*, whose peer reads nothing, with one frame that is partly sent."""
    line.fill()
    line.outbox.append(frame(1))
    assert not line.outbox.flush()
    return line.outbox


def test_outbox_hands_over_what_waits_in_order(make):
    """Pushes and replies are sent in order."""
    line = make()

    line.outbox.append(frame(1), b"reply")
    line.outbox.append(frame(2))
    is_empty = line.outbox.flush()

    expected = frame(1).plain + b"reply" + frame(2).plain
    assert is_empty
    assert line.receive(len(expected)) == expected


def test_outbox_goes_on_where_the_kernel_took_a_part(make):
    """The kernel takes frames in parts. No byte is lost or sent twice."""
    line = make()
    large = b"0123456789" * 200_000
    line.outbox.append(large, b"end")
    received = b""

    while not line.outbox.flush():
        received += line.read()
    received += line.receive(len(large) + 3 - len(received))

    assert received == large + b"end"


def test_outbox_tells_its_owner_of_too_large_a_backlog(make):
    """The owner is told which setting the backlog exceeds; the frame being sent does not count."""
    line = make(limit=2000)
    outbox = blocked(line)

    outbox.append(b"x" * 1900)
    before = list(line.told)
    outbox.append(b"x" * 100)

    assert before == []
    assert line.told == [
        f"too much waits behind a message ({2000 + 2 * BYTES_OF_REPLY:,} bytes; "
        "REALTIME_MAX_BACKLOG_BYTES is 2,000)"
    ]


def test_large_reply_behind_a_push_is_no_backlog(make):
    """A large reply does not count, since it would be as large when the client reconnects and asks
    again; other waiting frames count."""
    line = make(limit=2000)
    outbox = blocked(line)

    outbox.append(b"x" * LARGE_REPLY_BYTES)
    outbox.flush()
    outbox.append(frame(2))
    before = list(line.told)
    outbox.append(*[frame(seq) for seq in range(3, 9)])

    assert before == []
    assert "waits behind a message" in line.told[0]


@pytest.mark.parametrize("is_sent_first", [False, True])
def test_second_large_reply_is_a_backlog(make, is_sent_first):
    """The app makes one large reply at a time, so a second one counts."""
    large = b"x" * LARGE_REPLY_BYTES
    line = make(limit=2000)
    outbox = line.outbox if is_sent_first else blocked(line)
    if is_sent_first:
        line.fill()

    outbox.append(large)
    outbox.flush()
    before = list(line.told)
    outbox.append(large)

    assert before == []
    assert ["waits behind a message" in why for why in line.told] == [True]


@pytest.mark.parametrize("deflates", [False, True])
def test_outbox_counts_what_its_items_hold_in_memory(make, deflates):
    """A deflated message counts with its full size while it waits, and small ones with more than
    their bytes."""
    line = make(deflates=deflates, limit=10_000_000)
    large, small = frame(2, '"' + "x" * 100_000 + '"'), frame(3)

    weight = line.outbox.weight([large])

    assert 100_000 < weight < 102_000
    assert line.outbox.weight([small] * 10) > 10 * BYTES_OF_FRAME


def test_outbox_knows_what_its_replies_hold(make):
    """Replies are counted apart from pushes, which other outboxes share."""
    outbox = blocked(make())

    outbox.append(b"x" * 500, frame(2))

    assert outbox.reply_bytes == 500
    outbox.close()
    assert outbox.reply_bytes == 0


def test_reply_counts_whole_until_its_last_byte_is_sent(make):
    """A reply counts with all its bytes while a part waits, since all of it is in memory."""
    line = make(limit=10_000_000)
    outbox = line.outbox
    outbox.put_rest((b"x" * 5_000_000,), 1000)
    outbox.append(b"y" * 300, frame(1))
    counts = [outbox.reply_bytes]

    while not outbox.flush():
        counts.append(outbox.reply_bytes)
        line.read()

    assert len(counts) > 1
    assert set(counts) == {5_000_300}
    assert outbox.reply_bytes == 0


def test_outbox_knows_what_has_arrived_at_its_peer(make):
    """What the kernel holds has not arrived; what is put into the outbox meanwhile does not
    count."""
    line = make(limit=10_000_000)
    outbox = line.outbox
    outbox.append(b"x" * 5_000_000)
    outbox.flush()
    before = outbox.arrived_bytes()

    outbox.append(frame(1), b"reply")
    unread = outbox.arrived_bytes()
    line.read()

    assert unread == before
    assert outbox.arrived_bytes() > before


def test_outbox_knows_what_its_peer_has_not_been_sent(make):
    """For each channel the outbox knows the first frame that the kernel has not taken
    completely."""
    outbox = blocked(make())

    outbox.append(frame(2), frame(7, channel="hall"))

    assert outbox.unsent() == {"room": Position("e", 0, "t0"), "hall": Position("e", 6, "t6")}


def test_outbox_at_a_close_keeps_replies_and_what_was_begun(make):
    """At a close waiting pushes are dropped, since a client resumes them; a partly sent frame is
    completed."""
    line = make()
    line.outbox.append(b"x" * 5_000_000)
    line.outbox.flush()
    begun = line.read()
    line.outbox.flush()
    line.outbox.append(frame(2), b"reply")

    line.outbox.retire()
    received = begun
    while not line.outbox.flush():
        received += line.read()
    received += line.read()

    assert received == b"x" * 5_000_000 + b"reply"


def test_outbox_that_has_retired_takes_replies_alone_and_remembers_what_it_refused(make):
    """After the close frame pushes are refused and remembered, and the client gets them when it
    resumes."""
    line = make()
    outbox = line.outbox

    outbox.retire()
    outbox.append(frame(5), b"reply")
    outbox.append(frame(6))
    outbox.flush()

    assert line.receive(5) == b"reply"
    assert outbox.missing() == {"room": Position("e", 4, "t4")}
    assert outbox.send_now is None


def test_outbox_that_retires_twice_remembers_all_that_it_refused(make):
    """A socket that is about to be closed refuses pushes, and is closed later. What was refused
    meanwhile is remembered."""
    outbox = make().outbox

    outbox.retire()
    outbox.append(frame(5))
    outbox.retire()

    assert outbox.missing() == {"room": Position("e", 4, "t4")}


def test_outbox_that_is_closed_lets_go_of_all(make):
    """A closed outbox drops its frames and wakes all who wait for it."""
    outbox = blocked(make())
    waiting = threading.Thread(target=outbox.wait_until_empty, args=(60,))
    waiting.start()

    outbox.close()

    waiting.join(DEADLINE)
    assert not waiting.is_alive()
    assert outbox.is_closed
    assert outbox.put((b"late",)) == 0
    assert outbox.wait_until_empty(60)


def test_outbox_is_written_to_directly_only_where_nothing_waits(make):
    """A frame is written directly only if no earlier one waits."""
    line = make()
    first = line.outbox.send_now
    line.outbox.append(b"reply")
    while_waiting = line.outbox.send_now
    line.outbox.flush()

    assert while_waiting is None
    assert line.outbox.send_now is first is not None


def test_large_reply_is_waited_for_until_it_is_taken():
    """The wait for a large reply ends when it is sent, the outbox is closed, or the caller gives
    up."""
    taken, closed, unwanted = lines = [Line(limit=10_000_000) for _ in range(3)]
    ends = []

    def wait(line):
        line.outbox.wait_until_replied(lambda: line is not unwanted)
        ends.append(line)

    for line in lines:
        line.fill()
        line.outbox.append(b"x" * 100_000)
        line.outbox.flush()
    waiting = [threading.Thread(target=wait, args=[line]) for line in lines]
    for thread in waiting:
        thread.start()
    eventually(lambda: unwanted in ends)
    at_first = list(ends)

    closed.outbox.close()
    eventually(lambda: closed in ends)
    while not taken.outbox.flush():
        taken.read()
    for thread in waiting:
        thread.join(DEADLINE)

    assert at_first == [unwanted]
    assert ends == [unwanted, closed, taken]
    for line in lines:
        line.close()
