# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators say otherwise: drain, down, up, a weight; it outlives restarts and ends when it should."""
import collections
import sqlite3
import time

import pytest

from harness import pool, quick_check, wait_until, world

ONE, TWO = "127.0.10.1", "127.0.20.1"
OVERRIDE = "/v1/pools/web/endpoints/a/override"


@pytest.fixture
def server(daemon, backend):
    backend(ONE), backend(TWO)
    daemon.start(world({"www": {"policy": "web"}}, {"web": pool("weighted", ONE, TWO, check="web")},
                       checks={"web": quick_check(backend.port)}))
    daemon.becomes("web", "a", "up")
    daemon.becomes("web", "b", "up")
    return daemon


def answers(server, count=20):
    return collections.Counter(server.answer("www.example.test")[0] for _ in range(count))


def put(server, **override):
    reply = server.api("PUT", OVERRIDE, override)
    assert reply.status == 200, reply.text
    return reply


@pytest.mark.parametrize("state", ["drain", "down"])
def test_an_endpoint_is_taken_out_at_once_and_comes_back(server, state):
    generation = server.generation()
    put(server, state=state, reason="new kernel")
    assert set(answers(server)) == {TWO}
    shown = server.endpoint("web", "a")
    assert shown["override"]["state"] == state and shown["override"]["reason"] == "new kernel"
    assert shown["effective"]["available"] is False and shown["effective"]["state"] == state
    assert shown["health"]["verdict"] == "up"
    reply = server.api("DELETE", OVERRIDE)
    assert reply.status in (200, 204)
    assert set(answers(server)) == {ONE, TWO}
    assert server.endpoint("web", "a")["override"] is None
    assert server.generation() == generation  # overrides are no configuration


def test_up_holds_a_dead_endpoint_in(daemon, backend):
    backend(TWO)
    daemon.start(world({"www": {"policy": {"failover": ["web"]}}}, {"web": pool("failover", ONE, TWO, check="web")},
                       checks={"web": quick_check(backend.port)}))
    daemon.becomes("web", "a", "down")
    assert set(answers(daemon)) == {TWO}
    put(daemon, state="up")
    assert set(answers(daemon)) == {ONE}


def test_a_weight_override_beats_the_declared_weight(server):
    put(server, weight=0)
    assert set(answers(server)) == {TWO}
    put(server, weight=9)
    assert abs(answers(server, 100)[ONE] - 90) <= 4
    server.set_weight("web", "a", 1)  # declared; the override still holds
    assert abs(answers(server, 100)[ONE] - 90) <= 4
    assert server.endpoint("web", "a")["effective"]["weight"] == 9


def test_downs_hold_when_all_others_are_ill(server, backend):
    """serve_all respects operators until nothing else is left."""
    put(server, state="down")
    assert server.api("PUT", "/v1/pools/web/endpoints/b/override?force=true", {"state": "drain"}).status == 200
    assert set(answers(server)) <= {ONE, TWO}  # nothing else is left: everything
    assert server.api("DELETE", "/v1/pools/web/endpoints/b/override").status in (200, 204)
    assert set(answers(server)) == {TWO}


def test_an_override_ends_by_itself(server):
    put(server, state="drain", expires="1s")
    assert set(answers(server)) == {TWO}
    wait_until(lambda: ONE in answers(server, 4), 5, "the drain to end")
    assert server.endpoint("web", "a")["override"] is None


def test_overrides_outlive_kill_9_and_expire_meanwhile(server):
    put(server, state="drain", reason="for long", expires="2h")
    assert server.api("PUT", "/v1/pools/web/endpoints/b/override",
                      {"weight": 0, "expires": "300ms"}).status == 200
    server.kill()
    server.start()
    override = server.endpoint("web", "a")["override"]
    assert override["state"] == "drain" and override["reason"] == "for long" and override["expires"]
    wait_until(lambda: server.endpoint("web", "b")["override"] is None, 5, "expired")
    assert set(answers(server)) == {TWO}


def test_what_expired_while_nobody_was_there_is_ended_and_told(server):
    expires = time.time() + 0.3
    put(server, state="drain", expires="300ms")
    server.kill()
    wait_until(lambda: time.time() > expires + 0.3, 5, "expired")
    server.start()
    assert server.endpoint("web", "a")["override"] is None
    wait_until(lambda: "expired" in server.api("GET", "/v1/events?kind=override&subject=web/a").text, 10, "event")
    server.stop()
    with sqlite3.connect(server.directory / "state" / "steerd.db") as store:
        assert store.execute("SELECT count(*) FROM overrides").fetchone() == (0,)


@pytest.mark.parametrize("body,pointer", [
    ({"state": "sideways"}, "/state"), ({"weight": -1}, "/weight"), ({"weight": 65536}, "/weight"),
    ({"state": "down", "expires": 5}, "/expires"), ({"state": "down", "reason": "x" * 300}, "/reason"),
    ({}, ""), ({"reason": "no state"}, ""), ({"stat": "down"}, ""),
])
def test_wrong_overrides_are_refused_with_a_pointer(server, body, pointer):
    reply = server.api("PUT", OVERRIDE, body)
    assert reply.status == 422 or reply.status == 400
    assert reply.headers["Content-Type"].startswith("application/problem+json")
    assert pointer in [error["pointer"] for error in reply.json["errors"]]
    assert server.endpoint("web", "a")["override"] is None


def test_overrides_of_what_is_not_there_are_refused(server):
    assert server.api("PUT", "/v1/pools/web/endpoints/zzz/override", {"state": "down"}).status == 404
    assert server.api("PUT", "/v1/pools/zzz/endpoints/a/override", {"state": "down"}).status == 404


def test_overrides_stand_beside_the_configuration_and_survive_its_replacement(server):
    put(server, state="drain", reason="new kernel")
    whole = server.api("GET", "/v1/config")
    assert "new kernel" not in whole.text  # it is no part of what is declared
    document = whole.json
    document["pools"]["web"]["endpoints"]["a"]["weight"] = 7
    assert server.api("PUT", "/v1/config", document, headers={"If-Match": whole.etag}).status == 200
    shown = server.endpoint("web", "a")
    assert (shown["weight"], shown["override"]["reason"], shown["effective"]["state"]) == (7, "new kernel", "drain")
    assert set(answers(server)) == {TWO}
    assert server.api("POST", "/v1/generations/1/rollback").status == 200
    assert server.endpoint("web", "a")["override"]["reason"] == "new kernel" and set(answers(server)) == {TWO}


# ---- all of them


def test_all_overrides_are_listed_with_who_and_why(daemon):
    daemon.start(world({"www": {"policy": "us"}}, {"us": pool("weighted", "192.0.2.1", "192.0.2.2"), "eu": pool("weighted", "192.0.2.3")}))
    assert daemon.api("GET", "/v1/overrides").json == {"items": [], "next": None}
    daemon.api("PUT", "/v1/pools/us/endpoints/b/override", {"state": "drain", "reason": "disks", "expires": "2h"})
    daemon.api("PUT", "/v1/pools/eu/endpoints/a/override", {"weight": 9})
    items = daemon.api("GET", "/v1/overrides").json["items"]
    assert {(one["pool"], one["endpoint"], one["override"]["state"], one["override"]["author"]) for one in items} == {
        ("us", "b", "drain", "admin"), ("eu", "a", None, "admin")}
    first = daemon.api("GET", "/v1/overrides?limit=1").json
    assert first["items"] + daemon.api("GET", "/v1/overrides?limit=1&after=" + first["next"]).json["items"] == items
    assert [one["endpoint"] for one in daemon.api("GET", "/v1/overrides?pool=us").json["items"]] == ["b"]
    token = daemon.api("POST", "/v1/tokens", {"name": "eu", "role": "viewer", "pools": ["eu"]}).json["token"]
    assert [one["pool"] for one in daemon.api("GET", "/v1/overrides", token=token).json["items"]] == ["eu"]
    shown = daemon.steerctl("overrides").stdout
    assert "us/b" in shown and "drain" in shown and "disks" in shown and "eu/a" in shown and len(shown.splitlines()) == 3
    daemon.kill()
    daemon.start()
    assert daemon.api("GET", "/v1/overrides").json["items"] == items
