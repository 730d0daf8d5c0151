# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools that people ask with: dig, kdig, drill and delv see the same, and none has a complaint."""
import re
import shutil
import subprocess

import pytest

from harness import world

RECORDS = [
    "www 60 IN A 192.0.2.80", "www 60 IN A 192.0.2.81", "www 60 IN AAAA 2001:db8::80", "@ 60 IN MX 10 mail",
    "mail 60 IN A 192.0.2.25", "alias 60 IN CNAME www", "*.wild 60 IN TXT \"any name\"", "old 60 IN DNAME wild",
    "_sip._tcp 60 IN SRV 1 2 5060 mail", "@ 60 IN CAA 0 issue \"ca.example.test\"",
    "www 60 IN HTTPS 1 . alpn=h2,h3 ipv4hint=192.0.2.80", "odd 60 IN TYPE65280 \\# 4 0a000001",
    "sub 60 IN NS ns.sub", "ns.sub 60 IN A 192.0.2.53", "a.deep.name 60 IN A 192.0.2.9",
] + ["many 60 IN TXT \"%03d %s\"" % (i, "x" * 60) for i in range(60)]


@pytest.fixture(scope="module")
def server(shared_daemon):
    services = {"app": {"ttl": 30, "policy": {"weighted": [{"ipv4": "198.51.100.7", "ipv6": "2001:db8::7"}]}}}
    return shared_daemon.start(world(services, records=RECORDS), nsid="ns-seven")


def run(*command):
    if shutil.which(command[0]) is None:
        pytest.skip(command[0] + " is not installed")
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=30)
    return result.stdout + result.stderr


def dig(server, *words):
    output = run("dig", "@127.0.0.1", "-p", server.dns_port, "+tries=1", "+norecurse", *words)
    assert "WARNING" not in output and "Warning" not in output and ";; Got bad packet" not in output, output
    return output


def kdig(server, *words):
    output = run("kdig", "@127.0.0.1", "-p", server.dns_port, "+retry=0", *words)
    complaints = re.findall("(?m)^;; (?:WARNING|ERROR): .*", output)
    assert all("retrying over TCP" in complaint for complaint in complaints), output
    return output


def drill(server, *words):
    output = run("drill", "-p", server.dns_port, "-o", "rd", *words, "@127.0.0.1")
    assert "Error" not in output and "rror:" not in output, output
    return output


def delv(server, *words):
    """Without validation: nothing here is signed."""
    return run("delv", "-i", "@127.0.0.1", "-p", server.dns_port, *words)


def rdata(output, kind):
    """The rdata of that type in full output, in any order, spaces and hexadecimal case made alike."""
    lines = [line.split(None, 4) for line in output.splitlines() if line and not line.startswith(";")]
    return sorted(" ".join(words[4].split()) for words in lines if len(words) == 5 and words[3] == kind)


QUESTIONS = [
    ("www.example.test", "A", ["192.0.2.80", "192.0.2.81"]),
    ("WWW.Example.Test", "AAAA", ["2001:db8::80"]),
    ("app.example.test", "A", ["198.51.100.7"]),
    ("app.example.test", "AAAA", ["2001:db8::7"]),
    ("example.test", "MX", ["10 mail.example.test."]),
    ("alias.example.test", "A", ["192.0.2.80", "192.0.2.81"]),
    ("a.b.wild.example.test", "TXT", ['"any name"']),
    ("x.old.example.test", "TXT", ['"any name"']),
    ("_sip._tcp.example.test", "SRV", ["1 2 5060 mail.example.test."]),
    ("example.test", "CAA", ['0 issue "ca.example.test"']),
    ("odd.example.test", "TYPE65280", ["\\# 4 0A000001"]),
]


@pytest.mark.parametrize("client", [dig, kdig, drill, delv], ids=lambda client: client.__name__)
@pytest.mark.parametrize("name,kind,expected", QUESTIONS, ids=["%s %s" % case[:2] for case in QUESTIONS])
def test_all_clients_read_the_same_answer(server, client, name, kind, expected):
    assert [text.replace("0a000001", "0A000001") for text in rdata(client(server, name, kind), kind)] == expected


@pytest.mark.parametrize("client,words", [(dig, ["+tcp"]), (kdig, ["+tcp"]), (drill, ["-t"]), (delv, ["+tcp"])],
                         ids=lambda value: getattr(value, "__name__", ""))
def test_all_clients_ask_over_tcp(server, client, words):
    assert rdata(client(server, *words, "www.example.test", "A"), "A") == ["192.0.2.80", "192.0.2.81"]


@pytest.mark.parametrize("client", [dig, kdig, drill], ids=lambda client: client.__name__)
@pytest.mark.parametrize("name,status", [("nowhere.example.test", "NXDOMAIN"), ("deep.name.example.test", "NOERROR"),
                                         ("www.example.org", "REFUSED")])
def test_all_clients_see_the_status(server, client, name, status):
    output = client(server, name, "MX")
    assert re.search(r"(status|rcode): %s\b" % status, output), output
    assert rdata(output, "MX") == []


@pytest.mark.parametrize("client", [dig, kdig], ids=lambda client: client.__name__)
def test_a_truncated_answer_is_asked_for_again_over_tcp(server, client):
    output = client(server, "+bufsize=512", "many.example.test", "TXT")
    assert len(rdata(output, "TXT")) == 60 and "TCP" in output


def test_drill_sees_that_an_answer_is_truncated(server):
    assert " tc " in drill(server, "many.example.test", "TXT").replace(";", " ")


@pytest.mark.parametrize("client", [dig, kdig, drill], ids=lambda client: client.__name__)
def test_a_delegation_is_a_referral_with_glue(server, client):
    output = client(server, "www.sub.example.test", "A")
    assert rdata(output, "NS") == ["ns.sub.example.test."] and rdata(output, "A") == ["192.0.2.53"]
    flags = re.search(r"(?i)flags: ([a-z ]*)", output).group(1).split()
    assert "aa" not in flags and "ra" not in flags


def test_dig_shows_what_edns_carries(server):
    output = dig(server, "+nsid", "+cookie", "+subnet=192.0.2.0/24", "+ednsopt=100:0102", "www.example.test", "A")
    assert '("ns-seven")' in output and "CLIENT-SUBNET: 192.0.2.0/24/0" in output
    assert "status: NOERROR" in output and "OPT=100" not in output


def test_dig_negotiates_the_version_of_edns(server):
    assert "BADVERS" in dig(server, "+edns=1", "+noednsneg", "www.example.test", "A")
    output = dig(server, "+edns=5", "+ednsneg", "www.example.test", "A")
    assert "status: NOERROR" in output and rdata(output, "A")


def test_kdig_pads_and_keeps_the_connection_open(server):
    output = kdig(server, "+tcp", "+keepopen", "+padding=128", "www.example.test", "A", "mail.example.test", "A")
    assert rdata(output, "A") == ["192.0.2.25", "192.0.2.80", "192.0.2.81"]


@pytest.mark.parametrize("words", [["+header-only"], ["+opcode=notify", "example.test", "SOA"],
                                   ["+opcode=update", "example.test", "SOA"], ["+zflag", "www.example.test"],
                                   ["+ednsflags=0x40", "www.example.test"], ["+dnssec", "+cdflag", "www.example.test"],
                                   ["+adflag", "www.example.test"], ["-c", "CH", "version.bind", "TXT"]],
                         ids=lambda words: words[0])
def test_dig_accepts_the_answer_to_odd_questions(server, words):
    assert re.search("status: (NOERROR|FORMERR|NOTIMP|NOTAUTH|REFUSED)", dig(server, *words))


def test_any_is_answered_briefly(server):
    assert rdata(dig(server, "www.example.test", "ANY"), "HINFO") == ['"RFC8482" ""']
    assert rdata(kdig(server, "alias.example.test", "ANY"), "CNAME") == ["www.example.test."]
