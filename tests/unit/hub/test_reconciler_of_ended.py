"""What a process does about connections that end while it writes clients again."""

from tests.eventually import eventually


def test_reconciler_writes_nothing_of_one_that_ended_meanwhile(house):
    """Nothing is known of it any more, and written so, its page, which has come back meanwhile,
    would not be told of the loss at its next attempt."""
    house.registry.forget()
    rounds = []
    house.registry.replay_disconnects = lambda clients: rounds.append(1)

    def come_back():
        house.hub.remove(house.guest)
        house.registry.connect("d1", "2")

    house.reconciler._settle = come_back
    house.reconciler.restored()
    eventually(lambda: not house.hub.channels(house.guest))
    # Behind what it does with the first.
    rounds.clear()
    house.reconciler.restored()
    eventually(lambda: rounds)

    assert house.registry.connect("d1", "3").subscriptions is None


def test_reconciler_leaves_no_connection_behind_that_ended_meanwhile(house):
    """Written again behind its own end, it would stand there as the client's latest."""
    restore = house.registry.restore

    def restore_behind_the_end(known):
        house.hub.remove(house.guest)
        return restore(known)

    house.registry.restore = restore_behind_the_end
    house.registry.forget()

    house.reconciler.restored()

    eventually(lambda: house.registry.subscriptions(["d1"])["d1"] is not None)
    eventually(lambda: not house.registry.subscriptions(["d1"])["d1"].connections)
