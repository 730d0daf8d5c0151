# SPDX-License-Identifier: GPL-3.0-or-later
"""How steerd may differ from NSD and Knot, and why: each rule is a sentence with its reason.

A rule takes a case and says which aspects of a reply it explains.  The additional section is judged record by record: a
rule for hints says whether one that is there too much (`is_more`: only the peer has it) or missing is explained.
"""
from wire import AA, AFSDB, ANY, CNAME, DNAME, DS, HINFO, HTTPS, KX, NS, RT, SVCB, TC, YXDOMAIN, lower
from zonegen import wire

SECTIONS = {"answer", "authority", "additional"}
RULES, HINT_RULES = [], []


def rule(function):
    RULES.append(function)
    return function


def hint_rule(function):
    HINT_RULES.append(function)
    return function


# ---- comparing

def keys(section):
    return {record.key for record in section}


def differences(ours, theirs):
    """Which aspects of two replies differ."""
    out = set()
    for aspect, is_equal in (
            ("rcode", ours.rcode == theirs.rcode),
            ("aa", ours.has(AA) == theirs.has(AA)),
            ("tc", ours.has(TC) == theirs.has(TC)),
            ("answer", ours.rrsets(ours.answer) == theirs.rrsets(theirs.answer)),
            ("authority", sorted(ours.rrsets(ours.authority)) == sorted(theirs.rrsets(theirs.authority))),
            ("additional", keys(ours.additional) == keys(theirs.additional))):
        if not is_equal:
            out.add(aspect)
    return out


def unexplained_hints(case, peer, theirs, names):
    more = keys(theirs.additional) - keys(case.ours.additional)
    less = keys(case.ours.additional) - keys(theirs.additional)
    for key in more | less:
        reason = next((one for one in HINT_RULES if one(case, peer, theirs, key, key in more)), None)
        if reason is None:
            return True
        names.add(reason.__name__)
    return False


def unexplained(case, peer, theirs, names=None):
    """The aspects in which a peer differs from us and no rule says why; `names` takes the rules that did."""
    left, names = differences(case.ours, theirs), set() if names is None else names
    for one in RULES:
        explained = left & (one(case, peer, theirs) or set()) if left else None
        if explained:
            left -= explained
            names.add(one.__name__)
    if "additional" in left and not unexplained_hints(case, peer, theirs, names):
        left.remove("additional")
    return left


def judge(case):
    """(names of the rules that were needed, what is left unexplained)."""
    needed, left = [], set()
    for peer, theirs in case.theirs.items():
        names = set()
        left |= {"%s %s" % (peer, aspect) for aspect in unexplained(case, peer, theirs, names)}
        needed += ["%s: %s" % (peer, name) for name in names]
    return needed, left


# ---- what the rules look at

def suffixes(name):
    """All ancestors of a wire-form name, itself first, the root last."""
    while True:
        yield name
        if name == b"\0":
            return
        name = name[1 + name[0]:]


def apexes_of(world):
    return {lower(wire(apex)) for apex in world.apexes.values()}


def zone_of(world, name, kind=None):
    """The apex of our zone that holds the name; None if none does.  DS is the parent's, if that is ours."""
    apexes = apexes_of(world)
    found = [suffix for suffix in suffixes(lower(name)) if suffix in apexes]
    if kind == DS and len(found) > 1 and found[0] == lower(name):
        del found[0]
    return found[0] if found else None


def chain(case):
    """The names that our answer goes through, from the qname on."""
    message = case.full or case.ours
    return [lower(message.qname)] + [record.rdata for record in message.answer if record.type == CNAME]


def is_prefix(message, other):
    """Both answer the same as far as the first one goes."""
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


def has_answer_of(case, *kinds):
    return any(record.type in kinds for record in case.ours.answer)


def is_wildcard(name):
    return name[:2] == b"\1*"


# ---- what may differ

@rule
def any_is_answered_briefly(case, _, theirs):
    """RFC 8482 §4.2: one HINFO for all that is there.  The others give everything."""
    last = case.ours.rrsets(case.ours.answer)[-1:]
    is_brief = last and last[0][0][1] == HINFO and last[0][1] == {b"\7RFC8482\0"}
    if case.kind == ANY and is_brief and (theirs.answer or theirs.has(TC)):
        return SECTIONS | {"tc"}


@rule
def nsd_names_the_servers_with_every_answer(case, peer, theirs):
    """RFC 1034 §4.3.2 allows the zone's NS in the authority section; minimal responses leave it out."""
    apexes = apexes_of(case.world)
    is_polite = all(record.type == NS and record.owner in apexes for record in theirs.authority)
    if peer == "nsd" and case.ours.answer and not case.ours.authority and is_polite:
        return {"authority"}


@rule
def knot_does_not_follow_an_alias_into_another_zone(case, peer, theirs):
    """RFC 1034 §4.3.2 step 3a goes back to step 1, so we and NSD go on in any zone of ours; Knot stops, or takes the
    zone it is in for the right one."""
    zones = {zone_of(case.world, name, case.kind) for name in chain(case)}
    sure = in_first_zone(case)
    if peer == "knot" and len(zones) > 1 and (theirs.rrsets(theirs.answer)[:len(sure)] == sure or theirs.has(TC)):
        return SECTIONS | {"rcode", "tc"}


@rule
def nsd_holds_all_zones_in_one_tree(case, peer, _):
    """Where a zone of ours lies below another, NSD takes the parent's glue for names of the child, and looks for DS in
    the topmost zone instead of the next one up.  Knot must agree with us."""
    apexes = apexes_of(case.world)
    nested = {apex for apex in apexes for other in apexes if apex != other and
              (apex in suffixes(other) or other in suffixes(apex))}
    is_nested = any(zone_of(case.world, name) in nested for name in chain(case))
    if peer == "nsd" and is_nested and not unexplained(case, "knot", case.theirs["knot"]):
        return SECTIONS | {"rcode", "aa", "tc"}


@rule
def knot_goes_round_with_a_dname_that_leads_below_itself(case, peer, theirs):
    """Names only grow; we and NSD leave the second round to whoever asks, Knot stops after some."""
    dnames = [record for record in case.ours.answer if record.type == DNAME]
    if peer == "knot" and any(one.owner in suffixes(one.rdata) for one in dnames) and is_prefix(case.ours, theirs):
        return SECTIONS | {"rcode", "tc"}


@rule
def nsd_goes_round_a_loop_until_it_sees_it(case, peer, theirs):
    """A loop of aliases through two zones: NSD repeats records that we, and Knot within a zone, tell once."""
    if peer == "nsd" and is_prefix(case.ours, theirs) and keys(theirs.answer) == keys(case.ours.answer):
        return {"answer"}


@rule
def knot_is_unsure_about_names_that_a_dname_makes_too_long(case, peer, theirs):
    """RFC 6672 §2.2 says YXDOMAIN and nothing else; Knot goes on with the target's end.  NSD agrees with us."""
    if peer == "knot" and case.ours.rcode == YXDOMAIN == case.theirs["nsd"].rcode and is_prefix(case.ours, theirs):
        return SECTIONS | {"rcode", "tc"}


@rule
def knot_leaves_out_an_soa_that_does_not_fit(case, peer, theirs):
    """RFC 2181 §9: what belongs to a negative answer and does not fit sets TC."""
    is_near = len((case.full or case.ours).packet) > case.limit * 0.7
    if peer == "knot" and not theirs.authority and not theirs.has(TC) and is_near:
        return {"authority", "tc"}


@rule
def both_cut_a_long_reply_in_their_way(case, _, theirs):
    """Whoever sees TC asks again over TCP, and looks at the rcode then."""
    if case.ours.has(TC) and theirs.has(TC):
        return SECTIONS | {"rcode"}


@rule
def names_are_compressed_differently(case, _, theirs):
    """Which names a writer remembers decides whether a long reply still fits.  If it is ours that does not, it is known
    not to fit, and over TCP it is the same."""
    if theirs.has(TC) and not case.ours.has(TC):
        return SECTIONS | {"tc"}
    if case.ours.has(TC) and not theirs.has(TC) and is_prefix(theirs, case.full):
        return SECTIONS | {"tc"}


@rule
def glue_of_siblings_is_given_as_far_as_it_fits(case, _, theirs):
    """RFC 9471 §3.2 leaves it to the server whether what does not fit sets TC."""
    is_less = keys(theirs.additional) <= keys(case.ours.additional)
    if not case.ours.has(AA) and not case.ours.has(TC) and is_less:
        return {"additional", "tc"}


# ---- what may come along, record by record: key is (owner, type, TTL, rdata)

@hint_rule
def nsd_adds_the_addresses_of_the_servers_it_names(case, peer, theirs, key, is_more):
    """See above; of the hints for the answer itself it sends none when the reply is long."""
    servers = {record.rdata for record in theirs.authority}
    return peer == "nsd" and case.ours.has(AA) and case.ours.answer and (not is_more or key[0] in servers)


@hint_rule
def knot_gives_addresses_under_the_wildcards_name(case, peer, theirs, key, is_more):
    """A target that a wildcard covers: the addresses belong to the target's name; Knot's belong to the wildcard."""
    same = {record.key[1:] for record in theirs.additional if is_wildcard(record.owner)}
    return peer == "knot" and (is_wildcard(key[0]) if is_more else key[1:] in same)


@hint_rule
def we_give_addresses_that_others_leave_out(case, peer, theirs, key, is_more):
    """RFC 9460 §4.1: also the records of a target, and the addresses of a target "." are the owner's.  RFC 1183 §1 and
    §3.3 and RFC 2230 ask for addresses with AFSDB, RT and KX as RFC 1035 does with MX."""
    return not is_more and has_answer_of(case, AFSDB, RT, KX, SVCB, HTTPS)


@hint_rule
def knot_adds_what_stands_in_the_answer_or_at_the_root(case, peer, theirs, key, is_more):
    """A service binding's target "." is its owner (RFC 9460 §2.5), not the root; and what the answer holds need not be
    added."""
    is_known = key in keys(case.ours.answer) or key[0] == b"\0"
    return peer == "knot" and is_more and is_known and has_answer_of(case, SVCB, HTTPS)


@hint_rule
def an_occluded_wildcard_is_no_glue(case, peer, theirs, key, is_more):
    """The others take a wildcard below a cut for the glue of a server that has none."""
    zones = case.world.zones.items()
    cuts = {lower(wire(owner)) for apex, zone in zones for owner, sets in zone.items()
            if "NS" in sets and owner != case.world.apexes[apex]}
    is_literal = any(key[0] == lower(wire(owner)) for _, zone in zones for owner in zone)
    return is_more and not is_literal and cuts.intersection(suffixes(key[0]))


@hint_rule
def nsd_misnames_a_target_below_a_wildcard(case, peer, theirs, key, is_more):
    """The addresses that a wildcard gives to a target come under another name.  Knot agrees with us."""
    same = {record.key[1:] for record in (case.ours if is_more else theirs).additional}
    return peer == "nsd" and key[1:] in same and not unexplained(case, "knot", case.theirs["knot"])


@hint_rule
def addresses_of_services_do_not_come_along(case, peer, theirs, key, is_more):
    """Who steers is asked for the name itself: a hint would be somebody else's answer."""
    owners = {lower(wire(owner)) for owners in case.world.services_of.values() for owner in owners}
    wildcards = {owner[2:] for owner in owners if is_wildcard(owner)}
    return is_more and (key[0] in owners or wildcards.intersection(suffixes(key[0])))


@hint_rule
def hints_are_given_as_far_as_they_fit(case, peer, theirs, key, is_more):
    """Near the limit everybody leaves out what does not fit beside his answer, in his own order."""
    return case.ours.has(AA) and max(len(case.ours.packet), len(theirs.packet)) > case.limit * 0.7
