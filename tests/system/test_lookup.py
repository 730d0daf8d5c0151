# SPDX-License-Identifier: GPL-3.0-or-later
"""What the RFCs say about names: wildcards, aliases, cuts and glue, each in the words of its RFC."""
import dns.name
import dns.rdata
import dns.rdatatype
import pytest

from wire import AA, TC, Message, query

NOERROR, NXDOMAIN, REFUSED, YXDOMAIN = 0, 3, 5, 6
LONG = "l" * 60

# The zone of RFC 4592 §2.2.1, and what may stand beside it.
WILDCARDS = """\
$ORIGIN example.
$TTL 3600
@                 SOA ns1 hostmaster 1 7200 900 1209600 300
                  NS ns1
                  NS ns.example.com.
ns1               A 192.0.2.1
*                 TXT "this is a wildcard"
*                 MX 10 host1.example.
sub.*             TXT "this is not a wildcard"
host1             A 192.0.2.1
_ssh._tcp.host1   SRV 1 2 22 host1
_ssh._tcp.host2   SRV 1 2 22 host1
subdel            NS ns.example.com.
subdel            NS ns.example.net.
"""

ALIASES = """\
$ORIGIN alias.test.
$TTL 600
@       SOA ns1 hostmaster 1 7200 900 1209600 60
        NS ns1
ns1     A 192.0.2.1
one     CNAME two
two     CNAME three
three   A 192.0.2.3
ghost   CNAME nobody
empty   CNAME b.ent
x.b.ent A 192.0.2.4
loop1   CNAME loop2
loop2   CNAME loop1
self    CNAME self
across  CNAME www.child.parent.test.
beyond  CNAME www.example.org.
cut     CNAME www.del
del     NS ns.del
ns.del  A 192.0.2.9
*.any   CNAME three
old 90  DNAME new
new     TXT "new"
a.new   A 192.0.2.5
out     DNAME example.org.
grow    DNAME x.grow
round.x DNAME x
tooold  DNAME """ + ".".join([LONG] * 3) + """
"""

PARENT = """\
$ORIGIN parent.test.
$TTL 600
@           SOA ns1 hostmaster 1 7200 900 1209600 60
            NS ns1
ns1         A 192.0.2.1
child       NS ns.child
            DS 12345 13 2 0000000000000000000000000000000000000000000000000000000000000000
ns.child    A 192.0.2.2
unsigned    NS ns.child
indomain    NS ns.indomain
ns.indomain A 192.0.2.10
            AAAA 2001:db8::10
*.indomain  TXT "below a cut"
sibling     NS ns.indomain
            NS ns.sibling
ns.sibling  A 192.0.2.11
missing     NS ns.elsewhere.test.
many        NS ns1.many
            NS ns2.many
            NS ns.wide
wide        NS ns.wide
""" + "".join("ns%d.many A 192.0.2.%d\n" % (host, i) for host in (1, 2) for i in range(16)) + "".join(
    "ns.wide A 192.0.2.%d\n" % i for i in range(40))

CHILD = """\
$ORIGIN child.parent.test.
$TTL 600
@     SOA ns hostmaster 1 7200 900 1209600 60
      NS ns
ns    A 192.0.2.20
www   A 192.0.2.21
"""

HINTS = """\
$ORIGIN hints.test.
$TTL 600
@       SOA ns1 hostmaster 1 7200 900 1209600 60
        NS ns1
        NS ns2
        MX 10 mail
        MX 20 mail
ns1     A 192.0.2.1
ns2     AAAA 2001:db8::2
mail    A 192.0.2.25
wildmx  MX 10 any.wild
*.wild  A 192.0.2.26
_s._tcp SRV 1 2 3 mail
svc     SVCB 1 . port=1
        A 192.0.2.30
bind    HTTPS 0 pool
pool    HTTPS 1 . alpn=h2
        A 192.0.2.31
        AAAA 2001:db8::31
none    SVCB 0 .
away    MX 10 mail.example.org.
odd     TYPE65280 \\# 5 0a00000102
        TYPE1 \\# 4 c0000201
ttl 7   TXT "seven"
"""


@pytest.fixture(scope="module")
def server(shared_daemon):
    zones = {"example": WILDCARDS, "alias.test": ALIASES, "parent.test": PARENT, "child.parent.test": CHILD,
             "hints.test": HINTS}
    for apex, text in zones.items():
        shared_daemon.write("zones/%s.zone" % apex, text)
    return shared_daemon.start({"zones": {apex: {"file": "zones/%s.zone" % apex} for apex in zones}})


class Answer:
    """A reply whose records are lines: "owner TTL TYPE rdata"."""

    def __init__(self, message):
        self.message = message
        self.rcode, self.aa, self.tc = message.rcode, message.has(AA), message.has(TC)
        self.answer, self.authority, self.additional = ([line(record) for record in section]
                                                        for section in message.sections)


def line(record):
    rdata = dns.rdata.from_wire(1, record.type, record.rdata, 0, len(record.rdata))
    return "%s %d %s %s" % (dns.name.from_wire(record.owner, 0)[0], record.ttl, dns.rdatatype.to_text(record.type), rdata)


def ask(server, name, kind, payload=1232):
    return Answer(Message(server.raw(query(7, dns.name.from_text(name).to_wire(), dns.rdatatype.from_text(kind),
                                           payload))))


# ---- wildcards and what exists (RFC 4592, 8020, 2308)

@pytest.mark.parametrize("name,kind,expected", [
    ("host3.example.", "MX", ["host3.example. 3600 MX 10 host1.example."]),
    ("host3.example.", "TXT", ['host3.example. 3600 TXT "this is a wildcard"']),
    ("foo.bar.example.", "TXT", ['foo.bar.example. 3600 TXT "this is a wildcard"']),
    ("*.example.", "TXT", ['*.example. 3600 TXT "this is a wildcard"']),
    ("sub.*.example.", "TXT", ['sub.*.example. 3600 TXT "this is not a wildcard"']),
])
def test_rfc4592_says_what_a_wildcard_answers(server, name, kind, expected):
    reply = ask(server, name, kind)
    assert reply.rcode == NOERROR and reply.aa and reply.answer == expected


@pytest.mark.parametrize("name,kind,rcode", [
    ("host3.example.", "A", NOERROR),  # the wildcard matches and has no such type
    ("host1.example.", "MX", NOERROR),  # the name exists
    ("sub.*.example.", "MX", NOERROR),
    ("_telnet._tcp.host1.example.", "SRV", NXDOMAIN),  # _tcp.host1 exists and has no wildcard
    ("_tcp.host1.example.", "TXT", NOERROR),  # an empty non-terminal
    ("ghost.*.example.", "MX", NXDOMAIN),  # *.example is no source of synthesis below itself
    ("host2.example.", "TXT", NOERROR),  # an empty non-terminal, too: no wildcard for it
])
def test_rfc4592_says_what_a_wildcard_does_not_answer(server, name, kind, rcode):
    reply = ask(server, name, kind)
    assert reply.rcode == rcode and reply.aa and not reply.answer
    assert reply.authority == ["example. 300 SOA ns1.example. hostmaster.example. 1 7200 900 1209600 300"]


@pytest.mark.parametrize("kind", ["MX", "TXT", "A", "SOA", "CNAME"])
def test_a_wildcard_does_not_reach_below_a_cut(server, kind):
    reply = ask(server, "host.subdel.example.", kind)
    assert reply.rcode == NOERROR and not reply.aa and not reply.answer
    assert sorted(reply.authority) == ["subdel.example. 3600 NS ns.example.com.", "subdel.example. 3600 NS ns.example.net."]


@pytest.mark.parametrize("name", ["ent.alias.test.", "b.ent.alias.test."])
def test_a_name_above_names_exists(server, name):
    """RFC 8020: NXDOMAIN would deny all that is below."""
    for kind in ("A", "NS", "ANY", "TYPE65280"):
        reply = ask(server, name, kind)
        assert reply.rcode == NOERROR and not reply.answer and " SOA " in reply.authority[0]


def test_what_is_not_there_is_denied_with_the_lower_ttl(server):
    """RFC 2308 §3: the lower of the SOA's TTL and its last field."""
    for name, kind in (("nobody.alias.test.", "A"), ("three.alias.test.", "MX")):
        reply = ask(server, name, kind)
        assert [text.split()[:3] for text in reply.authority] == [["alias.test.", "60", "SOA"]]
    assert ask(server, "alias.test.", "SOA").answer[0].split()[:3] == ["alias.test.", "600", "SOA"]


# ---- aliases (RFC 1034 §4.3.2, 6604, 6672)

def test_a_chain_is_followed_in_its_order(server):
    assert ask(server, "one.alias.test.", "A").answer == [
        "one.alias.test. 600 CNAME two.alias.test.", "two.alias.test. 600 CNAME three.alias.test.",
        "three.alias.test. 600 A 192.0.2.3"]


def test_an_alias_itself_is_not_followed(server):
    assert ask(server, "one.alias.test.", "CNAME").answer == ["one.alias.test. 600 CNAME two.alias.test."]
    assert ask(server, "one.alias.test.", "ANY").answer == ["one.alias.test. 600 CNAME two.alias.test."]


@pytest.mark.parametrize("name,kind,rcode", [("ghost.alias.test.", "A", NXDOMAIN), ("empty.alias.test.", "A", NOERROR),
                                             ("one.alias.test.", "MX", NOERROR)])
def test_the_rcode_is_that_of_the_last_name(server, name, kind, rcode):
    """RFC 6604, and the SOA of RFC 2308 §2.1."""
    reply = ask(server, name, kind)
    assert reply.rcode == rcode and reply.aa and " CNAME " in reply.answer[0] and " SOA " in reply.authority[0]


def test_a_chain_goes_on_in_another_zone_of_ours(server):
    reply = ask(server, "across.alias.test.", "A")
    assert reply.answer[-1] == "www.child.parent.test. 600 A 192.0.2.21" and reply.aa


def test_a_chain_ends_where_our_zones_end(server):
    reply = ask(server, "beyond.alias.test.", "A")
    assert reply.rcode == NOERROR and reply.aa and len(reply.answer) == 1 and not reply.authority


def test_a_chain_may_end_in_a_referral(server):
    reply = ask(server, "cut.alias.test.", "A")
    assert reply.aa and reply.answer == ["cut.alias.test. 600 CNAME www.del.alias.test."]  # AA is for the first name
    assert reply.authority == ["del.alias.test. 600 NS ns.del.alias.test."]
    assert reply.additional == ["ns.del.alias.test. 600 A 192.0.2.9"]


@pytest.mark.parametrize("name,count", [("loop1.alias.test.", 2), ("self.alias.test.", 1)])
def test_a_loop_is_told_once(server, name, count):
    reply = ask(server, name, "A")
    assert reply.rcode == NOERROR and len(reply.answer) == count


def test_a_wildcard_may_be_an_alias(server):
    assert ask(server, "x.any.alias.test.", "A").answer == ["x.any.alias.test. 600 CNAME three.alias.test.",
                                                            "three.alias.test. 600 A 192.0.2.3"]


def test_a_dname_redirects_what_is_below_it(server):
    """RFC 6672 §3.1: the DNAME, a CNAME of its TTL, and so on."""
    assert ask(server, "a.old.alias.test.", "A").answer == [
        "old.alias.test. 90 DNAME new.alias.test.", "a.old.alias.test. 90 CNAME a.new.alias.test.",
        "a.new.alias.test. 600 A 192.0.2.5"]
    assert ask(server, "a.old.alias.test.", "CNAME").answer == [
        "old.alias.test. 90 DNAME new.alias.test.", "a.old.alias.test. 90 CNAME a.new.alias.test."]
    reply = ask(server, "b.old.alias.test.", "A")
    assert reply.rcode == NXDOMAIN and len(reply.answer) == 2
    assert ask(server, "x.out.alias.test.", "A").answer[-1] == "x.out.alias.test. 600 CNAME x.example.org."


def test_a_dname_does_not_redirect_its_owner(server):
    reply = ask(server, "old.alias.test.", "TXT")
    assert reply.rcode == NOERROR and not reply.answer and " SOA " in reply.authority[0]
    assert ask(server, "old.alias.test.", "DNAME").answer == ["old.alias.test. 90 DNAME new.alias.test."]


def test_a_name_that_a_dname_makes_too_long_gets_yxdomain(server):
    reply = ask(server, LONG + ".x.tooold.alias.test.", "A")
    assert reply.rcode == YXDOMAIN and len(reply.answer) == 1 and not reply.authority


def test_a_dname_that_leads_to_itself_is_told_once(server):
    """Otherwise the names grow up to their limit, or the RRset stands there twice."""
    reply = ask(server, "a.grow.alias.test.", "A")
    assert reply.rcode == NOERROR and len(reply.answer) == 2
    reply = ask(server, "round.round.x.alias.test.", "DNAME")
    assert sorted(text.split()[2] for text in reply.answer) == ["CNAME", "DNAME"]


# ---- cuts (RFC 1034 §4.3.2 step 3b, 4035 §3.1.4.1, 9471)

@pytest.mark.parametrize("name", ["indomain.parent.test.", "x.indomain.parent.test.", "ns.indomain.parent.test."])
@pytest.mark.parametrize("kind", ["A", "NS", "TXT", "SOA", "ANY"])
def test_at_and_below_a_cut_is_a_referral(server, name, kind):
    reply = ask(server, name, kind)
    assert reply.rcode == NOERROR and not reply.aa and not reply.answer
    assert reply.authority == ["indomain.parent.test. 600 NS ns.indomain.parent.test."]
    assert reply.additional == ["ns.indomain.parent.test. 600 A 192.0.2.10",
                                "ns.indomain.parent.test. 600 AAAA 2001:db8::10"]


def test_ds_is_answered_by_the_parent(server):
    reply = ask(server, "child.parent.test.", "DS")  # though the child is ours, too
    assert reply.aa and len(reply.answer) == 1 and reply.answer[0].startswith("child.parent.test. 600 DS 12345 ")
    reply = ask(server, "unsigned.parent.test.", "DS")
    assert reply.aa and not reply.answer and reply.authority[0].startswith("parent.test. 60 SOA")
    reply = ask(server, "x.unsigned.parent.test.", "DS")
    assert not reply.aa and reply.authority == ["unsigned.parent.test. 600 NS ns.child.parent.test."]
    reply = ask(server, "parent.test.", "DS")  # its parent is not ours
    assert reply.rcode == NOERROR and reply.aa and reply.authority[0].startswith("parent.test. 60 SOA")


def test_a_child_zone_of_ours_answers_itself(server):
    reply = ask(server, "ns.child.parent.test.", "A")
    assert reply.aa and reply.answer == ["ns.child.parent.test. 600 A 192.0.2.20"]  # not the parent's glue
    reply = ask(server, "nobody.child.parent.test.", "A")
    assert reply.rcode == NXDOMAIN and reply.authority[0].startswith("child.parent.test. 60 SOA")


def test_glue_of_siblings_is_given(server):
    reply = ask(server, "x.sibling.parent.test.", "A")
    assert sorted(reply.additional) == ["ns.indomain.parent.test. 600 A 192.0.2.10",
                                        "ns.indomain.parent.test. 600 AAAA 2001:db8::10",
                                        "ns.sibling.parent.test. 600 A 192.0.2.11"]


def test_a_delegation_without_glue_is_a_referral_all_the_same(server):
    reply = ask(server, "x.missing.parent.test.", "A")
    assert reply.authority == ["missing.parent.test. 600 NS ns.elsewhere.test."] and not reply.additional and not reply.tc


def test_glue_below_the_cut_is_all_there_or_tc_says_so(server):
    """RFC 9471: that of siblings may be left out."""
    reply = ask(server, "x.many.parent.test.", "A", payload=512)
    assert reply.tc and len(reply.additional) == 16  # the addresses of one server are whole
    reply = ask(server, "x.many.parent.test.", "A")
    assert not reply.tc and len([text for text in reply.additional if ".many." in text]) == 32
    reply = ask(server, "x.wide.parent.test.", "A", payload=512)
    assert reply.tc and not reply.additional


# ---- hints (RFC 1034 §4.3.2 step 6, 2782, 9460 §4.1)

@pytest.mark.parametrize("name,kind,expected", [
    ("hints.test.", "MX", ["mail.hints.test. 600 A 192.0.2.25"]),  # once
    ("hints.test.", "NS", ["ns1.hints.test. 600 A 192.0.2.1", "ns2.hints.test. 600 AAAA 2001:db8::2"]),
    ("_s._tcp.hints.test.", "SRV", ["mail.hints.test. 600 A 192.0.2.25"]),
    ("wildmx.hints.test.", "MX", ["any.wild.hints.test. 600 A 192.0.2.26"]),
    ("svc.hints.test.", "SVCB", ["svc.hints.test. 600 A 192.0.2.30"]),  # "." is the owner
    ("bind.hints.test.", "HTTPS", ["pool.hints.test. 600 A 192.0.2.31", "pool.hints.test. 600 AAAA 2001:db8::31",
                                   'pool.hints.test. 600 HTTPS 1 . alpn="h2"']),
    ("none.hints.test.", "SVCB", []),
    ("away.hints.test.", "MX", []),
    ("mail.hints.test.", "A", []),
])
def test_addresses_that_will_be_asked_for_next_come_along(server, name, kind, expected):
    assert sorted(ask(server, name, kind).additional) == expected


def test_what_does_not_fit_among_hints_is_left_out_without_a_sign(server):
    assert not ask(server, "hints.test.", "MX", payload=512).tc


# ---- records as they are (RFC 2181, 3597)

def test_unknown_types_are_bytes(server):
    reply = ask(server, "odd.hints.test.", "TYPE65280")
    assert reply.message.answer[0].rdata == b"\x0a\0\0\1\2"
    assert ask(server, "odd.hints.test.", "A").answer == ["odd.hints.test. 600 A 192.0.2.1"]  # TYPE1 is A


def test_a_ttl_is_the_records_own(server):
    assert ask(server, "ttl.hints.test.", "TXT").answer == ['ttl.hints.test. 7 TXT "seven"']


def test_names_of_others_are_refused(server):
    for name in ("test.", "org.", ".", "ample.", "xalias.test."):
        reply = ask(server, name, "A")
        assert reply.rcode == REFUSED and not reply.aa and not reply.answer and not reply.authority
