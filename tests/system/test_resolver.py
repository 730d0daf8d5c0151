# SPDX-License-Identifier: GPL-3.0-or-later
"""A real resolver in front, with all its suspicions."""
import shutil
import socket
import subprocess

import dns.exception
import dns.message
import dns.query
import pytest

from harness import SOA, Daemon, free_port, pool, wait_until, world

CONFIG = """\
server:
  interface: 127.0.0.1
  port: {port}
  do-daemonize: no
  chroot: ""
  username: ""
  directory: "{directory}"
  pidfile: ""
  use-syslog: no
  logfile: ""
  do-not-query-localhost: no
  access-control: 127.0.0.0/8 allow
  module-config: "iterator"
  use-caps-for-id: yes
  qname-minimisation: yes
  qname-minimisation-strict: yes
  harden-below-nxdomain: yes
  harden-referral-path: yes
  target-fetch-policy: "0 0 0 0 0"
  cache-max-ttl: 0
  local-zone: "test." nodefault
remote-control:
  control-enable: no
stub-zone:
  name: "test"
  stub-addr: {address}@{server}
"""

RECORDS = [
    "static 60 IN A 192.0.2.7", "alias 60 IN CNAME www", "a.deep.name 60 IN TXT \"here\"", "*.wild 60 IN A 192.0.2.9",
    "*.wildalias 60 IN CNAME static", "one 60 IN CNAME two.example.test.", "two 60 IN CNAME three.other.test.",
    "loop 60 IN CNAME pool", "pool 60 IN CNAME loop", "old 60 IN DNAME wild", "_443._tcp.static 60 IN TLSA 3 1 1 " + "ab" * 32,
    "static 60 IN HTTPS 1 . alpn=h2",
] + ["many 60 IN TXT \"%d %s\"" % (i, "x" * 100) for i in range(40)]
OTHER = [SOA, "@ 3600 IN NS ns1", "ns1 3600 IN A 192.0.2.1", "three 60 IN A 192.0.2.33"]


class Resolver:
    def __init__(self, daemon, address="127.0.0.1", server=None):
        self.port = free_port()
        daemon.write("unbound.conf", CONFIG.format(port=self.port, directory=daemon.directory, address=address,
                                                   server=server or daemon.dns_port))
        self.process = subprocess.Popen(["unbound", "-d", "-c", str(daemon.directory / "unbound.conf")],
                                        stderr=open(daemon.directory / "unbound.log", "w"))

    def query(self, name, kind="A", timeout=10):
        message = dns.message.make_query(name, kind, use_edns=0, payload=4096)
        return dns.query.udp_with_fallback(message, "127.0.0.1", port=self.port, timeout=timeout)[0]

    def answer(self, name, kind="A"):
        return sorted(rdata.to_text() for rrset in self.query(name, kind).answer for rdata in rrset)

    def is_ready(self):
        try:
            return self.query("static.example.test", timeout=1).answer
        except (OSError, dns.exception.DNSException):
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture(scope="module")
def resolver(shared_daemon):
    if shutil.which("unbound") is None:
        pytest.skip("unbound is not installed")
    services = {"www": {"ttl": 30, "policy": "web"}, "@": {"ttl": 30, "policy": "web"},
                "*.app": {"ttl": 30, "policy": "web"}}
    document = world(services, {"web": pool("round_robin", "127.0.10.1", "127.0.20.1")}, records=RECORDS)
    document["zones"]["other.test"] = {"records": OTHER}
    resolver = Resolver(shared_daemon.start(document))
    try:
        wait_until(resolver.is_ready, 20, "unbound to answer")
        yield resolver
    finally:
        resolver.stop()


WEB = ["127.0.10.1", "127.0.20.1"]


@pytest.mark.parametrize("name,kind,expected", [
    ("static.example.test", "A", ["192.0.2.7"]),
    ("www.example.test", "A", WEB),
    ("www.example.test", "AAAA", ["2001:db8::127:0:10:1", "2001:db8::127:0:20:1"]),
    ("example.test", "A", WEB),
    ("some.thing.app.example.test", "A", WEB),
    ("alias.example.test", "A", WEB + ["www.example.test."]),
    ("a.deep.name.example.test", "TXT", ['"here"']),
    ("x.y.wild.example.test", "A", ["192.0.2.9"]),
    ("x.wildalias.example.test", "A", ["192.0.2.7", "static.example.test."]),
    ("one.example.test", "A", ["192.0.2.33", "three.other.test.", "two.example.test."]),
    ("x.old.example.test", "A", ["192.0.2.9", "wild.example.test.", "x.wild.example.test."]),
    ("_443._tcp.static.example.test", "TLSA", ["3 1 1 " + "ab" * 32]),
    ("static.example.test", "HTTPS", ['1 . alpn="h2"']),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_suspicious_resolver_gets_the_answer(resolver, name, kind, expected):
    """With random case, strictly minimised names and hardening: whatever is not right is SERVFAIL."""
    assert resolver.answer(name, kind) == expected


def test_a_suspicious_resolver_gets_long_answers(resolver):
    assert len(resolver.answer("many.example.test", "TXT")) == 40


@pytest.mark.parametrize("name,rcode", [
    ("nowhere.example.test", 3), ("x.deep.name.example.test", 3), ("a.b.c.nowhere.example.test", 3),
    ("deep.name.example.test", 0), ("name.example.test", 0), ("_tcp.static.example.test", 0), ("app.example.test", 0),
])
def test_a_suspicious_resolver_believes_that_there_is_nothing(resolver, name, rcode):
    reply = resolver.query(name, "MX")
    assert reply.rcode() == rcode and not reply.answer


def test_a_loop_of_aliases_ends(resolver):
    assert resolver.query("loop.example.test").rcode() in (0, 2)  # unbound's own opinion
    assert resolver.answer("static.example.test") == ["192.0.2.7"]


# ---- delegations: a resolver goes to port 53

PARENT, CHILD = "127.0.53.1", "127.0.53.2"


def can_bind(address):
    try:
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            with socket.socket(socket.AF_INET, kind) as probe:
                probe.bind((address, 53))
        return True
    except OSError:
        return False


@pytest.fixture
def delegation():
    """One steerd delegates to another and to itself; each listens on port 53 of a loopback address."""
    if shutil.which("unbound") is None or not can_bind(PARENT) or not can_bind(CHILD):
        pytest.skip("needs unbound and port 53 of 127.0.53.1 and 127.0.53.2")
    parent, child = Daemon(), Daemon()
    records = [SOA, "@ 60 IN NS ns1", "ns1 60 IN A " + PARENT, "static 60 IN A 192.0.2.7",
               "sub 60 IN NS ns.sub", "ns.sub 60 IN A " + CHILD,  # in-domain glue
               "sibling 60 IN NS ns.sub", "away 60 IN NS ns.other.test.", "own 60 IN NS ns1",
               "alias 60 IN CNAME www.sub", "old 60 IN DNAME sub"]
    inside = [SOA, "@ 60 IN NS ns", "ns 60 IN A " + CHILD, "www 60 IN A 192.0.2.80", "*.wild 60 IN A 192.0.2.9"]
    other = [SOA, "@ 60 IN NS ns", "ns 60 IN A " + CHILD]
    beside = [SOA, "@ 60 IN NS ns.sub.example.test.", "www 60 IN A 192.0.2.81"]
    own = [SOA, "@ 60 IN NS ns1.example.test.", "www 60 IN A 192.0.2.82"]
    try:
        listen = ["127.0.0.1:%d", "%s:53"]
        parent.start({"zones": {"example.test": {"records": records}, "own.example.test": {"records": own},
                                "other.test": {"records": other}}}, listen=[listen[0] % parent.dns_port, listen[1] % PARENT])
        child.start({"zones": {"sub.example.test": {"records": inside}, "sibling.example.test": {"records": beside},
                               "away.example.test": {"records": beside}}},
                    listen=[listen[0] % child.dns_port, listen[1] % CHILD])
        resolver = Resolver(parent, PARENT, 53)
        try:
            wait_until(resolver.is_ready, 20, "unbound to answer")
            yield resolver
        finally:
            resolver.stop()
    finally:
        parent.finish()
        child.finish()


def test_a_suspicious_resolver_follows_delegations(delegation):
    assert delegation.answer("www.sub.example.test") == ["192.0.2.80"]  # glue below the cut
    assert delegation.answer("x.wild.sub.example.test") == ["192.0.2.9"]
    assert delegation.answer("www.sibling.example.test") == ["192.0.2.81"]  # a server below another cut
    assert delegation.answer("www.away.example.test") == ["192.0.2.81"]  # no glue at all
    assert delegation.answer("www.own.example.test") == ["192.0.2.82"]  # a child zone on the same server
    assert delegation.answer("alias.example.test") == ["192.0.2.80", "www.sub.example.test."]
    assert "192.0.2.80" in delegation.answer("www.old.example.test")
    assert delegation.query("nowhere.sub.example.test").rcode() == 3
    assert delegation.query("sub.example.test", "DS").rcode() == 0
    assert delegation.query("own.example.test", "DS").rcode() == 0
