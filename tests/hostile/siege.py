"""Many sockets of one server that mean to fill its memory, and what they cost it."""

import re
import threading

import psutil

from tests.eventually import eventually
from tests.integration.browsers import Browser
from tests.integration.raw import RawSocket

COUNT = 64
# What a socket may hold by every way there is.
SHARE = 2_000_000
# What the messages that are handled, and the replies that are sent, may take together beside it.
COMMON = 64 * 1024 * 1024


class Siege:
    """So many sockets of a page each, which read nothing by themselves.

    :param channel: what the names of the pages' channels begin with.
    """

    def __init__(self, server, channel):
        self._server = server
        self._channel = channel
        self._sockets = []
        self.browser = Browser(server.url)
        self.pages = []
        self._process = psutil.Process(int(self.browser.get("/pid").text))
        # Memory that a process has had once it often keeps: that of ordinary sockets is not ours.
        for socket in self.open():
            socket.send(1, b'{"id": "1", "action": "nothing"}')
            socket.receive()
        self.close()
        self.begin()

    def begin(self):
        """What the process holds from here on is held for the sockets."""
        self._before = self._process.memory_info().rss

    def channel(self, number):
        return f"{self._channel}-{number}"

    def load(self, channel=None):
        """Load a page for each socket, on a channel of its own, or all on one."""
        self.pages = [
            self.browser.page(f"/on/{channel or self.channel(at)}") for at in range(COUNT)
        ]

    def open(self, load=True, **options):
        """Open a socket for each page.

        :param options: of the sockets.
        """
        if load:
            self.load()
        self._sockets = [
            RawSocket(self._server, self.browser, page, receive_buffer=4096, **options)
            for page in self.pages
        ]
        return self._sockets

    def ask_once(self, text):
        """Have the server answer a message, and what it needs for that belongs to all sockets."""
        with RawSocket(self._server, self.browser, self.browser.page("/on/asks")) as socket:
            socket.send(1, text)
            socket.receive()
        self.begin()

    def close(self):
        while self._sockets:
            self._sockets.pop().__exit__()

    def wait_until_cut(self, why):
        """Wait until the server has cut all sockets off, for a reason that its log gives."""
        log = self._server.log
        cut = re.compile(rf"which does not keep up: .*({why})")
        eventually(lambda: len(cut.findall(log())) >= COUNT, explain=lambda: log()[-3000:])

    def come_back(self):
        """Open two of the pages once more; what the server answers to where they were."""
        replies = []
        for page in self.pages[:2]:
            # Without a limit the client reads on, as a browser does: it would else wait at its end
            # for a close frame that stands behind 16 messages that nobody has looked at.
            with self.browser.open(page, resume=True, max_queue=None) as socket:
                replies.append(socket.resume())
        return replies

    def share(self, common=COMMON):
        """The most that a socket has cost in a while, in bytes.

        :param common: what all have in common, and is none of it; 0 where nothing is handled.
        """
        pause, most = threading.Event(), 0
        for number in range(30):
            most = max(most, self._process.memory_info().rss)
            if number % 10 == 0:
                # Whoever asks for a page meanwhile gets it, after seconds of hard work.
                self.browser.get("/pid")
            pause.wait(0.05)
        grown = (most - self._before) / COUNT
        share = (most - self._before - common) / COUNT
        print(f"Grown by {grown / 1e6:.2f} MB a socket, {share / 1e6:.2f} without the common part.")
        return share
