# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever knows better reports how an endpoint is."""
import sqlite3
import time

import pytest

from harness import pool, wait_until, world

ONE, TWO = "127.0.10.1", "127.0.20.1"


def steering(**check):
    return world({"www": {"ttl": 30, "policy": "us"}}, {"us": pool("round_robin", ONE, TWO, check="beat")},
                 checks={"beat": {"type": "push", "ttl": "1h", **check}})


def report(daemon, endpoint, status, **more):
    reply = daemon.api("POST", "/v1/checks/beat/report", {"endpoint": endpoint, "status": status, **more})
    assert reply.status == 200 and reply.json == {"accepted": 1}, reply.text


def health(daemon, name):
    return daemon.endpoint("us", name)["health"]


def test_what_is_reported_down_is_served_no_more_until_it_is_reported_up(daemon):
    daemon.start(steering())
    report(daemon, "us/a", "up")
    report(daemon, "us/b", "down", message="queue is full")
    daemon.answers_within(5, "www.example.test", "A", [ONE])
    assert health(daemon, "b")["evidence"] == "reported down: queue is full"
    assert health(daemon, "b")["check"] == "beat"
    report(daemon, "us/b", "up")
    daemon.becomes("us", "b", "up")
    assert sorted(daemon.answer("www.example.test")) == [ONE, TWO]


def test_a_monitor_that_falls_silent_takes_its_endpoint_with_it(daemon):
    daemon.start(steering())
    report(daemon, "us/a", "up")
    report(daemon, "us/b", "up", ttl="1s")
    daemon.becomes("us", "b", "up")
    daemon.becomes("us", "b", "down")
    assert health(daemon, "b")["evidence"] == "no report for 1s"
    assert daemon.answer("www.example.test") == [ONE]
    assert 'steerd_check_reports_total{result="missed"}' in daemon.api("GET", "/metrics", token=None).text


def test_many_are_reported_at_once_or_none_is(daemon):
    daemon.start(steering())
    both = [{"endpoint": "us/a", "status": "down"}, {"endpoint": "us/b", "status": "up"}]
    reply = daemon.api("POST", "/v1/checks/beat/report", {"reports": both + [{"endpoint": "us/c", "status": "up"}]})
    assert reply.status == 422
    problem, = reply.json["errors"]
    assert problem["pointer"] == "/reports/2/endpoint" and 'no endpoint "us/c"' in problem["detail"]
    assert health(daemon, "a")["verdict"] == "unknown"
    assert daemon.api("POST", "/v1/checks/beat/report", {"reports": both}).json == {"accepted": 2}
    daemon.becomes("us", "a", "down")
    daemon.becomes("us", "b", "up")


def test_only_push_checks_take_reports(daemon):
    document = steering()
    document["checks"]["web"] = {"type": "tcp", "port": 1, "interval": "1h"}
    document["pools"]["us"]["endpoints"]["b"]["check"] = "web"
    daemon.start(document)
    for check, endpoint, why in [("web", "us/b", 'only "push" takes reports'), ("beat", "us/b", "not under the check"),
                                 ("nothing", "us/a", "not under the check")]:
        reply = daemon.api("POST", "/v1/checks/%s/report" % check, {"endpoint": endpoint, "status": "up"})
        assert reply.status == 422 and why in reply.json["errors"][0]["detail"], reply.text


@pytest.mark.parametrize("how", ["kill -9", "stop"])
def test_the_last_report_holds_after_a_restart_and_who_stays_silent_then_is_down(daemon, how):
    daemon.start(steering())
    report(daemon, "us/a", "up", ttl="2s")
    report(daemon, "us/b", "down", message="flood")
    daemon.becomes("us", "a", "up")
    daemon.becomes("us", "b", "down")
    path = daemon.directory / "state" / "steerd.db"

    def rows(table):
        database = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
        try:
            return database.execute("SELECT count(*) FROM " + table).fetchone()[0]
        finally:
            database.close()
    wait_until(lambda: rows("reports") == 2 and rows("verdicts") == 2, 10, "reports on disk")
    daemon.kill() if how == "kill -9" else daemon.stop()
    time.sleep(2.1)  # nobody could report meanwhile
    daemon.start()
    assert daemon.answer("www.example.test") == [ONE]
    assert health(daemon, "b")["evidence"] == "reported down: flood"
    daemon.becomes("us", "a", "down")
    age = health(daemon, "a")["evidence"]
    assert age.startswith("no report for ") and int(age[14:-1]) >= 4, age


def test_steerctl_reports(daemon):
    daemon.start(steering())
    done = daemon.steerctl("check", "report", "beat", "us/a", "down", "--message", "maintenance", "--ttl", "1m")
    assert done.returncode == 0 and done.stdout == "us/a: reported down\n", done.stderr
    daemon.becomes("us", "a", "down")
    assert "reported down: maintenance" in daemon.steerctl("endpoints").stdout
    refused = daemon.steerctl("check", "report", "beat", "us/x", "up")
    assert refused.returncode != 0 and 'no endpoint "us/x"' in refused.stderr
    wrong = daemon.steerctl("check", "unknown", "beat", "us/a", "up")
    assert wrong.returncode == 2 and "check report" in wrong.stderr
