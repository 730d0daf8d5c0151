# SPDX-License-Identifier: GPL-3.0-or-later
"""The admin API: who may, what is refused and how, what is shown."""
import collections
import re
import socket
import stat
import subprocess

import pytest

from harness import pool, six, wait_until, world

ONE, TWO = "127.0.10.1", "127.0.20.1"
ENDPOINT = "/v1/pools/us/endpoints/us-east-1"


def steering():
    endpoints = {"us-east-1": {"ipv4": ONE, "ipv6": six(ONE), "weight": 1},
                 "us-west-1": {"ipv4": TWO, "ipv6": six(TWO), "weight": 1}}
    return world({"www": {"ttl": 30, "policy": "us"}}, {"us": {"policy": "weighted", "endpoints": endpoints}})


@pytest.fixture
def server(daemon):
    return daemon.start(steering())


def test_the_token_is_made_once_and_private(server):
    path = server.directory / "state" / "admin.token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    token = server.token
    assert len(token) >= 32
    server.stop()
    server.start()
    assert server.token == token


@pytest.mark.parametrize("token", [None, "wrong", "", "0" * 64])
@pytest.mark.parametrize("method,path", [
    ("GET", "/v1/config"), ("GET", "/v1/status"), ("PATCH", ENDPOINT), ("PUT", ENDPOINT + "/override"),
    ("POST", "/v1/generations/1/rollback"), ("GET", "/v1/explain?name=www.example.test&type=A"),
])
def test_without_the_token_nothing_is_shown_or_done(server, method, path, token):
    reply = server.api(method, path, {"weight": 5} if method in ("PATCH", "PUT") else None, token=token)
    assert reply.status == 401
    assert "Bearer" in reply.headers["WWW-Authenticate"]
    assert reply.headers["Content-Type"].startswith("application/problem+json")
    assert server.generation() == 1


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz"])
def test_monitoring_needs_no_token(server, path):
    assert server.api("GET", path, token=None).status == 200


# ---- writes

def test_a_new_weight_is_in_the_next_answer(server):
    reply = server.set_weight("us", "us-east-1", 9)
    assert reply.json["weight"] == 9 and reply.json["effective"]["weight"] == 9
    assert reply.etag == '"2"'
    count = collections.Counter(server.answer("www.example.test")[0] for _ in range(100))
    assert abs(count[ONE] - 90) <= 4
    server.set_weight("us", "us-east-1", 0)
    assert {server.answer("www.example.test")[0] for _ in range(20)} == {TWO}


@pytest.mark.parametrize("kind", ["application/merge-patch+json", "application/json",
                                  "application/x-www-form-urlencoded", None])
def test_patch_is_a_merge_patch_whatever_curl_calls_it(server, kind):
    command = ["curl", "-s", "--noproxy", "*", "-o", "/dev/null", "-w", "%{http_code}", "-X", "PATCH", "-d",
               '{"weight": 4}', "-H", "Authorization: Bearer " + server.token]
    if kind:
        command += ["-H", "Content-Type: " + kind]
    url = "http://127.0.0.1:%d%s" % (server.api_port, ENDPOINT)
    assert subprocess.run([*command, url], capture_output=True, text=True, timeout=20).stdout == "200"
    assert server.endpoint("us", "us-east-1")["weight"] == 4


def test_a_stale_write_is_refused(server):
    etag = server.api("GET", ENDPOINT).etag
    assert etag == '"1"'
    server.set_weight("us", "us-west-1", 2)
    reply = server.api("PATCH", ENDPOINT, {"weight": 3}, headers={"If-Match": etag})
    assert reply.status == 412
    assert server.endpoint("us", "us-east-1")["weight"] == 1
    fresh = server.api("PATCH", ENDPOINT, {"weight": 3}, headers={"If-Match": '"2"'})
    assert fresh.status == 200 and fresh.etag == '"3"'


def test_replacing_everything_needs_if_match(server):
    config = server.api("GET", "/v1/config")
    assert server.api("PUT", "/v1/config", config.json).status == 428
    document = config.json
    document["pools"]["us"]["endpoints"]["us-east-1"]["ipv4"] = "127.0.40.1"
    document["zones"]["example.test"]["services"]["new"] = {"ttl": 5, "policy": "us"}
    reply = server.api("PUT", "/v1/config", document, headers={"If-Match": config.etag})
    assert reply.status == 200, reply.text
    assert "127.0.40.1" in {server.answer("www.example.test")[0] for _ in range(4)}
    assert server.answer("new.example.test")
    assert server.api("PUT", "/v1/config", document, headers={"If-Match": config.etag}).status == 412


def test_objects_are_made_changed_and_taken_away(server):
    pools = "/v1/pools/extra"
    assert server.api("PUT", pools, pool("failover", "127.0.50.1")).status in (200, 201)
    service = "/v1/zones/example.test/services/extra"
    assert server.api("PUT", service, {"ttl": 7, "policy": "extra"}).status in (200, 201)
    assert server.answer("extra.example.test") == ["127.0.50.1"]
    assert server.api("DELETE", pools).status == 422 or server.api("GET", pools).status == 200  # it is in use
    assert server.api("DELETE", service).status in (200, 204)
    assert server.api("DELETE", pools).status in (200, 204)
    assert server.query("extra.example.test").rcode() == 3
    assert server.api("GET", pools).status == 404


def test_who_only_wants_to_make_something_changes_nothing_that_is_there(server):
    only_new = {"If-None-Match": "*"}
    for path, body in [("/v1/pools/fresh", pool("failover", "127.0.50.1")),
                       ("/v1/zones/example.test/records/fresh/A", {"values": ["192.0.2.1"]})]:
        assert server.api("PUT", path, body, headers=only_new).status == 200
        before = server.api("GET", path)
        refused = server.api("PUT", path, body, headers=only_new)
        assert refused.status == 412 and "fresh" in refused.json["detail"]
        assert server.api("GET", path).text == before.text and server.generation() == int(before.etag.strip('"'))
    for method, path in [("PATCH", "/v1/pools/fresh"), ("PUT", ENDPOINT + "/override"), ("POST", "/v1/batch")]:
        assert server.api(method, path, {}, headers=only_new).status == 400
    assert server.api("PUT", "/v1/pools/fresh", {}, headers={"If-None-Match": '"1"'}).status == 400


def test_names_that_only_differ_in_case_are_refused(server):
    pools = pool("failover", "127.0.50.1")
    refused = server.api("PUT", "/v1/pools/US", pools)
    assert refused.status == 409 and '"us"' in refused.json["detail"]
    twice = [{"method": "PUT", "path": "/v1/pools/" + name, "body": pools} for name in ("ap", "AP")]
    assert server.api("POST", "/v1/batch", {"items": twice}).status == 422
    renamed = [{"method": "PUT", "path": "/v1/pools/ap", "body": pools}, {"method": "DELETE", "path": "/v1/pools/ap"},
               {"method": "PUT", "path": "/v1/pools/AP", "body": pools}]
    assert server.api("POST", "/v1/batch", {"items": renamed}).status == 200
    config = server.api("GET", "/v1/config")
    assert server.api("PUT", "/v1/config", config.text.encode(), headers={"If-Match": config.etag}).status == 200


@pytest.mark.parametrize("limit", ["0", "-1", "10001", "x", ""])
@pytest.mark.parametrize("path", ["/v1/pools", "/v1/events", "/v1/zones/example.test/records"])
def test_a_page_may_have_1_to_10000_items(server, path, limit):
    reply = server.api("GET", "%s?limit=%s" % (path, limit))
    assert reply.status == 400 and "must be 1..10000" in reply.json["detail"]


def test_a_dry_run_changes_nothing(server):
    reply = server.api("PATCH", ENDPOINT + "?dry_run=true", {"weight": 7})
    assert reply.status == 200
    assert server.generation() == 1 and server.endpoint("us", "us-east-1")["weight"] == 1
    assert server.api("PATCH", ENDPOINT + "?dry_run=true", {"weight": -7}).status in (400, 422)


@pytest.mark.parametrize("patch,pointer", [
    ({"weight": -1}, "/weight"), ({"weight": 1.5}, "/weight"), ({"weight": "3"}, "/weight"),
    ({"ipv4": "300.1.1.1"}, "/ipv4"), ({"wieght": 3}, "/wieght"),
])
def test_a_wrong_value_is_refused_and_pointed_at(server, patch, pointer):
    reply = server.api("PATCH", ENDPOINT, patch)
    assert reply.status in (400, 422)
    assert reply.headers["Content-Type"].startswith("application/problem+json")
    assert reply.json["status"] == reply.status and reply.json["title"]
    assert any(error["pointer"].endswith(pointer) and error["message" if "message" in error else "detail"]
               for error in reply.json["errors"]), reply.text
    assert server.generation() == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'{"weight": 1} x', b'{"weight": 1, "weight": 2}', b"\xff\xfe",
                                  b'{"weight": 1' + b"e" * 40 + b"}", b"[" * 100_000],
                         ids=["nothing", "half", "a list", "more behind", "a key twice", "no UTF-8", "no number",
                              "deep"])
def test_a_body_that_is_not_strict_json_is_refused(server, body):
    reply = server.api("PATCH", ENDPOINT, body)
    assert reply.status in (400, 422), reply.text
    assert reply.headers["Content-Type"].startswith("application/problem+json")
    assert server.generation() == 1


def test_all_errors_come_at_once(server):
    config = server.api("GET", "/v1/config")
    document = config.json
    document["pools"]["us"]["endpoints"]["us-east-1"]["weight"] = -1
    document["pools"]["us"]["policy"] = "wieghted"
    document["zones"]["example.test"]["services"]["www"]["policy"] = "nowhere"
    reply = server.api("PUT", "/v1/config", document, headers={"If-Match": config.etag})
    assert reply.status in (400, 422)
    pointers = [error["pointer"] for error in reply.json["errors"]]
    assert "/pools/us/endpoints/us-east-1/weight" in pointers and "/pools/us/policy" in pointers
    assert "weighted" in reply.text  # did you mean


@pytest.mark.parametrize("path,status", [
    ("/v1/pools/zzz", 404), ("/v1/pools/us/endpoints/zzz", 404), ("/v1/nothing", 404), ("/", 404), ("/v1/pools/us%00", 404),
    ("/v1/pools/..%2fus", 404), ("/v1/explain", 400), ("/v1/explain?name=a..b&type=A", 400),
    ("/v1/explain?name=www.example.test&type=A&client=999.1.1.1", 400), ("/v1/generations?limit=x", 400),
])
def test_what_is_not_there_or_not_understood_is_said_so(server, path, status):
    reply = server.api("GET", path)
    assert reply.status in ((404, 400) if status == 404 else (400, 422)), reply.text
    assert reply.headers["Content-Type"].startswith("application/problem+json")


def test_a_wrong_method_is_told_the_right_ones(server):
    reply = server.api("DELETE", "/v1/status")
    assert reply.status == 405 and "GET" in reply.headers["Allow"]


# ---- history

def test_generations_can_be_listed_and_gone_back_to(server):
    server.set_weight("us", "us-east-1", 9)
    server.api("PATCH", ENDPOINT + "?comment=too%20much", {"weight": 50})
    items = server.api("GET", "/v1/generations").json["items"]
    assert [item["generation"] for item in items] == [3, 2, 1]
    assert items[0]["comment"] == "too much" and items[0]["author"] and re.match(r"\d{4}-\d\d-\d\dT", items[0]["time"])
    reply = server.api("POST", "/v1/generations/1/rollback")
    assert reply.status == 200, reply.text
    assert server.endpoint("us", "us-east-1")["weight"] == 1
    assert server.generation() == 4  # history goes on
    assert server.api("POST", "/v1/generations/99/rollback").status == 404


# ---- explain and metrics

def test_explain_tells_what_a_query_would_get_and_why(server):
    server.set_weight("us", "us-east-1", 0)
    reply = server.api("GET", "/v1/explain?name=www.example.test&type=A&client=193.0.0.1").json
    text = repr(reply)
    assert TWO in text and "weighted" in text and "us-west-1" in text
    before = server.answer("www.example.test")
    assert before == [TWO]


def test_explain_takes_no_ticket(server):
    def lead():
        return server.answer("www.example.test")[0]
    first = lead()
    for _ in range(5):
        assert server.api("GET", "/v1/explain?name=www.example.test&type=A").status == 200
    second = lead()
    assert {first, second} == {ONE, TWO}  # equal weights take turns


def test_explain_knows_static_and_foreign_names(server):
    assert "NXDOMAIN" in server.api("GET", "/v1/explain?name=nowhere.example.test&type=A").text
    assert "REFUSED" in server.api("GET", "/v1/explain?name=example.org&type=A").text
    assert "192.0.2.1" in server.api("GET", "/v1/explain?name=ns1.example.test&type=A").text


SAMPLE = re.compile(r'^[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_]\w*="(\\.|[^"\\])*",?)*\})? -?[0-9.e+-]+$')


def test_metrics_can_be_parsed_and_count(server):
    before = server.api("GET", "/metrics", token=None)
    assert before.headers["Content-Type"].startswith("text/plain")
    for _ in range(10):
        server.query("www.example.test")
    server.query("www.example.test", tcp=True)
    after = server.api("GET", "/metrics", token=None)

    def value(reply, name):
        return float(re.search("^%s (.*)$" % re.escape(name), reply.text, re.M)[1])
    for line in after.text.splitlines():
        assert line.startswith("# ") or SAMPLE.match(line), line
    udp, tcp = 'steerd_dns_requests_total{transport="udp"}', 'steerd_dns_requests_total{transport="tcp"}'
    assert value(after, udp) - value(before, udp) == 10
    assert value(after, tcp) - value(before, tcp) == 1
    assert value(after, "steerd_dns_steered_total") - value(before, "steerd_dns_steered_total") == 11
    assert 'steerd_endpoint_available{pool="us",endpoint="us-east-1"} 1' in after.text


# ---- the connection

def test_the_api_answers_on_a_unix_socket(daemon):
    path = daemon.directory / "api.sock"
    daemon.node["api"]["listen"].append("unix:" + str(path))
    daemon.start(steering())
    with socket.socket(socket.AF_UNIX) as stream:
        stream.connect(str(path))
        stream.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert stream.recv(4096).startswith(b"HTTP/1.1 200")


def test_published_is_when_the_generation_was_and_not_the_last_flip(server):
    before = server.api("GET", "/v1/status").json
    assert server.api("PUT", "/v1/pools/us/endpoints/us-east-1/override", {"weight": 3}).status == 200
    wait_until(lambda: server.api("GET", "/v1/status").json["publications"] > before["publications"], 10, "a publication")
    server.api("DELETE", "/v1/pools/us/endpoints/us-east-1/override")
    assert server.api("GET", "/v1/status").json["published"] == before["published"]
    server.set_weight("us", "us-east-1", 8)
    assert server.api("GET", "/v1/status").json["published"] > before["published"]
