/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "snapshot/zone.h"

/* The zones that we are authoritative for, found by the longest matching apex. Immutable. */
struct zone_set;

/** The zone that holds `qname`: the one with the longest apex at or above it; NULL: not ours.
 *  With `above_apex` an apex equal to qname does not count (DS, RFC 4035 §3.1.4.1).  Any thread. */
const struct zone *zone_set_find(const struct zone_set *zones, const struct dns_name *qname, bool above_apex);

/**
 * The same, not above an apex, for who asks about many names: mostly the next one is in the same zone, which
 * is then found at a glance.  `last` is the caller's own and any number at first; it may outlive the set.
 */
const struct zone *zone_set_find_again(const struct zone_set *zones, const struct dns_name *qname,
                                       uint32_t *last);

/** True if `zone` was found last, and no other one lies below: then all names below its apex are its own. */
bool zone_set_is_lowest(const struct zone_set *zones, uint32_t last, const struct zone *zone);

/**
 * The zone that `last` names if `qname`, whose labels need not be known, ends with the bytes of its apex and
 * no other zone lies below that; else NULL.  It is the right one if `qname` turns out to be a name in it.
 */
const struct zone *zone_set_guess(const struct zone_set *zones, const struct dns_name *qname, uint32_t last);

size_t zone_set_count(const struct zone_set *zones);
const struct zone *zone_set_at(const struct zone_set *zones, size_t index);

/** Makes a set of `count` zones with distinct apexes; free with free(). */
struct zone_set *zone_set_new(const struct zone *const *zones, size_t count);
