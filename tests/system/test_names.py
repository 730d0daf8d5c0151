# SPDX-License-Identifier: GPL-3.0-or-later
"""MX, SRV, HTTPS and SVCB over endpoints: what a Route 53 or NS1 user would expect to leave and to stay."""
import base64
import shutil
import subprocess

import dns.flags
import dns.rdatatype
import pytest

from harness import quick_check, world

ECH = base64.b64encode(b"\x00\x08" + b"\xfe\x0d\x00\x04abcd").decode()


def hosts(policy, **endpoints):
    return {"policy": policy, "endpoints": endpoints}


def mail(name, **more):
    return {"hostname": name + ".example.test", **more}


def override(server, endpoint, state):
    reply = server.api("PUT", "/v1/pools/%s/endpoints/%s/override?force=true" % tuple(endpoint.split("/")), {"state": state})
    assert reply.status == 200, reply.text


def sections(reply, section):
    return sorted("%s %s %s" % (rrset.name, dns.rdatatype.to_text(rrset.rdtype), rdata)
                  for rrset in getattr(reply, section) for rdata in rrset)


def test_mail_exchanges_follow_the_policy_and_health(daemon):
    pools = {"mail": hosts("failover", a=mail("mx1"), b=mail("mx2"), c={"hostname": "backup.example.net"})}
    server = daemon.start(world({"@": {"ttl": 60, "mx": {"policy": "mail"}}}, pools, records=[
        "mx1 60 IN A 192.0.2.25", "mx1 60 IN AAAA 2001:db8::25", "@ 60 IN A 192.0.2.80", "@ 60 IN TXT v=spf1"]))
    assert server.answer("example.test", "MX") == ["10 mx1.example.test.", "20 mx2.example.test.",
                                                   "30 backup.example.net."]
    reply = server.query("example.test", "MX")
    assert reply.flags & dns.flags.AA and reply.answer[0].ttl == 60
    assert sections(reply, "additional") == ["mx1.example.test. A 192.0.2.25", "mx1.example.test. AAAA 2001:db8::25"]
    assert server.answer("example.test") == ["192.0.2.80"]  # static beside it
    assert server.answer("example.test", "TXT") and not server.query("example.test", "AAAA").answer
    override(server, "mail/a", "drain")
    assert server.answer("example.test", "MX") == ["10 mx2.example.test.", "20 backup.example.net."]
    explained = server.api("GET", "/v1/explain?name=example.test&type=MX").json
    assert "drained" in explained["summary"] and explained["answers"][0]["data"].startswith("10 mx2")
    override(server, "mail/b", "down"), override(server, "mail/c", "down")
    assert len(server.answer("example.test", "MX")) == 3  # serve_all


def test_weights_and_priorities_of_srv(daemon):
    pools = {"eu": hosts("weighted", a=mail("eu1", weight=5), b=mail("eu2", weight=2), c=mail("eu3", weight=0)),
             "us": hosts("round_robin", a=mail("us1"), b=mail("us2"))}
    services = {"_sip._tcp": {"srv": {"port": 5060, "policy": {"failover": ["eu", "us"]}}},
                "_ldap._tcp": {"srv": {"port": 389, "priority": 0, "step": 1, "policy": {"weighted": {"eu": 3, "us": 1}}}}}
    server = daemon.start(world(services, pools))
    assert server.answer("_sip._tcp.example.test", "SRV") == [
        "10 5 5060 eu1.example.test.", "10 2 5060 eu2.example.test.",
        "20 1 5060 us1.example.test.", "20 1 5060 us2.example.test."]
    mixed = [line.split() for line in server.answer("_ldap._tcp.example.test", "SRV")]
    assert {line[0] for line in mixed} == {"0"}
    total = sum(int(line[1]) for line in mixed)
    shares = {line[3].split(".")[0]: int(line[1]) / total for line in mixed}
    for name, share in {"eu1": 15 / 28, "eu2": 6 / 28, "us1": 1 / 8, "us2": 1 / 8}.items():
        assert abs(shares[name] - share) < 0.001, shares
    server.set_weight("eu", "b", 10)
    assert server.answer("_sip._tcp.example.test", "SRV")[:2] == ["10 1 5060 eu1.example.test.",
                                                                  "10 2 5060 eu2.example.test."]
    override(server, "eu/a", "down"), override(server, "eu/b", "down")
    assert server.answer("_sip._tcp.example.test", "SRV")[0] == "10 1 5060 eu3.example.test."  # weight 0 serves alone
    override(server, "eu/c", "down")
    assert server.answer("_sip._tcp.example.test", "SRV") == ["10 1 5060 us1.example.test.",
                                                              "10 1 5060 us2.example.test."]
    assert not server.query("_sip._tcp.example.test").answer and server.query("_sip._tcp.example.test").rcode() == 0
    assert server.answer("_sip._tcp.example.test", "ANY") == [] and server.query("_sip._tcp.example.test", "ANY").answer


def test_endpoints_with_address_and_name_serve_both(daemon, backend):
    one, two = backend("127.0.10.1"), backend("127.0.20.1")
    pool = hosts("failover", a=mail("a", ipv4=one.address), b=mail("b", ipv4=two.address))
    pool["check"] = "web"
    services = {"mail": {"policy": "mail", "mx": {"preference": 0, "step": 5}},
                "a": {"policy": {"ipv4": one.address}}, "b": {"policy": "mail"}}
    server = daemon.start(world(services, {"mail": pool}, checks={"web": quick_check(backend.port)}))
    server.becomes("mail", "a", "up"), server.becomes("mail", "b", "up")
    assert server.answer("mail.example.test") == [one.address]
    reply = server.query("mail.example.test", "MX")
    assert sections(reply, "answer") == ["mail.example.test. MX 0 a.example.test.", "mail.example.test. MX 5 b.example.test."]
    assert "a.example.test. A 127.0.10.1" in sections(reply, "additional")  # steered itself
    one.stop()
    server.answers_within(10, "mail.example.test", "MX", ["0 b.example.test."])


def test_the_rule_about_the_client_chooses_and_narrows_the_scope(daemon):
    pools = {"eu": hosts("round_robin", a=mail("eu")), "us": hosts("round_robin", a=mail("us"))}
    policy = {"geo": {"198.51.100.0/24": "eu", "default": "us"}}
    server = daemon.start(world({"@": {"mx": {"policy": policy}}}, pools))
    reply = server.query("example.test", "MX", ecs="198.51.100.0/24")
    assert "10 eu.example.test." in str(reply.answer[0]) and reply.options[0].scopelen == 24
    assert server.answer("example.test", "MX", ecs="203.0.113.0/24") == ["10 us.example.test."]
    override(server, "eu/a", "drain")
    assert server.answer("example.test", "MX", ecs="198.51.100.0/24") == ["10 us.example.test."]


def test_sixteen_long_names_are_cut_over_udp_and_whole_over_tcp(daemon):
    names = {"e%02d" % i: {"hostname": "%s.%s.example.net" % ("x" * 60, chr(97 + i) * 60)} for i in range(20)}
    server = daemon.start(world({"_x._tcp": {"srv": {"port": 1, "policy": "many"}}}, {"many": hosts("round_robin", **names)}))
    assert server.query("_x._tcp.example.test", "SRV").flags & dns.flags.TC
    assert len(server.answer("_x._tcp.example.test", "SRV", tcp=True)) == 16


def test_nobody_left(daemon):
    pools = {"mail": hosts("failover", a=mail("mx1")), "plain": {"endpoints": {"a": {"ipv4": "192.0.2.1"}}}}
    services = {"nodata": {"mx": {"policy": "mail"}, "when_all_down": "nodata"},
                "servfail": {"mx": {"policy": "mail"}, "when_all_down": "servfail"},
                "sorry": {"mx": {"policy": "mail"}, "when_all_down": {"target": {"hostname": "sorry.example.net"}}},
                "unnamed": {"mx": {"policy": "plain"}}}
    server = daemon.start(world(services, pools))
    override(server, "mail/a", "down")
    reply = server.query("nodata.example.test", "MX")
    assert reply.rcode() == 0 and not reply.answer and reply.authority
    assert server.query("servfail.example.test", "MX").rcode() == 2
    assert server.answer("sorry.example.test", "MX") == ["10 sorry.example.net."]
    assert not server.query("unnamed.example.test", "MX").answer
    assert "no hostname" in server.api("GET", "/v1/explain?name=unnamed.example.test&type=MX").json["summary"]


BOTH = {"a": {"ipv4": "192.0.2.1", "ipv6": "2001:db8::1"}, "b": {"ipv4": "192.0.2.2", "ipv6": "2001:db8::2"}}


def test_service_bindings_say_all_and_their_hints_follow_health(daemon):
    binding = {"priority": 2, "alpn": ["h2", "h3"], "no_default_alpn": True, "port": 8443, "ech": ECH,
               "mandatory": ["port", "alpn"]}
    services = {"_8443._foo.api": {"policy": "web", "svcb": {**binding, "target": "api.example.test"}},
                "api": {"policy": "web", "https": binding}}
    server = daemon.start(world(services, {"web": {"policy": "failover", "endpoints": BOTH}}))
    rest = 'mandatory="alpn,port" alpn="h2,h3" no-default-alpn port="8443" ipv4hint="192.0.2.%d" ech="%s" ipv6hint="2001:db8::%d"'
    assert server.answer("api.example.test", "HTTPS") == ["2 . " + rest % (1, ECH, 1)]
    assert server.answer("_8443._foo.api.example.test", "SVCB") == ["2 api.example.test. " + rest % (1, ECH, 1)]
    override(server, "web/a", "drain")
    assert server.answer("_8443._foo.api.example.test", "SVCB") == ["2 api.example.test. " + rest % (2, ECH, 2)]
    assert not server.query("api.example.test", "SVCB").answer
    if shutil.which("kdig"):
        text = subprocess.run(["kdig", "@127.0.0.1", "-p", str(server.dns_port), "+short", "api.example.test", "HTTPS"],
                              capture_output=True, text=True, timeout=20).stdout
        assert "alpn=h2,h3" in text and "port=8443" in text and "ech=" + ECH in text, text


@pytest.mark.parametrize("service,complaint", [
    ({"policy": "web", "svcb": {"mandatory": ["port"]}}, "mandatory but not given"),
    ({"policy": "web", "svcb": {"port": 1, "mandatory": ["port", "port"]}}, "mandatory twice"),
    ({"policy": "web", "svcb": {"mandatory": ["ipv4hint"]}}, "must be"),
    ({"policy": "web", "https": {"no_default_alpn": True}}, "needs"),
    ({"policy": "web", "https": {"ech": "AAAA"}}, "ECHConfigList"),
    ({"policy": "web", "https": {"ech": "not base64!"}}, "base64"),
    ({"mx": {}}, '"policy" is missing'),
    ({"srv": {"policy": "web"}}, '"port" is missing'),
    ({"ttl": 5}, '"policy" is missing'),
    ({"https": {}, "mx": {"policy": "web"}}, '"policy" is missing'),
    ({"mx": {"policy": "nowhere"}}, "there is no pool or policy"),
    ({"mx": {"policy": "web", "preference": 70000}}, "must be 0..65535"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_what_makes_no_record_is_refused(daemon, service, complaint):
    daemon.configure(world({"x": service}, {"web": {"endpoints": BOTH}}))
    result = daemon.check()
    assert result.returncode == 1 and complaint in result.stdout + result.stderr, result.stdout + result.stderr


def test_records_that_a_service_answers_may_not_stand_beside_it(daemon):
    pools = {"mail": hosts("failover", a=mail("mx1"))}
    daemon.configure(world({"@": {"mx": {"policy": "mail"}}}, pools, records=["@ 60 IN MX 10 static"]))
    result = daemon.check()
    assert result.returncode == 1 and "MX records of the same name" in result.stdout + result.stderr
