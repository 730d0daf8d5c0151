# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/policies.md: every example is part of a configuration that works as the guide says."""
import collections
import json
import pathlib
import re

import pytest

from harness import wait_until
from name_server import NameServer

DOCS = pathlib.Path(__file__).parents[2] / "docs"
GUIDE = (DOCS / "policies.md").read_text()
BLOCKS = re.findall(r"^```json (\S+)\n(.*?)^```", GUIDE, re.M | re.S)


@pytest.fixture
def run(daemon):
    def start(name, port=None, **node):
        document = json.loads((DOCS / "examples" / name).read_text())
        if port is not None:
            document["checks"]["web"]["port"] = port
        return daemon.start(document, **node)
    return start


def leads(server, name, count, **how):
    return collections.Counter(server.answer(name, **how)[0] for _ in range(count))


def override(server, endpoint, state):
    pool, name = endpoint.split("/")
    reply = server.api("PUT", "/v1/pools/%s/endpoints/%s/override?force=true" % (pool, name), {"state": state})
    assert reply.status == 200, reply.text


def squeezed(text):
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("path, block", BLOCKS, ids=lambda value: value.split("\n")[0])
def test_what_the_guide_shows_stands_in_its_example(path, block):
    assert squeezed(block) in squeezed((DOCS / path).read_text())


def test_every_example_is_shown():
    assert {path for path, _ in BLOCKS} == {"examples/" + path.name for path in (DOCS / "examples").iterdir()}


def test_round_robin(run):
    server = run("round_robin.json")
    answers = [server.answer("www.example.com") for _ in range(3)]
    assert answers == [["192.0.2.1", "192.0.2.2"], ["192.0.2.2", "192.0.2.3"], ["192.0.2.3", "192.0.2.1"]]


def test_weighted(run):
    server = run("weighted.json")
    for _ in range(5):
        assert leads(server, "www.example.com", 8) == {"192.0.2.1": 5, "192.0.2.2": 2, "192.0.2.3": 1}
    assert len(leads(server, "kept.example.com", 20, ecs="198.51.100.0/24")) == 1
    for endpoint in ("web/big", "web/small", "web/canary"):
        override(server, endpoint, "drain")
    assert server.answer("www.example.com") == ["192.0.2.4"]


def test_failover(run, backend):
    primary, standby = backend("127.0.10.1"), backend("127.0.20.1")
    server = run("failover.json", backend.port)
    server.becomes("primary", "a", "up")
    assert server.answer("www.example.com") == server.answer("shop.example.com") == ["127.0.10.1"]
    primary.stop()
    server.answers_within(5, "www.example.com", "A", ["127.0.20.1"])
    assert server.answer("shop.example.com") == ["192.0.2.99"]
    assert server.query("api.example.com").rcode() == 2
    primary.start()
    server.answers_within(5, "www.example.com", "A", ["127.0.10.1"])


def test_geo(run, geo_database):
    server = run("geo.json", geoip=[str(geo_database)])
    assert server.answer("www.example.com", ecs="10.8.1.0/24") == ["192.0.2.3"]
    assert server.answer("www.example.com", ecs="91.0.7.0/24") == ["192.0.2.2"]
    assert server.answer("www.example.com", ecs="8.8.8.0/24") == ["192.0.2.1"]
    assert server.answer("intranet.example.com", ecs="10.8.1.0/24") == ["192.0.2.3"]
    outside = server.query("intranet.example.com", ecs="20.0.0.0/24")
    assert outside.rcode() == 0 and not outside.answer


def test_nearest(run, geo_database):
    server = run("nearest.json", geoip=[str(geo_database)])
    assert server.answer("www.example.com", ecs="91.0.7.0/24") == ["192.0.2.2"]
    assert server.answer("www.example.com", ecs="10.8.1.0/24") == ["192.0.2.1"]


def test_latency(run, backend):
    backend("127.0.10.1"), backend("127.0.20.1")
    server = run("latency.json", backend.port)
    for pool in ("slow", "fast"):
        server.becomes(pool, "a", "up")
    assert server.answer("www.example.com")[0] in ("127.0.10.1", "127.0.20.1")


def test_sticky(run):
    server = run("sticky.json")
    before = {net: server.answer("www.example.com", ecs="20.0.%d.0/24" % net)[0] for net in range(60)}
    override(server, "web/b", "down")
    for net, address in before.items():
        after = server.answer("www.example.com", ecs="20.0.%d.0/24" % net)[0]
        assert after == address if address != "192.0.2.2" else after != address


def test_nested(run):
    server = run("nested.json")
    assert leads(server, "www.example.com", 40)["192.0.2.3"] == 10
    assert server.answer("www.example.com", ecs="192.0.2.0/24") == ["192.0.2.4"]
    override(server, "us-west/a", "drain")
    assert leads(server, "www.example.com", 10) == {"192.0.2.1": 5, "192.0.2.2": 5}
    override(server, "us-east/a", "drain")
    override(server, "us-east/b", "drain")
    assert server.answer("www.example.com") == ["192.0.2.4"]


def test_shed(run):
    server = run("shed.json")
    assert abs(leads(server, "www.example.com", 100)["192.0.2.1"] - 80) <= 2
    assert leads(server, "even.example.com", 40)["192.0.2.1"] == 10
    override(server, "overflow/a", "drain")
    assert leads(server, "www.example.com", 20) == {"192.0.2.1": 20}


def test_capacity(run, backend):
    sites = [backend("127.0.%d.1" % number) for number in (10, 20, 30)]
    server = run("capacity.json", backend.port)
    for pool in ("large", "full", "roomy"):
        server.becomes(pool, "a", "up")
    assert leads(server, "www.example.com", 100) == {"127.0.10.1": 50, "127.0.20.1": 30, "127.0.30.1": 20}
    sites[0].stop()
    server.becomes("large", "a", "down")
    assert leads(server, "www.example.com", 100) == {"127.0.20.1": 40, "127.0.30.1": 60}


def test_coming_back(run, backend):
    sites = [backend("127.0.%d.1" % number) for number in (10, 20)]
    server = run("return.json", backend.port)
    server.becomes("database", "primary", "up")
    server.becomes("caches", "a", "up")
    assert server.answer("db.example.com") == ["127.0.10.1"]
    sites[0].stop()
    server.answers_within(5, "db.example.com", "A", ["127.0.20.1"])
    server.becomes("caches", "a", "down")
    sites[0].start()
    server.becomes("database", "primary", "up")
    assert server.answer("db.example.com") == ["127.0.20.1"]
    assert server.steerctl("up", "database/primary").returncode == 0
    assert server.answer("db.example.com") == ["127.0.10.1"]
    wait_until(lambda: "growing" in server.endpoint("caches", "a")["effective"]["why"], 8, "growing")
    assert 0 < leads(server, "cdn.example.com", 100)["127.0.10.1"] < 20


def test_hostname(run):
    names = NameServer()
    try:
        names.set("blue.example.net", "A", "192.0.2.1", ttl=60)
        names.set("green.example.net", "A", "192.0.2.2", ttl=60)
        server = run("hostname.json", resolver={"servers": [names.where]})
        assert leads(server, "www.example.com", 8, kind="CNAME") == {"blue.example.net.": 6, "green.example.net.": 2}
        assert leads(server, "example.com", 8) == {"192.0.2.1": 6, "192.0.2.2": 2}
        override(server, "cdn/blue", "drain")
        override(server, "cdn/green", "drain")
        assert server.answer("example.com") == ["192.0.2.9"]
    finally:
        names.stop()


def test_https(run):
    server = run("https.json")
    for net in range(8):
        subnet = "20.0.%d.0/24" % net
        four, = server.answer("www.example.com", ecs=subnet)
        six, = server.answer("www.example.com", "AAAA", ecs=subnet)
        assert server.answer("www.example.com", "HTTPS", ecs=subnet) == [
            '1 . alpn="h2,h3" ipv4hint="%s" ipv6hint="%s"' % (four, six)]


def test_svcb(run):
    server = run("https.json")
    four, = server.answer("_8443._foo.api.example.com")
    six, = server.answer("_8443._foo.api.example.com", "AAAA")
    assert server.answer("_8443._foo.api.example.com", "SVCB") == [
        '1 www.example.com. mandatory="port" alpn="h2" port="8443" ipv4hint="%s" ipv6hint="%s"' % (four, six)]


def test_mx_and_srv(run):
    server = run("mail.json")
    assert server.answer("example.com", "MX") == ["10 mx1.example.com.", "20 mx2.example.com.", "30 mx.example.net."]
    assert server.answer("_sip._tcp.example.com", "SRV") == [
        "10 2 5060 sip1.example.com.", "10 1 5060 sip2.example.com.", "20 1 5060 sip3.example.com."]
    assert len(server.query("example.com", "MX").additional) == 2
    assert server.answer("example.com") == ["192.0.2.80"]
    override(server, "mail/a", "drain")
    assert server.answer("example.com", "MX") == ["10 mx2.example.com.", "20 mx.example.net."]
