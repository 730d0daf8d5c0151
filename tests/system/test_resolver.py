# SPDX-License-Identifier: GPL-3.0-or-later
"""A real resolver in front, with all its suspicions."""
import shutil
import subprocess

import dns.exception
import dns.message
import dns.query
import pytest

from harness import free_port, pool, wait_until, world

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
  cache-max-ttl: 0
  local-zone: "test." nodefault
remote-control:
  control-enable: no
stub-zone:
  name: "example.test"
  stub-addr: 127.0.0.1@{server}
"""


class Resolver:
    def __init__(self, daemon):
        self.port = free_port()
        daemon.write("unbound.conf", CONFIG.format(port=self.port, directory=daemon.directory, server=daemon.dns_port))
        self.process = subprocess.Popen(["unbound", "-d", "-c", str(daemon.directory / "unbound.conf")],
                                        stderr=open(daemon.directory / "unbound.log", "w"))

    def query(self, name, kind="A", timeout=10):
        message = dns.message.make_query(name, kind, use_edns=0, payload=4096)
        return dns.query.udp_with_fallback(message, "127.0.0.1", port=self.port, timeout=timeout)[0]

    def is_ready(self):
        try:
            return self.query("static.example.test", timeout=1).answer
        except (OSError, dns.exception.DNSException):
            return False


@pytest.fixture
def resolver(daemon):
    if shutil.which("unbound") is None:
        pytest.skip("unbound is not installed")
    records = ["static 60 IN A 192.0.2.7", "alias 60 IN CNAME www", "a.deep.name 60 IN TXT \"here\"",
               "*.wild 60 IN A 192.0.2.9"] + ["many 60 IN TXT \"%d %s\"" % (i, "x" * 100) for i in range(40)]
    daemon.start(world({"www": {"ttl": 30, "policy": "web"}}, {"web": pool("round_robin", "127.0.10.1", "127.0.20.1")},
                       records=records))
    resolver = Resolver(daemon)
    try:
        wait_until(resolver.is_ready, 20, "unbound to answer")
        yield resolver
    finally:
        resolver.process.terminate()
        resolver.process.wait(20)


def test_a_resolver_with_random_case_and_minimised_names_gets_every_answer(resolver):
    def answer(name, kind="A"):
        return sorted(rdata.to_text() for rrset in resolver.query(name, kind).answer for rdata in rrset)
    assert answer("static.example.test") == ["192.0.2.7"]
    assert answer("www.example.test") == ["127.0.10.1", "127.0.20.1"]
    assert len(answer("www.example.test", "AAAA")) == 2
    assert answer("alias.example.test") == ["127.0.10.1", "127.0.20.1", "www.example.test."]
    assert answer("a.deep.name.example.test", "TXT") == ['"here"']
    assert answer("x.y.wild.example.test") == ["192.0.2.9"]
    assert len(answer("many.example.test", "TXT")) == 40
    assert resolver.query("nowhere.example.test").rcode() == 3
    assert resolver.query("x.deep.name.example.test").rcode() == 3
    nodata = resolver.query("deep.name.example.test")
    assert nodata.rcode() == 0 and not nodata.answer
