# SPDX-License-Identifier: GPL-3.0-or-later
"""What several checks say together."""
import pytest

from harness import pool, wait_until, world

ONE, TWO = "127.0.10.1", "127.0.20.1"


def steering(require="all", of=("web", "db"), checks=("sum",), **more):
    beat = {"type": "push", "ttl": "1h"}
    return world({"www": {"ttl": 30, "policy": "us"}}, {"us": pool("round_robin", ONE, TWO, checks=list(checks))},
                 checks={"web": beat, "db": beat, "drill": beat,
                         "sum": {"type": "calculated", "of": list(of), "require": require}, **more})


def report(daemon, check, endpoint, status, message=""):
    body = {"endpoint": "us/" + endpoint, "status": status, "message": message}
    reply = daemon.api("POST", "/v1/checks/%s/report" % check, body)
    assert reply.status == 200, reply.text


def health(daemon, name):
    return daemon.endpoint("us", name)["health"]


def evidence_becomes(daemon, name, text):
    wait_until(lambda: health(daemon, name)["evidence"] == text, 10, text)


def test_all_means_that_one_bad_input_takes_the_endpoint_down_at_once(daemon):
    daemon.start(steering())
    report(daemon, "web", "a", "up")
    assert health(daemon, "a")["verdict"] == "unknown"  # the other input is not known yet
    report(daemon, "db", "a", "up")
    daemon.becomes("us", "a", "up")
    report(daemon, "db", "a", "down", "no replica")
    daemon.becomes("us", "a", "down")
    found = health(daemon, "a")
    assert found["check"] == "sum"
    assert found["evidence"] == "needs 2 of 2, has 1; db is down: reported down: no replica"
    assert {one["check"]: (one["verdict"], one["decides"]) for one in found["checks"]} == {
        "web": ("up", False), "db": ("down", False), "sum": ("down", True)}
    assert daemon.answer("www.example.test") == [TWO]
    assert "db is down: reported down: no replica" in daemon.steerctl("endpoints").stdout
    assert "db is down" in daemon.steerctl("explain", "www.example.test").stdout
    assert any("db is down" in one["why"] for one in daemon.api("GET", "/v1/health").json["unavailable_endpoints"])


def test_any_and_a_number_need_fewer(daemon):
    daemon.start(steering("any"))
    report(daemon, "web", "a", "down")
    report(daemon, "db", "a", "up")
    daemon.becomes("us", "a", "up")
    assert sorted(daemon.answer("www.example.test")) == [ONE, TWO]  # a bad input alone decides nothing
    assert health(daemon, "a")["evidence"] == "needs 1 of 2, has 1; db is up"
    since = health(daemon, "a")["since"]
    report(daemon, "web", "a", "up")
    evidence_becomes(daemon, "a", "needs 1 of 2, has 2; web is up; db is up")
    assert health(daemon, "a")["since"] == since
    two_of_three = {"type": "calculated", "of": ["web", "db", "drill"], "require": 2}
    assert daemon.api("PUT", "/v1/checks/sum", two_of_three).status == 200
    daemon.becomes("us", "a", "up")
    report(daemon, "db", "a", "down")
    daemon.becomes("us", "a", "unknown")
    report(daemon, "drill", "a", "down")
    daemon.becomes("us", "a", "down")


def test_an_input_that_must_not_be_up(daemon):
    daemon.start(steering(of=["web", "!drill"]))
    report(daemon, "web", "a", "up")
    report(daemon, "drill", "a", "up")
    daemon.becomes("us", "a", "down")
    assert health(daemon, "a")["evidence"] == "needs 2 of 2, has 1; drill is up: reported up"
    report(daemon, "drill", "a", "down")
    daemon.becomes("us", "a", "up")


def test_a_check_that_stands_beside_decides_as_well(daemon):
    daemon.start(steering("any", checks=["sum", "web"]))
    report(daemon, "db", "a", "up")
    report(daemon, "web", "a", "down")
    daemon.becomes("us", "a", "down")
    assert health(daemon, "a")["check"] == "web"


def test_calculations_build_on_each_other_and_every_turn_is_told(daemon):
    top = {"type": "calculated", "of": ["sum", "drill"], "require": "any"}
    daemon.start(steering(checks=["top"], top=top))
    for check in ("web", "db"):
        report(daemon, check, "a", "up")
    daemon.becomes("us", "a", "up")
    report(daemon, "drill", "a", "down")
    report(daemon, "web", "a", "down", "oops")
    daemon.becomes("us", "a", "down")
    assert "sum is down: needs 2 of 2, has 1; web is down: reported down: oops" in health(daemon, "a")["evidence"]
    told = lambda: [(one["check"], one["state"]) for one in
                    daemon.api("GET", "/v1/events?after=0&kind=check&subject=us/a").json["items"]]
    wait_until(lambda: len(told()) == 8, 10, "events")
    assert told() == [("web", "up"), ("db", "up"), ("sum", "up"), ("top", "up"),
                      ("drill", "down"), ("web", "down"), ("sum", "down"), ("top", "down")]


@pytest.mark.parametrize("how", ["kill -9", "stop"])
def test_a_restart_changes_nothing(daemon, how):
    daemon.start(steering())
    for check, status in (("web", "up"), ("db", "down")):
        report(daemon, check, "a", status)
    daemon.becomes("us", "a", "down")
    before = health(daemon, "a")
    told = lambda: len(daemon.api("GET", "/v1/events?after=0&kind=check").json["items"])
    wait_until(lambda: told() == 3, 10, "events on disk")
    daemon.kill() if how == "kill -9" else daemon.stop()
    daemon.start()
    assert daemon.answer("www.example.test") == [TWO]
    assert health(daemon, "a") == before
    assert told() == 3


def test_a_loop_is_refused_with_its_place(daemon):
    daemon.start(steering())
    reply = daemon.api("PUT", "/v1/checks/web", {"type": "calculated", "of": ["db", "sum"]})
    assert reply.status == 422
    assert reply.json["errors"][0]["pointer"] == "/of" and reply.json["errors"][0]["detail"] == "loop: web → sum → web"
