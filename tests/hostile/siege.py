"""Many sockets that try to fill the memory of a server, and how much each of them takes."""

import re
import threading

import psutil

from tests.eventually import eventually
from tests.integration.browsers import Browser
from tests.integration.raw import RawSocket

COUNT = 64
# How many bytes a socket may take, whatever it does.
SHARE = 2_000_000
# How many bytes the messages that are being handled, and the replies to them, may take together.
COMMON = 64 * 1024 * 1024


class Siege:
    """``COUNT`` sockets, each of a page of its own, that read only when a test says so.

    :param server: the server.
    :param channel: the beginning of the names of the pages' channels.
    """

    def __init__(self, server, channel):
        self._server = server
        self._channel = channel
        self._sockets = []
        self.browser = Browser(server.url)
        self.pages = []
        self._process = psutil.Process(int(self.browser.get("/pid").text))
        # A process often keeps memory that it has used once. What ordinary sockets need is used
        # here once, so that it is not counted.
        self.load()
        for socket in self.open():
            socket.send(1, b'{"id": "1", "action": "nothing"}')
            socket.receive()
        self.close()
        self.begin()

    def begin(self):
        """Count the memory that the server takes from now on as that of the sockets."""
        self._before = self._process.memory_info().rss

    def channel(self, number):
        return f"{self._channel}-{number}"

    def load(self, channel=None):
        """Load a page for each socket, each on its own channel, or all on *channel*."""
        self.pages = [
            self.browser.page(f"/on/{channel or self.channel(at)}") for at in range(COUNT)
        ]

    def open(self, **options):
        """Open a socket for each page, and return the sockets.

        :param options: options of :class:`RawSocket`.
        """
        self._sockets = [
            RawSocket(self._server, self.browser, page, receive_buffer=4096, **options)
            for page in self.pages
        ]
        return self._sockets

    def ask_once(self, text):
        """Send a message and read the reply on another socket, whose memory is not counted."""
        with RawSocket(self._server, self.browser, self.browser.page("/on/asks")) as socket:
            socket.send(1, text)
            socket.receive()
        self.begin()

    def close(self):
        while self._sockets:
            self._sockets.pop().__exit__()

    def wait_until_cut(self, why):
        """Wait until the server's log says that it has cut all sockets off.

        :param why: a regular expression for the reason in the log.
        """
        log = self._server.log
        # One line a second says how many it stands for.
        cut = re.compile(rf"which reads too slowly: .*(?:{why})[^\n]*?(?:One of (\d+) such|\n)")
        eventually(
            lambda: sum(int(one or 1) for one in cut.findall(log())) >= COUNT,
            explain=lambda: log()[-3000:],
        )

    def come_back(self):
        """Open sockets of two of the pages again; return the replies to their first messages."""
        replies = []
        for page in self.pages[:2]:
            # Without a limit the client goes on reading, as a browser does. With the default one it
            # stops after 16 messages, and closing it would wait for a close frame behind them.
            with self.browser.open(page, resume=True, max_queue=None) as socket:
                replies.append(socket.resume())
        return replies

    def share(self, common=COMMON):
        """Return the most bytes of memory that a socket has taken within the next 1.5 seconds.

        :param common: bytes that all sockets share, which are not counted; 0 if the server handles
            no messages.
        """
        pause, most = threading.Event(), 0
        for number in range(30):
            most = max(most, self._process.memory_info().rss)
            if number % 10 == 0:
                # A request by HTTP must be answered meanwhile, within the deadline of tests.
                self.browser.get("/pid")
            pause.wait(0.05)
        grown = (most - self._before) / COUNT
        share = (most - self._before - common) / COUNT
        print(f"Grown by {grown / 1e6:.2f} MB a socket, {share / 1e6:.2f} without the common part.")
        return share
