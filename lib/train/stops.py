"""Signals that ask a training to stop, from a terminal or a cluster."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

STOPS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def listening(handle: Callable[..., Any]) -> Iterator[None]:
    """They call `handle` inside the block."""
    previous = {number: signal.signal(number, handle) for number in STOPS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
