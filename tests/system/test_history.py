# SPDX-License-Identifier: GPL-3.0-or-later
"""What the configuration was, what changed, and what a change would do."""
from harness import world

POOL = {"policy": "weighted", "endpoints": {"a": {"ipv4": "127.0.10.1", "weight": 3}, "b": {"ipv4": "127.0.20.1"}}}


def steering():
    return world({"www": {"policy": "us"}}, {"us": POOL})


def changes(daemon, before, after):
    reply = daemon.api("GET", "/v1/generations/%d/diff/%d" % (before, after))
    assert reply.status == 200, reply.text
    assert (reply.json["from"], reply.json["to"]) == (before, after)
    return reply.json["changes"]


def test_a_dry_run_tells_what_would_change_and_changes_nothing(daemon):
    daemon.start(steering())
    reply = daemon.api("PATCH", "/v1/pools/us?dry_run=true",
                       {"endpoints": {"a": {"weight": 9}, "b": None, "d": {"ipv4": "127.0.30.1"}}})
    assert reply.status == 200 and reply.json["dry_run"]
    [change] = reply.json["changes"]
    assert (change["action"], change["kind"], change["name"]) == ("change", "pool", "us")
    assert change["before"] == POOL and change["after"]["endpoints"]["a"]["weight"] == 9
    assert change["differences"] == [
        {"pointer": "/endpoints/a/weight", "before": 3, "after": 9},
        {"pointer": "/endpoints/b", "before": {"ipv4": "127.0.20.1"}},
        {"pointer": "/endpoints/d", "after": {"ipv4": "127.0.30.1"}},
    ]
    assert daemon.generation() == 1 and daemon.endpoint("us", "a")["weight"] == 3


def test_a_dry_run_of_the_whole_configuration_lists_every_object(daemon):
    daemon.start(steering())
    whole = daemon.api("GET", "/v1/config")
    document = whole.json
    document["pools"]["eu"] = {"endpoints": {"x": {"ipv4": "127.0.40.1"}}}
    document["zones"]["example.test"]["services"]["api"] = {"policy": "eu"}
    document["zones"]["example.test"]["services"].pop("www")
    reply = daemon.api("PUT", "/v1/config?dry_run=true", document, headers={"If-Match": whole.etag})
    assert reply.status == 200, reply.text
    assert {(one["action"], one["kind"], one["name"]) for one in reply.json["changes"]} == {
        ("add", "pool", "eu"), ("add", "service", "example.test/api"), ("delete", "service", "example.test/www")}
    assert daemon.generation() == 1


def test_two_generations_are_compared_both_ways(daemon):
    daemon.start(steering())
    daemon.set_weight("us", "a", 9)
    daemon.api("PUT", "/v1/zones/example.test/records/txt/TXT", {"values": ["hello"]})
    assert changes(daemon, 1, 2)[0]["differences"] == [{"pointer": "/endpoints/a/weight", "before": 3, "after": 9}]
    assert [one["kind"] for one in changes(daemon, 1, 3)] == ["pool", "rrset"]
    assert changes(daemon, 3, 2)[0]["action"] == "delete"
    assert changes(daemon, 2, 2) == []
    assert daemon.api("GET", "/v1/generations/1/diff/77").status == 404
    assert daemon.api("GET", "/v1/generations/x/diff/1").status == 404


def test_an_old_generation_is_shown_and_comes_back(daemon):
    daemon.start(steering())
    first = daemon.api("GET", "/v1/config").json
    daemon.api("PATCH", "/v1/pools/us/endpoints/a?comment=more", {"weight": 9})
    old = daemon.api("GET", "/v1/generations/1")
    assert old.json == first and old.etag == '"1"'
    assert daemon.api("GET", "/v1/generations/2").json == daemon.api("GET", "/v1/config").json
    assert daemon.api("GET", "/v1/generations/3").status == 404
    tried = daemon.api("POST", "/v1/generations/1/rollback?dry_run=true").json
    assert tried["changes"][0]["differences"] == [{"pointer": "/endpoints/a/weight", "before": 9, "after": 3}]
    reply = daemon.api("POST", "/v1/generations/1/rollback?comment=back")
    assert reply.status == 200 and reply.json["generation"] == 3 and changes(daemon, 1, 3) == []
    items = daemon.api("GET", "/v1/generations").json["items"]
    assert [(one["comment"], one["author"] != "") for one in items] == [
        ("back", True), ("more", True), (items[2]["comment"], True)]
