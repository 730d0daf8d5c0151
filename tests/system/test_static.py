# SPDX-License-Identifier: GPL-3.0-or-later
"""Static records: what any authoritative server must get right."""
import subprocess

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdatatype
import pytest

from harness import SOA

ZONE_FILE = """\
$ORIGIN example.test.
$TTL 3600
""" + SOA + """
@            IN NS    ns1
             IN MX    10 mail
             IN TXT   "v=spf1 -all" "second string"
             IN CAA   0 issue "ca.example.test"
ns1          IN A     192.0.2.1
mail         IN A     192.0.2.25
             IN AAAA  2001:db8::25
www     60   IN A     192.0.2.80
        60   IN A     192.0.2.81
alias        IN CNAME www
chain        IN CNAME alias
dangling     IN CNAME nowhere
away         IN CNAME www.example.org.
_sip._tcp    IN SRV   10 60 5060 mail
a.b.c        IN A     192.0.2.3
*.wild       IN A     192.0.2.99
             IN MX    5 mail
exact.wild   IN TXT   "not the wildcard"
sub          IN NS    ns.sub
             IN NS    ns.elsewhere.test.
ns.sub       IN A     192.0.2.53
old          IN DNAME www
"""


@pytest.fixture(scope="module")
def server(shared_daemon):
    shared_daemon.write("zones/example.test.zone", ZONE_FILE)
    return shared_daemon.start({"zones": {"example.test": {"file": "zones/example.test.zone"}}})


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize("name,kind,expected", [
    ("www.example.test", "A", {"192.0.2.80", "192.0.2.81"}),
    ("WwW.eXample.TEST", "A", {"192.0.2.80", "192.0.2.81"}),
    ("mail.example.test", "AAAA", {"2001:db8::25"}),
    ("example.test", "MX", {"10 mail.example.test."}),
    ("example.test", "TXT", {'"v=spf1 -all" "second string"'}),
    ("example.test", "CAA", {'0 issue "ca.example.test"'}),
    ("example.test", "NS", {"ns1.example.test."}),
    ("example.test", "SOA", {"ns1.example.test. hostmaster.example.test. 1 7200 900 1209600 300"}),
    ("_sip._tcp.example.test", "SRV", {"10 60 5060 mail.example.test."}),
    ("anything.wild.example.test", "A", {"192.0.2.99"}),
    ("deep.down.wild.example.test", "MX", {"5 mail.example.test."}),
    ("exact.wild.example.test", "TXT", {'"not the wildcard"'}),
    ("a.b.c.example.test", "A", {"192.0.2.3"}),
])
def test_a_record_is_answered_with_authority(server, name, kind, expected, tcp):
    reply = server.query(name, kind, tcp=tcp)
    assert reply.rcode() == dns.rcode.NOERROR
    assert reply.flags & dns.flags.AA and not reply.flags & dns.flags.RA
    assert {rdata.to_text() for rdata in reply.answer[0]} == expected
    assert reply.answer[0].name.to_text() == name + "."  # as it was asked, in the case it was asked


@pytest.mark.parametrize("name,kind,rcode", [
    ("nowhere.example.test", "A", "NXDOMAIN"),
    ("x.y.example.test", "MX", "NXDOMAIN"),
    ("www.example.test", "AAAA", "NOERROR"),
    ("b.c.example.test", "A", "NOERROR"),  # an empty non-terminal exists
    ("exact.wild.example.test", "A", "NOERROR"),  # the wildcard does not fill in
    ("any.wild.example.test", "AAAA", "NOERROR"),
])
def test_a_negative_answer_carries_the_soa(server, name, kind, rcode):
    reply = server.query(name, kind)
    assert dns.rcode.to_text(reply.rcode()) == rcode
    assert reply.flags & dns.flags.AA and not reply.answer
    assert [rrset.rdtype for rrset in reply.authority] == [dns.rdatatype.SOA]
    assert reply.authority[0].ttl == 300  # the lower of the SOA's TTL and its last field (RFC 2308)


def test_an_alias_is_followed_inside_the_zone(server):
    reply = server.query("chain.example.test", "A")
    assert [rrset.rdtype for rrset in reply.answer] == [dns.rdatatype.CNAME, dns.rdatatype.CNAME, dns.rdatatype.A]
    assert server.answer("alias.example.test", "CNAME") == ["www.example.test."]


def test_an_alias_to_nowhere_says_so(server):
    reply = server.query("dangling.example.test", "A")
    assert reply.answer[0].rdtype == dns.rdatatype.CNAME
    assert reply.rcode() == dns.rcode.NXDOMAIN
    assert reply.authority[0].rdtype == dns.rdatatype.SOA


def test_an_alias_out_of_the_zone_is_left_to_the_resolver(server):
    reply = server.query("away.example.test", "A")
    assert reply.rcode() == dns.rcode.NOERROR
    assert [rrset.rdtype for rrset in reply.answer] == [dns.rdatatype.CNAME]


def test_a_dname_redirects_what_is_below(server):
    reply = server.query("x.old.example.test", "A")
    kinds = [rrset.rdtype for rrset in reply.answer]
    assert kinds[:2] == [dns.rdatatype.DNAME, dns.rdatatype.CNAME]
    assert reply.answer[1][0].to_text() == "x.www.example.test."
    assert reply.rcode() == dns.rcode.NXDOMAIN


@pytest.mark.parametrize("name", ["sub.example.test", "deep.in.sub.example.test", "ns.sub.example.test"])
def test_a_delegation_refers_with_glue(server, name):
    reply = server.query(name, "A")
    assert reply.rcode() == dns.rcode.NOERROR and not reply.answer
    assert not reply.flags & dns.flags.AA
    assert {rdata.to_text() for rdata in reply.authority[0]} == {"ns.sub.example.test.", "ns.elsewhere.test."}
    glue = {rrset.name.to_text(): rrset[0].to_text() for rrset in reply.additional}
    assert glue["ns.sub.example.test."] == "192.0.2.53"


@pytest.mark.parametrize("name", ["example.org", "test", ".", "example.tes", "xexample.test"])
def test_names_of_others_are_refused(server, name):
    reply = server.query(name, "A")
    assert reply.rcode() == dns.rcode.REFUSED and not reply.flags & dns.flags.AA
    assert not reply.answer and not reply.authority


def test_the_class_chaos_is_refused(server):
    reply = server.query("version.bind", "TXT", rdclass="CH")
    assert reply.rcode() == dns.rcode.REFUSED


def test_any_gets_a_short_answer(server):
    reply = server.query("www.example.test", "ANY")  # RFC 8482
    assert reply.rcode() == dns.rcode.NOERROR and len(reply.answer) == 1


def test_recursion_desired_is_echoed_and_not_done(server):
    message = server.message("www.example.test", "A")
    message.flags |= dns.flags.RD
    reply = server.send(message)
    assert reply.flags & dns.flags.RD and not reply.flags & dns.flags.RA


@pytest.mark.parametrize("opcode", [dns.opcode.IQUERY, dns.opcode.STATUS, dns.opcode.NOTIFY, dns.opcode.UPDATE])
def test_other_opcodes_are_not_implemented(server, opcode):
    message = server.message("example.test", "SOA", edns=False)
    message.set_opcode(opcode)
    packet = bytearray(message.to_wire())
    reply = dns.message.from_wire(server.raw(bytes(packet)), ignore_trailing=True)
    assert reply.rcode() == dns.rcode.NOTIMP


@pytest.mark.parametrize("kind", ["AXFR", "IXFR"])
def test_transfers_are_not_given_to_anybody(server, kind):
    reply = server.query("example.test", kind, tcp=True)
    assert reply.rcode() in (dns.rcode.REFUSED, dns.rcode.NOTIMP, dns.rcode.NOTAUTH)
    assert not reply.answer


@pytest.mark.parametrize("command", [
    ["dig", "@127.0.0.1", "-p", "PORT", "www.example.test", "A", "+short", "+tries=1"],
    ["dig", "@127.0.0.1", "-p", "PORT", "www.example.test", "A", "+short", "+tcp", "+tries=1"],
    ["kdig", "@127.0.0.1", "-p", "PORT", "www.example.test", "A", "+short", "+cookie"],
    ["kdig", "@127.0.0.1", "-p", "PORT", "www.example.test", "A", "+short", "+noedns"],
], ids=["dig", "dig over TCP", "kdig with a cookie", "kdig without EDNS"])
def test_the_usual_tools_understand_the_answer(server, command):
    command = [str(server.dns_port) if word == "PORT" else word for word in command]
    result = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert result.returncode == 0
    assert sorted(result.stdout.split()) == ["192.0.2.80", "192.0.2.81"]


def test_dig_has_nothing_to_complain_about(server):
    command = ["dig", "@127.0.0.1", "-p", str(server.dns_port), "example.test", "MX", "+tries=1", "+norecurse"]
    output = subprocess.run(command, capture_output=True, text=True, timeout=20).stdout
    assert "WARNING" not in output and "Warning" not in output and "status: NOERROR" in output
