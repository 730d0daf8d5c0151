# SPDX-License-Identifier: GPL-3.0-or-later
"""A change that would leave a service without a healthy endpoint is refused, unless it is meant."""
import concurrent.futures

import pytest

from harness import pool, quick_check, world

ONE, TWO, THREE = "127.0.10.1", "127.0.20.1", "127.0.30.1"


def steering(port=1):
    """www has two endpoints, api one of its own and www's behind it; www/a is checked on a port where nobody is."""
    pools = {"us": pool("failover", ONE, TWO), "eu": pool("failover", THREE), "ill": pool("failover", ONE, check="c")}
    services = {"www": {"policy": "us"}, "api": {"policy": {"failover": ["eu", "us"]}}, "only": {"policy": "eu"},
                "gone": {"policy": "ill"}}
    return world(services, pools, checks={"c": quick_check(port)})


@pytest.fixture
def server(daemon):
    daemon.start(steering())
    daemon.becomes("ill", "a", "down")
    return daemon


def say(server, where, state, query=""):
    name, endpoint = where.split("/")
    return server.api("PUT", "/v1/pools/%s/endpoints/%s/override%s" % (name, endpoint, query), {"state": state})


def is_refused(reply, *words):
    assert reply.status == 409, reply.text
    assert all(word in reply.json["detail"] for word in (*words, "force=true")), reply.json["detail"]
    return True


@pytest.mark.parametrize("state", ["down", "drain"])
def test_the_last_endpoint_of_a_service_is_not_taken_out(server, state):
    assert say(server, "us/a", state).status == 200
    assert is_refused(say(server, "us/b", state), "www.example.test", "a is held", "b would be held")
    assert server.endpoint("us", "b")["override"] is None and server.answer("www.example.test") == [TWO]
    assert is_refused(say(server, "eu/a", state), "only.example.test", "eu")
    assert say(server, "us/b", state, "?force=true").status == 200
    assert server.endpoint("us", "b")["override"]["state"] == state


def test_a_dry_run_tells_it_too(server):
    assert say(server, "us/a", "down", "?dry_run=true").json["dry_run"]
    assert server.endpoint("us", "a")["override"] is None
    assert is_refused(say(server, "eu/a", "down", "?dry_run=true"), "only.example.test")
    assert is_refused(server.api("PUT", "/v1/zones/example.test/services/www?dry_run=true", {"policy": "ill"}),
                      "www.example.test")
    assert say(server, "eu/a", "down", "?dry_run=true&force=true").status == 200
    assert server.endpoint("eu", "a")["override"] is None


def test_two_who_take_out_one_each_at_once_do_not_both_succeed(server):
    for _ in range(5):
        with concurrent.futures.ThreadPoolExecutor(2) as both:
            replies = list(both.map(lambda where: say(server, where, "drain"), ("us/a", "us/b")))
        assert sorted(reply.status for reply in replies) == [200, 409]
        for name in "ab":
            assert server.api("DELETE", "/v1/pools/us/endpoints/%s/override" % name).status == 200


def test_the_configuration_is_held_to_it_as_well(server):
    assert say(server, "us/a", "down").status == 200
    assert is_refused(server.api("PATCH", "/v1/pools/us", {"endpoints": {"b": None}}), "www.example.test")
    assert is_refused(server.api("PATCH", "/v1/pools/us", {"min_healthy": 2}), "www.example.test", "2 needed")
    assert is_refused(server.api("PUT", "/v1/zones/example.test/services/www", {"policy": "ill"}), "www.example.test")
    assert is_refused(server.api("POST", "/v1/batch", {"items": [
        {"method": "PATCH", "path": "/v1/pools/us", "body": {"endpoints": {"b": None}}}]}), "www.example.test")
    whole = server.api("GET", "/v1/config")
    document = whole.json
    document["pools"]["us"]["endpoints"].pop("b")
    assert is_refused(server.api("PUT", "/v1/config", document, headers={"If-Match": whole.etag}), "www.example.test")
    assert server.generation() == 1 and server.answer("www.example.test") == [TWO]
    forced = server.api("PATCH", "/v1/pools/us?force=true", {"endpoints": {"b": None}})
    assert forced.status == 200 and server.generation() == 2


def test_what_takes_nobodys_last_is_not_hindered(server):
    assert server.api("DELETE", "/v1/zones/example.test/services/only").status == 200  # it is not left without: it goes
    assert say(server, "eu/a", "down").status == 200  # api has www's
    assert server.api("PATCH", "/v1/pools/us/endpoints/a", {"weight": 0}).status == 200
    assert server.api("PATCH", "/v1/pools/us/endpoints/b", {"weight": 0}).status == 200  # serves when no other can
    assert server.api("PUT", "/v1/pools/new", pool("failover", THREE)).status == 200
    assert server.api("PATCH", "/v1/pools/us", {"endpoints": {"a": None, "c": {"ipv4": THREE}}}).status == 200


def test_who_had_none_before_is_not_hindered(server):
    assert say(server, "ill/a", "drain").status == 200
    assert server.api("DELETE", "/v1/pools/ill/endpoints/a/override").status == 200
    assert server.api("PATCH", "/v1/pools/ill", {"endpoints": {"a": {"weight": 5}}}).status == 200
    assert server.api("PUT", "/v1/zones/example.test/services/gone", {"policy": {"failover": ["ill"]}}).status == 200


def test_an_up_that_is_all_that_holds_a_service_is_not_taken_away(server):
    assert say(server, "ill/a", "up").status == 200
    path = "/v1/pools/ill/endpoints/a/override"
    assert is_refused(server.api("DELETE", path), "gone.example.test")
    assert is_refused(say(server, "ill/a", "drain"), "gone.example.test")
    assert server.api("DELETE", path + "?force=true").status == 200
