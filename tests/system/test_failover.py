# SPDX-License-Identifier: GPL-3.0-or-later
"""An operator says how soon nobody may be sent to a dead endpoint, and is told how soon it was."""
import json
import time

from harness import wait_until, world

OBJECTIVE_S = 4


def steering(port, check=None, **service):
    pools = {"us": {"check": "web", "endpoints": {"a": {"ipv4": "127.0.93.1"}}},
             "eu": {"check": "web", "endpoints": {"b": {"ipv4": "127.0.93.2"}}}}
    checks = {"web": {"type": "http", "port": port, **(check or {})}}
    services = {"www": {"failover": "%ds" % OBJECTIVE_S, "policy": {"failover": ["us", "eu"]}, **service}}
    return world(services, pools, checks=checks)


def ttl_of(daemon):
    return daemon.query("www.example.test").answer[0].ttl


def test_a_dead_endpoint_is_out_of_caches_within_the_objective_and_the_time_is_told(daemon, backend):
    first, _ = backend("127.0.93.1"), backend("127.0.93.2")
    daemon.start(steering(backend.port))
    daemon.becomes("us", "a", "up")
    daemon.becomes("eu", "b", "up")
    ttl = ttl_of(daemon)
    promised = daemon.endpoint("us", "a")["health"]["failover"]
    assert promised["objective_s"] == OBJECTIVE_S and promised["promised_s"] <= OBJECTIVE_S
    assert promised["notices_within_s"] + ttl <= OBJECTIVE_S and promised["last"] is None
    first.stop()
    died = time.monotonic()
    daemon.answers_within(20, "www.example.test", "A", ["127.0.93.2"])
    took = time.monotonic() - died
    found = daemon.endpoint("us", "a")["health"]["failover"]
    # from the last good check, which was before the death, to the publication, which was before the answer
    assert found["noticed_s"] <= took + promised["notices_within_s"]
    assert found["achieved_s"] == round(found["noticed_s"] + ttl, 3)
    word = "kept" if found["achieved_s"] <= OBJECTIVE_S else "missed"  # a machine that is busy may miss it
    wait_until(lambda: daemon.api("GET", "/v1/events?after=0&kind=failover").json["items"], 5, "the event")
    event = daemon.api("GET", "/v1/events?after=0&kind=failover").json["items"][0]
    assert (event["subject"], event["state"]) == ("us/a", word)
    assert "of %ds" % OBJECTIVE_S in event["text"]
    metrics = daemon.api("GET", "/metrics", token=None).text
    assert 'steerd_failovers_total{result="%s"} 1\n' % word in metrics
    assert 'steerd_endpoint_failover_seconds{pool="us",endpoint="a",kind="achieved"} %.3f\n' % found["achieved_s"] in metrics
    explained = daemon.api("GET", "/v1/explain?name=www.example.test").json["summary"]
    assert "its failover objective of %ds: TTL %ds" % (OBJECTIVE_S, ttl) in explained
    assert "the objective is %ds" % OBJECTIVE_S in explained


def test_an_objective_that_cannot_be_kept_is_refused_with_its_arithmetic(daemon, backend):
    daemon.start(steering(backend.port))
    reply = daemon.api("PUT", "/v1/checks/web", {"type": "http", "port": backend.port, "interval": "10s"})
    assert reply.status == 422
    told = json.dumps(reply.json, ensure_ascii=False)
    assert "1s (ttl) + 1 × 10s (interval)" in told and "got %ds" % OBJECTIVE_S in told
    assert "/services/www/failover" in told
