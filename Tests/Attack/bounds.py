# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""How much memory a hub may take, from its configuration: the sum that docs/operations.md gives under "Sizing"."""

import dataclasses
import pathlib
import re

KIB, MIB = 1 << 10, 1 << 20
UNITS = {"": 1, "B": 1, "KiB": KIB, "MiB": MIB, "GiB": 1 << 30}

# What does not depend on the configuration.
CONNECTION = 2 * KIB
SUBSCRIPTION = 64
TOPIC = 512
INBOX_OF_A_LOOP = 4 * MIB
INBOX_MESSAGES = 256
# What a message takes in an inbox beside its bytes, as the hub counts it.
INBOX_MESSAGE = 256
READ_OF_A_LOOP = 64 * KIB
READ_OF_A_PAUSED_PUBLISHER = 16 * KIB
QUEUED_MESSAGE = 48
SLOW_CLIENT = 64 * KIB
BATCHES_OF_A_LOOP = 16 * MIB
# Requests that were sent before the answers to those before them were taken.
PIPELINED = 8 * KIB
PAGE = 128 * KIB
PAGES_FOR_EACH_SCRAPE = 16
LOG = 256 * KIB
OUTBOX_OF_A_LOOP = 4 * MIB
# What Redis has not answered, as it was handed on and as it is written; what was read and has no room in the hub.
BUS = 16 * MIB


@dataclasses.dataclass
class Load:
    """What the clients of a hub do: only what counts here."""

    connections: int = 0
    # Those that ask for pages and have not upgraded.
    http_connections: int = 0
    subscriptions: int = 0
    # Those with a name that nobody else has subscribed to.
    topics: int = 0
    # Clients whose messages go to other loops.
    publishers: int = 0
    # Clients that read too little of what is sent to them, so that their queues may fill.
    slow: int = 0
    # Clients in the middle of a message, and what each of them sent of it.
    unfinished: int = 0
    unfinished_bytes: int = 0


def inbox(publishers, message):
    """How many bytes the inbox of a flooded loop has to reach, and how many it may, by messages of so many bytes."""
    one = message + INBOX_MESSAGE
    mark = min(INBOX_OF_A_LOOP, INBOX_MESSAGES * one)
    return mark, mark + publishers * one


class Limits:
    """The keys of the configuration that bound memory: configs/config.yaml with `settings` over it."""

    def __init__(self, root, settings):
        server, hub = (
            {**section(root / "configs/config.yaml", name), **settings.get(name, {})} for name in ("server", "hub")
        )
        self.loops = server["loops"]
        self.has_bus = "bus" in settings
        self.scrapes = int(server["max_concurrent_scrapes"])
        self.message_bytes = size(hub["max_message_bytes"])
        self.queue_bytes = size(hub["message_buffer_bytes"])
        self.queue_messages = int(str(hub["message_buffer_cap"]).replace("_", ""))


def section(path, name):
    """The scalars of one section of a configuration file."""
    body = re.search(rf"^{name}:\n((?:[ #].*\n|\n)*)", pathlib.Path(path).read_text(), re.MULTILINE)
    return dict(re.findall(r"^  (\w+): *([^#\n]*?) *(?:#.*)?$", body[1], re.MULTILINE))


def size(text):
    number, unit = re.fullmatch(r"([0-9_]+) *([KMG]?i?B?)", str(text).strip('"')).groups()
    return int(number.replace("_", "")) * UNITS[unit]


def memory(limits, load, start):
    """The terms, by name, in bytes; `start` is what the hub takes without a client."""
    return {
        "start": start,
        "connections": (load.connections + load.http_connections) * CONNECTION,
        "subscriptions": load.subscriptions * SUBSCRIPTION,
        "topics": load.topics * TOPIC,
        "inboxes": limits.loops * INBOX_OF_A_LOOP + load.publishers * limits.message_bytes,
        "queues": load.slow * (2 * limits.queue_bytes + QUEUED_MESSAGE * limits.queue_messages + SLOW_CLIENT),
        "unfinished messages": load.unfinished * min(2 * limits.message_bytes, 2 * load.unfinished_bytes),
        "reads": limits.loops * READ_OF_A_LOOP + load.publishers * READ_OF_A_PAUSED_PUBLISHER,
        "batches": limits.loops * BATCHES_OF_A_LOOP,
        "requests": load.http_connections * PIPELINED,
        "pages": (limits.scrapes * PAGES_FOR_EACH_SCRAPE + 2) * PAGE,
        "log": LOG,
        "bus": limits.has_bus * ((limits.loops + 1) * OUTBOX_OF_A_LOOP + BUS),
    }
