# SPDX-License-Identifier: GPL-3.0-or-later
"""Several changes at once: all of them or none."""
from harness import world

EU = {"endpoints": {"x": {"ipv4": "127.0.30.1"}}}


def steering():
    endpoints = {"a": {"ipv4": "127.0.10.1"}, "b": {"ipv4": "127.0.20.1"}}
    return world({"www": {"policy": "us"}}, {"us": {"policy": "weighted", "endpoints": endpoints}})


def item(method, path, body=None):
    return {"method": method, "path": "/v1" + path, **({} if body is None else {"body": body})}


def batch(daemon, *items, query="", **how):
    return daemon.api("POST", "/v1/batch" + query, {"items": list(items)}, **how)


def errors(reply):
    assert reply.headers["Content-Type"] == "application/problem+json"
    return {error["pointer"]: error["detail"] for error in reply.json["errors"]}


MOVE = [item("PUT", "/pools/eu", EU), item("PUT", "/zones/example.test/services/www", {"policy": "eu"}),
        item("DELETE", "/pools/us"), item("PUT", "/zones/example.test/records/txt/TXT", {"values": ["hello"]})]


def test_a_batch_is_one_generation(daemon):
    daemon.start(steering())
    reply = batch(daemon, *MOVE, query="?comment=move")
    assert reply.status == 200 and reply.json["generation"] == 2 and reply.etag == '"2"', reply.text
    assert daemon.answer("www.example.test") == ["127.0.30.1"] and daemon.answer("txt.example.test", "TXT") == ['"hello"']
    assert daemon.api("GET", "/v1/pools/us").status == 404
    assert daemon.api("GET", "/v1/generations").json["items"][0]["comment"] == "move"
    daemon.kill()
    daemon.start()
    assert daemon.generation() == 2 and daemon.answer("www.example.test") == ["127.0.30.1"]


def test_each_item_finds_what_those_before_it_made(daemon):
    daemon.start(steering())
    reply = batch(daemon, item("PUT", "/pools/eu", EU), item("PATCH", "/pools/eu/endpoints/x", {"weight": 7}),
                  item("PATCH", "/pools/eu", {"answers": 1}), item("PUT", "/pools/gone", EU), item("DELETE", "/pools/gone"),
                  item("PATCH", "/pools/us/endpoints/a", {"weight": 2}), item("PATCH", "/pools/us/endpoints/b", {"weight": 3}))
    assert reply.status == 200, reply.text
    assert daemon.api("GET", "/v1/pools/eu").json == {"endpoints": {"x": {"ipv4": "127.0.30.1", "weight": 7}}, "answers": 1}
    assert [daemon.endpoint("us", name)["weight"] for name in "ab"] == [2, 3]
    changes = daemon.api("GET", "/v1/generations/1/diff/2").json["changes"]
    assert [change["name"] for change in changes] == ["eu", "us"]


def test_a_batch_that_changes_nothing_makes_no_generation_and_says_so(daemon):
    daemon.start(steering())
    assert batch(daemon, item("PUT", "/pools/eu", EU), item("PATCH", "/pools/us/endpoints/a", {"weight": 2})).json["changed"] is True
    idle = [item("PUT", "/pools/eu", EU), item("PATCH", "/pools/us/endpoints/a", {"weight": 2}),
            item("PATCH", "/pools/us/endpoints/a", {"weight": 9}), item("PATCH", "/pools/us/endpoints/a", {"weight": 2}),
            item("DELETE", "/pools/eu"), item("PUT", "/pools/eu", EU), item("PUT", "/pools/gone", EU), item("DELETE", "/pools/gone")]
    for query in "", "?dry_run=true":
        reply = batch(daemon, *idle, query=query)
        assert reply.status == 200 and reply.json["changed"] is False and reply.etag == '"2"', reply.text
    assert daemon.generation() == 2 and len(daemon.api("GET", "/v1/generations").json["items"]) == 2
    reply = batch(daemon, *idle, item("PATCH", "/pools/us/endpoints/b", {"weight": 3}))
    assert reply.json["changed"] is True and reply.json["generation"] == 3
    changes = daemon.api("GET", "/v1/generations/2/diff/3").json["changes"]
    assert [change["name"] for change in changes] == ["us"]


def test_whoever_writes_what_is_there_is_told_that_nothing_changed(daemon):
    daemon.start(steering())
    www = "/v1/zones/example.test/services/www"
    whole = daemon.api("GET", "/v1/config")
    for method, path, body, headers in (("PUT", "/v1/pools/us", daemon.api("GET", "/v1/pools/us").json, {}),
                                        ("PATCH", www, {"policy": "us"}, {}),
                                        ("PUT", "/v1/config", whole.json, {"If-Match": whole.etag}),
                                        ("POST", "/v1/generations/1/rollback", None, {}), ("POST", "/v1/reload", None, {})):
        reply = daemon.api(method, path, body, headers=headers)
        assert reply.status == 200 and reply.json["changed"] is False and reply.json["generation"] == 1, (path, reply.text)
    assert daemon.api("PATCH", www, {"ttl": 7}).json["changed"] is True


def test_errors_say_which_item_and_where_and_nothing_is_changed(daemon):
    daemon.start(steering())
    for items, pointer, what in (
            ([item("PATCH", "/pools/us/endpoints/a", {"weight": 4}), item("PATCH", "/pools/us/endpoints/b", {"weight": -1})],
             "/items/1/body/weight", "0..65535"),
            ([item("PATCH", "/pools/us", {"endpoints": {"b": {"wait": 1}}})], "/items/0/body/endpoints/b/wait", "unknown"),
            ([item("DELETE", "/pools/us")], "/items/0", "used by"),
            ([item("PUT", "/pools/eu", EU), item("PATCH", "/pools/none", {"answers": 1})], "/items/1", "no pool"),
            ([item("PUT", "/zones/example.test/services/x", {"policy": "ue"})], "/items/0/body/policy", "no pool or policy"),
            ([item("PATCH", "/pools/us", 3)], "/items/0/body", "merge patch"),
            ([item("GET", "/pools/us")], "/items/0", "only changes"),
            ([item("PUT", "/pools/us/endpoints/a/override", {"state": "up"})], "/items/0", "only changes"),
            ([item("POST", "/batch", {"items": []})], "/items/0", "only changes"),
            ([item("POST", "/generations/1/rollback")], "/items/0", "only changes"),
            ([item("PUT", "/config", {})], "/items/0", ""),
            ([item("PATCH", "/pools/us?dry_run=true", {})], "/items/0", "belong to the batch"),
            ([item("PUT", "/pools/us")], "/items/0", ""),
            ([item("PUT", "/nothing", {})], "/items/0", "no such resource"),
            ([{"method": "PUT"}], "/items/0", "path"),
            ([7], "/items/0", "path"),
            ([dict(MOVE[0], comment="x")], "/items/0", "has only"),
            ([], "/items", "1 to 1000"),
            ([MOVE[0]] * 1001, "/items", "1 to 1000")):
        reply = batch(daemon, *items)
        assert reply.status == 422, (items[:2], reply.text)
        assert what in errors(reply)[pointer], (items[:2], reply.text)
    assert daemon.generation() == 1 and daemon.endpoint("us", "a")["weight"] == 1
    for body in (b"", b"[]", b"{", b'{"items": {}}', b'{"items": [[]]}', b'{"items": [{}], "more": 1}'):
        assert daemon.api("POST", "/v1/batch", body).status in (400, 422), body


def test_all_errors_are_told_at_once(daemon):
    daemon.start(steering())
    reply = batch(daemon, item("PATCH", "/pools/no", {}), item("PATCH", "/pools/us/endpoints/no", {"weight": 1}))
    assert set(errors(reply)) == {"/items/0", "/items/1"}
    reply = batch(daemon, item("PUT", "/pools/eu", {"endpoints": {}}), item("PUT", "/pools/as", {"endpoints": {}}))
    assert {pointer[:13] for pointer in errors(reply)} == {"/items/0/body", "/items/1/body"}
    assert all(error["line"] for error in reply.json["errors"])


def test_a_batch_can_be_tried_and_holds_to_if_match(daemon):
    daemon.start(steering())
    tried = batch(daemon, *MOVE, query="?dry_run=true")
    assert tried.status == 200 and tried.json["dry_run"] and daemon.generation() == 1
    assert sorted((change["action"], change["name"]) for change in tried.json["changes"]) == [
        ("add", "eu"), ("add", "example.test/txt/TXT"), ("change", "example.test/www"), ("delete", "us")]
    assert batch(daemon, *MOVE, headers={"If-Match": '"7"'}).status == 412
    assert batch(daemon, *MOVE, headers={"If-Match": '"1"'}).status == 200
    assert batch(daemon, *MOVE, headers={"If-Match": '"1"'}).status == 412
