"""Something is done for many names, and fails for some of them."""

import pytest

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.hub import attempts
from flask_realtime.hub.attempts import Attempts
from flask_realtime.registries.unreadable import Unreadable


class Work:
    """Something that fails for some names."""

    def __init__(self, *bad):
        self.errors = dict.fromkeys(bad, ValueError("bad"))
        self.done = set()
        self.calls = 0

    def __call__(self, names):
        self.calls += 1
        for name in names:
            if name in self.errors:
                raise self.errors[name]
            self.done.add(name)


def test_all_is_done_but_what_fails(caplog):
    """Two of a thousand names fail. All others are done within few calls."""
    names = [str(number) for number in range(1000)]
    work = Work("3", "700")

    left = Attempts("Doing %s", work).run(names)

    assert left == {"3", "700"}
    assert work.done == {*names} - left
    assert work.calls < 50
    assert [one.getMessage() for one in caplog.records] == [
        "Doing '3', '700' failed. It will be tried again."
    ]


def test_log_tells_of_another_failure_and_of_the_end(clock, caplog):
    """The same failure is told once, another one once more, and the end of it."""
    work = Work(*"abcdef")
    tries = Attempts("Doing %s", work, str)
    tries.run("abcdef")
    clock.now += attempts.MOST_SECONDS
    tries.run("abcdef")
    work.errors["a"] = KeyError()
    clock.now += attempts.MOST_SECONDS
    tries.run("abcdef")
    del work.errors["b"]
    clock.now += attempts.MOST_SECONDS

    assert tries.run("abcdef") == set("acdef")

    assert [one.getMessage() for one in caplog.records] == [
        "Doing a, b, c and 3 more failed. It will be tried again.",
        "Doing a failed. It will be tried again.",
        "Doing b has failed before, and is done now.",
    ]


def test_what_fails_is_tried_less_and_less_often(clock):
    """A name fails for good. It is tried every second at first, and twice a minute later on, while
    another one that comes is done at once."""
    work = Work("bad")
    tries, tried = Attempts("Doing %s", work), []
    for second in range(300):
        before = work.calls
        assert tries.run(["bad"]) == {"bad"}
        tried += [second] * (work.calls - before)
        clock.now += 1

    assert tried[:4] == [0, 1, 2, 4]
    assert len(tried) == 15
    assert tries.run(["bad", "new"]) == {"bad"}
    assert work.done == {"new"}


def test_what_has_failed_before_is_tried_last(monkeypatch):
    """Where everything fails, a round ends early. What has not failed comes first in the next."""
    monkeypatch.setattr(attempts, "MOST_FAILURES", 2)
    work = Work("a", "b", "c")
    tries = Attempts("Doing %s", work)

    assert tries.run(["a", "b", "c", "d"]) == {"a", "b", "c", "d"}
    assert work.done == set()
    assert tries.run(["a", "b", "c", "d"]) == {"a", "b", "c"}
    assert work.done == {"d"}


def test_name_whose_data_cannot_be_read_holds_up_no_other():
    """The registry is there, and has data of another kind for one of the names."""
    work = Work("b")
    work.errors["b"] = Unreadable("Another kind of data.")

    assert Attempts("Doing %s", work).run(["a", "b", "c"]) == {"b"}
    assert work.done == {"a", "c"}


def test_registry_that_is_away_ends_the_round(caplog):
    """Nobody waits for the deadline of each name, and the log says nothing of the names."""
    work = Work("b")
    work.errors["b"] = RegistryUnavailable("Away.")

    with pytest.raises(RegistryUnavailable):
        Attempts("Doing %s", work).run(["a", "b", "c"])

    assert work.calls == 1
    assert not caplog.records


def test_name_that_is_asked_for_no_more_is_forgotten(caplog):
    """Clients fail one after the other, and their sockets go. Nothing is kept of them, and one that
    comes back and fails is told of anew."""
    tries = Attempts("Doing %s", Work("a", "b"), str)
    tries.run("a")
    tries.run("b")

    tries.run("a")

    assert len(tries._failures) == 1
    assert [one.getMessage()[:7] for one in caplog.records] == ["Doing a", "Doing b", "Doing a"]
