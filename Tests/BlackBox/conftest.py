# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Fixtures of the black-box tests, and tests written as coroutines."""

import asyncio
import contextlib
import inspect
import os
import pathlib

import pytest

from bus import start_nodes
from hub import DEFAULTS, Hub, merge, yaml
from nats_server import NatsServer
from process import Program
from redis_server import RedisServer

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


def starter(binary, directory, hubs):
    """What starts a hub and adds it to `hubs`."""

    def start(settings=None, files=None, wait=True):
        own = directory / f"hub-{len(hubs)}"
        own.mkdir()
        hubs.append(Hub(binary, own, settings, files, wait))
        return hubs[-1]

    return start


@pytest.fixture
def start_hub(binary, tmp_path, request):
    """Starts hubs with the settings given; each is stopped, and held to the conservation law, after the test."""
    hubs = []

    yield starter(binary, tmp_path, hubs)
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


@pytest.fixture
def start_program(binary, tmp_path):
    """Starts `gohub serve` with settings with which it may not come to serve; each is ended after the test."""
    programs = []

    def start(settings):
        file = tmp_path / f"program-{len(programs)}.yaml"
        file.write_text(yaml(merge(DEFAULTS, settings)), encoding="utf-8")
        programs.append(Program([binary, "serve", "--config", file]))
        return programs[-1]

    yield start
    for program in programs:
        program.kill()


# How nodes can meet: the server, and what it is made with. NATS takes messages of 1 MiB by default, as the hub does, and so
# has no room for the largest with their envelopes.
WAYS = {
    "redis": (RedisServer, {}),
    "redis streams": (RedisServer, {"keys": {"delivery": "streams"}}),
    "nats": (NatsServer, {"options": ["max_payload: 4MB"]}),
}
BUSES = ["redis", "nats"]
# For tests of all ways in place of those alone that the buses have by default.
every_way = pytest.mark.parametrize("broker", list(WAYS), indirect=True)


@pytest.fixture
def start_server(tmp_path):
    """Starts servers of a kind; each is ended after the test, frozen or not."""
    servers = []

    def start(kind, *options, **settings):
        servers.append(kind(tmp_path / f"{kind.kind}-{len(servers)}", *options, **settings))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def start_redis(start_server):
    """Starts Redis servers, or what `kind` makes."""
    return lambda *options, kind=RedisServer, **settings: start_server(kind, *options, **settings)


@pytest.fixture
def redis(start_redis):
    """A Redis as it comes."""
    return start_redis()


@pytest.fixture
def start_nats(start_server):
    """Starts NATS servers."""
    return lambda *options, **settings: start_server(NatsServer, *options, **settings)


@pytest.fixture
def nats(start_nats):
    """A NATS server as it comes."""
    return start_nats()


@pytest.fixture(params=BUSES)
def broker(start_server, request):
    """A server of one bus, then of the next, for tests that are about any."""
    kind, settings = WAYS[request.param]
    return start_server(kind, **settings)


@pytest.fixture
def brokers(start_server):
    """A server of each bus."""
    return [start_server(kind, **settings) for kind, settings in map(WAYS.get, BUSES)]


@pytest.fixture(scope="module", params=BUSES)
def shared_broker(tmp_path_factory, request):
    """A server of one bus, then of the next, for all tests of a module that do no harm to it."""
    kind, settings = WAYS[request.param]
    server = kind(tmp_path_factory.mktemp(kind.kind), **settings)
    yield server
    server.stop()


@contextlib.contextmanager
def nodes_of_a_module(binary, server, directory, count):
    hubs = []
    try:
        yield start_nodes(starter(binary, directory, hubs), server, count)
    finally:
        for hub in hubs:
            hub.close()


@pytest.fixture(scope="module", params=[2, 3], ids=["two nodes", "three nodes"])
def shared_nodes(binary, shared_broker, tmp_path_factory, request):
    """Two nodes, then three, on one bus, for all tests of a module that leave nothing behind in them."""
    with nodes_of_a_module(binary, shared_broker, tmp_path_factory.mktemp("nodes"), request.param) as nodes:
        yield nodes


@pytest.fixture(scope="module")
def shared_pair(binary, shared_broker, tmp_path_factory):
    """Two nodes on one bus, for all tests of a module that leave nothing behind in them."""
    with nodes_of_a_module(binary, shared_broker, tmp_path_factory.mktemp("pair"), 2) as nodes:
        yield nodes
