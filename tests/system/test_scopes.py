# SPDX-License-Identifier: GPL-3.0-or-later
"""A token with a scope sees and changes what is in it, and learns nothing of the rest."""
import http.client
import json
import threading

import pytest

from harness import pool, wait_until, world
from test_explain import ask_for_id

SCOPE = {"pools": ["us"], "zones": ["example.test"], "checks": ["web"]}
CHECK = {"type": "push", "ttl": "1h"}


def steering():
    """Whatever is outside has "secret" in its name."""
    document = world({"www": {"policy": "us"}, "hidden": {"policy": "secret-policy"}},
                     {"us": pool("weighted", "192.0.2.1", "192.0.2.2", check="web"),
                      "secret-pool": pool("weighted", "198.51.100.66", "198.51.100.67", check="secret-check")})
    document["checks"] = {"web": CHECK, "secret-check": CHECK}
    document["policies"] = {"secret-policy": {"failover": ["secret-pool"]}}
    document["maps"] = {"secret-map": {"198.51.100.0/24": "secret"}}
    document["locations"] = {"secret-places": {"198.51.100.0/24": {"country": "NO"}}}
    document["zones"]["secret.test"] = {"services": {"www": {"policy": "secret-pool"}}}
    document["zones"]["secret.example.test"] = {"services": {"www": {"policy": "secret-pool"}}}  # below the scope's zone
    del document["zones"]["example.test"]["services"]["hidden"]
    return document


@pytest.fixture
def server(daemon):
    daemon.start(steering())
    daemon.api("PATCH", "/v1/pools/secret-pool/endpoints/a?comment=secret+reason", {"weight": 7})  # generation 2
    daemon.api("PATCH", "/v1/pools/us/endpoints/a?comment=more", {"weight": 3})  # generation 3
    daemon.api("PATCH", "/v1/zones/secret.test/services/www?comment=secret+again", {"ttl": 9})  # generation 4
    for name in "a", "b":
        daemon.api("PUT", "/v1/pools/secret-pool/endpoints/%s/override?force=true" % name, {"state": "down", "reason": "secret"})
    daemon.api("PUT", "/v1/pools/us/endpoints/b/override", {"state": "drain", "reason": "disks"})
    for name in "www.example.test", "www.secret.test":
        daemon.query(name)
    return daemon


def make(server, name, role="viewer", **scope):
    reply = server.api("POST", "/v1/tokens", {"name": name, "role": role, **(scope or SCOPE)})
    assert reply.status == 200, reply.text
    return reply.json["token"]


def names(reply):
    assert reply.status == 200, reply.text
    return [item["name"] for item in reply.json["items"]]


# ---- what is seen


def test_no_reply_to_a_scoped_token_names_what_is_outside(server):
    token = make(server, "team", "admin")
    values = {"{pool}": "us", "{endpoint}": "a", "{zone}": "example.test", "{service}": "www", "{check}": "web", "{n}": "1",
              "{m}": "4", "{owner}": "@", "{type}": "SOA"}
    asked = 0
    for route in server.api("GET", "/v1").json["items"]:
        if route["method"] != "GET" or not route["role"] or route["path"] in ("/v1", "/v1/events/stream"):
            continue
        path = "/".join(values.get(part, part) for part in route["path"].split("/"))
        for target in {path, path + "?name=www.example.test" if path == "/v1/explain" else path}:
            reply = server.api("GET", target, token=token)
            assert "secret" not in reply.text and "198.51.100" not in reply.text, (target, reply.text)
            asked += reply.status == 200
    assert asked > 20


def test_lists_hold_what_is_in_the_scope(server):
    token = make(server, "team")

    def get(path):
        return server.api("GET", path, token=token)
    assert names(get("/v1/pools")) == ["us"] and names(get("/v1/zones")) == ["example.test"]
    assert names(get("/v1/checks")) == ["web"] and names(get("/v1/policies")) == names(get("/v1/maps")) == []
    assert names(get("/v1/zones/example.test/services")) == ["www"]
    assert [(one["pool"], one["name"]) for one in get("/v1/endpoints").json["items"]] == [("us", "a"), ("us", "b")]
    config = get("/v1/config").json
    assert list(config["pools"]) == ["us"] and list(config["zones"]) == ["example.test"] and "policies" not in config
    health = get("/v1/health").json
    assert [one["endpoint"] for one in health["unavailable_endpoints"]] == ["b"]
    assert health["unavailable_nodes"] == [] and "checks" not in health
    traffic = get("/v1/traffic").json
    assert {one["pool"] for one in traffic["endpoints"]} == {"us"} and traffic["countries"] == []
    assert [one["service"] for one in traffic["services"]] == ["www.example.test"] and traffic["steered"]["answers"] == 1
    status = get("/v1/status").json
    assert (status["pools"], status["zones"], status["endpoints"]["total"], status["endpoints"]["held"]) == (1, 1, 2, 1)
    assert "queries" not in status and "checks" not in status


def test_pages_and_cursors_count_what_is_in_the_scope(server):
    token = make(server, "team")
    first = server.api("GET", "/v1/endpoints?limit=1", token=token).json
    second = server.api("GET", "/v1/endpoints?limit=1&after=" + first["next"], token=token).json
    assert [one["name"] for one in first["items"] + second["items"]] == ["a", "b"] and second["next"] is None
    assert server.api("GET", "/v1/pools?limit=1", token=token).json["next"] is None


def test_history_is_that_of_the_scope(server):
    token = make(server, "team")

    def get(path):
        return server.api("GET", path, token=token).json
    listed = get("/v1/generations")["items"]
    assert [(one["generation"], one["comment"]) for one in listed if one["generation"] > 1] == [(3, "more")]
    assert [one["generation"] for one in get("/v1/generations?limit=1")["items"]] == [3]
    assert [one["generation"] for one in get("/v1/generations?limit=1&before=3")["items"]] == [1]
    assert [(one["kind"], one["name"]) for one in get("/v1/generations/1/diff/4")["changes"]] == [("pool", "us")]
    assert get("/v1/generations/2/diff/1")["changes"] == []
    assert get("/v1/generations/1")["pools"]["us"]["endpoints"]["a"].get("weight", 1) == 1
    assert server.api("POST", "/v1/generations/1/rollback", token=make(server, "boss", "admin")).status == 403


def test_events_are_those_of_the_scope(server):
    token = make(server, "team")
    wait_until(lambda: any(one["subject"] == "us/b" for one in server.api("GET", "/v1/events").json["items"]), 10, "the drain")
    listed = server.api("GET", "/v1/events", token=token).json
    assert {one["subject"] for one in listed["items"]} >= {"us/b"}
    assert {one["subject"].split("/")[0] for one in listed["items"]} <= {"us", "www.example.test"}
    assert listed["last"] == listed["items"][-1]["number"]
    pages, after = [], 0
    while after is not None:
        page = server.api("GET", "/v1/events?limit=1&after=%s" % after, token=token).json
        pages += page["items"]
        after = page["next"]
    assert pages == listed["items"]


def test_steerctl_works_inside_a_scope(server):
    token = server.directory / "team.token"
    token.write_text(make(server, "team"))

    def run(*arguments):
        return server.steerctl(*arguments, "--token-file", str(token), token=False)
    for words in (["status"], ["endpoints"], ["list", "pools"], ["list", "zones"], ["history"], ["events"], ["top"], ["diff", "1"],
                  ["get", "config"], ["health"]):
        said = run(*words)
        assert said.returncode in (0, 1) and said.stdout, (words, said.stderr)
        assert "secret" not in said.stdout + said.stderr
    assert run("get", "pools/secret-pool").returncode not in (0, 1)


# ---- the stream


class Follower(threading.Thread):
    def __init__(self, server, token):
        super().__init__(daemon=True)
        self.text, self.is_over = "", False
        self.connection = http.client.HTTPConnection("127.0.0.1", server.api_port, timeout=60)
        self.connection.request("GET", "/v1/events/stream?after=0", headers={"Authorization": "Bearer " + token})
        self.reply = self.connection.getresponse()
        assert self.reply.status == 200
        self.start()

    def run(self):
        try:
            while piece := self.reply.read1(4096):
                self.text += piece.decode()
        except (OSError, ValueError, http.client.HTTPException):
            pass  # the server went first
        self.is_over = True


def test_the_stream_tells_what_is_in_the_scope_and_ends_with_the_token(server):
    follower = Follower(server, make(server, "team"))
    server.api("PUT", "/v1/pools/secret-pool/endpoints/a/override", {"weight": 9, "reason": "secret"})
    server.api("PUT", "/v1/pools/us/endpoints/a/override", {"weight": 9, "reason": "busy"})
    wait_until(lambda: "busy" in follower.text, 10, "the event of the scope")
    assert "disks" in follower.text and "secret" not in follower.text
    assert server.api("DELETE", "/v1/tokens/team").status == 200
    wait_until(lambda: follower.is_over, 10, "the end of the stream")


def test_a_token_that_is_made_again_does_not_revive_the_stream(server):
    follower = Follower(server, make(server, "team"))
    server.api("DELETE", "/v1/tokens/team")
    make(server, "team")
    server.api("PUT", "/v1/pools/us/endpoints/a/override", {"weight": 9, "reason": "busy"})
    wait_until(lambda: follower.is_over, 10, "the end of the stream")
    assert "busy" not in follower.text


def test_the_stream_of_a_token_that_expires_ends(server):
    follower = Follower(server, server.api("POST", "/v1/tokens", {"name": "guest", "role": "viewer", "expires": "1s"}).json["token"])
    wait_until(lambda: follower.is_over, 10, "the end of the stream")


def test_a_zone_that_is_made_below_the_scope_is_not_followed(server):
    follower = Follower(server, make(server, "team"))
    assert server.api("PUT", "/v1/zones/secret2.example.test", {}).status == 200
    assert server.api("PUT", "/v1/zones/secret2.example.test/services/www", {"policy": "us"}).status == 200
    for name in "a", "b":
        server.api("PUT", "/v1/pools/us/endpoints/%s/override?force=true" % name, {"state": "down"})
    wait_until(lambda: '"www.example.test"' in follower.text, 10, "the service of the scope")
    events = server.api("GET", "/v1/events?kind=service").json["items"]
    assert any(one["subject"] == "www.secret2.example.test" for one in events)
    assert "secret" not in follower.text


# ---- what is changed


def batch(server, token, *items):
    return server.api("POST", "/v1/batch", {"items": [dict(zip(("method", "path", "body"), item)) for item in items]}, token=token)


def test_a_batch_inside_the_scope_is_taken_and_a_mixed_one_refused_as_a_whole(server):
    token = make(server, "team", "admin")
    inside = ("PATCH", "/v1/pools/us", {"answers": 2})
    for outside in (("PATCH", "/v1/pools/secret-pool", {"answers": 2}), ("DELETE", "/v1/policies/secret-policy"),
                    ("PUT", "/v1/zones/secret.test/services/www", {"policy": "us"}), ("PUT", "/v1/pools/new", {}),
                    ("PUT", "/v1/zones/secret.example.test", {})):
        reply = batch(server, token, inside, outside)
        assert reply.status == 403 and reply.json["errors"][0]["pointer"] == "/items/1", reply.text
        assert "answers" not in server.api("GET", "/v1/pools/us").json
    assert batch(server, token, inside, ("PATCH", "/v1/zones/example.test/services/www", {"ttl": 7})).status == 200
    assert server.api("GET", "/v1/pools/us").json["answers"] == 2


def test_a_scope_is_not_escaped_by_what_an_object_refers_to(server):
    """Who owns a zone may send its users to any pool, but has no hand on that pool."""
    token = make(server, "zone", "admin", zones=["example.test"])
    assert server.api("PATCH", "/v1/zones/example.test/services/www?force=true", {"policy": "secret-pool"}, token=token).status == 200
    assert server.api("PATCH", "/v1/pools/secret-pool", {"answers": 2}, token=token).status == 403
    assert server.api("PUT", "/v1/pools/secret-pool/endpoints/a/override", {"state": "up"}, token=token).status == 403
    for path in "/v1/zones/Example.TEST.", "/v1/zones/example.test/services/www", "/v1/zones/example.test/records/x/A":
        for body in ({"name": "secret.test"}, {"services": {"x": {"policy": "us"}}}, {"zones": {}}, {"pools": {}}):
            assert server.api("PATCH" if "records" not in path else "PUT", path, body, token=token).status == 422, (path, body)
    before = server.api("GET", "/v1/zones/secret.test").text
    for path in ("/v1/zones/example.test%2f..%2fsecret.test", "/v1/zones/secret.test/services/www", "/v1/zones/example.test.secret.test",
                 "/v1/zones/example.test%00", "/v1/zones/secret.example.test", "/v1/zones/.", "/v1/zones/example.test/services/www.secret.test."):
        for method in "PUT", "PATCH", "DELETE":
            assert server.api(method, path, {}, token=token).status in (400, 403, 404, 405, 422), path
    assert server.api("GET", "/v1/zones/secret.test").text == before


@pytest.mark.parametrize("method,path", [
    ("PUT", "/v1/config"), ("POST", "/v1/reload"), ("POST", "/v1/generations/1/rollback"), ("POST", "/v1/tokens"), ("GET", "/v1/tokens"),
    ("DELETE", "/v1/tokens/boss"), ("GET", "/v1/audit"), ("POST", "/v1/latency/samples")])
def test_what_concerns_everybody_is_for_tokens_without_a_scope(server, method, path):
    token = make(server, "boss", "admin")
    reply = server.api(method, path, json.loads(server.api("GET", "/v1/config", token=token).text) if method == "PUT" else {},
                       token=token, headers={"If-Match": '"4"'} if method == "PUT" else None)
    assert reply.status == 403 and "outside its scope" in reply.json["detail"]
    assert server.generation() == 4


def test_explain_of_a_name_in_a_zone_below_is_refused(server):
    token = make(server, "team")
    assert server.api("GET", "/v1/explain?name=www.example.test", token=token).status == 200
    for name in "www.secret.example.test", "secret.example.test.", "www.secret.test", "WWW.SECRET.EXAMPLE.TEST":
        assert server.api("GET", "/v1/explain?name=" + name, token=token).status == 403


def test_an_answer_is_explained_by_id_to_whom_its_name_is_in_scope(daemon):
    daemon.start(steering(), explain_by_edns={"allow": ["127.0.0.1"]})
    _, inside = ask_for_id(daemon, "www.example.test")
    _, outside = ask_for_id(daemon, "www.secret.test")
    _, below = ask_for_id(daemon, "www.secret.example.test")
    token, other = make(daemon, "team"), make(daemon, "pools", pools=["us"])
    assert daemon.api("GET", "/v1/explain/" + inside, token=token).json["name"] == "www.example.test."
    unknown = daemon.api("GET", "/v1/explain/" + "0" * len(inside), token=token)
    for who, identity in (token, outside), (token, below), (other, inside):
        reply = daemon.api("GET", "/v1/explain/" + identity, token=who)
        assert reply.status == unknown.status == 404  # as if there were none
        assert reply.json["detail"].replace(identity, "") == unknown.json["detail"].replace("0" * len(inside), "")
    assert daemon.api("GET", "/v1/explain/" + outside).status == 200
