/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/prefix_map.h"
#include "dns/image.h"
#include "dns/name.h"
#include "dns/ready.h"
#include "dns/rrset.h"
#include "snapshot/edition.h"
#include "snapshot/paged.h"
#include "snapshot/service.h"

#include <stdbool.h>

/*
 * The names of one zone with their RRsets and services: a persistent hash table.  The hash of a name picks a
 * bucket and a row of it.  A bucket is one block of memory that holds sixty names or so: rows of tags, that
 * lead to nodes with names and RRsets side by side:
 *
 *     paged ──▶ bucket [ row | row | row … | node node node … ]
 *
 * Every ancestor of a name down from the apex has a node, also if it holds nothing (empty non-terminal, ENT),
 * so the closest encloser is the longest suffix that has one.  A change rebuilds the buckets it touches.
 *
 * NS below the apex is a zone cut; names below a cut or a DNAME are occluded: they have nodes, but a lookup
 * stops at the topmost cut or DNAME above them.  NS and DNAME at a wildcard are ordinary data (RFC 4592 §4.2
 * and §4.4 leave them undefined).
 */
struct zone;

/* A name in the zone.  Opaque: read it with the functions below. */
struct zone_node;

enum zone_outcome {
    ZONE_FOUND, /* `node` answers: the name itself, or a wildcard; the type decides between answer and NODATA
                 */
    ZONE_NXDOMAIN, /* neither the name nor a wildcard (RFC 4592) */
    ZONE_REFERRAL, /* at or below a zone cut: `node` holds the NS RRset */
    ZONE_DNAME,    /* below a DNAME (RFC 6672): `node` holds it */
};

struct zone_match {
    enum zone_outcome outcome;
    const struct zone *zone;
    const struct zone_node *node; /* NULL for NXDOMAIN */
    bool is_wildcard;             /* RRs get the qname as owner, which is what their owner pointer says */
    uint8_t owner_labels; /* labels of the name `node` stands at (with * counted); for NXDOMAIN of the closest
                             encloser */
};

/** Where the zone keeps `qname`, which is lowercase and within it. */
uint64_t zone_hash(const struct zone *zone, const struct dns_name *qname);

/**
 * Finds what `zone` says about `qname` (RFC 1034 §4.3.2, wildcards RFC 4592 §3.3.1).
 *
 * `qname` is lowercase and within the zone; `hash` is its zone_hash.  A query for DS at a zone cut is
 * answered on the parent side: pass `wants_parent_side` and the cut's own node is FOUND. `out` is always
 * written; its pointers belong to the zone and live as long as the snapshot. Cannot fail.  Any thread,
 * between snapshot_acquire and snapshot_release.
 */
void zone_lookup(const struct zone *zone, const struct dns_name *qname, uint64_t hash, bool wants_parent_side,
                 struct zone_match *out);

/**
 * The same in two steps, of which mostly the first is enough, for a name of which only the bytes are known:
 * they end with those of the apex, and not on the parent side.  True if the name is one that answers: then it
 * is valid, and `out` is written but for `owner_labels`, which are all that the name has.
 */
bool zone_glance(const struct zone *zone, const struct dns_name *qname, uint64_t hash,
                 struct zone_match *out);
/** The second step, after a false glance: now the labels are known, and the name is within the zone. */
void zone_look_closer(const struct zone *zone, const struct dns_name *qname, struct zone_match *out);

#define ZONE_FETCHES 2

/**
 * Brings what a lookup will read nearer, without waiting for it: to be called with `fetch` from 0 to
 * ZONE_FETCHES - 1, other names' turns in between.  A zone that the caches hold is left alone.
 */
void zone_fetch(const struct zone *zone, uint64_t hash, unsigned fetch);

/**
 * The node of exactly that name, also at or below a cut or a DNAME, without wildcards: for glue and the
 * additional section.  NULL if there is none or `name` (lowercase) is not within the zone.  Any thread.
 */
const struct zone_node *zone_find_exact(const struct zone *zone, const struct dns_name *name);

/* Which names are found, of those at or below a cut or a DNAME. */
enum zone_reach {
    ZONE_REACH_ANSWERS, /* none but the owner of a DNAME: whatever zone_lookup finds */
    ZONE_REACH_TARGETS, /* and the cut itself */
    ZONE_REACH_ALL
};

/** The same for the `size` bytes of a lowercase name in front of the apex, of which `hash` is the
 * dns_name_hash. */
const struct zone_node *zone_find_relative(const struct zone *zone, uint64_t hash, const uint8_t *name,
                                           size_t size, enum zone_reach reach);

const struct dns_name *zone_apex(const struct zone *zone);
/** The SOA at the apex; never NULL in a published zone. */
const struct dns_rrset *zone_soa(const struct zone *zone);
/** TTL of negative answers: the lower of SOA TTL and MINIMUM (RFC 2308 §3). */
uint32_t zone_negative_ttl_s(const struct zone *zone);
/** The SOA with that TTL, ready to be copied. */
const struct dns_negative *zone_negative(const struct zone *zone);
/** The clients that may ask: those for whom it has a value; NULL: everybody. */
const struct prefix_map *zone_allowed(const struct zone *zone);
/** Names that exist, the apex and empty non-terminals among them. */
size_t zone_name_count(const struct zone *zone);

/** The RRset of that type, or NULL. */
const struct dns_rrset *zone_node_rrset(const struct zone_node *node, uint16_t type);
/** Walks the RRsets by ascending type: start with NULL; NULL at the end. */
const struct dns_rrset *zone_node_next(const struct zone_node *node, const struct dns_rrset *before);
/** Those of addresses, each of which may be NULL. */
void zone_node_addresses(const struct zone_node *node, const struct dns_rrset **a,
                         const struct dns_rrset **aaaa);
/** The image of the RRset of that type, or NULL. */
const struct dns_image *zone_node_image(const struct zone_node *node, uint16_t type);
/** The service at this name, or NULL. */
const struct service *zone_node_service(const struct zone_node *node);
/** True if names exist below it. */
bool zone_node_has_children(const struct zone_node *node);
/** The owner name, wire form, lowercase, absolute; written to `out`. */
void zone_node_owner(const struct zone *zone, const struct zone_node *node, struct dns_name *out);

/* ---- making and changing: control plane, one thread ---- */

struct zone_edit;

/** Starts a new zone (`base` NULL) or a change of `base`, which stays as it is. */
struct zone_edit *zone_edit_begin(const struct dns_name *apex, const struct zone *base,
                                  struct edition *edition);

/** Puts an RRset (copied) at `owner`, which is within the zone, replacing the one of its type.  Of several
 * changes at one place the last counts. */
void zone_edit_put(struct zone_edit *edit, const struct dns_name *owner, const struct dns_rrset *rrset);
/** The same for an owner by number: the RRset, with `size` bytes of wire, is written by the caller. */
struct dns_rrset *zone_edit_put_at(struct zone_edit *edit, uint32_t number, uint16_t type, size_t size);
void zone_edit_remove(struct zone_edit *edit, const struct dns_name *owner, uint16_t type);
/** Puts a service (borrowed: it is noted in the edition by who made it) or, with NULL, takes it away. */
void zone_edit_set_service(struct zone_edit *edit, const struct dns_name *owner,
                           const struct service *service);

/** Says who may ask, in a new zone; other changes keep what the base says.  Borrowed: noted in the edition by
 * who made it. */
void zone_edit_set_allowed(struct zone_edit *edit, const struct prefix_map *allowed);

/** The number of an owner in this edit: they are dense, the apex is 0, and each stands behind its ancestors.
 */
uint32_t zone_edit_owner(struct zone_edit *edit, const struct dns_name *owner);
/** The same for its `size` bytes in front of the apex, lowercase, and their dns_name_hash. */
uint32_t zone_edit_owner_at(struct zone_edit *edit, uint64_t hash, const uint8_t *name, size_t size);
/** Brings nearer what zone_edit_owner_at will read first. */
void zone_edit_fetch(const struct zone_edit *edit, uint64_t hash);
/** Makes room for about so many owners at once; if there are more, it grows. */
void zone_edit_expect(struct zone_edit *edit, uint32_t owner_count);
/** The owner of that number.  The next calls about it cost little. */
void zone_edit_owner_name(struct zone_edit *edit, uint32_t number, struct dns_name *out);

/** What stands there with the changes so far, for validation; NULL if nothing.  Lives as long as the edit. */
const struct dns_rrset *zone_edit_find(const struct zone_edit *edit, const struct dns_name *owner,
                                       uint16_t type);
/** The RRset there with the lowest type above `after` (start with 0), with the changes so far, or NULL. */
const struct dns_rrset *zone_edit_next(const struct zone_edit *edit, const struct dns_name *owner,
                                       uint16_t after);
/** Both for an owner by number. */
const struct dns_rrset *zone_edit_find_at(const struct zone_edit *edit, uint32_t number, uint16_t type);
const struct dns_rrset *zone_edit_next_at(const struct zone_edit *edit, uint32_t number, uint16_t after);
const struct service *zone_edit_service(const struct zone_edit *edit, const struct dns_name *owner);

/** True if the changes so far change what RRsets the zone holds. */
bool zone_edit_changes_records(const struct zone_edit *edit);

/**
 * Walks the changed names that hold RRsets which no answer will show, since a cut or DNAME stands there or
 * above; `type` is the lowest of such.  Addresses below a cut are glue, not among them.
 */
void zone_edit_walk_hidden(struct zone_edit *edit,
                           void (*visit)(const struct dns_name *owner, uint16_t type, void *context),
                           void *context);

/** Walks all names in no order, empty non-terminals among them. */
void zone_walk(const struct zone *zone,
               void (*visit)(const struct dns_name *owner, const struct zone_node *node, void *context),
               void *context);

/**
 * Ends the edit and frees it.  Nodes of ancestors appear and vanish as needed.  The new zone is noted in the
 * edition as made, `base` as replaced; if the changes change nothing, `base` comes back and nothing is noted.
 * Touches only the buckets of changed names (all, when the table has to grow or shrink).  Costs what the
 * changes cost, but a walk over all names when a cut or DNAME appears or vanishes above names that were there
 * before.
 */
const struct zone *zone_edit_end(struct zone_edit *edit);
void zone_edit_abandon(struct zone_edit *edit); /* nothing was noted yet */

/** Frees a zone with all its buckets at shutdown or when it is deleted (edition_free_fn). */
void zone_free(void *zone);
