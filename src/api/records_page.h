/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "api/request.h"
#include "snapshot/zone.h"

/*
 * One page of a zone's RRsets in canonical order (RFC 4034 §6.1), then by type.  The cursor names the last
 * one shown, "www/A": a change between two pages shows nothing twice.
 */
struct records_page {
    uint64_t limit;
    bool has_after;
    struct dns_name after_owner;
    uint16_t after_type;
};

/** By the parameters `limit` (1000 by default) and `after`.  False with a 400 replied. */
bool records_page_begin(struct request *request, const char *zone, struct records_page *page);

/** Writes {"items": […], "next": cursor or null}.  Looks at every name of the zone once: about a tenth of a
 * second for a million.  Inside a read section. */
void records_page_write(const struct records_page *page, const struct zone *zone, struct writer *json);

/** Writes owner (relative to the zone), type, ttl and values as members of the innermost object. */
void records_write_rrset(struct writer *json, const struct zone *zone, const struct dns_name *owner,
                         const struct dns_rrset *rrset);
