"""Connections that end while the reconciler writes their clients again."""

from tests.eventually import eventually


def test_reconciler_writes_nothing_of_one_that_ended_meanwhile(house):
    """A connection ends before its client is written again. Nothing is written: otherwise its page,
    which reconnects meanwhile, would not be told of the loss."""
    house.registry.forget()
    rounds = []
    house.registry.replay_disconnects = lambda clients: rounds.append(1)

    def come_back():
        house.hub.remove(house.guest)
        house.registry.connect("d1", "2")

    house.reconciler._client_catch_up._settle = come_back
    house.reconciler.restored()
    eventually(lambda: not house.hub.channels(house.guest))
    # After its work for the first connection.
    rounds.clear()
    house.reconciler.restored()
    eventually(lambda: rounds)

    assert house.registry.connect("d1", "3").subscriptions is None


def test_reconciler_leaves_no_connection_behind_that_ended_meanwhile(house):
    """A connection ends while it is written again. It does not remain as the client's latest."""
    restore = house.registry.restore

    def restore_behind_the_end(known):
        house.hub.remove(house.guest)
        return restore(known)

    house.registry.restore = restore_behind_the_end
    house.registry.forget()

    house.reconciler.restored()

    eventually(lambda: house.registry.subscriptions(["d1"])["d1"] is not None)
    eventually(lambda: not house.registry.subscriptions(["d1"])["d1"].connections)
