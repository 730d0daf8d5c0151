# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/three-in-the-morning.md: every command of the story is run, and says what the page shows."""
import json
import re
import threading

import pytest

from pages import DOCS, check, commands_of

PAGE = (DOCS / "three-in-the-morning.md").read_text()
# What happens between the blocks stands in comments: <!-- stop 127.0.20.1 -->
STEPS = re.findall(r"^<!-- (\w+) (.*?) -->$|^```console\n(.*?)^```$", PAGE, re.M | re.S)


class Users:
    """Ask all the time, from America and from Europe, as resolvers do."""

    def __init__(self, server):
        self.server, self.is_over = server, threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.is_over.wait(0.05):
            for client in ("198.51.100.0/24", "203.0.113.0/24"):
                self.server.answer("www.example.com", ecs=client)

    def stop(self):
        self.is_over.set()
        self.thread.join()


@pytest.fixture
def world(daemon, backend):
    document = json.loads(re.search(r"^```json\n(.*?)^```$", PAGE, re.M | re.S).group(1))
    document["checks"]["web"]["port"] = backend.port
    addresses = re.findall(r'"ipv4": "(127\.[0-9.]+)"', PAGE)
    backends = {address: backend(address) for address in addresses}
    daemon.start(document)
    for pool, content in document["pools"].items():
        for name in content["endpoints"]:
            daemon.becomes(pool, name, "up")
    users = Users(daemon)
    yield daemon, backends
    users.stop()


def happens(server, backends, what, argument):
    """A line of the story that nobody types."""
    if what == "stop":
        backends[argument].stop()
    elif what == "start":
        backends[argument].start()
    else:
        endpoint, verdict = argument.split()
        assert what == "until"
        server.becomes(*endpoint.split("/"), verdict, seconds=30)


def test_the_story_goes_as_told(world):
    server, backends = world
    for what, argument, block in STEPS:
        if what:
            happens(server, backends, what, argument)
            continue
        for command in commands_of(block):
            check(server, command)


def test_every_command_of_the_page_is_in_a_block_that_is_run():
    outside = re.sub(r"^```console\n.*?^```$", "", PAGE, flags=re.M | re.S)
    assert "$ steerctl" not in outside and sum(1 for step in STEPS if step[2]) > 6
