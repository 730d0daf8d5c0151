# SPDX-License-Identifier: GPL-3.0-or-later
"""A restart neither serves the dead nor drops the living."""
import sqlite3
import time

import pytest

from faults import Certificates, FaultyServer
from harness import pool, quick_check, wait_until, world

ONE, TWO, THREE = "127.0.10.1", "127.0.20.1", "127.0.30.1"


def steering(port, **check):
    return world({"www": {"policy": "us"}}, {"us": pool("round_robin", ONE, TWO, check="web")},
                 checks={"web": quick_check(port, **check)})


def end(daemon, how):
    wait_until(lambda: all(seen_in_store(daemon, one) for one in "ab"), 10, "verdicts on disk")
    daemon.kill() if how == "kill -9" else daemon.stop()


def seen_in_store(daemon, name):
    database = sqlite3.connect("file:%s?mode=ro" % (daemon.directory / "state" / "steerd.db"), uri=True)
    try:
        rows = database.execute("SELECT verdict FROM verdicts WHERE endpoint = ?", ("us/" + name,)).fetchall()
    finally:
        database.close()
    return rows and rows[0][0] == daemon.endpoint("us", name)["health"]["verdict"]


@pytest.mark.parametrize("how", ["kill -9", "stop"])
def test_the_dead_are_not_served_after_a_restart(daemon, backend, how):
    one = backend(ONE)
    daemon.start(steering(backend.port, interval="1h", timeout="5s", rise=2))  # no second result comes in time
    daemon.becomes("us", "a", "up")
    daemon.becomes("us", "b", "down")
    before = daemon.endpoint("us", "b")["health"]
    end(daemon, how)
    two = backend(TWO)  # it lives again, but one result is not enough to believe it
    daemon.start()
    assert daemon.answer("www.example.test") == [ONE]
    after = daemon.endpoint("us", "b")["health"]
    assert after == {**before, "latency_ms": after["latency_ms"], "times": after["times"]}


@pytest.mark.parametrize("how", ["kill -9", "stop"])
def test_the_living_are_not_dropped_by_the_first_bad_result_after_a_restart(daemon, backend, how):
    one, two = backend(ONE), backend(TWO)
    daemon.start(steering(backend.port, interval="1h", timeout="5s", fall=3))
    daemon.becomes("us", "a", "up")
    daemon.becomes("us", "b", "up")
    since = daemon.endpoint("us", "b")["health"]["since"]
    end(daemon, how)
    two.stop()
    daemon.start()
    failed = lambda: daemon.api("GET", "/v1/status").json["checks"]["failed"]
    wait_until(failed, 10, "a bad result")
    health = daemon.endpoint("us", "b")["health"]
    assert health["verdict"] == "up" and health["since"] == since
    assert sorted(daemon.answer("www.example.test")) == [ONE, TWO]


def test_after_a_restart_the_thresholds_decide(daemon, backend):
    one = backend(ONE)
    daemon.start(steering(backend.port))
    daemon.becomes("us", "a", "up")
    daemon.becomes("us", "b", "down")
    end(daemon, "kill -9")
    one.stop()
    two = backend(TWO)
    daemon.start()
    daemon.becomes("us", "a", "down")
    daemon.becomes("us", "b", "up")
    daemon.answers_within(5, "www.example.test", "A", [TWO])


def test_no_transition_is_told_twice(daemon, backend):
    one = backend(ONE)
    daemon.start(steering(backend.port))
    daemon.becomes("us", "a", "up")
    daemon.becomes("us", "b", "down")
    end(daemon, "stop")
    history = lambda: [(one["subject"], one["state"]) for one in
                       daemon.api("GET", "/v1/events?after=0&kind=endpoint").json["items"]]
    daemon.start()
    wait_until(lambda: daemon.api("GET", "/v1/status").json["checks"]["succeeded"] > 2, 10, "results")
    assert sorted(history()) == [("us/a", "up"), ("us/b", "down")]


def test_verdicts_that_are_too_old_count_as_unknown(daemon, backend):
    one = backend(ONE)
    daemon.start(steering(backend.port, interval="1h", timeout="5s"), keep_verdicts_for="1s")
    daemon.becomes("us", "a", "up")
    daemon.becomes("us", "b", "down")
    end(daemon, "stop")
    time.sleep(1.1)  # they age
    two = backend(TWO)
    daemon.start()
    daemon.becomes("us", "b", "up")  # by its first result


def test_another_address_starts_unknown(daemon, backend):
    one = backend(ONE)
    daemon.start(steering(backend.port, interval="1h", timeout="5s"))
    daemon.becomes("us", "b", "down")
    daemon.becomes("us", "a", "up")
    end(daemon, "stop")
    three = backend(THREE)
    changed = steering(backend.port, interval="1h", timeout="5s")
    changed["pools"]["us"]["endpoints"]["b"]["ipv4"] = THREE
    daemon.write("steering.json", changed)
    daemon.start()
    daemon.becomes("us", "b", "up")


@pytest.mark.parametrize("how", ["kill -9", "stop"])
def test_a_certificate_that_ends_soon_is_not_forgotten(daemon, how):
    certificates = Certificates(daemon.directory, "web.example.test")
    server = FaultyServer(ONE, certificates)
    document = world({"www": {"policy": "us"}}, {"us": pool("round_robin", ONE, check="web")}, checks={
        "web": {"type": "tls", "port": server.port, "sni": "web.example.test", "ca_file": str(certificates.ca_file),
                "warn_before": "30d", "interval": "1h", "timeout": "5s"}})
    ending = lambda: "steerd_checks_certificates_ending 1\n" in daemon.api("GET", "/metrics", token=None).text
    ends = lambda: daemon.endpoint("us", "a")["health"]["certificate_ends"]
    daemon.start(document)
    daemon.becomes("us", "a", "up")
    before = ends()
    assert before and ending()
    wait_until(lambda: seen_in_store(daemon, "a"), 10, "verdicts on disk")
    daemon.kill() if how == "kill -9" else daemon.stop()
    server.fall("silence")
    daemon.start()
    assert ends() == before
    wait_until(ending, 10, "the metric")  # its check is bound by then
    assert "certificate ends" in daemon.endpoint("us", "a")["health"]["evidence"]
