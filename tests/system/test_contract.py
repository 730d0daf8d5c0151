# SPDX-License-Identifier: GPL-3.0-or-later
"""The API keeps its word: every route, example and error of the OpenAPI document."""
import http.client
import json
import pathlib
import re
import signal
import sqlite3

import dns.edns
import jsonschema
import pytest

from contract import body_of, first_bytes, nowhere, operations, raw, schemas_in, validator, without_schemas
from harness import Daemon, Reply, wait_until
from pages import DOCS, check, commands_of

CONFIG = json.loads((pathlib.Path(__file__).parent / "contract.json").read_text())
OPENAPI_30 = pathlib.Path("/usr/share/openapi-specification/schemas/v3.0/schema.json")


@pytest.fixture(scope="module")
def server():
    daemon = Daemon()
    daemon.start(CONFIG, explain_by_edns={"allow": ["127.0.0.1"]})
    yield daemon
    daemon.finish()


@pytest.fixture(scope="module")
def document(server):
    return server.api("GET", "/v1/openapi.json", token=None).json


def reset(server):
    server.api("POST", "/v1/tokens", {"name": "old", "role": "viewer"})  # one to revoke; it may be there
    server.api("DELETE", "/v1/tokens/ci")
    for pool, name in (("us", "us-east-1"), ("old", "old-1")):
        server.api("DELETE", "/v1/pools/%s/endpoints/%s/override" % (pool, name))
    etag = server.api("GET", "/v1/config").etag
    reply = server.api("PUT", "/v1/config", CONFIG, headers={"If-Match": etag})
    assert reply.status == 200, reply.text


def answered(server):
    """The id of an answer."""
    message = server.message("www.example.com")
    message.use_edns(0, options=[dns.edns.GenericOption(65500, b"")])
    ids = [option.data.decode() for option in server.send(message).options if option.otype == 65500]
    return ids[0] if ids else "0" * 16


def call(server, operation, target=None, body=True, token=True, headers=None):
    """The operation's example, or what is put in its place."""
    if "text/event-stream" in operation.said["responses"]["200"]["content"] and headers is None and token is True:
        status, heads, text = first_bytes(server, target or operation.target())
        return Reply(status, heads, text)
    headers = dict(headers or {})
    if operation.path == "/v1/explain/{id}" and target in (None, operation.target(), operation.target(True)):
        target = "/v1/explain/" + answered(server)
    if "428" in operation.statuses and "If-Match" not in headers:
        headers["If-Match"] = server.api("GET", "/v1/config").etag
    return server.api(operation.method, target or operation.target(), body_of(operation) if body is True else body,
                      token=token, headers={name: value for name, value in headers.items() if value is not None})


def with_status(document, status):
    found = [operation for operation in operations(document) if str(status) in operation.statuses]
    assert found
    return found


def refused(server, document, status, ask):
    """Asks every operation that documents the status; all must reply it, in its form."""
    wrong = []
    for operation in with_status(document, status):
        reply = ask(operation)
        if reply is None:
            continue
        wrong += operation.check(reply)
        if reply.status != status:
            wrong.append("%s: %d instead of %d: %s" % (operation, reply.status, status, reply.text[:200]))
    assert not wrong, "\n".join(wrong)


# ---- the document itself


def test_the_document_is_openapi(document):
    assert document["openapi"] == "3.1.0"
    older = dict(without_schemas(document), openapi="3.0.3")  # outside of schemas, 3.1 only allows more
    jsonschema.Draft4Validator(json.loads(OPENAPI_30.read_text())).validate(older)
    for schema in schemas_in(document):
        jsonschema.Draft202012Validator.check_schema(schema)


def test_names_are_used_once(document):
    names = [operation.said["operationId"] for operation in operations(document)]
    assert len(names) == len(set(names))


def test_it_has_every_route_that_dispatches(server, document):
    listed = {(item["method"], item["path"], item["role"]) for item in server.api("GET", "/v1").json["items"]}
    assert listed == {(one.method, one.path, one.said["x-role"]) for one in operations(document)}


def test_everything_is_described(document):
    for operation in operations(document):
        for parameter in operation.parameters:
            assert parameter["description"] and parameter["schema"], (str(operation), parameter)
            assert parameter["in"] != "path" or "example" in parameter, (str(operation), parameter)
        if "requestBody" in operation.said:
            content = operation.said["requestBody"]["content"]["application/json"]
            assert operation.example is not None, str(operation)
            validator(document, content["schema"]).validate(operation.example)


# ---- examples


@pytest.mark.parametrize("whole", [False, True], ids=["required parameters", "all parameters"])
def test_every_example_works(server, document, whole):
    wrong = []
    for operation in operations(document):
        reset(server)
        reply = call(server, operation, operation.target(whole))
        wrong += operation.check(reply)
        if reply.status != 200:
            wrong.append("%s: %d %s" % (operation, reply.status, reply.text[:300]))
    assert not wrong, "\n".join(wrong)


def test_a_dry_run_changes_nothing(server, document):
    reset(server)
    before = server.api("GET", "/v1/config")
    for operation in operations(document):
        if any(one["name"] == "dry_run" for one in operation.parameters):
            reply = call(server, operation, operation.target(query={"dry_run": "true"}))
            assert reply.status == 200 and reply.json["dry_run"] is True, (str(operation), reply.text)
    after = server.api("GET", "/v1/config")
    assert (after.etag, after.json) == (before.etag, before.json)


# ---- errors, one by one


def test_400_for_a_parameter_that_is_unknown(server, document):
    refused(server, document, 400, lambda one: call(server, one, one.target(query={"no_such": "1"})))


def test_400_for_a_body_that_is_no_json(server, document):
    refused(server, document, 400, lambda one: one.example and call(server, one, body=b"{\"a\": 1,}"))


def test_401_without_a_token_and_with_a_wrong_one(server, document):
    refused(server, document, 401, lambda one: call(server, one, token=None))
    for operation in with_status(document, 429):  # and soon the wait is longer than one's patience
        assert call(server, operation, token="0" * 64).status in (401, 429), str(operation)
    for operation in operations(document):
        assert ("401" in operation.statuses) == ("security" not in operation.said), str(operation)


def test_403_outside_of_a_scope(server, document):
    order = {"name": "elsewhere", "role": "admin", "zones": ["elsewhere.example"]}
    token = server.api("POST", "/v1/tokens", order).json["token"]
    refused(server, document, 403, lambda one: call(server, one, one.target(True), token=token))
    server.api("DELETE", "/v1/tokens/elsewhere")


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_403_for_a_role_that_is_too_small(server, document, role):
    """And only for that: what the document says that a role may, it may."""
    reset(server)
    roles = [None, "viewer", "operator", "admin"]
    token = server.api("POST", "/v1/tokens", {"name": "small", "role": role}).json["token"]
    wrong = []
    for operation in operations(document):
        is_allowed = roles.index(operation.said["x-role"]) <= roles.index(role)
        if "text/event-stream" in operation.said["responses"]["200"]["content"]:
            continue  # it would not end
        reply = call(server, operation, token=token)
        wrong += operation.check(reply)
        if (reply.status == 403) == is_allowed:
            wrong.append("%s: %d for the role %s" % (operation, reply.status, role))
    server.api("DELETE", "/v1/tokens/small")
    assert not wrong, "\n".join(wrong)


def test_404_for_what_is_not_there(server, document):
    reset(server)
    refused(server, document, 404, lambda one: call(server, one, nowhere(one)) if "{" in one.path else
            call(server, one, one.target(query={"pool": "no-such"})))


def test_405_for_every_other_method(server, document):
    for path, methods in document["paths"].items():
        known = {method.upper() for method in methods}
        for method in {"GET", "PUT", "PATCH", "POST", "DELETE", "OPTIONS"} - known:
            reply = server.api(method, path.replace("{", "").replace("}", ""))
            assert reply.status == 405, (method, path)
            assert set(reply.headers["Allow"].split(", ")) == known | ({"HEAD"} if "GET" in known else set())


def test_412_for_a_generation_that_is_not_the_current_one(server, document):
    before = server.api("GET", "/v1/config")
    refused(server, document, 412, lambda one: call(server, one, headers={"If-Match": '"999999"'}))
    assert server.api("GET", "/v1/config").text == before.text


def test_413_for_a_body_beyond_the_limit(server, document):
    def ask(operation):
        connection = raw(server, operation.method, operation.target(),
                         {"Authorization": "Bearer " + server.token, "Content-Length": str(1 << 40)})
        try:
            reply = connection.getresponse()
            return Reply(reply.status, reply.headers, reply.read())
        finally:
            connection.close()
    refused(server, document, 413, ask)


def test_422_for_a_body_that_says_what_cannot_be(server, document):
    before = server.api("GET", "/v1/config")
    refused(server, document, 422, lambda one: one.example and call(server, one, body=b'{"no such key": -1}'))
    assert server.api("GET", "/v1/config").text == before.text


def test_428_for_replacing_everything_without_saying_what(server, document):
    refused(server, document, 428, lambda one: call(server, one, headers={"If-Match": None}))


def test_429_for_those_who_go_on_guessing(server, document):
    while server.api("GET", "/v1/status", token="0" * 64).status != 429:
        pass
    refused(server, document, 429, lambda one: call(server, one, token="0" * 64))


@pytest.mark.parametrize("path", ["/v1/pools/us", "/v1/policies/anywhere", "/v1/checks/web"])
def test_409_for_taking_away_what_is_in_use(server, document, path):
    reset(server)
    reply = server.api("DELETE", path)
    assert reply.status == 409
    validator(document, {"$ref": "#/components/schemas/problem"}).validate(reply.json)


def test_409_for_every_change_that_belongs_into_the_file(daemon, document):
    daemon.start(CONFIG, steering_mode="file")
    refused(daemon, document, 409, lambda one: call(daemon, one) if is_reached(one, 409) else None)


def test_409_for_tokens_that_are_there_already_or_stay(server, document):
    reset(server)
    assert server.api("POST", "/v1/tokens", {"name": "old", "role": "viewer"}).status == 409
    assert server.api("DELETE", "/v1/tokens/admin").status == 409


# What is not written to the disk, or read from memory.
UNREACHED = {409: {"/v1/reload": "it takes the file", "/v1/tokens": "no part of what is configured",
                   "/v1/tokens/{token}": "the same",
                   "/v1/pools/{pool}/endpoints/{endpoint}/override": "neither are overrides"},
             503: {"/v1/tokens/{token}": "on such a disk there are no tokens to take away",
                   "GET": "reads need no disk", "/v1/reload": "unchanged files are not written",
                   "/v1/latency/samples": "samples are held in memory",
                   "/v1/checks/{push_check}/report": "health does not wait for a disk"}}


def is_reached(operation, status):
    return not {operation.method, operation.path} & set(UNREACHED.get(status, {}))


def test_503_for_a_write_that_no_disk_takes(daemon, document):
    daemon.start(CONFIG, file_size_most=300_000)
    daemon.api("PUT", "/v1/pools/old/endpoints/old-1/override", {"weight": 7})  # to be taken away again
    for method, path in (("PATCH", "/v1/pools/us/endpoints/us-east-1"), ("PUT", "/v1/pools/us/endpoints/us-east-1/override")):
        weights = iter(range(10, 1000))  # an override is smaller than a generation: some may still fit
        while (reply := daemon.api(method, path, {"weight": next(weights)})).status == 200:
            pass
        assert reply.status == 503, reply.text
    refused(daemon, document, 503, lambda one: call(daemon, one) if is_reached(one, 503) else None)


def ask_on(connection, server, operation):
    """The operation's example on a connection that stands already."""
    headers = {"Authorization": "Bearer " + server.token, "If-Match": '"1"'} if "428" in operation.statuses else {
        "Authorization": "Bearer " + server.token}
    query = {"after": 0} if operation.path == "/v1/events/stream" else {}
    connection.request(operation.method, operation.target(query=query), headers=headers,
                       body=None if operation.example is None else json.dumps(operation.example))
    reply = connection.getresponse()
    return Reply(reply.status, reply.headers, reply.read())


def connection_to(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.api_port, timeout=30)
    connection.request("GET", "/healthz")
    assert connection.getresponse().read() == b"ok\n"
    return connection


def test_503_for_all_that_asks_control_while_it_stops(daemon, document):
    daemon.start(CONFIG)
    reset(daemon)
    wait_until(lambda: daemon.api("GET", "/v1/events").json["items"], 10, "an event")
    asked = {str(one): (one, connection_to(daemon)) for one in with_status(document, 503)}
    ready = connection_to(daemon)
    shell = sqlite3.connect(str(daemon.directory / "state" / "steerd.db"), isolation_level=None)
    shell.execute("BEGIN IMMEDIATE")  # a write waits for somebody with the sqlite3 shell, and the stop for the write
    waiting = connection_to(daemon)
    waiting.request("PUT", "/v1/pools/us/endpoints/us-east-1/override", headers={"Authorization": "Bearer " + daemon.token},
                    body=json.dumps({"weight": 7}))
    for _ in range(3):  # they go the same way as what a write asks first
        daemon.api("GET", "/v1/config")
    daemon.process.send_signal(signal.SIGTERM)

    def is_stopping():
        ready.request("GET", "/readyz")
        reply = ready.getresponse()
        reply.read()
        return reply.status == 503
    wait_until(is_stopping, 10, "the stop")
    wrong = []
    for operation, connection in asked.values():
        reply = ask_on(connection, daemon, operation)
        wrong += operation.check(reply) + ([] if reply.status == 503 else ["%s: %d" % (operation, reply.status)])
    shell.execute("ROLLBACK")
    assert waiting.getresponse().status == 200  # it was there before the signal
    assert daemon.process.wait(30) == 0
    daemon.process = None
    assert not wrong, "\n".join(wrong)


def test_every_status_that_is_documented_has_its_test(document):
    documented = {status for operation in operations(document) for status in operation.statuses}
    here = pathlib.Path(__file__).read_text()
    untested = {status for status in documented if "def test_%s_" % status not in here}
    assert untested == {"200"}  # the examples


def test_the_page_about_the_api_is_true(daemon):
    daemon.start(CONFIG)
    for block in re.findall(r"^```console\n(.*?)^```$", (DOCS / "api.md").read_text(), re.M | re.S):
        for command in commands_of(block):
            check(daemon, command)


def test_the_page_about_the_api_explains_every_status(document):
    explained = set(re.findall(r"\b[45]\d\d\b", " ".join(re.findall(r"^\| (.*?) \|", (DOCS / "api.md").read_text(), re.M))))
    documented = {status for operation in operations(document) for status in operation.statuses}
    assert explained == (documented | {"405"}) - {"200"}
