# SPDX-License-Identifier: GPL-3.0-or-later
"""The same zones and questions to steerd, NSD and Knot: whatever they answer right, steerd answers right.

Every difference that is accepted is a rule below, which says why.  A difference that no rule explains fails the test and
shows the question and all replies.  STEERD_DIFFERENTIAL_WORLDS (of five to ten zones each) and
STEERD_DIFFERENTIAL_QUESTIONS (in each world) set the size; STEERD_DIFFERENTIAL_SEED repeats a run.
"""
import collections
import os
import random
import socket
import struct
import time

import dns.message
import pytest

import peers
from harness import IS_LONG, Daemon
from wire import (AA, AFSDB, ANY, CNAME, DNAME, DS, HINFO, HTTPS, KX, NS, RT, SVCB, TC, YXDOMAIN, Message, lower, query,
                  question)
from zonegen import World, wire

WORLDS = int(os.environ.get("STEERD_DIFFERENTIAL_WORLDS", "15" if IS_LONG else "2"))
QUESTIONS = int(os.environ.get("STEERD_DIFFERENTIAL_QUESTIONS", "7000" if IS_LONG else "2000"))
SEED = int(os.environ.get("STEERD_DIFFERENTIAL_SEED", random.randrange(1 << 32)))

WINDOW = 50  # questions under way at a time: their replies fit into a socket's buffer
LIMIT = 1232  # what all three are set to send at most over UDP


# ---- asking

def receive_exactly(stream, size):
    data = b""
    while len(data) < size:
        more = stream.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def ask_udp(port, packets):
    """One reply for each packet, by its id; asks again for what was lost."""
    replies = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect(("127.0.0.1", port))
        for _ in range(3):
            missing = {ident: packet for ident, packet in packets.items() if ident not in replies}
            if not missing:
                break
            for packet in missing.values():
                udp.send(packet)
            deadline = time.monotonic() + 5
            while len(replies) < len(packets) and time.monotonic() < deadline:
                udp.settimeout(max(0.01, deadline - time.monotonic()))
                try:
                    packet = udp.recv(65535)
                except socket.timeout:
                    break
                replies[struct.unpack_from(">H", packet)[0]] = packet
    return replies


def ask_tcp(port, packets):
    """All at once on one connection; replies come in any order."""
    replies = {}
    if not packets:
        return replies
    with socket.create_connection(("127.0.0.1", port), timeout=20) as stream:
        stream.sendall(b"".join(struct.pack(">H", len(packet)) + packet for packet in packets.values()))
        for _ in packets:
            size = struct.unpack(">H", receive_exactly(stream, 2))[0]
            packet = receive_exactly(stream, size)
            replies[struct.unpack_from(">H", packet)[0]] = packet
    return replies


class Case:
    """One question and what the servers said: `ours`, and `theirs` by their names."""

    def __init__(self, name, kind, payload, is_tcp):
        self.name, self.kind, self.payload, self.is_tcp = name, kind, payload, is_tcp
        self.limit = 65535 if is_tcp else min(max(payload or 512, 512), LIMIT)
        self.world, self.ours, self.theirs, self.full = None, None, {}, None

    def packet(self, ident):
        return query(ident, self.name, self.kind, self.payload)

    def describe(self):
        import dns.name
        import dns.rdatatype
        lines = ["%s %s, %s, %s" % (dns.name.from_wire(self.name, 0)[0], dns.rdatatype.to_text(self.kind),
                                    "TCP" if self.is_tcp else "UDP", "EDNS %s" % self.payload)]
        lines.append("steerd: %r" % self.ours)
        lines += ["%s: %r" % item for item in self.theirs.items()]
        return "\n".join(lines)


class Arena:
    """The three servers with one world of zones.  With services, steerd gives addresses by policies that the others
    have as records."""

    def __init__(self, rng, with_services=False):
        self.rng, self.world = rng, World(rng)
        self.world.services_of = self.world.choose_services() if with_services else {}
        self.daemon, self.peers = Daemon(), []

    def __enter__(self):
        files = self.world.master_files()
        zones = {}
        for index, apex in enumerate(files):
            chosen = self.world.services_of.get(apex, set())
            self.daemon.write("zones/%d.zone" % index, self.world.master_file(apex, chosen))
            zones[apex] = {"file": "zones/%d.zone" % index, "services": self.world.services(apex, chosen)}
        try:
            self.daemon.start({"zones": zones}, workers=1)
            for kind in (peers.Nsd, peers.Knot):
                self.peers.append(kind(files))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        for peer in self.peers:
            peer.stop()
        self.daemon.finish()

    def cases(self, count):
        for start in range(0, count, WINDOW):
            window = {}
            for ident in range(start, min(start + WINDOW, count)):
                name, kind = self.world.question()
                payload = self.rng.choice((None, 512, 1232, 4096))
                case = Case(name, kind, payload, self.rng.random() < 0.15)
                case.world = self.world
                window[ident & 0xffff] = case
            self.ask(window)
            yield from window.values()

    def ask(self, window):
        packets = {ident: case.packet(ident) for ident, case in window.items()}
        udp = {ident: packets[ident] for ident, case in window.items() if not case.is_tcp}
        tcp = {ident: packets[ident] for ident, case in window.items() if case.is_tcp}
        for server in [None] + self.peers:
            port = self.daemon.dns_port if server is None else server.port
            replies = {**ask_udp(port, udp), **ask_tcp(port, tcp)}
            for ident, case in window.items():
                assert ident in replies, "no reply from %s\n%s" % (server and server.name or "steerd", case.describe())
                if server is None:
                    case.ours = strictly(replies[ident], case)
                else:
                    case.theirs[server.name] = Message(replies[ident], may_repeat=True)
        cut = {ident: packets[ident] for ident, case in window.items() if case.ours.has(TC)}
        for ident, packet in ask_tcp(self.daemon.dns_port, cut).items():
            window[ident].full = strictly(packet, window[ident], is_tcp=True)
            assert len(packet) > window[ident].limit, "truncated for nothing:\n" + window[ident].describe()


def strictly(packet, case, is_tcp=False):
    """Our reply must satisfy both parsers and repeat the question to the letter."""
    try:
        message = Message(packet)
        dns.message.from_wire(packet, ignore_trailing=False)
    except Exception as problem:
        raise AssertionError("%s\n%s\n%s" % (problem, case.describe(), packet.hex())) from problem
    assert message.question == question(case.name, case.kind), "the question came back otherwise:\n" + case.describe()
    assert len(packet) <= (65535 if is_tcp else case.limit), "longer than allowed:\n" + case.describe()
    assert (message.opt is not None) == (case.payload is not None), case.describe()
    return message


# ---- comparing

def differences(ours, theirs):
    """Which aspects of two replies differ."""
    out = set()
    for aspect, is_equal in (
            ("rcode", ours.rcode == theirs.rcode),
            ("aa", ours.has(AA) == theirs.has(AA)),
            ("tc", ours.has(TC) == theirs.has(TC)),
            ("answer", ours.rrsets(ours.answer) == theirs.rrsets(theirs.answer)),
            ("authority", sorted(ours.rrsets(ours.authority)) == sorted(theirs.rrsets(theirs.authority))),
            ("additional", {r.key for r in ours.additional} == {r.key for r in theirs.additional})):
        if not is_equal:
            out.add(aspect)
    return out


def unexplained_by(case, peer, theirs, rules, names=None):
    """The aspects in which a peer differs from us and none of `rules` says why."""
    left = differences(case.ours, theirs)
    for one in rules:
        explained = left & (one(case, peer, theirs) or set()) if left else None
        if explained:
            left -= explained
            if names is not None:
                names.append("%s: %s" % (peer, one.__name__))
    return left


def judge(case):
    """(names of the rules that were needed, what is left unexplained)."""
    names, left = [], set()
    for peer, theirs in case.theirs.items():
        left |= {"%s %s" % (peer, aspect) for aspect in unexplained_by(case, peer, theirs, RULES, names)}
    return names, left


# ---- what may differ, and why

RULES = []


def rule(function):
    RULES.append(function)
    return function


SECTIONS = {"answer", "authority", "additional"}


def suffixes(name):
    """All ancestors of a wire-form name, itself first, the root last."""
    while True:
        yield name
        if name == b"\0":
            return
        name = name[1 + name[0]:]


def zone_of(world, name, kind=None):
    """The apex of our zone that holds the name; None if none does.  DS is the parent's, if that is ours."""
    ours = {lower(wire(apex)) for apex in world.apexes.values()}
    found = [suffix for suffix in suffixes(lower(name)) if suffix in ours]
    if kind == DS and len(found) > 1 and found[0] == lower(name):
        del found[0]
    return found[0] if found else None


def chain(message):
    """The names that an answer goes through, from the qname on."""
    return [lower(message.qname)] + [record.rdata for record in message.answer if record.type == CNAME]


def is_prefix(message, other):
    """Both tell the same as far as the first one goes."""
    first, second = message.rrsets(message.answer), other.rrsets(other.answer)
    return second[:len(first)] == first


def in_first_zone(case):
    """The part of our answer that the zone of the qname gives."""
    out, zone = [], zone_of(case.world, case.name, case.kind)
    for head, rdatas in case.ours.rrsets(case.ours.answer):
        out.append((head, rdatas))
        if head[1] == CNAME and zone_of(case.world, min(rdatas), case.kind) != zone:
            break
    return out


@rule
def any_is_answered_briefly(case, _, theirs):
    """RFC 8482 §4.2: one HINFO for all that is there.  The others give everything."""
    last = case.ours.rrsets(case.ours.answer)[-1:]
    is_brief = last and last[0][0][1] == HINFO and last[0][1] == {b"\7RFC8482\0"}
    if case.kind == ANY and is_brief and (theirs.answer or theirs.has(TC)):
        return SECTIONS | {"tc"}


@rule
def nsd_names_the_servers_with_every_answer(case, peer, theirs):
    """RFC 1034 §4.3.2 allows the zone's NS in the authority section; minimal responses leave it out.  Of the hints for
    the answer itself NSD sends none when the reply is long."""
    apexes = {lower(wire(apex)) for apex in case.world.apexes.values()}
    is_polite = all(record.type == NS and record.owner in apexes for record in theirs.authority)
    if peer != "nsd" or not case.ours.answer or case.ours.authority or not is_polite:
        return None
    servers = {record.rdata for record in theirs.authority}
    hints = {record.key for record in theirs.additional if record.owner not in servers}
    return {"authority", "additional"} if hints <= {record.key for record in case.ours.additional} else {"authority"}


@rule
def knot_does_not_follow_an_alias_into_another_zone(case, peer, theirs):
    """RFC 1034 §4.3.2 step 3a goes back to step 1, so we and NSD go on in any zone of ours; Knot stops, or takes the
    zone it is in for the right one."""
    zones = {zone_of(case.world, name, case.kind) for name in chain(case.full or case.ours)}
    sure = in_first_zone(case)
    if peer == "knot" and len(zones) > 1 and (theirs.rrsets(theirs.answer)[:len(sure)] == sure or theirs.has(TC)):
        return SECTIONS | {"rcode", "tc"}


@rule
def nsd_holds_all_zones_in_one_tree(case, peer, _):
    """Where a zone of ours lies below another, NSD takes the parent's glue for names of the child, and looks for DS in
    the topmost zone instead of the next one up.  Knot must agree with us."""
    apexes = {lower(wire(apex)) for apex in case.world.apexes.values()}
    nested = {apex for apex in apexes for other in apexes if apex != other and
              (apex in suffixes(other) or other in suffixes(apex))}
    is_nested = any(zone_of(case.world, name) in nested for name in chain(case.full or case.ours))
    knot = case.theirs["knot"]
    if peer == "nsd" and is_nested and not unexplained_by(case, "knot", knot, [
            any_is_answered_briefly, knot_does_not_follow_an_alias_into_another_zone,
            knot_fills_in_addresses_under_the_wildcards_name, we_give_addresses_that_others_leave_out,
            both_cut_a_long_reply_in_their_way]):
        return SECTIONS | {"rcode", "aa", "tc"}


@rule
def knot_goes_round_with_a_dname_that_leads_below_itself(case, peer, theirs):
    """Names only grow; we and NSD leave the second round to whoever asks, Knot stops after some."""
    dnames = [record for record in case.ours.answer if record.type == DNAME]
    if peer == "knot" and any(one.owner in suffixes(one.rdata) for one in dnames) and is_prefix(case.ours, theirs):
        return SECTIONS | {"rcode", "tc"}


@rule
def knot_is_unsure_about_names_that_a_dname_makes_too_long(case, peer, theirs):
    """RFC 6672 §2.2 says YXDOMAIN and nothing else; Knot goes on with the target's end.  NSD agrees with us."""
    if peer == "knot" and case.ours.rcode == YXDOMAIN == case.theirs["nsd"].rcode and is_prefix(case.ours, theirs):
        return SECTIONS | {"rcode", "tc"}


@rule
def knot_fills_in_addresses_under_the_wildcards_name(case, peer, theirs):
    """A target that a wildcard covers: the addresses belong to the target's name; Knot's belong to the wildcard."""
    less = {record.key for record in case.ours.additional} - {record.key for record in theirs.additional}
    more = {record.key for record in theirs.additional} - {record.key for record in case.ours.additional}
    if peer == "knot" and all(key[0][:2] == b"\1*" for key in more):
        addresses = {record.key[1:] for record in theirs.additional if record.owner[:2] == b"\1*"}
        is_binding = any(record.type in (SVCB, HTTPS) for record in case.ours.answer)  # see the rule below
        return {"additional"} if is_binding or all(key[1:] in addresses for key in less) else None


@rule
def we_give_addresses_that_others_leave_out(case, _, theirs):
    """RFC 9460 §4.1: also the records of an alias's target, and the addresses of a target "." are the owner's.  RFC 1183
    §1 and §3.3 and RFC 2230 ask for addresses with AFSDB, RT and KX as RFC 1035 does with MX."""
    less = {record.key for record in theirs.additional} - {record.key for record in case.ours.additional}
    if not less and any(record.type in (AFSDB, RT, KX, SVCB, HTTPS) for record in case.ours.answer):
        return {"additional"}


@rule
def knot_adds_what_stands_in_the_answer_or_at_the_root(case, peer, theirs):
    """A service binding's target "." is its owner (RFC 9460 §2.5), not the root; and what the answer holds need not be
    added."""
    more = {record.key for record in theirs.additional} - {record.key for record in case.ours.additional}
    known = {record.key for record in case.ours.answer}
    is_binding = any(record.type in (SVCB, HTTPS) for record in case.ours.answer)
    if peer == "knot" and is_binding and all(key in known or key[0] == b"\0" for key in more):
        return {"additional"}


@rule
def an_occluded_wildcard_is_no_glue(case, _, theirs):
    """The others take a wildcard below a cut for the glue of a server that has none."""
    zones = case.world.zones.items()
    owners = {lower(wire(owner)) for _, zone in zones for owner in zone}
    cuts = {lower(wire(owner)) for apex, zone in zones for owner, sets in zone.items()
            if "NS" in sets and owner != case.world.apexes[apex]}
    more = {record.key for record in theirs.additional} - {record.key for record in case.ours.additional}
    less = {record.key for record in case.ours.additional} - {record.key for record in theirs.additional}
    if not less and all(key[0] not in owners and cuts.intersection(suffixes(key[0])) for key in more):
        return {"additional"}


@rule
def glue_of_siblings_is_given_as_far_as_it_fits(case, _, theirs):
    """RFC 9471 §3.2 leaves it to the server whether what does not fit sets TC."""
    is_less = {record.key for record in theirs.additional} <= {record.key for record in case.ours.additional}
    if not case.ours.has(AA) and not case.ours.has(TC) and is_less:
        return {"additional", "tc"}


@rule
def nsd_misnames_a_target_below_a_wildcard(case, peer, theirs):
    """The addresses that a wildcard gives to a target come under another name.  Knot agrees with us."""
    def addresses(message):
        return {record.key[1:] for record in message.additional}
    if peer == "nsd" and case.ours.has(AA) and addresses(case.ours) == addresses(theirs):
        return None if unexplained_by(case, "knot", case.theirs["knot"], RULES) else {"additional"}


@rule
def knot_leaves_out_an_soa_that_does_not_fit(case, peer, theirs):
    """RFC 2181 §9: what belongs to a negative answer and does not fit sets TC."""
    if peer == "knot" and not theirs.authority and not theirs.has(TC) and len((case.full or case.ours).packet) > case.limit * 0.8:
        return {"authority", "tc"}


@rule
def hints_are_given_as_far_as_they_fit(case, _, theirs):
    """Near the limit everybody leaves out what does not fit beside his answer, in his own order."""
    if case.ours.has(AA) and max(len(case.ours.packet), len(theirs.packet)) > case.limit * 0.8:
        return {"additional"}


@rule
def addresses_of_services_do_not_come_along(case, _, theirs):
    """Who steers is asked for the name itself: a hint would be somebody else's answer."""
    owners = {lower(wire(owner)) for owners in case.world.services_of.values() for owner in owners}
    more = {record.key for record in theirs.additional} - {record.key for record in case.ours.additional}
    wildcards = {owner[2:] for owner in owners if owner[:2] == b"\1*"}
    if more and any(key[0] in owners or wildcards.intersection(suffixes(key[0])) for key in more):
        return {"additional"}


@rule
def both_cut_a_long_reply_in_their_way(case, _, theirs):
    """Whoever sees TC asks again over TCP, and looks at the rcode then."""
    if case.ours.has(TC) and theirs.has(TC):
        return SECTIONS | {"rcode"}


@rule
def names_are_compressed_differently(case, _, theirs):
    """Which names a writer remembers decides whether a reply near the limit still fits."""
    longer, shorter = (case.full, theirs) if case.ours.has(TC) else (theirs, case.ours)
    is_near = max(len(longer.packet), len(shorter.packet)) > case.limit * 0.8
    if case.ours.has(TC) != theirs.has(TC) and is_near:
        is_same = longer.has(TC) or is_prefix(shorter, longer)
        return SECTIONS | {"tc"} if is_same else None


# ---- the test

@pytest.mark.skipif(not peers.is_there(), reason="NSD and Knot are not installed")
@pytest.mark.parametrize("world", range(WORLDS))
@pytest.mark.parametrize("with_services", [False, True], ids=["records", "services"])
def test_every_difference_from_nsd_and_knot_is_explained(world, with_services):
    seed = SEED + world
    print("STEERD_DIFFERENTIAL_SEED=%d STEERD_DIFFERENTIAL_WORLDS=1" % seed)
    used, complaints = collections.Counter(), []
    with Arena(random.Random(seed), with_services) as arena:
        for case in arena.cases(QUESTIONS):
            names, unexplained = judge(case)
            used.update(names)
            if unexplained:
                complaints.append("%s\n%s" % (", ".join(sorted(unexplained)), case.describe()))
    print("\n".join("%6d  %s" % (count, name) for name, count in used.most_common()))
    assert not complaints, "%d of %d:\n%s" % (len(complaints), QUESTIONS, "\n\n".join(complaints[:5]))
