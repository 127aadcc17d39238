"""What is wrong with what came of a run."""

from __future__ import annotations

HISTORY_SIZE = 1000


def complaints(run):
    """Sentences; an empty list is what one wants."""
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
    """What is wrong with the numbers that one page had of one channel, to which it was subscribed
    *since*; *lost* are indexes before which it was told that something is."""
    accepted = len(published.accepted)
    if not numbers or numbers[-1] != accepted:
        yield f"ends at {numbers[-1] if numbers else None} of {accepted}"
    if numbers and not lost:
        late = [number for number, began in enumerate(published.began, 1) if began > since]
        if late and numbers[0] > late[0]:
            yield f"begins at {numbers[0]}, and {late[0]} was pushed after it subscribed"
    for index in range(1, len(numbers)):
        step = numbers[index] - numbers[index - 1]
        # With its data Redis forgets the push ids: one of unknown outcome, which was accepted and
        # lost, is accepted once more.
        if step != 1 and (step < 0 or index not in lost):
            yield f"{numbers[index - 1]} is followed by {numbers[index]}"


def check_lost(lost, numbers, losses):
    """What is wrong with a page's being told *lost*: nothing was, nor can have been trimmed."""
    for index, at in lost:
        is_trimmed = 0 < index < len(numbers) and numbers[index] - numbers[index - 1] > HISTORY_SIZE
        if not is_trimmed and not any(loss < at for loss in losses):
            yield "told lost, and nothing was"


def tracebacks(log):
    """The last lines of the tracebacks in a server's log, but those of a registry away."""
    for piece in log.split("Traceback (most recent call last)")[1:]:
        lines = [line for line in piece.splitlines() if line and not line.startswith(" ")]
        if lines and "RegistryUnavailable" not in lines[0]:
            yield lines[0]
