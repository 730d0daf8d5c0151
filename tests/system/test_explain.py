# SPDX-License-Identifier: GPL-3.0-or-later
"""Explain says where shares, TTL and scope come from."""
from harness import pool, quick_check, wait_until, world

ONE, TWO = "127.0.10.1", "127.0.20.1"


def explain(server, name, **query):
    parameters = "&".join("%s=%s" % item for item in {"name": name, "type": "A", **query}.items())
    return server.api("GET", "/v1/explain?" + parameters).json


def step(explanation, kind):
    return next(step for step in explanation["steps"] if step["step"] == kind)


def test_shares_say_what_lowers_them(daemon):
    pools = {"a": pool("failover", ONE, capacity=40), "b": pool("failover", TWO), "c": pool("failover", ONE)}
    services = {
        "full": {"policy": {"weighted": {"a": 60, "b": 40, "c": 0}}},
        "shed": {"policy": {"weighted": [{"to": "a", "shed": 50}, "b"]}}}
    daemon.start(world(services, pools))
    full = {one["name"]: one for one in step(explain(daemon, "full.example.test"), "node")["candidates"]}
    assert abs(full["a"]["share"] - 0.4) < 1e-6 and "at its capacity of 40" in full["a"]["why"]
    assert abs(full["b"]["share"] - 0.6) < 1e-6
    assert full["c"]["share"] == 0 and "weight 0" in full["c"]["why"]
    shed = {one["name"]: one for one in step(explain(daemon, "shed.example.test"), "node")["candidates"]}
    assert abs(shed["a"]["share"] - 0.25) < 1e-6 and "sheds 50 %" in shed["a"]["why"]
    drawn = daemon.steerctl("explain", "full.example.test").stdout
    assert "share 40.0 %" in drawn and "at its capacity of 40" in drawn, drawn
    assert "ttl       30: the service's" in drawn and "nothing depended on the client" in drawn, drawn


def test_the_scope_names_the_node_that_narrowed_it(daemon):
    services = {"www": {"policy": {"geo": {"20.1.0.0/16": {"sticky": [{"ipv4": ONE}, {"ipv4": TWO}]},
                                           "default": {"failover": [{"ipv4": ONE}]}}}}}
    daemon.start(world(services))
    inside = explain(daemon, "www.example.test", client="20.1.2.3")
    assert inside["scope"] == 24
    assert "20.1.0.0" in step(inside, "result")["scope_why"] and "24 bits" in step(inside, "result")["scope_why"]
    outside = explain(daemon, "www.example.test", client="8.0.0.1")
    assert outside["scope"] < 16 and outside["scope"] > 0


def test_the_ttl_names_the_endpoint_whose_change_is_near(daemon, backend):
    primary, standby = backend(ONE), backend(TWO)
    pools = {"main": pool("failover", ONE, TWO, check="web")}
    check = quick_check(backend.port, interval="1s", fall=8)
    daemon.start(world({"www": {"ttl": 60, "min_ttl": 1, "policy": "main"}}, pools, checks={"web": check}))
    daemon.becomes("main", "a", "up")
    primary.stop()
    wait_until(lambda: explain(daemon, "www.example.test")["ttl"] < 60, 5, "a shorter TTL")
    assert "a change of main/a is " in step(explain(daemon, "www.example.test"), "result")["ttl_why"]
