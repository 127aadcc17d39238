"""Requests for blocks, as the client of a page makes them."""


def ask(client, names, path="/", method="get", buffered=True, **headers):
    headers = {"X-Realtime-Block": names, **{k.replace("_", "-"): v for k, v in headers.items()}}
    return client.open(path, method=method, headers=headers, buffered=buffered)
