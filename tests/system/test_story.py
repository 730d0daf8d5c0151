# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/three-in-the-morning.md: every command of the story is run, and says what the page shows."""
import json
import os
import pathlib
import re
import subprocess
import threading
import time

import pytest

from harness import STEERCTL

PAGE = (pathlib.Path(__file__).parents[2] / "docs" / "three-in-the-morning.md").read_text()
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


def run(server, command):
    directory = server.directory / "bin"
    directory.mkdir(exist_ok=True)
    if not (directory / "steerctl").exists():
        (directory / "steerctl").symlink_to(pathlib.Path(STEERCTL).resolve())
    env = dict(os.environ, PATH="%s:%s" % (directory, os.environ["PATH"]), STEERCTL_CONFIG="/dev/null",
               STEERD_URL="http://127.0.0.1:%d" % server.api_port, STEERD_TOKEN=server.token)
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, env=env, timeout=120)


def pattern_of(line):
    """What the page shows of a line: runs of blanks are alike, and "…" is whatever it was that night."""
    words = [re.escape(word).replace("…", ".*") for word in line.split()]
    return re.compile(r"\s*" + r"\s+".join(words) + r"\s*$")


def shows(output, lines):
    """True if the lines stand in the output, in their order; the page leaves others out."""
    rest = iter(output.splitlines())
    return all(any(pattern_of(line).match(said) for said in rest) for line in lines)


LOOKS = re.compile(r"steerctl (top|explain|endpoints|status|events|history)\b")


def check(server, block):
    """A command that only looks is repeated until the page is right: things take their time."""
    command, *lines = block
    deadline = time.monotonic() + (30 if LOOKS.match(command) else 0)
    while True:
        result = run(server, command)
        assert result.returncode == 0, (command, result.stdout, result.stderr)
        if shows(result.stdout, lines):
            return
        assert time.monotonic() < deadline, "\n".join(["the page:", command, *lines, "the truth:", result.stdout])


def test_the_story_goes_as_told(world):
    server, backends = world
    for what, argument, block in STEPS:
        if what:
            happens(server, backends, what, argument)
            continue
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            check(server, part.splitlines())


def test_every_command_of_the_page_is_in_a_block_that_is_run():
    outside = re.sub(r"^```console\n.*?^```$", "", PAGE, flags=re.M | re.S)
    assert "$ steerctl" not in outside and sum(1 for step in STEPS if step[2]) > 6
