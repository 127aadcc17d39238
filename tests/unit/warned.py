"""What a log says of many warnings of one kind."""

import re

from tests.eventually import eventually


def assert_few_lines_tell_of(count, caplog):
    """Assert that so many warnings got fewer lines, which say how many they stand for."""

    def told():
        numbers = [re.search(r"One of (\d+) such warnings", line) for line in caplog.messages]
        return sum(int(found[1]) if found else 1 for found in numbers)

    eventually(lambda: told() >= count, lambda: caplog.text)
    assert told() == count
    assert len(caplog.messages) < count
