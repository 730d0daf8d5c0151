# SPDX-License-Identifier: GPL-3.0-or-later
"""How endpoints come back, and how much they take."""
import collections
import sqlite3
import time

import pytest

from harness import pool, quick_check, wait_until, world

ONE, TWO, THREE = "127.0.10.1", "127.0.20.1", "127.0.30.1"


def leads(server, name, count=200):
    return collections.Counter(server.answer(name)[0] for _ in range(count))


def failover(port, **more):
    pools = {"main": pool("failover", ONE, TWO, check="web", **more)}
    return world({"www": {"policy": "main"}}, pools, checks={"web": quick_check(port)})


def test_a_recovered_endpoint_is_held_back_until_it_was_healthy_long_enough(daemon, backend):
    primary, standby = backend(ONE), backend(TWO)
    daemon.start(failover(backend.port, hold="3s"))
    daemon.becomes("main", "a", "up")
    assert daemon.answer("www.example.test") == [ONE]  # nobody is held at the start
    primary.stop()
    daemon.answers_within(5, "www.example.test", "A", [TWO])
    primary.start()
    daemon.becomes("main", "a", "up")
    effective = daemon.endpoint("main", "a")["effective"]
    assert (effective["available"], effective["state"]) == (False, "hold")
    assert "held back until 2" in effective["why"]
    assert daemon.answer("www.example.test") == [TWO]
    daemon.answers_within(6, "www.example.test", "A", [ONE])


def test_a_manual_hold_ends_when_an_operator_says_up(daemon, backend):
    primary, standby = backend(ONE), backend(TWO)
    daemon.start(failover(backend.port, hold="manual"))
    daemon.becomes("main", "a", "up")
    primary.stop()
    daemon.becomes("main", "a", "down")
    primary.start()
    daemon.becomes("main", "a", "up")
    assert daemon.answer("www.example.test") == [TWO]
    assert "until an operator says up" in daemon.endpoint("main", "a")["effective"]["why"]
    override = "/v1/pools/main/endpoints/a/override"
    assert daemon.api("PUT", override, {"state": "up"}).status == 200
    assert daemon.api("DELETE", override).status in (200, 204)
    assert daemon.answer("www.example.test") == [ONE]


def test_a_new_endpoint_grows_to_its_weight(daemon):
    pools = {"main": pool("weighted", ONE, ramp="6s")}
    daemon.start(world({"www": {"policy": "main"}}, pools))
    reply = daemon.api("PATCH", "/v1/pools/main", {"endpoints": {"b": {"ipv4": TWO}}})
    assert reply.status == 200, reply.text
    assert "growing" in daemon.endpoint("main", "b")["effective"]["why"]
    first = leads(daemon, "www.example.test")[TWO]
    assert 0 < first < 90
    wait_until(lambda: "growing" not in daemon.endpoint("main", "b")["effective"]["why"], 15, "grown")
    assert leads(daemon, "www.example.test")[TWO] == 100


@pytest.mark.parametrize("policy", ["weighted", "failover"])
def test_shedding_moves_a_part_elsewhere(daemon, policy):
    pools = {"one": pool("failover", ONE), "two": pool("failover", TWO)}
    services = {"www": {"policy": {policy: [{"to": "one", "shed": 25}, "two"]}}}
    daemon.start(world(services, pools))
    share = leads(daemon, "www.example.test", 400)[ONE] / 400
    assert abs(share - (0.375 if policy == "weighted" else 0.75)) < 0.02


def test_no_survivor_is_pushed_over_its_capacity(daemon, backend):
    sites = [backend(ONE), backend(TWO), backend(THREE)]
    pools = {name: pool("failover", address, check="web", capacity=capacity)
             for name, address, capacity in (("a", ONE, 90), ("b", TWO, 40), ("c", THREE, 90))}
    services = {"www": {"policy": {"weighted": {"a": 50, "b": 30, "c": 20}}}}
    daemon.start(world(services, pools, checks={"web": quick_check(backend.port)}))
    for name in pools:
        daemon.becomes(name, "a", "up")
    assert leads(daemon, "www.example.test", 100) == {ONE: 50, TWO: 30, THREE: 20}
    sites[0].stop()
    daemon.becomes("a", "a", "down")
    share = leads(daemon, "www.example.test", 400)  # by the weights b would get 60 of its 40
    assert abs(share[TWO] / 400 - 0.4) < 0.02 and abs(share[THREE] / 400 - 0.6) < 0.02


def override(server, endpoint, state):
    path = "/v1/pools/%s/endpoints/%s/override" % tuple(endpoint.split("/"))
    reply = server.api("PUT", path, {"state": state}) if state else server.api("DELETE", path)
    assert reply.status in (200, 204), reply.text


def killed(server, was_down=0, held=False, grows=False):
    """kill -9 once the disk has what another start needs; history follows publication."""
    def is_written():
        with sqlite3.connect("file:%s?mode=ro" % (server.directory / "state" / "steerd.db"), uri=True) as db:
            rows = db.execute("SELECT was_down, hold_until_wall_ms != 0, grown_ms > 0 FROM paces").fetchall()
        return rows == ([(was_down, held, grows)] if was_down or held or grows else [])

    wait_until(is_written, 10, "the store to know it")
    server.kill()
    server.start()


def test_a_manual_hold_outlives_kill_minus_9(daemon, backend):
    primary, standby = backend(ONE), backend(TWO)
    daemon.start(failover(backend.port, hold="manual"))
    daemon.becomes("main", "a", "up")
    primary.stop()
    daemon.becomes("main", "a", "down")
    killed(daemon, was_down=True)
    assert daemon.answer("www.example.test") == [TWO]  # down, and held as soon as it is up
    primary.start()
    daemon.becomes("main", "a", "up")
    assert daemon.answer("www.example.test") == [TWO]
    killed(daemon, held=True)
    assert daemon.answer("www.example.test") == [TWO]
    assert "until an operator says up" in daemon.endpoint("main", "a")["effective"]["why"]
    override(daemon, "main/a", "up")
    override(daemon, "main/a", None)
    assert daemon.answer("www.example.test") == [ONE]
    killed(daemon)
    assert daemon.answer("www.example.test") == [ONE]


def test_a_timed_hold_ends_after_kill_minus_9_when_it_would_have(daemon, backend):
    primary, standby = backend(ONE), backend(TWO)
    daemon.start(failover(backend.port, hold="6s"))
    daemon.becomes("main", "a", "up")
    primary.stop()
    daemon.becomes("main", "a", "down")
    primary.start()
    daemon.becomes("main", "a", "up")
    begin = time.monotonic()
    killed(daemon, held=True)
    assert daemon.endpoint("main", "a")["effective"]["state"] == "hold"
    assert daemon.answer("www.example.test") == [TWO]
    daemon.answers_within(10, "www.example.test", "A", [ONE])
    assert 3 < time.monotonic() - begin < 9


def test_a_ramp_goes_on_after_kill_minus_9(daemon):
    pools = {"main": pool("weighted", ONE, ramp="40s")}
    daemon.start(world({"www": {"policy": "main"}}, pools))
    assert daemon.api("PATCH", "/v1/pools/main", {"endpoints": {"b": {"ipv4": TWO}}}).status == 200
    wait_until(lambda: leads(daemon, "www.example.test", 100)[TWO] >= 8, 20, "a part of its weight")
    killed(daemon, grows=True)
    assert "growing" in daemon.endpoint("main", "b")["effective"]["why"]
    assert 3 <= leads(daemon, "www.example.test", 100)[TWO] <= 25  # of 50: where it was, or a step further
