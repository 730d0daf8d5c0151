/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/records_private.h"

#include "base/memory.h"
#include "dns/type.h"

#include <stdlib.h>
#include <string.h>

/* Warnings about what other servers load, too, but what is of no use as it stands. */

#define CHAIN_MAX 32 /* CNAMEs that are followed: longer loops are not looked for */

/* False if something lies over the record. */
static bool is_current(const struct record *record, const struct zone_edit *edit)
{
    struct dns_name owner;
    dns_name_from_wire(record->owner->bytes, &owner);
    const struct dns_rrset *rrset = zone_edit_find(edit, &owner, record->type);
    for (const uint8_t *rr = NULL; rrset != NULL && (rr = dns_rrset_next(rrset, rr)) != NULL;) {
        if (dns_rr_rdlength(rr) == record->size && memcmp(dns_rr_rdata(rr), record->rdata, record->size) == 0)
            return true;
    }
    return false;
}

/* ---- name servers ---- */

static bool has_address(const struct zone_edit *edit, const struct dns_name *name)
{
    return zone_edit_find(edit, name, DNS_A) != NULL || zone_edit_find(edit, name, DNS_AAAA) != NULL ||
           zone_edit_service(edit, name) != NULL;
}

/* True if `name` is at or below a zone cut other than `owner`: its addresses are another zone's business. */
static bool is_elsewhere(const struct zone_records *records, const struct zone_edit *edit,
                         const struct dns_name *name, const struct dns_name *owner)
{
    struct dns_name at = *name;
    while (at.label_count > records->apex.label_count) {
        if (!dns_name_equal(&at, owner) && zone_edit_find(edit, &at, DNS_NS) != NULL)
            return true;
        struct dns_name parent;
        dns_name_strip(&at, 1, &parent);
        at = parent;
    }
    return false;
}

static void check_server(struct zone_records *records, const struct record *record,
                         const struct zone_edit *edit)
{
    struct dns_name owner, server;
    if (dns_name_read(record->rdata, record->size, &server) == 0 ||
        !dns_name_is_within(&server, &records->apex) || has_address(edit, &server))
        return;
    dns_name_from_wire(record->owner->bytes, &owner);
    if (is_elsewhere(records, edit, &server, &owner) || !is_current(record, edit))
        return;
    char text[DNS_NAME_TEXT_SIZE];
    dns_name_format(&server, text);
    bool is_alias = zone_edit_find(edit, &server, DNS_CNAME) != NULL;
    zone_records_problem(records, record->origin, record->line, true,
                         is_alias ? "the name server %s is a CNAME: it must have addresses (RFC 2181 §10.3)"
                                  : "the name server %s has no address here: add its A or AAAA record",
                         text);
}

/* ---- loops ---- */

/* The name that the CNAME at `at` leads to, if that is within the zone. */
static bool follow(const struct zone_records *records, const struct zone_edit *edit,
                   const struct dns_name *at, struct dns_name *out)
{
    const struct dns_rrset *cname = zone_edit_find(edit, at, DNS_CNAME);
    return cname != NULL && dns_name_read(dns_rr_rdata(cname->wire), dns_rr_rdlength(cname->wire), out) > 0 &&
           dns_name_is_within(out, &records->apex);
}

static int compare_names(const struct dns_name *a, const struct dns_name *b)
{
    int order = memcmp(a->bytes, b->bytes, a->size < b->size ? a->size : b->size);
    return order != 0 ? order : a->size - b->size;
}

/* A loop is told once, at the first of its names. */
static void check_loop(struct zone_records *records, const struct record *record,
                       const struct zone_edit *edit)
{
    struct dns_name start, at, next;
    dns_name_from_wire(record->owner->bytes, &start);
    at = start;
    for (unsigned hops = 0; hops < CHAIN_MAX && follow(records, edit, &at, &next); hops++) {
        if (dns_name_equal(&next, &start) && is_current(record, edit)) {
            record_problem(records, record, true,
                           "the CNAME leads back to itself: resolvers give up, point it elsewhere");
            return;
        }
        if (compare_names(&next, &start) < 0)
            return; /* it tells, if this is a loop */
        at = next;
    }
}

/* ---- hidden data ---- */

struct hidden {
    struct zone_records *records; /* sorted */
    const struct zone_edit *edit;
};

/* The first record that is not below `key`, as zone_records_put sorted them. */
static const struct record *lower_bound(const struct zone_records *records, const struct record *key)
{
    size_t low = 0, high = records->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (record_compare(key, &records->items[middle]) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < records->count ? &records->items[low] : NULL;
}

static const struct record *find_record(const struct zone_records *records, const struct dns_name *name,
                                        uint16_t type)
{
    uint64_t hashes[DNS_LABEL_COUNT_MAX + 1];
    struct record_owner *owner = xcalloc(1, sizeof *owner + name->size);
    dns_name_hash_suffixes(name, hashes);
    owner->hash = hashes[name->label_count];
    owner->size = name->size;
    memcpy(owner->bytes, name->bytes, name->size);
    const struct record key = { .owner = owner, .type = type };
    const struct record *found = lower_bound(records, &key);
    if (found != NULL && (found->type != type || record_owner_compare(found->owner, owner) != 0))
        found = NULL;
    free(owner);
    return found;
}

/* The topmost cut or DNAME at or above `owner`. */
static bool is_redirected(const struct hidden *hidden, const struct dns_name *owner, struct dns_name *out)
{
    unsigned above = owner->label_count - hidden->records->apex.label_count;
    for (unsigned strip = above; strip-- > 0;) {
        dns_name_strip(owner, strip, out);
        if (zone_edit_find(hidden->edit, out, DNS_NS) != NULL)
            return false;
        if (strip > 0 && zone_edit_find(hidden->edit, out, DNS_DNAME) != NULL)
            return true;
    }
    *out = hidden->records->apex; /* a DNAME there */
    return true;
}

static void warn_of_hidden(const struct dns_name *owner, uint16_t type, void *context)
{
    const struct hidden *hidden = context;
    if (hidden->records->warning_count >= ZONE_RECORD_ERRORS_MAX)
        return;
    const struct record *record = find_record(hidden->records, owner, type);
    struct dns_name by;
    char text[DNS_NAME_TEXT_SIZE], type_text[16];
    if (record == NULL || !is_current(record, hidden->edit))
        return; /* it is not of these */
    bool is_redirect = is_redirected(hidden, owner, &by);
    dns_name_format(&by, text);
    dns_type_format(type, type_text);
    record_problem(hidden->records, record, true,
                   is_redirect ? "its %s records are never answered: the DNAME at %s redirects what is below"
                               : "its %s records are never answered: %s is delegated to other servers",
                   type_text, text);
}

void zone_records_check_whole(struct zone_records *records, struct zone_edit *edit)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct record *record = &records->items[i];
        if (record->type == DNS_NS)
            check_server(records, record, edit);
        else if (record->type == DNS_CNAME)
            check_loop(records, record, edit);
    }
    struct hidden hidden = { records, edit };
    zone_edit_walk_hidden(edit, warn_of_hidden, &hidden);
}
