"""Handshakes whose every header a test sets."""

import base64
import os
import socket as sockets

GOOD = {
    "Host": "127.0.0.1",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
}


def shake(server, browser, path, method="GET", **headers):
    """Send a handshake; return the status, the head and the body of the answer.

    :param method: the request's method; a handshake's is GET.
    :param headers: headers that replace the usual ones; an empty header is left out.
    """
    sent = {**GOOD, "Host": f"127.0.0.1:{server.port}", "Cookie": browser.cookies(), **headers}
    lines = [f"{method} {path} HTTP/1.1"] + [
        f"{key}: {value}" for key, value in sent.items() if value
    ]
    with sockets.create_connection(("127.0.0.1", server.port), 10) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += connection.recv(65536)
        head, _, body = answer.partition(b"\r\n\r\n")
        length = [line for line in head.lower().split(b"\r\n") if b"content-length" in line]
        while length and method != "HEAD" and len(body) < int(length[0].split(b":")[1]):
            body += connection.recv(65536)
    return int(head.split()[1]), head.decode(), body.decode(errors="replace")
