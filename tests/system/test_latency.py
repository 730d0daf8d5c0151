# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients measured decides for clients like them."""
import pytest

from harness import pool, wait_until, world

ONE, TWO = "127.0.10.1", "127.0.20.1"
POOLS = {"us": pool("failover", ONE), "eu": pool("failover", TWO)}


def scope(server, ecs):
    reply = server.query("www.example.test", ecs=ecs)
    return next(option.scopelen for option in reply.options if option.otype == 8)


def measure(server, client, endpoint, ms, count):
    samples = [{"client": client, "endpoint": endpoint, "ms": ms}] * count
    reply = server.api("POST", "/v1/latency/samples", {"samples": samples})
    assert reply.status == 200 and reply.json == {"accepted": count}, reply.text


@pytest.fixture
def server(daemon, geo_database):
    steering = world({"www": {"policy": {"latency": ["us", "eu"]}}}, POOLS)
    return daemon.start(steering, geoip=[str(geo_database)])


def test_a_client_network_goes_where_it_measured_the_least(server):
    assert server.answer("www.example.test", ecs="91.0.5.0/24") == [ONE]
    measure(server, "91.0.5.7", "us/a", 80, 20)
    measure(server, "91.0.5.99", "eu/a", 12.5, 20)
    server.answers_within(10, "www.example.test", "A", [TWO], ecs="91.0.5.0/24")
    assert scope(server, "91.0.5.0/24") == 24
    assert server.answer("www.example.test", ecs="91.0.200.0/24") == [TWO]  # measured in the same country
    assert server.answer("www.example.test", ecs="8.8.8.0/24") == [ONE]
    explained = server.api("GET", "/v1/explain?name=www.example.test&type=A&client=91.0.5.1").json
    measured = next(step["measured"] for step in explained["steps"] if step.get("policy") == "latency")
    assert measured[0]["of"] == "network" and measured[0]["decides"]
    figures = {figure["name"]: figure for figure in measured[0]["figures"]}
    assert 11 < figures["eu"]["ms"] < 14 and figures["eu"]["samples"] == 20 and figures["eu"]["age_s"] < 60
    assert 60 < measured[0]["margin_ms"] < 75


def test_a_few_samples_move_nothing(server):
    measure(server, "91.0.5.7", "us/a", 80, 9)
    measure(server, "91.0.5.7", "eu/a", 12.5, 9)
    server.answers_within(10, "www.example.test", "A", [ONE], ecs="91.0.5.0/24")
    measure(server, "91.0.5.7", "us/a", 80, 1)
    measure(server, "91.0.5.7", "eu/a", 12.5, 1)
    server.answers_within(10, "www.example.test", "A", [TWO], ecs="91.0.5.0/24")


def test_samples_survive_a_restart(server):
    measure(server, "91.0.5.7", "us/a", 80, 20)
    measure(server, "91.0.5.7", "eu/a", 12.5, 20)
    server.kill()
    server.start()
    server.answers_within(10, "www.example.test", "A", [TWO], ecs="91.0.5.0/24")


def test_samples_follow_their_endpoint_through_changes(server):
    measure(server, "91.0.5.7", "us/a", 80, 20)
    measure(server, "91.0.5.7", "eu/a", 12.5, 20)
    server.answers_within(10, "www.example.test", "A", [TWO], ecs="91.0.5.0/24")
    assert server.api("PUT", "/v1/pools/zz", pool("failover", "127.0.30.1")).status in (200, 201)
    assert server.api("PATCH", "/v1/pools/eu", {"endpoints": {"b": {"ipv4": "127.0.40.1"}}}).status == 200
    assert server.answer("www.example.test", ecs="91.0.5.0/24") == [TWO]


@pytest.mark.parametrize("sample,words", [
    ({"client": "91.0.5.7", "endpoint": "us/none", "ms": 3}, "there is no endpoint \\\"us/none\\\""),
    ({"client": "91.0.5.0/24", "endpoint": "us/a", "ms": 3}, "must be the address of a client"),
    ({"client": "91.0.5.7", "endpoint": "us/a", "ms": 0}, "must be a number of milliseconds"),
    ({"client": "91.0.5.7", "endpoint": "us", "ms": 3}, "must be \\\"pool/endpoint\\\""),
    ({"client": "91.0.5.7", "endpoint": "us/a", "ms": 3, "x": 1}, "unknown key"),
    (7, "must be an object"),
])
def test_a_batch_with_a_bad_sample_is_refused(server, sample, words):
    reply = server.api("POST", "/v1/latency/samples", {"samples": [sample]})
    assert reply.status == 422 and words in reply.text, reply.text


def by_checks(server, **how):
    explained = server.api("GET", "/v1/explain?name=www.example.test").json
    step = next(step for step in explained["steps"] if step.get("policy") == "latency")
    return next(row for row in step["measured"] if row["of"] == "server")


def test_the_step_that_is_latency_is_chosen_by_the_check(daemon, backend):
    slow, fast = backend(ONE), backend(TWO)
    slow.delay_s = 0.06
    check = {"type": "http", "port": backend.port, "path": "/", "interval": "100ms", "timeout": "2s"}
    steering = world({"www": {"policy": {"latency": ["us", "eu"]}}},
                     {name: {**POOLS[name], "check": "web"} for name in POOLS},
                     checks={"web": {**check, "latency_of": "first_byte"}})
    daemon.start(steering)
    wait_until(lambda: sum(figure["enough"] for figure in by_checks(daemon)["figures"]) == 2, 20, "enough samples")
    assert daemon.answer("www.example.test") == [TWO]
    measured = by_checks(daemon)
    figures = {figure["name"]: figure for figure in measured["figures"]}
    assert measured["decides"] and figures["us"]["ms"] > 50 > figures["eu"]["ms"]
    assert figures["us"]["samples"] >= 5 and figures["us"]["enough"] and figures["us"]["age_s"] < 10
    assert measured["margin_ms"] > 10
    times = {row["step"]: row for row in daemon.endpoint("us", "a")["health"]["times"]}
    assert times["first_byte"]["is_latency"] and times["first_byte"]["ms"] > 50 > times["connect"]["ms"]
    assert "measured by this server's checks" in daemon.steerctl("explain", "www.example.test").stdout
    # the same servers by another step: what they take to answer says nothing
    daemon.api("PATCH", "/v1/checks/web", {"latency_of": "connect"})
    wait_until(lambda: all(figure["enough"] and figure["ms"] < 40 for figure in by_checks(daemon)["figures"]) and
               len(by_checks(daemon)["figures"]) == 2, 20, "the time to connect to be known")
    refused = daemon.api("PATCH", "/v1/checks/web", {"latency_of": "tls"})
    assert refused.status == 422 and "makes no TLS handshake" in refused.text


def test_a_few_checks_move_nothing(daemon, backend):
    backend(ONE).delay_s = 0.06
    backend(TWO)
    check = {"type": "http", "port": backend.port, "path": "/", "interval": "1h", "latency_of": "first_byte"}
    daemon.start(world({"www": {"policy": {"latency": ["us", "eu"]}}},
                       {name: {**POOLS[name], "check": "web"} for name in POOLS}, checks={"web": check}))
    daemon.becomes("us", "a", "up")
    daemon.becomes("eu", "a", "up")
    figures = by_checks(daemon)["figures"]
    assert [figure["samples"] for figure in figures] == [1, 1] and not any(figure["enough"] for figure in figures)
    assert daemon.answer("www.example.test") == [ONE]


# ---- the list


def places(server, query="", token=True):
    reply = server.api("GET", "/v1/latency" + query, token=token)
    assert reply.status == 200, reply.text
    return [item["place"] for item in reply.json["items"]]


@pytest.fixture
def measured(server):
    for client, endpoint, ms in (("91.0.5.7", "us/a", 80), ("91.0.5.9", "eu/a", 12.5), ("91.0.6.1", "us/a", 70),
                                 ("2001:db8:1::7", "eu/a", 30), ("203.0.113.1", "eu/a", 9)):
        measure(server, client, endpoint, ms, 12)
    wait_until(lambda: "203.0.113.0/24" in places(server), 10, "the last of them")
    return server


def test_what_was_measured_is_listed_place_by_place(measured):
    listed = measured.api("GET", "/v1/latency").json
    assert listed["next"] is None
    networks = [item["place"] for item in listed["items"] if item["of"] == "network"]
    assert networks == ["91.0.5.0/24", "91.0.6.0/24", "203.0.113.0/24", "2001:db8:1::/48"]
    assert [item["place"] for item in listed["items"] if item["of"] == "country"] == ["DE"]
    first = {figure["pool"]: figure for figure in listed["items"][0]["figures"]}
    assert 70 < first["us"]["ms"] < 90 and 11 < first["eu"]["ms"] < 14 and first["us"]["samples"] == 12 and first["us"]["enough"]


def test_pages_of_places_hold_each_once(measured):
    everything, seen, after = places(measured), [], ""
    while True:
        page = measured.api("GET", "/v1/latency?limit=2" + after).json
        assert 1 <= len(page["items"]) <= 2
        seen += [item["place"] for item in page["items"]]
        if page["next"] is None:
            break
        after = "&after=" + page["next"]
    assert seen == everything


@pytest.mark.parametrize("query,expected", [
    ("?place=91.0.5.0/24", ["91.0.5.0/24"]), ("?place=91.0.5.77", ["91.0.5.0/24"]), ("?place=91.0.0.0/16", ["91.0.5.0/24", "91.0.6.0/24"]),
    ("?place=DE", ["DE"]), ("?place=AS64999", []), ("?place=2001:db8::/32", ["2001:db8:1::/48"]),
    ("?pool=us", ["91.0.5.0/24", "91.0.6.0/24", "DE"]), ("?pool=us&place=203.0.113.0/24", []), ("?pool=none", [])])
def test_the_list_is_narrowed_by_place_and_pool(measured, query, expected):
    assert [place for place in places(measured, query) if not place.startswith("AS")] == expected


@pytest.mark.parametrize("query", ["place=here", "place=91.0.5.7/24", "place=de", "place=AS0", "place=AS99999999999", "place=",
                                   "after=x", "limit=0", "limit=10001", "place=%ff", "place=1.2.3.4/33", "place=AS1x"])
def test_a_place_that_is_none_is_refused(server, query):
    assert server.api("GET", "/v1/latency?" + query).status == 400


def test_a_scope_shows_the_figures_of_its_pools(measured):
    token = measured.api("POST", "/v1/tokens", {"name": "us", "role": "viewer", "pools": ["us"]}).json["token"]
    items = measured.api("GET", "/v1/latency", token=token).json["items"]
    assert {figure["pool"] for item in items for figure in item["figures"]} == {"us"}
    assert "203.0.113.0/24" not in [item["place"] for item in items]
    assert measured.api("GET", "/v1/latency?pool=eu", token=token).status == 403


def test_steerctl_lists_them(measured):
    said = measured.steerctl("latency", "91.0.5.0/24")
    assert said.returncode == 0, said.stderr
    lines = said.stdout.splitlines()
    assert len(lines) == 3 and all("91.0.5.0/24" in line for line in lines[1:])
    assert "us/a" in measured.steerctl("latency", "DE", "--pool", "us").stdout
    wrong = measured.steerctl("latency", "nowhere")
    assert wrong.returncode == 1 and "203.0.113.0/24" in wrong.stderr
