/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/zone.h"

#include "dns/type.h"
#include "base/inlined.h"
#include "snapshot/zone_table.h"

#include <assert.h>

static const uint8_t wildcard_label[] = { 1, '*' };

/* ---- lookup ---- */

const struct zone_node *zone_search(const struct zone *zone, const struct zone_bucket *bucket,
                                    const struct zone_row *row, uint8_t tag, const uint8_t *name, size_t size)
{
    for (;; row++) {
        uint64_t tags = row_tags(row), matches = matching_tags(tags, tag);
        for (; matches != 0; matches &= matches - 1) {
            const struct zone_node *node = row_node(zone, bucket, row, first_match(matches));
            if (node_is_named(node, name, size))
                return node;
        }
        if (!tags_are_full(tags))
            return NULL;
    }
}

static const struct zone_node *probe_suffix(const struct zone *zone, const struct dns_name *qname,
                                            unsigned label_count)
{
    const uint8_t *suffix = dns_name_suffix(qname, label_count);
    size_t size = relative_size(qname, suffix, &zone->apex);
    return zone_probe(zone, dns_name_hash(suffix, size), suffix, size);
}

/*
 * The longest suffix of `qname` that has a node.  Since every ancestor has one, existence is monotone, and
 * halving finds the edge whatever a client piles upon a name; the first guess is the parent, as most queries
 * for names that do not exist miss by one label.
 */
static const struct zone_node *closest_encloser(const struct zone *zone, const struct dns_name *qname,
                                                unsigned *label_count)
{
    const struct zone_node *found = zone->apex_node;
    unsigned exists = zone->apex.label_count; /* has a node */
    unsigned misses = qname->label_count;     /* has none */
    unsigned guess = misses - 1;
    while (exists + 1 < misses) {
        const struct zone_node *node = probe_suffix(zone, qname, guess);
        if (node != NULL) {
            found = node;
            exists = guess;
        } else {
            misses = guess;
        }
        guess = exists + (misses - exists) / 2;
    }
    *label_count = exists;
    return found;
}

static void set(struct zone_match *out, enum zone_outcome outcome, const struct zone_node *node,
                unsigned owner_labels)
{
    out->outcome = outcome;
    out->node = node;
    out->owner_labels = (uint8_t)owner_labels;
}

/* `node` is at, above or below what occludes: the topmost cut or DNAME on the way down to it decides. */
static __attribute__((noinline)) void match_occluder(const struct zone *zone, const struct dns_name *qname,
                                                     const struct zone_node *node, unsigned label_count,
                                                     struct zone_match *out)
{
    if (node->flags & NODE_IS_OCCLUDED) {
        label_count = zone->apex.label_count;
        node = zone->apex_node;
        while (!(node->flags & (NODE_IS_CUT | NODE_IS_DNAME)))
            node = probe_suffix(zone, qname, ++label_count);
    }
    set(out, node->flags & NODE_IS_CUT ? ZONE_REFERRAL : ZONE_DNAME, node, label_count);
}

/* RFC 4592 §3.3.1: only the wildcard of the closest encloser can be the source of synthesis. */
static __attribute__((noinline)) void match_below(const struct zone *zone, const struct dns_name *qname,
                                                  struct zone_match *out)
{
    unsigned label_count;
    const struct zone_node *encloser = closest_encloser(zone, qname, &label_count);
    if (encloser->flags & NODE_OCCLUDES) {
        match_occluder(zone, qname, encloser, label_count, out);
        return;
    }
    if (!(encloser->flags & NODE_HAS_WILDCARD)) {
        set(out, ZONE_NXDOMAIN, NULL, label_count);
        return;
    }
    uint8_t name[DNS_NAME_SIZE_MAX + sizeof wildcard_label];
    memcpy(name, wildcard_label, sizeof wildcard_label);
    memcpy(name + sizeof wildcard_label, node_name(encloser), encloser->name_size);
    size_t size = sizeof wildcard_label + encloser->name_size;
    const struct zone_node *wildcard = zone_probe(zone, dns_name_hash(name, size), name, size);
    assert(wildcard != NULL);
    out->is_wildcard = true;
    set(out, ZONE_FOUND, wildcard, label_count + 1);
}

inline uint64_t zone_hash(const struct zone *zone, const struct dns_name *qname)
{
    return dns_name_hash(qname->bytes, (size_t)qname->size - zone->apex.size);
}

static inline bool is_hidden(const struct zone_node *node, bool wants_parent_side)
{
    return node->flags & NODE_IS_OCCLUDED || (node->flags & NODE_IS_CUT && !wants_parent_side);
}

/* `node` stands at the name itself; NULL: nothing does. */
static inline void match_node(const struct zone *zone, const struct dns_name *qname,
                              const struct zone_node *node, bool wants_parent_side, struct zone_match *out)
{
    if (node == NULL)
        match_below(zone, qname, out);
    else if (is_hidden(node, wants_parent_side)) /* a DNAME does not redirect its own owner (RFC 6672 §2.3) */
        match_occluder(zone, qname, node, qname->label_count, out);
    else
        set(out, ZONE_FOUND, node, qname->label_count);
}

void zone_lookup(const struct zone *zone, const struct dns_name *qname, uint64_t hash, bool wants_parent_side,
                 struct zone_match *out)
{
    const size_t size = (size_t)qname->size - zone->apex.size;
    out->zone = zone;
    out->is_wildcard = false;
    match_node(zone, qname, zone_probe(zone, hash, qname->bytes, size), wants_parent_side, out);
}

INLINED bool zone_glance(const struct zone *zone, const struct dns_name *qname, uint64_t hash,
                         struct zone_match *out)
{
    const size_t size = (size_t)qname->size - zone->apex.size;
    const struct zone_node *node = zone_probe(zone, hash, qname->bytes, size);
    out->zone = zone;
    out->is_wildcard = false;
    set(out, ZONE_FOUND, node, 0);
    return node != NULL && !is_hidden(node, false);
}

void zone_look_closer(const struct zone *zone, const struct dns_name *qname, struct zone_match *out)
{
    match_node(zone, qname, out->node, false, out);
}

/* Below so many buckets a zone is a few hundred kilobytes. */
#define FETCHED_BUCKETS 128

/* Of most nodes all that is read: names and addresses are short. */
#define NODE_READ 56

/* In line, as gcc leaves out a call of what does nothing but prefetch. */
static INLINED void fetch_node(const struct zone *zone, const struct zone_bucket *bucket,
                               const struct zone_row *row, uint64_t hash)
{
    uint64_t matches = matching_tags(row_tags(row), hash_tag(hash));
    if (matches == 0)
        return;
    const char *node = (const char *)row_node(zone, bucket, row, first_match(matches));
    __builtin_prefetch(node);
    __builtin_prefetch(node + NODE_READ);
}

void zone_fetch(const struct zone *zone, uint64_t hash, unsigned fetch)
{
    if (zone->bucket_count < FETCHED_BUCKETS)
        return;
    const struct zone_bucket *bucket = zone_bucket(zone, hash_bucket(zone, hash));
    const struct zone_row *row = bucket_row(zone, bucket, hash);
    if (fetch == 0)
        __builtin_prefetch(row);
    else
        fetch_node(zone, bucket, row, hash);
}

const struct zone_node *zone_find_exact(const struct zone *zone, const struct dns_name *name)
{
    if (!dns_name_is_within(name, &zone->apex))
        return NULL;
    return zone_probe(zone, zone_hash(zone, name), name->bytes, (size_t)name->size - zone->apex.size);
}

INLINED const struct zone_node *zone_find_relative(const struct zone *zone, uint64_t hash,
                                                   const uint8_t *name, size_t size, enum zone_reach reach)
{
    static const uint8_t hidden[] = { [ZONE_REACH_ANSWERS] = NODE_IS_CUT | NODE_IS_OCCLUDED,
                                      [ZONE_REACH_TARGETS] = NODE_IS_OCCLUDED,
                                      [ZONE_REACH_ALL] = 0 };
    const struct zone_node *node = zone_probe(zone, hash, name, size);
    return node != NULL && !(node->flags & hidden[reach]) ? node : NULL;
}

/* ---- what a zone and a node say ---- */

const struct dns_name *zone_apex(const struct zone *zone)
{
    return &zone->apex;
}

const struct dns_rrset *zone_soa(const struct zone *zone)
{
    return zone->soa;
}

uint32_t zone_negative_ttl_s(const struct zone *zone)
{
    return zone->negative_ttl_s;
}

const struct dns_negative *zone_negative(const struct zone *zone)
{
    return &zone->negative;
}

const struct prefix_map *zone_allowed(const struct zone *zone)
{
    return zone->allowed;
}

size_t zone_name_count(const struct zone *zone)
{
    return zone->name_count;
}

inline const struct dns_rrset *zone_node_rrset(const struct zone_node *node, uint16_t type)
{
    if (type > node->last_type || node->last_type == 0)
        return NULL; /* type 0 is asked for, too */
    const struct dns_rrset *rrset = node_first_rrset(node);
    while (rrset->type < type)
        rrset = rrset_behind(rrset);
    return rrset->type == type ? rrset : NULL;
}

const struct dns_rrset *zone_node_next(const struct zone_node *node, const struct dns_rrset *before)
{
    if ((before == NULL ? 0 : before->type) == node->last_type)
        return NULL;
    return before == NULL ? node_first_rrset(node) : rrset_behind(before);
}

void zone_node_addresses(const struct zone_node *node, const struct dns_rrset **a,
                         const struct dns_rrset **aaaa)
{
    const struct dns_rrset *rrset = node->last_type > 0 ? node_first_rrset(node) : NULL;
    *a = *aaaa = NULL;
    for (; rrset != NULL && rrset->type <= DNS_AAAA;
         rrset = rrset->type < node->last_type ? rrset_behind(rrset) : NULL) {
        if (rrset->type == DNS_A)
            *a = rrset;
        else if (rrset->type == DNS_AAAA)
            *aaaa = rrset;
    }
}

const struct dns_image *zone_node_image(const struct zone_node *node, uint16_t type)
{
    const uint8_t *at = (const uint8_t *)node - node_front_size(node);
    for (size_t left = node_front_size(node); left > sizeof(uint32_t);) {
        const struct dns_image *image = (const struct dns_image *)(const void *)at;
        if (image->type == type)
            return image;
        at += image->room;
        left -= image->room;
    }
    return NULL;
}

const struct service *zone_node_service(const struct zone_node *node)
{
    const struct service *service = NULL; /* stands at a multiple of four, hence the copy */
    if (node->flags & NODE_HAS_SERVICE)
        memcpy(&service, node->bytes, sizeof service);
    return service;
}

bool zone_node_has_children(const struct zone_node *node)
{
    return node->child_count > 0;
}

void zone_node_owner(const struct zone *zone, const struct zone_node *node, struct dns_name *out)
{
    uint8_t wire[DNS_NAME_SIZE_MAX + 1];
    memcpy(wire, node_name(node), node->name_size);
    memcpy(wire + node->name_size, zone->apex.bytes, zone->apex.size);
    dns_name_from_wire(wire, out);
}

void zone_walk(const struct zone *zone,
               void (*visit)(const struct dns_name *owner, const struct zone_node *node, void *context),
               void *context)
{
    for (uint32_t i = 0; i < zone->bucket_count; i++) {
        const struct zone_bucket *bucket = zone_bucket(zone, i);
        const struct zone_node *node;
        for (uint32_t at = 0; (node = bucket_next(zone, bucket, &at)) != NULL;) {
            struct dns_name owner;
            zone_node_owner(zone, node, &owner);
            visit(&owner, node, context);
        }
    }
}
