"""A little of what `nox -s fuzz` does for long: whatever comes in, nothing crashes, and only fit exceptions come out."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ffi_harness import IS_ORACLE
from fuzzing import CHECKS
from odd_calls import OddCall, check_odd_call

pytestmark = pytest.mark.skipif(IS_ORACLE, reason="CFFI crashes on some of this")


def test_odd_destructors_are_fit() -> None:
    check_odd_call(OddCall("ffi", "gc", ("struct", "struct")))


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_nothing_does_harm(name: str) -> None:
    strategy, check = CHECKS[name]

    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def run(data: st.DataObject) -> None:
        check(data.draw(strategy))

    with warnings.catch_warnings():  # that an enum's type is guessed is fit to be said
        warnings.simplefilter("ignore", UserWarning)
        run()
