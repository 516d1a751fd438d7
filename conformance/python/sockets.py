"""Waiting on the WebSocket through the SDK."""
from contextlib import contextmanager

from agentmail import Subscribe, Subscribed



def opened():
    """Told of every subscription that was confirmed; conftest.py puts the record of the run in its place."""


@contextmanager
def subscribed(client, **subscription):
    """A socket whose subscription the server has confirmed, so that nothing sent from here on can be missed."""
    with client.websockets.connect() as socket:
        socket.send_subscribe(Subscribe(**subscription))
        confirmation = socket.recv()
        assert isinstance(confirmation, Subscribed), confirmation
        assert confirmation.type == "subscribed"
        opened()
        yield socket


def next_event(socket, kind):
    event = socket.recv()
    assert isinstance(event, kind), event
    return event
