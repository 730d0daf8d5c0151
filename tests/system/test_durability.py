# SPDX-License-Identifier: GPL-3.0-or-later
"""What was acknowledged is there after kill -9, whole."""
import collections
import random
import threading
import time

from harness import IS_LONG, world

ONE, TWO = "127.0.10.1", "127.0.20.1"
WRITERS = 4


def steering():
    endpoints = {"e%d" % i: {"ipv4": "127.0.%d.1" % (10 + i), "weight": 1} for i in range(WRITERS)}
    return world({"www": {"policy": "us"}}, {"us": {"policy": "weighted", "endpoints": endpoints}})


def test_a_weight_is_there_after_kill_9(daemon):
    daemon.start(steering())
    daemon.set_weight("us", "e0", 9)
    daemon.kill()
    daemon.start()
    assert daemon.endpoint("us", "e0")["weight"] == 9
    count = collections.Counter(daemon.answer("www.example.test")[0] for _ in range(120))
    assert abs(count["127.0.10.1"] - 90) <= 5
    assert daemon.generation() == 2


class Writer(threading.Thread):
    """Sets ever higher weights and overrides of one endpoint; remembers the last that was acknowledged."""

    def __init__(self, daemon, number, weight):
        super().__init__()
        self.daemon_, self.number, self.weight, self.override = daemon, number, weight, 0
        self.may_go = True

    def run(self):
        path = "/v1/pools/us/endpoints/e%d" % self.number
        try:
            while self.may_go:
                reply = self.daemon_.api("PATCH", path, {"weight": self.weight % 60000 + 1})
                if reply.status == 200:
                    self.weight += 1
                reply = self.daemon_.api("PUT", path + "/override", {"weight": self.weight % 60000})
                if reply.status == 200:
                    self.override = self.weight
        except (OSError, ValueError, Exception):  # noqa: the daemon was killed: whatever comes, comes
            pass


def test_nothing_acknowledged_is_lost_when_it_is_killed_in_the_middle_of_writes(daemon):
    daemon.start(steering())
    rng = random.Random(7)
    weights = [1] * WRITERS
    for _ in range(20 if IS_LONG else 5):
        before = daemon.generation()
        writers = [Writer(daemon, i, weights[i]) for i in range(WRITERS)]
        for writer in writers:
            writer.start()
        time.sleep(0.3 + rng.random() * 0.5)  # some writes; the moment of the kill is meant to be any
        daemon.kill()
        for writer in writers:
            writer.may_go = False
            writer.join(30)
        daemon.start()
        written = 0
        for i, writer in enumerate(writers):
            shown = daemon.endpoint("us", "e%d" % i)
            assert shown["weight"] in (writer.weight, writer.weight + 1)  # acknowledged, or one more on its way
            if writer.override:
                assert shown["override"]["weight"] in (writer.override, writer.override + 1, writer.weight)
            written += shown["weight"] - weights[i]
            weights[i] = shown["weight"]
        assert written > 0
        assert daemon.generation() == before + written  # one generation a write, none half-made


def test_sigterm_loses_nothing_either(daemon):
    daemon.start(steering())
    for weight in range(2, 12):
        daemon.set_weight("us", "e1", weight)
    daemon.stop()
    daemon.start()
    assert daemon.endpoint("us", "e1")["weight"] == 11


def test_a_disk_that_takes_no_more_refuses_writes_and_loses_nothing(daemon):
    """A file may not grow beyond 300 kB: what a full disk or a quota does to the store."""
    daemon.start(steering(), file_size_most=300_000)
    weight = 1
    while (reply := daemon.api("PATCH", "/v1/pools/us/endpoints/e0", {"weight": weight + 1})).status == 200:
        weight += 1
        assert weight < 1000
    assert reply.status == 503 and "steerd.db" in reply.json["detail"], reply.text
    override = 0  # smaller than a generation: some may still fit
    while daemon.api("PUT", "/v1/pools/us/endpoints/e1/override", {"weight": override + 1}).status == 200:
        override += 1
        assert override < 1000
    assert daemon.endpoint("us", "e0")["effective"]["weight"] == weight and daemon.generation() == weight
    assert (daemon.endpoint("us", "e1")["override"] or {"weight": 0})["weight"] == override
    assert daemon.answer("www.example.test")
    daemon.kill()
    daemon.start()  # there is space again
    assert daemon.endpoint("us", "e0")["weight"] == weight and daemon.generation() == weight
    daemon.set_weight("us", "e0", 60000)
