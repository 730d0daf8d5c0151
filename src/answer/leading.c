/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/leading.h"

#include "answer/assembly.h"
#include "base/inlined.h"
#include "dns/draft.h"

#include <string.h>

/* ---- targets ---- */

/* What a wildcard says of it, or the glue of another cut. */
static __attribute__((noinline)) const struct zone_node *find_at_length(const struct zone *zone,
                                                                        const uint8_t *wire)
{
    struct dns_name name;
    uint64_t hash;
    dns_name_from_wire(wire, &name);
    return assembly_find_target(zone, &name, &hash);
}

static inline const struct zone_node *find_exact(const struct zone *zone, const uint8_t *wire,
                                                 const struct dns_image_target *target, enum zone_reach reach)
{
    uint64_t hash;
    memcpy(&hash, target->hash, sizeof hash);
    return zone_find_relative(zone, hash, wire, target->size, reach);
}

static inline const struct zone_node *find_target(const struct zone *zone, const uint8_t *wire,
                                                  const struct dns_image_target *target)
{
    const enum zone_reach reach = target->is_below ? ZONE_REACH_ALL : ZONE_REACH_TARGETS;
    const struct zone_node *node = find_exact(zone, wire, target, reach);
    return node != NULL ? node : find_at_length(zone, wire);
}

/* True if the answer leads on from there: of a binding to another name (RFC 9460 §4.1). */
static __attribute__((noinline)) bool leads_on(const struct zone_node *node,
                                               const struct dns_image_target *target, uint16_t type)
{
    return !target->is_owner && zone_node_rrset(node, type) != NULL;
}

/* Adds the image of `rrset`, which the match has found, and what is known of its targets as far as that is
 * static addresses.  False: there is more to say. */
static bool add_leading(struct dns_draft *draft, enum dns_section section, const struct zone_match *match,
                        const struct dns_rrset *rrset, const struct dns_image *image, unsigned shift)
{
    const bool is_answer = section == DNS_ANSWER, is_binding = dns_type_is_binding(rrset->type);
    dns_draft_add_image(draft, section, image, rrset, shift);
    for (unsigned i = 0; i < image->target_count; i++) {
        const struct dns_image_target *target = &image->targets[i];
        const uint8_t *wire = rrset->wire + target->name_at;
        const struct zone_node *node =
            target->is_owner ? match->node : find_target(match->zone, wire, target);
        const struct dns_rrset *a, *aaaa;
        if (node == NULL)
            continue;
        if (is_answer &&
            (zone_node_service(node) != NULL || (is_binding && leads_on(node, target, rrset->type))))
            return false;
        zone_node_addresses(node, &a, &aaaa);
        dns_draft_add_addresses(draft, wire, target->own_size, target->pointer + shift, a, aaaa);
    }
    return true;
}

/* Adds the NS RRset of the cut that was found, and glue.  False: there is no image. */
static bool refer(struct dns_draft *draft, const struct zone_match *match)
{
    const struct dns_name *qname = &draft->query->qname;
    const struct dns_image *image = zone_node_image(match->node, DNS_NS);
    const uint8_t *cut = dns_name_suffix(qname, match->owner_labels);
    return image != NULL && add_leading(draft, DNS_AUTHORITY, match, zone_node_rrset(match->node, DNS_NS),
                                        image, (unsigned)(cut - qname->bytes));
}

/* ---- aliases ---- */

#define ALIASES_MOST 4

/* A chain of CNAMEs within the zone that is being followed. */
struct chain {
    const struct zone *zone;
    const struct zone_node *nodes[ALIASES_MOST + 1]; /* of the names so far */
    unsigned count;
    unsigned owner;   /* points to the last name */
    bool is_straight; /* each has a single label in front of the apex */
};

/* Which zone of ours holds the name; NULL: none. */
static __attribute__((noinline)) const struct zone *zone_of(const struct snapshot *now, const uint8_t *wire)
{
    struct dns_name name;
    dns_name_from_wire(wire, &name);
    return zone_set_find(now->dataset->zones, &name, false);
}

static inline bool is_in_zone(const struct answerer *answerer, const struct snapshot *now,
                              const struct zone *zone, const uint8_t *wire)
{
    return zone_set_is_lowest(now->dataset->zones, answerer->last_zone, zone) || zone_of(now, wire) == zone;
}

static bool is_repeated(const struct chain *chain, const struct zone_node *node)
{
    for (unsigned i = 0; i < chain->count; i++) {
        if (chain->nodes[i] == node)
            return true;
    }
    return false;
}

/* Goes on to a name that exists, is no service, and has not been there.  False: it is none of these. */
static bool follow(struct chain *chain, const uint8_t *wire, const struct dns_image_target *target)
{
    const struct zone_node *node = find_exact(chain->zone, wire, target, ZONE_REACH_ANSWERS);
    if (node == NULL || zone_node_service(node) != NULL || chain->count > ALIASES_MOST ||
        is_repeated(chain, node))
        return false;
    chain->is_straight &= target->size == 1 + wire[0];
    chain->nodes[chain->count++] = node;
    return true;
}

/* Adds what the last name of the chain is an alias of.  Single labels that differ have but the apex in
 * common: that is how their names are compressed. */
static bool add_alias(struct dns_draft *draft, struct chain *chain, unsigned apex)
{
    const struct zone_node *node = chain->nodes[chain->count - 1];
    const struct dns_rrset *cname = zone_node_rrset(node, DNS_CNAME);
    const struct dns_image *image = cname != NULL ? zone_node_image(node, DNS_CNAME) : NULL;
    if (image == NULL || image->target_count == 0)
        return false;
    const uint8_t *wire = cname->wire + image->targets->name_at;
    if (!follow(chain, wire, image->targets) || !chain->is_straight)
        return false;
    chain->owner = dns_draft_add_alias(draft, image, cname, chain->owner, apex);
    return true;
}

/* Adds what was asked for of the name that the first CNAME leads to. */
static bool add_aliased(struct dns_draft *draft, struct chain *chain, const uint8_t *wire,
                        const struct dns_image_target *target)
{
    const struct dns_name *qname = &draft->query->qname, *zone = zone_apex(chain->zone);
    const uint16_t qtype = draft->query->qtype;
    const unsigned apex = (unsigned)(0xc000 + DNS_HEADER_SIZE + qname->size - zone->size);
    const struct dns_rrset *rrset;
    chain->owner = target->pointer;
    chain->is_straight = zone->size > 1 && qname->size == 1 + qname->bytes[0] + zone->size;
    if (!follow(chain, wire, target))
        return false;
    while ((rrset = zone_node_rrset(chain->nodes[chain->count - 1], qtype)) == NULL) {
        if (!add_alias(draft, chain, apex))
            return false;
    }
    dns_draft_add(draft, DNS_ANSWER, chain->owner, rrset);
    return true;
}

/* Adds `cname`, and what was asked for of the name it leads to. */
static bool add_cname(struct dns_draft *draft, const struct ready *ready, const struct dns_rrset *cname)
{
    const struct zone_match *match = ready->match;
    const uint16_t qtype = ready->query->qtype;
    struct chain chain = { .zone = match->zone, .nodes = { match->node }, .count = 1 };
    const struct dns_image *image = zone_node_image(match->node, DNS_CNAME);
    if (image == NULL || !dns_type_layout(qtype)->is_alone || qtype == DNS_DS)
        return false;
    const bool leads_away = image->target_count == 0;
    const uint8_t *wire = leads_away ? dns_rr_rdata(cname->wire) : cname->wire + image->targets->name_at;
    if (leads_away ? zone_of(ready->now, wire) != NULL
                   : !is_in_zone(ready->answerer, ready->now, match->zone, wire))
        return false;
    dns_draft_add_image(draft, DNS_ANSWER, image, cname, 0);
    return leads_away || add_aliased(draft, &chain, wire, image->targets);
}

/* ---- the whole ---- */

/* Adds an RRset with which all is said.  If it does not fit, that is: the client is to ask by TCP.  Unless it
 * has a cookie, which may prove that there is more room. */
static void add_alone(struct dns_draft *draft, const struct dns_rrset *rrset, bool may_cut)
{
    dns_draft_add(draft, DNS_ANSWER, DNS_DRAFT_QNAME, rrset);
    if (draft->is_full && may_cut && !draft->query->edns.cookie.is_present)
        dns_draft_cut(draft);
}

/* Adds `rrset`, which is what was asked for, and addresses. */
static bool add_records(struct dns_draft *draft, const struct zone_match *match,
                        const struct dns_rrset *rrset, bool may_cut)
{
    const struct zone *zone = match->zone;
    if (dns_type_layout(rrset->type)->is_alone) {
        add_alone(draft, rrset, may_cut);
        return true;
    }
    if (rrset == zone_soa(zone)) {
        dns_draft_add_soa(draft, zone_negative(zone), zone_apex(zone)->size, rrset->ttl_s);
        return true;
    }
    const struct dns_image *image = zone_node_image(match->node, rrset->type);
    if (image == NULL || rrset->type != DNS_CNAME)
        return image != NULL && add_leading(draft, DNS_ANSWER, match, rrset, image, 0);
    dns_draft_add_image(draft, DNS_ANSWER, image, rrset, 0); /* where it leads was not asked */
    return true;
}

static bool add_found(struct dns_draft *draft, const struct ready *ready, bool may_cut)
{
    const struct zone_match *match = ready->match;
    const struct dns_rrset *rrset = zone_node_rrset(match->node, ready->query->qtype);
    if (rrset != NULL)
        return add_records(draft, match, rrset, may_cut);
    const struct dns_rrset *cname = zone_node_rrset(match->node, DNS_CNAME);
    return cname != NULL && add_cname(draft, ready, cname);
}

INLINED size_t leading_answer(const struct ready *ready, struct ready_room room)
{
    const struct answerer *answerer = ready->answerer;
    const bool is_referral = ready->match->outcome == ZONE_REFERRAL;
    unsigned flags = is_referral ? 0 : DNS_FLAG_AA;
    struct dns_draft draft;
    dns_draft_begin_plain(&draft, ready->query, room.out, room.limit);
    if (is_referral ? !refer(&draft, ready->match) : !add_found(&draft, ready, room.may_cut))
        return 0;
    if (dns_draft_is_cut(&draft)) {
        count_one(&answerer->counters->truncated);
        flags |= DNS_FLAG_TC;
    }
    return ready_count(answerer, ready->query, DNS_NOERROR,
                       dns_draft_end_plain(&draft, flags, ready_edns(answerer, 0)));
}
