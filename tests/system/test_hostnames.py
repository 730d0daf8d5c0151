# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints that are host names, where no CNAME may stand: their addresses are answered."""
import json
import sqlite3
import time

import dns.rcode
import pytest

from harness import quick_check, wait_until, world
from name_server import NameServer


@pytest.fixture
def names():
    server = NameServer()
    yield server
    server.stop()


def hosts(policy, *hostnames, **more):
    return {"policy": policy, "endpoints": {"h%d" % at: {"hostname": name} for at, name in enumerate(hostnames, 1)},
            **more}


def start(daemon, names, services, pools=None, stale="1d", **more):
    return daemon.start(world(services, pools, **more), resolver={"servers": [names.where], "stale": stale})


def events(server, kind="name"):
    return server.api("GET", "/v1/events?kind=" + kind).json["items"]


def explain(server, name, kind="A"):
    return server.api("GET", "/v1/explain?name=%s&type=%s" % (name, kind)).json


def test_a_hostname_at_the_apex_is_answered_with_its_addresses(daemon, names):
    names.set("web.example.net", "A", "192.0.2.7", "192.0.2.8", ttl=60)
    names.set("web.example.net", "AAAA", "2001:db8::7", ttl=60)
    server = start(daemon, names, {"@": {"ttl": 30, "policy": "web"}}, {"web": hosts("round_robin", "web.example.net")})
    assert sorted(server.answer("example.test")) == ["192.0.2.7", "192.0.2.8"]  # from the first query on
    assert server.answer("example.test", "AAAA") == ["2001:db8::7"]
    assert server.query("example.test").answer[0].ttl == 30
    assert server.query("example.test", "NS").answer
    assert server.query("example.test", "TXT").rcode() == 0


def test_a_lower_ttl_of_the_name_counts_down(daemon, names):
    names.set("web.example.net", "A", "192.0.2.7", ttl=20)
    server = start(daemon, names, {"@": {"ttl": 30, "policy": {"failover": [{"hostname": "web.example.net"}]}}})
    first = server.query("example.test").answer[0].ttl
    assert 10 <= first <= 20
    wait_until(lambda: server.query("example.test").answer[0].ttl < first, 10, "a lower TTL")


def test_changed_addresses_are_answered_and_told(daemon, names):
    names.set("web.example.net", "A", "192.0.2.7")
    server = start(daemon, names, {"@": {"policy": "web"}}, {"web": hosts("round_robin", "web.example.net")})
    assert server.answer("example.test") == ["192.0.2.7"]
    names.set("web.example.net", "A", "192.0.2.9")
    server.answers_within(10, "example.test", "A", ["192.0.2.9"])
    text = explain(server, "example.test")["summary"]
    assert "web.example.net. was resolved at 20" in text and "192.0.2.9" in text, text
    assert server.endpoint("web", "h1")["resolved"]["addresses"] == ["192.0.2.9"]
    wait_until(lambda: events(server), 10, "an event")
    assert events(server)[-1]["subject"] == "web.example.net." and "192.0.2.7" in json.dumps(events(server))
    assert 'steerd_hostnames{state="fresh"} 1' in server.api("GET", "/metrics", token=None).text


@pytest.mark.parametrize("illness", ["silence", dns.rcode.SERVFAIL, dns.rcode.REFUSED], ids=str)
def test_while_the_resolver_fails_the_last_addresses_are_answered(daemon, names, illness):
    names.set("web.example.net", "A", "192.0.2.7")
    names.set("web.example.net", "AAAA", "2001:db8::7")
    server = start(daemon, names, {"@": {"ttl": 60, "policy": "web"}}, {"web": hosts("round_robin", "web.example.net")})
    names.rcode = illness
    wait_until(lambda: server.endpoint("web", "h1")["resolved"]["stale"], 20, "stale")
    assert server.answer("example.test") == ["192.0.2.7"] and server.answer("example.test", "AAAA") == ["2001:db8::7"]
    assert server.query("example.test").answer[0].ttl == 30
    assert "old:" in explain(server, "example.test")["summary"]
    names.rcode = None
    names.set("web.example.net", "A", "192.0.2.8")
    server.answers_within(40, "example.test", "A", ["192.0.2.8"])


def test_beyond_the_stale_limit_another_endpoint_serves(daemon, names):
    names.set("web.example.net", "A", "192.0.2.7")
    pools = {"web": hosts("round_robin", "web.example.net"),
             "standby": {"endpoints": {"a": {"ipv4": "192.0.2.99"}}}}
    server = start(daemon, names, {"@": {"policy": {"failover": ["web", "standby"]}}}, pools, stale="2s")
    assert server.answer("example.test") == ["192.0.2.7"]
    names.rcode = dns.rcode.SERVFAIL
    server.answers_within(30, "example.test", "A", ["192.0.2.99"])
    text = explain(server, "example.test")["summary"]
    assert "web.example.net. has no known address: " in text, text
    names.rcode = None
    server.answers_within(40, "example.test", "A", ["192.0.2.7"])


def test_a_name_that_does_not_exist_is_passed_over(daemon, names):
    names.set("good.example.net", "A", "192.0.2.7", ttl=60)
    pools = {"web": hosts("weighted", "gone.example.net", "good.example.net")}
    server = start(daemon, names, {"@": {"policy": "web"}, "only": {"policy": {"failover": [
        {"hostname": "gone.example.net"}, {"ipv4": "192.0.2.55"}]}}}, pools)
    assert all(server.answer("example.test") == ["192.0.2.7"] for _ in range(6))
    assert server.answer("only.example.test") == ["192.0.2.55"]
    assert "gone.example.net. has no known address: NXDOMAIN" in explain(server, "example.test")["summary"]


def test_without_any_address_the_answer_is_servfail_and_not_a_denial(daemon, names):
    names.rcode = dns.rcode.SERVFAIL
    server = start(daemon, names, {"@": {"policy": {"hostname": "web.example.net"}}, "soft": {
        "policy": {"failover": ["web", {"ipv4": "192.0.2.3"}]}}, "none": {"policy": "web", "when_all_down": "nodata"}},
                   {"web": hosts("round_robin", "web.example.net")}, records=["none 60 IN TXT x", "soft 60 IN TXT x"])
    reply = server.query("example.test")
    assert reply.rcode() == dns.rcode.SERVFAIL and "no address" in reply.options[0].text
    assert server.answer("soft.example.test") == ["192.0.2.3"]
    assert server.query("none.example.test").rcode() == 0
    assert "has no known address" in explain(server, "example.test")["summary"]
    names.rcode = None
    names.set("web.example.net", "A", "192.0.2.7", ttl=60)
    server.answers_within(40, "example.test", "A", ["192.0.2.7"])


def test_one_family_that_never_answers_takes_nothing_from_the_other(daemon, names):
    names.set("web.example.net", "A", "192.0.2.7", ttl=60)
    plain = names.reply
    names.reply = lambda query: None if query.question[0].rdtype == 28 else plain(query)
    server = start(daemon, names, {"@": {"policy": "web"}}, {"web": hosts("round_robin", "web.example.net")})
    server.answers_within(20, "example.test", "A", ["192.0.2.7"])
    reply = server.query("example.test", "AAAA")
    assert reply.rcode() == 0 and not reply.answer
    assert not server.endpoint("web", "h1")["resolved"]["stale"]


def test_names_and_addresses_mix(daemon, names):
    names.set("web.example.net", "A", "192.0.2.7", "192.0.2.1", ttl=60)
    pools = {"web": {"endpoints": {"a": {"ipv4": "192.0.2.1"}, "h": {"hostname": "web.example.net"}}}}
    server = start(daemon, names, {"www": {"policy": "web", "https": {"alpn": ["h2"]}}}, pools)
    assert sorted(server.answer("www.example.test")) == ["192.0.2.1", "192.0.2.7"]  # each once
    hints = server.answer("www.example.test", "HTTPS")[0]
    assert "192.0.2.7" in hints and "192.0.2.1" in hints
    assert not server.query("www.example.test", "AAAA").answer


def test_alone_at_its_name_a_hostname_is_still_an_alias_and_nobody_is_asked(daemon, names):
    server = start(daemon, names, {"www": {"policy": "web"}}, {"web": hosts("round_robin", "web.example.net")})
    assert server.answer("www.example.test", "CNAME") == ["web.example.net."]
    assert names.asked("web.example.net") == 0
    config = server.api("GET", "/v1/config")
    document = config.json
    document["zones"]["example.test"]["services"]["@"] = {"policy": "web"}
    names.set("web.example.net", "A", "192.0.2.7", ttl=60)
    reply = server.api("PUT", "/v1/config", document, headers={"If-Match": config.etag})
    assert reply.status == 200, reply.text
    server.answers_within(10, "example.test", "A", ["192.0.2.7"])
    assert server.answer("www.example.test", "CNAME") == ["web.example.net."]
    del document["zones"]["example.test"]["services"]["@"]
    reply = server.api("PUT", "/v1/config", document, headers={"If-Match": reply.etag})
    assert reply.status == 200, reply.text
    wait_until(lambda: "resolved" not in server.endpoint("web", "h1"), 10, "forgotten addresses")


def test_a_loop_to_the_services_own_name_is_refused(daemon, names):
    server = start(daemon, names, {"@": {"policy": "web"}}, {"web": hosts("round_robin", "web.example.net")})
    reply = server.api("PATCH", "/v1/pools/web/endpoints/h1", {"hostname": "example.test"})
    assert reply.status in (400, 422) and "own name" in reply.text, reply.text
    reply = server.api("PATCH", "/v1/pools/web/endpoints/h1", {"hostname": "www.example.test"})
    assert reply.status == 200, reply.text


def test_a_loop_over_two_zones_is_refused_with_both_names(daemon, names):
    document = world({"www": {"policy": {"hostname": "www.b.test"}}})
    document["zones"]["b.test"] = {"records": ["@ NS ns.example."], "services": {"www": {"policy": {"ipv4": "192.0.2.1"}}}}
    server = daemon.start(document)
    reply = server.api("PUT", "/v1/zones/b.test/services/www", {"policy": {"hostname": "www.example.test"}})
    assert reply.status in (400, 422) and "www.b.test" in reply.text and "www.example.test" in reply.text, reply.text
    assert server.answer("www.b.test") == ["192.0.2.1"]
    pools = server.api("PUT", "/v1/pools/away", {"endpoints": {"a": {"hostname": "www.example.test"}}})
    assert pools.status in (200, 201), pools.text
    reply = server.api("PUT", "/v1/zones/b.test/services/www", {"policy": {"failover": [{"ipv4": "192.0.2.1"}, "away"]}})
    assert reply.status in (400, 422) and "pool away" in reply.text, reply.text


def test_checks_of_a_hostname_go_on_and_move_its_answers(daemon, names, backend):
    one, two = backend("127.0.10.1"), backend("127.0.20.1")
    names.set("one.example.net", "A", one.address, ttl=60)
    names.set("two.example.net", "A", two.address, ttl=60)
    pools = {"web": hosts("failover", "one.example.net", "two.example.net", check="web")}
    server = start(daemon, names, {"@": {"policy": "web"}}, pools, checks={"web": quick_check(backend.port)})
    server.becomes("web", "h2", "up")
    server.answers_within(10, "example.test", "A", [one.address])
    one.stop()
    server.answers_within(10, "example.test", "A", [two.address])


def test_a_dead_resolver_does_not_keep_the_server_from_starting(daemon, names):
    names.rcode = "silence"
    began = time.monotonic()
    server = start(daemon, names, {"@": {"policy": "web"}, "www": {"policy": {"ipv4": "192.0.2.5"}}},
                   {"web": hosts("round_robin", "web.example.net")})
    assert time.monotonic() - began < 20
    assert server.answer("www.example.test") == ["192.0.2.5"]
    assert server.query("example.test").rcode() == dns.rcode.SERVFAIL


def test_the_last_addresses_outlive_a_crash_and_a_dead_resolver(daemon, names, backend):
    one, two = backend("127.0.10.1"), backend("127.0.20.1")
    names.set("web.example.net", "A", one.address)
    names.set("web.example.net", "AAAA", "2001:db8::7")
    names.set("alias.example.net", "A", two.address)
    pools = {"web": hosts("failover", "web.example.net", check="web"),
             "alias": hosts("failover", "alias.example.net", "other.example.net", check="web")}
    server = start(daemon, names, {"@": {"ttl": 60, "policy": "web"}, "www": {"policy": "alias"}}, pools,
                   checks={"web": quick_check(backend.port)})
    server.becomes("web", "h1", "up"), server.becomes("alias", "h1", "up")
    asked_ms = int(time.time() * 1000)
    wait_until(lambda: stored_names(server) == {"web.example.net": one.address + " 2001:db8::7",
                                                "alias.example.net": two.address}, 20, "addresses in the store")
    names.rcode = "silence"
    server.kill()
    server.start()
    assert server.answer("example.test") == [one.address] and server.answer("example.test", "AAAA") == ["2001:db8::7"]
    assert server.query("example.test").answer[0].ttl == 30
    resolved = server.endpoint("web", "h1")["resolved"]
    assert resolved["stale"] and resolved["problem"] and resolved["at"][:10] == time.strftime("%Y-%m-%d", time.gmtime(asked_ms / 1000))
    assert "(old: " in explain(server, "example.test")["summary"]
    hits = two.hits  # checks use them, too: no endpoint dies of the resolver
    wait_until(lambda: two.hits > hits + 8 and server.endpoint("web", "h1")["resolved"]["problem"] != "not resolved since the start",
               30, "checks, and a failed reply")
    assert server.endpoint("alias", "h1")["effective"]["available"] and server.endpoint("web", "h1")["effective"]["available"]
    assert server.answer("example.test") == [one.address]
    names.rcode = None
    names.set("web.example.net", "A", two.address, ttl=60)
    server.answers_within(60, "example.test", "A", [two.address])
    assert not server.endpoint("web", "h1")["resolved"]["stale"]


def test_a_changed_check_knows_its_hostname_while_the_resolver_is_dead(daemon, names, backend):
    one = backend("127.0.10.1")
    names.set("web.example.net", "A", one.address, ttl=60)
    server = start(daemon, names, {"www": {"policy": "web"}}, {"web": hosts("failover", "web.example.net", check="web")},
                   checks={"web": quick_check(backend.port)})
    server.becomes("web", "h1", "up")
    wait_until(lambda: stored_names(server) == {"web.example.net": one.address}, 20, "the address in the store")
    names.rcode = "silence"
    assert server.api("PATCH", "/v1/checks/web", {"interval": "300ms"}).status == 200
    hits = one.hits
    wait_until(lambda: one.hits > hits + 4, 20, "checks at the other pace")
    wait_until(lambda: server.endpoint("web", "h1")["health"]["verdict"] == "up", 20, "a verdict")
    wait_until(lambda: stored_names(server) == {"web.example.net": one.address}, 20, "the address in the store")
    assert all(event["state"] != "down" for event in events(server, "endpoint"))


def stored_names(server):
    with sqlite3.connect("file:%s/state/steerd.db?mode=ro" % server.directory, uri=True) as database:
        return dict(database.execute("SELECT name, addresses FROM hostnames"))


def test_addresses_older_than_the_limit_and_of_names_that_went_are_not_remembered(daemon, names):
    names.set("web.example.net", "A", "192.0.2.7", ttl=60)
    names.set("gone.example.net", "A", "192.0.2.8", ttl=60)
    server = start(daemon, names, {"@": {"policy": "web"}}, {"web": hosts("round_robin", "web.example.net", "gone.example.net")})
    wait_until(lambda: len(stored_names(server)) == 2, 20, "addresses in the store")
    assert server.api("PATCH", "/v1/pools/web", {"endpoints": {"h2": None}}).status == 200
    wait_until(lambda: list(stored_names(server)) == ["web.example.net"], 20, "one of them")
    names.rcode = dns.rcode.SERVFAIL
    server.stop()
    with sqlite3.connect("%s/state/steerd.db" % server.directory) as database:
        database.execute("UPDATE hostnames SET resolved_wall_ms = 1, is_stale = 1")
        database.execute("INSERT INTO hostnames VALUES ('unused.example.net', 'rubbish 192.0.2.1', 1, 1, 0)")
    server.start()
    assert server.query("example.test").rcode() == dns.rcode.SERVFAIL
    wait_until(lambda: stored_names(server) == {}, 20, "no addresses in the store")
