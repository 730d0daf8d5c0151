# SPDX-License-Identifier: GPL-3.0-or-later
"""Files are held to the guard over the last healthy endpoint, too, but for those that a start finds."""
import copy

import pytest

from harness import pool, quick_check, wait_until, world

ONE, TWO, THREE = "127.0.10.1", "127.0.20.1", "127.0.30.1"


def steering():
    return world({"www": {"policy": "us"}, "api": {"policy": {"failover": ["eu", "us"]}}},
                 {"us": pool("failover", ONE, TWO), "eu": pool("failover", THREE),
                  "ill": pool("failover", ONE, check="c")}, checks={"c": quick_check(1)})


def ill():
    """www goes to the pool whose only endpoint is down; as a file it is as good as any."""
    document = steering()
    document["zones"]["example.test"]["services"]["www"] = {"policy": "ill"}
    return document


@pytest.fixture
def server(daemon):
    daemon.start(steering())
    daemon.becomes("ill", "a", "down")
    return daemon


def import_error(server):
    return server.api("GET", "/v1/status").json["import_error"]


def test_a_file_that_would_leave_a_service_without_a_healthy_endpoint_is_refused(server):
    server.write("steering.json", ill())
    reply = server.api("POST", "/v1/reload")
    assert reply.status == 409, reply.text
    for word in ("steering.json was not imported", "www.example.test", "steerctl reload --force"):
        assert word in reply.json["detail"], reply.json["detail"]
    assert "api.example.test" not in reply.json["detail"]
    assert server.generation() == 1 and server.answer("www.example.test") == [ONE]
    assert "steerctl reload --force" in import_error(server)
    said = server.steerctl("reload")
    assert said.returncode == 1 and "www.example.test" in said.stderr and "steerctl reload --force" in said.stderr
    said = server.steerctl("reload", "--force", "--comment", "it is known")
    assert said.returncode == 0 and import_error(server) is None
    newest = server.api("GET", "/v1/generations").json["items"][0]
    assert (newest["generation"], newest["author"]) == (2, "admin") and newest["comment"].endswith("steering.json: it is known")


def test_sighup_is_held_to_it(server):
    server.write("steering.json", ill())
    server.hangup()
    wait_until(lambda: import_error(server), 10, "the refusal")
    assert "www.example.test" in import_error(server) and "steerctl reload --force" in server.log
    assert server.generation() == 1
    server.write("steering.json", steering())  # it is taken back
    server.hangup()
    wait_until(lambda: import_error(server) is None, 10, "no refusal")


def test_it_counts_who_is_healthy_now_and_what_operators_say(server):
    document = copy.deepcopy(steering())
    del document["pools"]["us"]["endpoints"]["b"]
    server.api("PUT", "/v1/pools/us/endpoints/a/override", {"state": "drain", "reason": "disks"})
    server.write("steering.json", document)
    reply = server.api("POST", "/v1/reload")
    assert reply.status == 409 and "a is held" in reply.json["detail"]
    assert server.api("DELETE", "/v1/pools/us/endpoints/a/override").status == 200
    assert server.api("POST", "/v1/reload").status == 200 and server.generation() == 2


def test_a_start_serves_first_and_says_what_it_costs(server):
    server.stop()
    server.write("steering.json", ill())
    server.start()
    assert server.generation() == 2 and "because the server starts: without a healthy endpoint" in server.log
    newest = server.api("GET", "/v1/generations").json["items"][0]
    assert "without a healthy endpoint would be: www.example.test" in newest["comment"]
    event = wait_until(lambda: [one for one in server.api("GET", "/v1/events?kind=generation").json["items"]
                                if one["subject"] == "2"], 10, "the event")
    assert "www.example.test" in event[0]["text"]


def test_a_dry_run_tells_what_would_be_imported_and_whether_it_may(server):
    assert server.api("POST", "/v1/reload?dry_run=true").json["changes"] == []
    server.write("steering.json", ill())
    assert server.api("POST", "/v1/reload?dry_run=true").status == 409
    reply = server.api("POST", "/v1/reload?dry_run=true&force=true")
    assert reply.status == 200 and [(one["kind"], one["name"]) for one in reply.json["changes"]] == [("service", "example.test/www")]
    server.write("steering.json", "{")
    assert server.api("POST", "/v1/reload?dry_run=true").status == 422
    assert server.generation() == 1 and import_error(server) is None and server.answer("www.example.test") == [ONE]
    assert server.steerctl("reload", "--dry-run").returncode == 1


def test_a_reload_for_a_generation_that_is_gone_is_refused(server):
    server.set_weight("us", "a", 3)
    assert server.api("POST", "/v1/reload", headers={"If-Match": '"1"'}).status == 412
    assert server.api("POST", "/v1/reload", headers={"If-Match": '"2"'}).status == 200


def test_where_the_files_rule_it_is_the_same(daemon):
    daemon.start(steering(), steering_mode="file")
    daemon.becomes("ill", "a", "down")
    daemon.write("steering.json", ill())
    assert daemon.api("POST", "/v1/reload").status == 409
    assert daemon.api("POST", "/v1/reload?force=true").status == 200 and daemon.generation() == 2
