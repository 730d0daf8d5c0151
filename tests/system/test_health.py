# SPDX-License-Identifier: GPL-3.0-or-later
"""Traffic goes where it is well."""
import time

import pytest

from harness import pool, quick_check, six, wait_until, world

ONE, TWO, THREE = "127.0.10.1", "127.0.20.1", "127.0.30.1"


def two_pools(port, **service):
    pools = {"first": pool("round_robin", ONE, check="web"), "second": pool("round_robin", TWO, check="web")}
    services = {"www": {"ttl": 30, "policy": {"failover": ["first", "second"]}, **service}}
    return world(services, pools, checks={"web": quick_check(port)})


@pytest.mark.parametrize("kind", ["A", "AAAA"])
def test_traffic_moves_to_the_standby_when_the_primary_dies_and_back(daemon, backend, kind):
    primary, standby = backend(ONE), backend(TWO)
    one, two = (ONE, TWO) if kind == "A" else (six(ONE), six(TWO))
    daemon.start(two_pools(backend.port))
    daemon.becomes("first", "a", "up")
    assert daemon.answer("www.example.test", kind) == [one]
    primary.stop()
    daemon.answers_within(5, "www.example.test", kind, [two])
    primary.start()
    daemon.answers_within(5, "www.example.test", kind, [one])


def test_a_dead_endpoint_is_out_within_ten_seconds_by_the_defaults(daemon, backend):
    primary, standby = backend(ONE), backend(TWO)
    steering = two_pools(backend.port)
    steering["checks"]["web"] = {"type": "http", "port": backend.port, "path": "/healthz"}
    daemon.start(steering)
    daemon.becomes("first", "a", "up")
    primary.stop()
    stopped = time.monotonic()
    daemon.answers_within(10, "www.example.test", "A", [TWO])
    assert time.monotonic() - stopped > 2  # three failures, not one


def test_one_of_a_pool_dies_and_the_others_share(daemon, backend):
    one, two, three = backend(ONE), backend(TWO), backend(THREE)
    steering = world({"www": {"policy": "all"}}, {"all": pool("round_robin", ONE, TWO, THREE, check="web")},
                     checks={"web": quick_check(backend.port)})
    daemon.start(steering)
    daemon.becomes("all", "b", "up")
    two.stop()
    daemon.becomes("all", "b", "down")
    answers = [daemon.answer("www.example.test") for _ in range(4)]
    assert sorted(answers[0]) == [ONE, THREE]
    assert [answer[0] for answer in answers] in ([ONE, THREE, ONE, THREE], [THREE, ONE, THREE, ONE])


@pytest.mark.parametrize("ill", ["status", "body", "silence"])
def test_what_answers_wrongly_is_down_with_its_evidence(daemon, backend, ill):
    primary, standby = backend(ONE), backend(TWO)
    steering = two_pools(backend.port)
    if ill == "body":
        steering["checks"]["web"]["body_contains"] = "ok"
    daemon.start(steering)
    daemon.becomes("first", "a", "up")
    if ill == "status":
        primary.status = 503
    elif ill == "body":
        primary.body = b"out of order"
    else:
        primary.stop()
    daemon.answers_within(5, "www.example.test", "A", [TWO])
    health = daemon.endpoint("first", "a")["health"]
    assert health["verdict"] == "down" and health["check"] == "web" and health["evidence"]
    if ill == "status":
        assert "503" in health["evidence"]


def test_a_tcp_check_sees_a_closed_port(daemon, backend):
    primary, standby = backend(ONE), backend(TWO)
    steering = two_pools(backend.port)
    steering["checks"]["web"] = {"type": "tcp", "port": backend.port, "interval": "200ms", "timeout": "150ms"}
    daemon.start(steering)
    daemon.becomes("first", "a", "up")
    primary.stop()
    daemon.answers_within(5, "www.example.test", "A", [TWO])


def all_down(daemon, backend, **service):
    """Nothing listens on the backends' port."""
    daemon.start(two_pools(backend.port, **service))
    daemon.becomes("first", "a", "down")
    daemon.becomes("second", "a", "down")


def test_everything_is_served_when_everything_is_down(daemon, backend):
    all_down(daemon, backend)
    assert daemon.answer("www.example.test") == [ONE]


def test_nodata_when_everything_is_down(daemon, backend):
    all_down(daemon, backend, when_all_down="nodata")
    reply = daemon.query("www.example.test")
    assert reply.rcode() == 0 and not reply.answer and reply.authority[0].rdtype == 6


def test_servfail_when_everything_is_down(daemon, backend):
    all_down(daemon, backend, when_all_down="servfail")
    assert daemon.query("www.example.test").rcode() == 2


def test_a_sorry_server_when_everything_is_down(daemon, backend):
    all_down(daemon, backend, when_all_down={"ipv4": "192.0.2.99"})
    assert daemon.answer("www.example.test") == ["192.0.2.99"]


def test_a_pool_fails_when_fewer_are_healthy_than_it_needs(daemon, backend):
    one, two, three = backend(ONE), backend(TWO), backend(THREE)
    pools = {"pair": pool("round_robin", ONE, TWO, check="web", min_healthy=2),
             "spare": pool("round_robin", THREE, check="web")}
    daemon.start(world({"www": {"policy": {"failover": ["pair", "spare"]}}}, pools,
                       checks={"web": quick_check(backend.port)}))
    daemon.becomes("pair", "b", "up")
    daemon.becomes("pair", "a", "up")
    assert sorted(daemon.answer("www.example.test")) == [ONE, TWO]
    two.stop()
    daemon.answers_within(5, "www.example.test", "A", [THREE])


def test_the_ttl_shrinks_while_a_change_is_near(daemon, backend):
    primary, standby = backend(ONE), backend(TWO)
    steering = two_pools(backend.port, ttl=60, min_ttl=1)
    steering["checks"]["web"] = quick_check(backend.port, interval="1s", timeout="500ms", fall=4)
    daemon.start(steering)
    daemon.becomes("first", "a", "up")
    ttl = lambda: daemon.query("www.example.test").answer[0].ttl
    wait_until(lambda: ttl() == 60, 10, "the full TTL")
    primary.stop()
    wait_until(lambda: ttl() <= 4, 5, "a short TTL before the verdict")
    daemon.answers_within(10, "www.example.test", "A", [TWO])


def test_weight_0_serves_when_all_others_are_down(daemon, backend):
    spare = backend(TWO)
    endpoints = {"main": {"ipv4": ONE, "weight": 5}, "spare": {"ipv4": TWO, "weight": 0}}
    daemon.start(world({"www": {"policy": "web"}},
                       {"web": {"policy": "weighted", "check": "web", "endpoints": endpoints}},
                       checks={"web": quick_check(backend.port)}))
    daemon.becomes("web", "main", "down")
    daemon.becomes("web", "spare", "up")
    assert daemon.answer("www.example.test") == [TWO]
