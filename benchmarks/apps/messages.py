"""Messages of a given size, like those of chats and tables."""

import itertools
import json
import random
import time
from functools import lru_cache

# The most frequent words of English, so that texts compress as real ones do.
_WORDS = str.split(
    "a about after all also and any are as at back be been before but by came can come could day "
    "did do down even every find first for from get good great had has have he her here him his "
    "how if in into is it just know last like little long look made make many may me more most "
    "much must my never new no not now number of off old on once one only or other our out over "
    "own page part people place right said same saw say see she should show side small so some "
    "still such take tell than that the their them then there these they thing think this those "
    "three time to too two under up us use very want was way we well went were what when where "
    "which while who why will with word work world would year you your"
)
_AUTHORS = ["Ada", "Barbara", "Edsger", "Grace", "Katherine", "Margaret", "Niklaus", "Tony"]

ITEM = """<li class="message" id="message-{number}">
  <img class="avatar" src="/static/avatars/{author}.png" alt="" width="32" height="32">
  <b class="author">{author}</b> <time datetime="2025-03-{day:02}T{hour:02}:{minute:02}">{hour:02}:{minute:02}</time>
  <p>{words}.</p>
</li>
"""  # noqa: E501


_numbers = itertools.count()


def message_of(number, size):
    """Return a message of *size* bytes as JSON, with its number and the time."""
    message = {"number": number, "at": time.time(), "text": ""}
    length = size - len(json.dumps(message))
    # Texts are cached, and repeat only outside of the window of 32 KiB that compression uses.
    message["text"] = _text(length, next(_numbers) % (40_000 // size))
    return message


@lru_cache(10_000)
def _text(length, seed):
    choice = random.Random(seed)
    return _words(choice, length)[:length] if length < 1000 else _messages(choice, length)


def _messages(choice, length):
    items, left = [], length
    while left > 0:
        item = ITEM.format(
            number=choice.randrange(100_000),
            author=choice.choice(_AUTHORS),
            day=choice.randint(1, 31),
            hour=choice.randrange(24),
            minute=choice.randrange(60),
            words=_words(choice, choice.randrange(40, 240)),
        )
        items.append(item)
        # The length in JSON counts, where quotes and line ends take two characters.
        left -= len(json.dumps(item)) - 2
    text = "".join(items)
    while len(json.dumps(text)) - 2 > length:
        text = text[: length - len(json.dumps(text)) + 2]
    return text + " " * (length - len(json.dumps(text)) + 2)


def _words(choice, length):
    words = []
    while length >= 0:
        words.append(choice.choice(_WORDS))
        length -= len(words[-1]) + 1
    return " ".join(words)
