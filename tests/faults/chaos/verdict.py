"""What is wrong with the outcome of a run."""

from __future__ import annotations

HISTORY_SIZE = 1000


def complaints(run):
    """Return a sentence about each thing that went wrong in a run."""
    by_channel = {one.channel: one for one in run.numbers}
    found = []
    for index, page in enumerate(run.pages):
        for channel, numbers in page.numbers.items():
            published = by_channel[channel]
            wrong = [
                *check(numbers, page.lost_at(channel), published, page.since[channel]),
                *check_lost(page.lost[channel], numbers, run.losses),
            ]
            found += [f"page {index}, {channel}: {one}" for one in wrong]
        if page.ended is not None:
            found.append(f"page {index}: its client stays away, {page.ended}")
        found += [
            f"page {index}: its client is not known any more, and no data was lost"
            for at in page.unknown
            if not any(loss < at for loss in run.losses)
        ]
    for index, log in enumerate(run.logs):
        found += [f"server {index}: {line}" for line in tracebacks(log)]
    return found


def check(numbers, lost, published, since):
    """Yield what is wrong with the *numbers* that one page got on one channel.

    :param lost: indexes before which the page was told that messages are lost.
    :param published: the channel's :class:`~tests.faults.chaos.publisher.Numbers`.
    :param since: when the page subscribed to the channel.
    """
    accepted = len(published.accepted)
    if not numbers or numbers[-1] != accepted:
        yield f"ends at {numbers[-1] if numbers else None} of {accepted}"
    if numbers and not lost:
        late = [number for number, began in enumerate(published.began, 1) if began > since]
        if late and numbers[0] > late[0]:
            yield f"begins at {numbers[0]}, and {late[0]} was pushed after it subscribed"
    for index in range(1, len(numbers)):
        step = numbers[index] - numbers[index - 1]
        # A Redis that goes back forgets push ids as well, and may accept a repeated push twice.
        if step != 1 and (step < 0 or index not in lost):
            yield f"{numbers[index - 1]} is followed by {numbers[index]}"


def check_lost(lost, numbers, losses):
    """Yield what is wrong with the times at which a page was told that messages are *lost*.

    A page may be told so only if data was lost, or if a log was too short.
    """
    for index, at in lost:
        is_trimmed = 0 < index < len(numbers) and numbers[index] - numbers[index - 1] > HISTORY_SIZE
        if not is_trimmed and not any(loss < at for loss in losses):
            yield "was told that messages are lost, but none were"


def tracebacks(log):
    """Yield the last line of each traceback in a server's log, and the traceback.

    Those of RegistryUnavailable are left out.
    """
    for piece in log.split("Traceback (most recent call last):\n")[1:]:
        lines = [line for line in piece.splitlines() if line and not line.startswith(" ")]
        if lines and "RegistryUnavailable" not in lines[0]:
            yield f"{lines[0]} behind {piece[:2000]}"
