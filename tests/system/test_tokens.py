# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens: made, bounded, revoked, guessed at; and the audit of what they were used for."""
import concurrent.futures
import http.client
import json
import pathlib
import sqlite3
import stat

import pytest

from harness import pool, wait_until, world

ENDPOINT = "/v1/pools/us/endpoints/a"


def steering():
    return world({"www": {"policy": "us"}}, {"us": pool("weighted", "192.0.2.1", "192.0.2.2"),
                                             "eu": pool("weighted", "192.0.2.3")})


@pytest.fixture
def server(daemon):
    return daemon.start(steering())


def make(server, name, role, **more):
    reply = server.api("POST", "/v1/tokens", {"name": name, "role": role, **more})
    assert reply.status == 200, reply.text
    return reply.json["token"]


def audit(server, query=""):
    return server.api("GET", "/v1/audit" + query).json["items"]


# ---- making and revoking


def test_a_token_is_shown_once_kept_as_a_digest_and_outlives_kill_9(server):
    secret = make(server, "ci", "operator", comment="builds")
    assert len(secret) == 64
    assert server.api("GET", "/v1/status", token=secret).status == 200
    listed = server.api("GET", "/v1/tokens")
    assert secret not in listed.text
    item = listed.json["items"][0]
    assert (item["name"], item["role"], item["scope"], item["author"], item["comment"]) == (
        "ci", "operator", None, "admin", "builds")
    assert item["used"]
    server.kill()
    for file in filter(pathlib.Path.is_file, (server.directory / "state").iterdir()):
        assert secret.encode() not in file.read_bytes(), file
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file
    server.start()
    assert server.api("GET", "/v1/whoami", token=secret).json == {
        "name": "ci", "role": "operator", "how": "token", "scope": None}
    assert secret not in server.log


def test_a_revoked_token_opens_nothing_from_that_moment_on(server):
    secret = make(server, "ci", "admin")
    assert server.api("DELETE", "/v1/tokens/ci", token=secret).status == 200  # it may revoke itself
    assert server.api("GET", "/v1/status", token=secret).status == 401
    assert server.api("DELETE", "/v1/tokens/ci").status == 404
    server.kill()
    server.start()
    assert server.api("GET", "/v1/status", token=secret).status == 401
    assert make(server, "ci", "viewer") != secret  # the name is free again


def test_an_expired_token_opens_nothing(server):
    secret = make(server, "guest", "viewer", expires="1s")
    assert server.api("GET", "/v1/status", token=secret).status == 200
    wait_until(lambda: server.api("GET", "/v1/status", token=secret).status == 401, 10, "expired")
    assert server.api("GET", "/v1/tokens").json["items"][0]["expired"] is True


@pytest.mark.parametrize("body,status", [
    ({"name": "ci"}, 422), ({"name": "admin", "role": "admin"}, 422), ({"name": "a b", "role": "viewer"}, 422),
    ({"name": "x", "role": "viewer", "pools": []}, 422), ([], 422),
])
def test_a_wrong_order_makes_no_token(server, body, status):
    assert server.api("POST", "/v1/tokens", body).status == status
    assert server.api("GET", "/v1/tokens").json["items"] == []


def test_a_name_is_used_once_and_the_bootstrap_token_stays(server):
    make(server, "ci", "viewer")
    assert server.api("POST", "/v1/tokens", {"name": "ci", "role": "admin"}).status == 409
    assert server.api("DELETE", "/v1/tokens/admin").status == 409
    assert server.api("GET", "/v1/status").status == 200


def test_tokens_that_were_acknowledged_survive_a_crash_in_the_middle(server):
    made, refused = {}, []

    def order(number):
        try:
            reply = server.api("POST", "/v1/tokens", {"name": "job-%d" % (number % 150), "role": "viewer"})
        except (OSError, http.client.HTTPException):
            return
        if reply.status == 200:
            assert reply.json["name"] not in made  # each name once, whoever asks at the same time
            made[reply.json["name"]] = reply.json["token"]
        else:
            refused.append(reply.status)
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        orders = [threads.submit(order, number) for number in range(300)]
        wait_until(lambda: len(made) > 40, 30, "some tokens")
        server.kill()
    for one in orders:
        one.result()
    assert set(refused) <= {409, 503}
    server.start()
    for name, token in made.items():
        assert server.api("GET", "/v1/whoami", token=token).json["name"] == name


def test_a_full_disk_makes_no_token(daemon):
    daemon.start(steering(), file_size_most=400_000)
    statuses = [daemon.api("POST", "/v1/tokens", {"name": "t%d" % i, "role": "viewer", "comment": "x" * 255}).status
                for i in range(200)]
    assert statuses[0] == 200 and statuses[-1] == 503
    names = [item["name"] for item in daemon.api("GET", "/v1/tokens").json["items"]]
    assert len(names) == statuses.count(200)
    assert daemon.answer("www.example.test")
    daemon.kill()
    daemon.start()
    assert sorted(item["name"] for item in daemon.api("GET", "/v1/tokens").json["items"]) == sorted(names)


# ---- who may what

ROLES = ["viewer", "operator", "admin"]
SCOPES = {"everything": {}, "pool us": {"pools": ["us"]}, "zone example.test": {"zones": ["Example.TEST."]}}
WITHIN = {"pool us": ("{pool}",), "zone example.test": ("{zone}",)}
# Judged by a parameter where it is given, and which one each scope has.
BY_PARAM = {"/v1/endpoints": {"pool us": "pool=us"}, "/v1/overrides": {"pool us": "pool=us"}, "/v1/latency": {"pool us": "pool=us"}, "/v1/events": {"pool us": "subject=us", "zone example.test": "subject=example.test"},
            "/v1/events/stream": {"pool us": "subject=us", "zone example.test": "subject=example.test"},
            "/v1/explain": {"zone example.test": "name=www.example.test"}}
# Show what is in the scope, or nothing of anybody.
FILTERED = ("/v1", "/v1/whoami", "/v1/status", "/v1/health", "/v1/traffic", "/v1/config", "/v1/generations", "/v1/generations/{n}",
            "/v1/generations/{n}/diff/{m}", "/v1/checks", "/v1/pools", "/v1/policies", "/v1/maps", "/v1/locations", "/v1/zones",
            "/v1/explain/{id}")


def target_of(path, right):
    values = {"{pool}": "us" if right else "eu", "{zone}": "example.test" if right else "example.org"}
    parts = [values.get(part, "1" if part.startswith("{") else part) for part in path.split("/")]
    return "/".join(parts)


def is_expected(route, role, scope, right):
    if ROLES.index(role) < ROLES.index(route["role"]):
        return False
    if scope == "everything" or (route["path"] in FILTERED and route["method"] == "GET") or route["path"] == "/v1/batch":
        return True
    if route["path"] in BY_PARAM:
        return scope in BY_PARAM[route["path"]] if right else route["path"] != "/v1/explain"
    return right and any(part in route["path"].split("/") for part in WITHIN[scope])


def head_status(server, method, target, token):
    """The status alone: a stream of events has no end."""
    connection = http.client.HTTPConnection("127.0.0.1", server.api_port, timeout=30)
    connection.request(method, target, headers={"Authorization": "Bearer " + token})
    status = connection.getresponse().status
    connection.close()
    return status


def test_every_route_is_open_to_exactly_whom_it_is_for(server):
    routes = [route for route in server.api("GET", "/v1").json["items"] if route["role"]]
    assert len(routes) > 40
    tokens = {(role, scope): make(server, "%s-%d" % (role, number), role, **SCOPES[scope])
              for role in ROLES for number, scope in enumerate(SCOPES)}
    wrong = []
    for route in routes:
        for (role, scope), token in tokens.items():
            for right in (True, False):
                target = target_of(route["path"], right)
                if right and route["path"] in BY_PARAM:
                    target += "?" + BY_PARAM[route["path"]].get(scope, "pool=eu&subject=eu&name=eu")
                if route["method"] in ("DELETE",) or (route["method"] == "POST" and "rollback" in route["path"]):
                    target += "?no_such=1"  # refused after the look at the token
                status = head_status(server, route["method"], target, token)
                expected = is_expected(route, role, scope, right)
                if (status != 403) != expected or status in (401, 500):
                    wrong.append("%s %s as %s of %s: %d" % (route["method"], target, role, scope, status))
    assert not wrong, "\n".join(wrong)


def test_a_scoped_token_does_its_work_and_no_more(server):
    token = make(server, "team-us", "admin", pools=["us"])
    assert server.api("PATCH", ENDPOINT, {"weight": 7}, token=token).status == 200
    assert server.api("PUT", ENDPOINT + "/override", {"state": "down"}, token=token).status == 200
    assert server.api("GET", "/v1/endpoints?pool=us", token=token).json["items"][0]["weight"] == 7
    for path in ("/v1/pools/eu", "/v1/pools/eu/endpoints/a", "/v1/pools/us%2f..%2feu", "/v1/pools/US", "/v1/pools/us%0a",
                 "/v1/zones/example.test", "/v1/tokens", "/v1/audit", "/v1/endpoints?pool=eu", "/v1/explain?name=www.example.test"):
        reply = server.api("GET", path, token=token)
        assert reply.status in (400, 403, 404), path
        assert "192.0.2.3" not in reply.text
    etag = server.api("GET", "/v1/config", token=token).etag
    assert server.api("PUT", "/v1/config", {}, token=token, headers={"If-Match": etag}).status == 403
    assert server.api("POST", "/v1/generations/1/rollback", token=token).status == 403
    assert server.api("POST", "/v1/tokens", {"name": "x", "role": "admin"}, token=token).status == 403


# ---- guessing


def test_who_guesses_waits_and_the_right_token_on_this_machine_does_not(server):
    statuses = [server.api("GET", "/v1/status", token="%064d" % i).status for i in range(12)]
    assert statuses[:5] == [401] * 5 and statuses[-1] == 429
    reply = server.api("GET", "/v1/status", token="0" * 64)
    assert reply.status == 429 and 1 <= int(reply.headers["Retry-After"]) <= 60
    assert server.api("GET", "/v1/status").status == 200
    assert "steerd_api_wrong_tokens_total 13" in server.api("GET", "/metrics", token=None).text
    assert "wrong tokens keep coming from 127.0.0.1" in server.log


def test_no_token_is_no_guess(server):
    assert {server.api("GET", "/v1/status", token=None).status for _ in range(20)} == {401}


# ---- audit


def test_everything_that_was_wanted_is_written_down(server):
    token = make(server, "ci", "operator")
    assert server.api("PATCH", ENDPOINT + "?comment=more", {"weight": 5}).status == 200
    assert server.api("PATCH", ENDPOINT, {"weight": -5}).status == 422
    assert server.api("PATCH", ENDPOINT + "?dry_run=true", {"weight": 6}).status == 200
    assert server.api("PATCH", ENDPOINT, {"weight": 9}, token=token).status == 403
    assert server.api("PUT", ENDPOINT + "/override", {"state": "down"}, token=token).status == 200
    assert server.api("PUT", "/v1/config?access_token=oops", {}, token=None).status == 401
    assert server.api("GET", "/v1/config").status == 200  # a look is not written down
    wait_until(lambda: len(audit(server)) == 7, 10, "all seven")
    entries = [(one["who"], one["how"], one["method"], one["target"], one["status"], one["dry_run"], one["generation"])
               for one in reversed(audit(server))]
    assert entries == [
        ("admin", "bootstrap", "POST", "/v1/tokens", 200, False, None),
        ("admin", "bootstrap", "PATCH", ENDPOINT, 200, False, 2),
        ("admin", "bootstrap", "PATCH", ENDPOINT, 422, False, None),
        ("admin", "bootstrap", "PATCH", ENDPOINT, 200, True, 2),
        ("ci", "token", "PATCH", ENDPOINT, 403, False, None),
        ("ci", "token", "PUT", ENDPOINT + "/override", 200, False, None),
        (None, None, "PUT", "/v1/config", 401, False, None),
    ]
    assert {one["from"] for one in audit(server)} == {"127.0.0.1"}
    assert audit(server, "?who=admin&limit=1&before=3")[0]["comment"] == "more"
    assert "oops" not in json.dumps(audit(server))
    assert [one["status"] for one in audit(server, "?refused=true")] == [401, 403, 422]
    assert [one["target"] for one in audit(server, "?target=/v1/pools/us/endpoints/a/o")] == [ENDPOINT + "/override"]


def test_the_audit_is_walked_by_cursor(server):
    for weight in range(2, 9):
        server.set_weight("us", "a", weight)
    seen, query = [], "?limit=3"
    while query:
        page = server.api("GET", "/v1/audit" + query).json
        seen += [one["generation"] for one in page["items"]]
        query = page["next"] and "?limit=3&before=" + page["next"]
    assert seen == [8, 7, 6, 5, 4, 3, 2]


def test_no_acknowledged_change_is_without_its_entry_after_kill_9(server):
    for weight in range(2, 12):
        server.set_weight("us", "a", weight)
    server.kill()
    database = sqlite3.connect(server.directory / "state" / "steerd.db")
    kept = [row[0] for row in database.execute("SELECT generation FROM audit ORDER BY number")]
    database.close()
    assert kept == list(range(2, 12))
    server.start()
    assert server.generation() == 11


def test_steerctl_makes_shows_and_revokes_tokens_and_shows_the_audit(server):
    made = server.steerctl("token", "create", "ci", "--role", "operator", "--scope", "pool:us,zone:example.test",
                           "--expires", "1h", "--comment", "builds")
    assert made.returncode == 0, made.stderr
    secret = made.stdout.strip()
    assert server.api("GET", "/v1/pools/us", token=secret).status == 200
    assert server.api("GET", "/v1/pools/eu", token=secret).status == 403
    shown = server.steerctl("token", "list").stdout
    assert "pool:us,zone:example.test" in shown and "operator" in shown and secret not in shown
    assert server.steerctl("token", "revoke", "ci").returncode == 0
    assert server.steerctl("token", "revoke", "ci").returncode == 1
    lines = server.steerctl("audit", "--limit", "5").stdout.splitlines()
    assert "404" in lines[1] and "DELETE /v1/tokens/ci" in lines[1] and "there is no token" in lines[1]
    assert "200" in lines[2] and "DELETE /v1/tokens/ci" in lines[2]
    assert len(server.steerctl("audit", "--refused").stdout.splitlines()) == 2


@pytest.mark.parametrize("arguments", [
    ["token"], ["token", "create", "x"], ["token", "create", "x", "--role", "viewer", "--scope", "us"],
    ["token", "create", "x", "--role", "viewer", "--scope", "pool:"], ["token", "list", "x"], ["token", "frob", "x"]])
def test_a_mistyped_token_command_is_explained(server, arguments):
    said = server.steerctl(*arguments)
    assert said.returncode == 2 and said.stderr
    assert server.api("GET", "/v1/tokens").json["items"] == []


def test_strangers_do_not_fill_the_disk(server):
    for _ in range(100):
        server.api("PUT", "/v1/config", {}, token=None)
    wait_until(lambda: len(audit(server, "?limit=1000")) >= 60, 10, "some are written down")
    assert len(audit(server, "?limit=1000")) <= 120  # sixty a minute, and a minute may have ended
