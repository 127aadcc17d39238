"""Which tests one process of pytest-xdist runs."""

from __future__ import annotations

import contextlib
import importlib
import pathlib
import re
import sys

import pytest
from xdist.scheduler import LoadScopeScheduling

_ON_A_SERVER = re.compile(r"tests/integration/.*\[(\w+(?:-debug)?-(?:memory|redis))\b")


class OnePartEach(LoadScopeScheduling):
    """A process that is free takes the next part of the suite, and runs all of it: a server or a
    browser that its tests share is started once.

    Every second process takes the parts of the browser first: they need the processor while tests
    of other folders wait. The others are taken in the order of the tests, in which the many small
    ones of unit tests are last, so that no process is left to wait.
    """

    def __init__(self, config, log):
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def schedule(self):
        is_begun = self.collection is not None
        super().schedule()
        # A process does not run the last test that it knows of while more are to come: what takes
        # the place of one that has died would wait for ever with a part of one test.
        for node in self.nodes if is_begun else ():
            self._reschedule(node)

    def _assign_work_unit(self, node):
        likes_browser = self.nodes.index(node) % 2 == 0
        likes = (part for part in self.workqueue if ("/browser/" in part) == likes_browser)
        if liked := next(likes, None):
            self.workqueue.move_to_end(liked, last=False)
        super()._assign_work_unit(node)

    def _split_scope(self, nodeid):
        """The part that a test belongs to: its file, or the server that tests of several files
        share."""
        on_a_server = _ON_A_SERVER.match(nodeid)
        return on_a_server[1] if on_a_server else nodeid.partition("::")[0]


def compile_in_turn(config):
    """Import every n-th module of the tests in the n-th process of pytest-xdist, before each
    collects all of them.

    pytest rewrites the asserts of a module, which takes as long as all else in collecting its
    tests, and keeps what it has compiled beside it. Processes that collect in the same order at
    the same time would each do it for all.
    """
    worker = getattr(config, "workerinput", None)
    if not worker:
        return
    files = sorted(file for place in config.args for file in pathlib.Path(place).rglob("test_*.py"))
    keeps_nothing, sys.dont_write_bytecode = sys.dont_write_bytecode, False
    for file in files[int(worker["workerid"].lstrip("gw")) :: worker["workercount"]]:
        name = file.resolve().relative_to(config.rootpath).with_suffix("")
        # Whatever keeps a module from being imported is reported when it is collected.
        with contextlib.suppress(Exception, pytest.skip.Exception):
            importlib.import_module(".".join(name.parts))
    sys.dont_write_bytecode = keeps_nothing
