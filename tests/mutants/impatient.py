"""A plugin of pytest for mutants: the first failure is enough, and no test runs for ever."""

from __future__ import annotations

import faulthandler
import sys
from collections.abc import Iterator

import pytest
from hypothesis import Phase, settings

LONGEST = 90.0
"""Seconds for one test."""

MEMORY = 2**34
"""Bytes of addresses for one process: a number that is twice as large may ask for any."""

# without a search for the simplest example that fails
settings.register_profile("mutants", phases=[Phase.explicit, Phase.generate], database=None)
settings.load_profile("mutants")

if sys.platform != "win32":
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Iterator[None]:
    """End the process if a test does not end."""
    faulthandler.dump_traceback_later(LONGEST, exit=True)
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()
