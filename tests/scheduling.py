"""Which tests one process of pytest-xdist runs."""

from __future__ import annotations

import re

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
