"""What a log says of many warnings of one kind."""

import collections
import re

from tests.eventually import eventually


def assert_few_lines_tell_of(count, caplog):
    """Assert that so many warnings of one logger got fewer lines, which say how many they stand
    for. The last line of a former test's warnings may come a second after them, by another one."""

    def told():
        numbers = collections.Counter()
        for record in caplog.records:
            found = re.search(r"One of (\d+) such warnings", record.getMessage())
            numbers[record.name] += int(found[1]) if found else 1
        return max(numbers.values(), default=0)

    eventually(lambda: told() >= count, lambda: caplog.text)
    assert told() == count
    assert len(caplog.messages) < count
