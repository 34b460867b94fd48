# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Fixtures of the black-box tests, and tests written as coroutines."""

import asyncio
import inspect
import os
import pathlib

import pytest

from hub import Hub

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEST_SECONDS = 90


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Runs a test that is a coroutine on an event loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    test = pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names})
    asyncio.run(asyncio.wait_for(test, TEST_SECONDS))
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Lets a fixture see whether its test failed."""
    report = yield
    if report.when == "call":
        item.failed = report.failed
    return report


@pytest.fixture(scope="session")
def binary():
    """The program under test: $GOHUB_BINARY, or the debug build."""
    path = pathlib.Path(os.environ.get("GOHUB_BINARY", ROOT / ".build" / "debug" / "gohub"))
    assert path.exists(), f"{path} is not there: run scripts/build debug"
    return path


@pytest.fixture
def start_hub(binary, tmp_path, request):
    """Starts hubs with the settings given; each is stopped, and held to the conservation law, after the test."""
    hubs = []

    def start(settings=None, files=None):
        directory = tmp_path / f"hub-{len(hubs)}"
        directory.mkdir()
        hubs.append(Hub(binary, directory, settings, files))
        return hubs[-1]

    yield start
    failed = getattr(request.node, "failed", False)
    errors = []
    for hub in hubs:
        try:
            hub.close(failed)
        except Exception as error:  # the other hubs have to be stopped too
            errors.append(error)
        if failed:
            print(f"--- log of the hub on {hub.address}\n{hub.program.tail()}")
    if errors:
        raise errors[0]


@pytest.fixture(scope="module")
def shared_hub(binary, tmp_path_factory):
    """One hub for all tests of a module that leave nothing behind in it."""
    hub = Hub(binary, tmp_path_factory.mktemp("shared-hub"), {"server": {"close_timeout": "100ms"}})
    yield hub
    hub.close()


@pytest.fixture
def hub(start_hub):
    """A hub with the settings of the tests and nothing else."""
    return start_hub()
