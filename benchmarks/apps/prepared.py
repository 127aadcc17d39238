"""Writes prepared frames as fast as the kernel takes them.

This shows the limit of the load client, and thus of what can be measured. A burst is one write for
each socket; a paced message is one write for each socket, which shows the share of the kernel.
"""

import base64
import hashlib
import json
import os
import selectors
import socket
import sys
import threading
from functools import partial

from messages import message_of
from pushing import pace

MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def main(port):
    room = []
    server = socket.create_server(("127.0.0.1", port), backlog=4096)
    while True:
        sock, _ = server.accept()
        path, headers = read_head(sock)
        if path.startswith("/ws"):
            sock.sendall(accept(headers["sec-websocket-key"]))
            room.append(sock)
            continue
        body = json.dumps({"pid": os.getpid()}) if path == "/pid" else "{}"
        if path.startswith("/burst"):
            _, _, count, size, _ = path.split("/")
            messages = (message_of(number, int(size)) for number in range(int(count)))
            write_all(room, b"".join(map(frame, messages)))
        elif path.startswith("/paced"):
            _, _, count, interval, channel = path.split("/")
            arguments = (partial(push, room), int(count), float(interval), channel)
            threading.Thread(target=pace, args=arguments, daemon=True).start()
        sock.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        sock.close()


def push(room, message, channel):
    data = frame(message)
    for sock in room:
        sock.send(data)


def write_all(room, data):
    with selectors.DefaultSelector() as selector:
        for sock in room:
            sock.setblocking(False)
            rest = write(sock, memoryview(data))
            if rest:
                selector.register(sock, selectors.EVENT_WRITE, rest)
        while selector.get_map():
            for key, _ in selector.select():
                rest = write(key.fileobj, key.data)
                if rest:
                    selector.modify(key.fileobj, selectors.EVENT_WRITE, rest)
                else:
                    selector.unregister(key.fileobj)


def write(sock, data):
    try:
        return data[sock.send(data) :]
    except BlockingIOError:
        return data


def frame(message):
    payload = json.dumps(message).encode()
    return bytes([0x81, 126]) + len(payload).to_bytes(2, "big") + payload


def accept(key):
    digest = base64.b64encode(hashlib.sha1((key + MAGIC).encode()).digest()).decode()
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {digest}\r\n\r\n"
    ).encode()


def read_head(sock):
    data = b""
    while b"\r\n\r\n" not in data:
        data += sock.recv(65536)
    first, *lines = data.decode().split("\r\n\r\n")[0].split("\r\n")
    headers = (line.split(": ", 1) for line in lines)
    return first.split(" ")[1], {name.lower(): value for name, value in headers}


main(int(sys.argv[1]))
