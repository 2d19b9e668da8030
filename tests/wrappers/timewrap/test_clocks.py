"""Clocks and ``sleep``."""

from __future__ import annotations

import errno
import signal
import threading
import time
from typing import Any

import pytest

import timewrap

NAMES = ("time", "monotonic", "perf_counter", "process_time", "thread_time")


@pytest.mark.parametrize("name", NAMES)
def test_clocks_go_with_those_of_the_standard_library(name: str) -> None:
    ours, theirs = getattr(timewrap, name), getattr(time, name)
    before, between, after = theirs(), ours(), theirs()
    assert type(between) is float
    assert before <= between <= after
    ours, theirs = getattr(timewrap, name + "_ns"), getattr(time, name + "_ns")
    before, between, after = theirs(), ours(), theirs()
    assert type(between) is int
    assert before <= between <= after


@pytest.mark.parametrize("name", NAMES)
def test_clock_info(name: Any) -> None:
    assert vars(timewrap.get_clock_info(name)) == vars(time.get_clock_info(name))


def test_no_clock_info() -> None:
    with pytest.raises(ValueError, match="unknown clock"):
        timewrap.get_clock_info("no")
    wrong: Any = 5
    with pytest.raises(TypeError):
        timewrap.get_clock_info(wrong)


def test_numbered_clocks() -> None:
    clock = timewrap.CLOCK_MONOTONIC
    assert time.clock_gettime(clock) <= timewrap.clock_gettime(clock) <= time.clock_gettime(clock)
    assert time.clock_gettime_ns(clock) <= timewrap.clock_gettime_ns(clock) <= time.clock_gettime_ns(clock)
    assert timewrap.clock_getres(clock) == time.clock_getres(clock)


@pytest.mark.parametrize("function", ["clock_gettime", "clock_gettime_ns", "clock_getres"])
def test_clocks_that_are_not_there(function: str) -> None:
    call: Any = getattr(timewrap, function)
    with pytest.raises(OSError) as caught:
        call(12345)
    assert caught.value.errno == errno.EINVAL
    for wrong in ("0", None, 1.5):
        with pytest.raises(TypeError):
            call(wrong)
    with pytest.raises(OverflowError):
        call(2**70)


def test_setting_a_clock_that_cannot_be_set() -> None:
    calls: list[Any] = [timewrap.clock_settime, timewrap.clock_settime_ns]
    for set_clock in calls:
        with pytest.raises(OSError):
            set_clock(timewrap.CLOCK_MONOTONIC, 0)
        with pytest.raises(OverflowError):
            set_clock(timewrap.CLOCK_MONOTONIC, 2**100)
        with pytest.raises(TypeError):
            set_clock(timewrap.CLOCK_MONOTONIC, "0")
    with pytest.raises(TypeError):
        timewrap.clock_settime_ns(timewrap.CLOCK_MONOTONIC, calls[0])
    with pytest.raises(OSError):
        timewrap.clock_settime(timewrap.CLOCK_MONOTONIC, -1.5)
    with pytest.raises(ValueError):
        timewrap.clock_settime(timewrap.CLOCK_MONOTONIC, float("nan"))
    with pytest.raises(OverflowError):
        timewrap.clock_settime(timewrap.CLOCK_MONOTONIC, float("-inf"))


def test_the_clock_of_a_thread() -> None:
    clock = timewrap.pthread_getcpuclockid(threading.get_ident())
    assert clock == time.pthread_getcpuclockid(threading.get_ident())
    assert timewrap.clock_gettime(clock) >= 0


def test_threads_that_are_not_there() -> None:
    for wrong in (0, 1, 2**63, -1):
        with pytest.raises(ProcessLookupError):
            timewrap.pthread_getcpuclockid(wrong)


def test_clocks_take_no_arguments() -> None:
    call: Any = timewrap.time
    with pytest.raises(TypeError):
        call(1)


@pytest.mark.parametrize(
    ("seconds", "error"),
    [
        (-1, ValueError),
        (-1e-9, ValueError),
        (float("nan"), ValueError),
        (float("inf"), OverflowError),
        (float("-inf"), OverflowError),
        (1e200, OverflowError),
        (2**64, OverflowError),
        (-(2**64), OverflowError),
        ("1", TypeError),
        (None, TypeError),
    ],
)
def test_what_cannot_be_slept(seconds: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        timewrap.sleep(seconds)
    with pytest.raises(error):
        time.sleep(seconds)


def test_sleep_lasts_as_long_as_it_should() -> None:
    before = time.monotonic()
    timewrap.sleep(0.01)
    assert time.monotonic() - before >= 0.01
    timewrap.sleep(0)
    timewrap.sleep(False)


def test_sleep_goes_on_after_signals() -> None:
    seen: list[float] = []
    previous = signal.signal(signal.SIGALRM, lambda *_: seen.append(time.monotonic()))
    try:
        before = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
        timewrap.sleep(0.1)
        after = time.monotonic()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert after - before >= 0.1
    assert seen


def test_a_handler_that_raises_ends_sleep() -> None:
    def stop(*_: object) -> None:
        raise InterruptedError("stop")

    def sleep() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        timewrap.sleep(60)

    previous = signal.signal(signal.SIGALRM, stop)
    try:
        with pytest.raises(InterruptedError, match="stop"):
            sleep()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def test_others_run_while_one_sleeps() -> None:
    done = threading.Event()

    def work() -> None:
        timewrap.sleep(0.2)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    count = 0
    while not done.is_set():
        count += 1
    thread.join()
    assert count > 100
