"""Measures pushes of 4 KB of HTML to many sockets, with and without compression."""

from __future__ import annotations

from functools import partial

from ..rivals import naive, ours
from ..row import NAIVE, OURS, Line, Row, at_most
from .fanout import bursts

SIZE = 4096


def rows(scale):
    run = partial(bursts, clients=scale.of(1000, 4), count=scale.of(20, 2), size=SIZE)
    plain = f"{OURS}, plain"
    return [
        Row(
            "html",
            "A 4 KB HTML payload, deflated",
            {
                OURS: partial(run, ours(), deflate=True),
                plain: partial(run, ours()),
                NAIVE: partial(run, naive(), deflate=True),
                f"{NAIVE}, plain": partial(run, naive()),
            },
            [
                Line("bytes", "bytes a delivery", at_most(0.3, plain)),
                Line("cpu", "CPU, s a million deliveries", at_most(1.1, plain)),
                Line("speed", "deliveries/s"),
            ],
        )
    ]
