"""Django's settings, with the channel layer that the environment names."""

import os

import django
from django.conf import settings

# Messages that a channel may hold. With the default of 100, a layer drops messages.
CAPACITY = 1_000_000


def configure():
    layer = {"BACKEND": os.environ.get("CHANNELS_LAYER", "channels.layers.InMemoryChannelLayer")}
    if "CHANNELS_REDIS" in os.environ:
        # redis-py's timeout of 5 s would end consumers while thousands of sockets open.
        host = {"address": os.environ["CHANNELS_REDIS"], "socket_timeout": 60}
        layer["CONFIG"] = {"hosts": [host]}
    if "pubsub" not in layer["BACKEND"]:
        layer.setdefault("CONFIG", {})["capacity"] = CAPACITY
    settings.configure(CHANNEL_LAYERS={"default": layer}, SECRET_KEY="a secret of the benchmarks")
    django.setup()
