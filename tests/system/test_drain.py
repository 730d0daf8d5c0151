# SPDX-License-Identifier: GPL-3.0-or-later
"""Who drains an endpoint is told when the last cached answer expires."""
import datetime
import time

import pytest

from harness import pool, world

ONE, TWO = "127.0.10.1", "127.0.20.1"


def steering():
    pools = {"us": pool("round_robin", ONE, TWO), "eu": pool("round_robin", ONE), "lonely": pool("round_robin", ONE),
             "last": pool("round_robin", TWO)}
    services = {"short": {"ttl": 20, "policy": "us"},
                "long": {"ttl": 600, "policy": {"failover": ["anywhere", "eu"]}, "when_all_down": "last"},
                "other": {"ttl": 4000, "policy": "eu"}}
    return world(services, pools, policies={"anywhere": {"geo": {"country:US": "us", "default": "us"}}})


def seconds_left(override):
    until = datetime.datetime.fromisoformat(override["cached_until"].replace("Z", "+00:00"))
    return until.timestamp() - time.time()


def put(daemon, where, body):
    reply = daemon.api("PUT", "/v1/pools/%s/endpoints/a/override?force=true" % where, body)
    assert reply.status == 200, reply.text
    return reply.json["override"]


@pytest.mark.parametrize("where,state,ttl", [("us", "drain", 600), ("us", "down", 600), ("eu", "drain", 4000),
                                             ("lonely", "drain", 0), ("last", "drain", 600)])
def test_the_highest_ttl_that_leads_there_counts(daemon, where, state, ttl):
    daemon.start(steering())
    assert ttl - 5 < seconds_left(put(daemon, where, {"state": state})) <= ttl + 2


def test_a_ttl_that_was_lowered_still_counts_for_what_was_answered_before(daemon):
    daemon.start(steering())
    patch = lambda service, ttl: daemon.api("PATCH", "/v1/zones/example.test/services/" + service, {"ttl": ttl})
    assert patch("long", 30).status == 200  # caches have it for ten minutes still
    assert 590 < seconds_left(put(daemon, "us", {"state": "drain"})) <= 607
    assert patch("other", 30).status == 200 and patch("other", 60).status == 200
    assert 3990 < seconds_left(put(daemon, "eu", {"state": "drain"})) <= 4007


def test_the_clock_goes_on_when_the_reason_changes_and_over_a_restart(daemon):
    daemon.start(steering())
    first = put(daemon, "us", {"state": "drain"})["cached_until"]
    assert put(daemon, "us", {"state": "down", "reason": "disks"})["cached_until"] == first
    daemon.kill()
    daemon.start()
    assert daemon.endpoint("us", "a")["override"]["cached_until"] == first
    assert put(daemon, "us", {"state": "up"})["cached_until"] is None
    assert put(daemon, "us", {"weight": 3})["cached_until"] is None


def test_steerctl_tells(daemon):
    daemon.start(steering())
    told = daemon.steerctl("drain", "us/a")
    until = daemon.endpoint("us", "a")["override"]["cached_until"]
    assert "the last cached answer expires at %s" % until[:19] in told.stdout
    assert "cached" not in daemon.steerctl("undrain", "us/a").stdout
