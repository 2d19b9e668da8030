"""Time zones for tests."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

import pytest

import timewrap

SetZone = Callable[[str], None]


@pytest.fixture
def set_zone() -> Iterator[SetZone]:
    """Give a function that sets the time zone for the rest of the test."""
    before = os.environ.get("TZ")

    def change(zone: str) -> None:
        os.environ["TZ"] = zone
        time.tzset()
        timewrap.tzset()

    yield change
    if before is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = before
    time.tzset()
    timewrap.tzset()
