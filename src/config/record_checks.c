/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/records_private.h"

#include "dns/type.h"

#include <string.h>

/* Warnings about what other servers load, too, but what is of no use as it stands. */

#define CHAIN_MAX 32 /* CNAMEs that are followed: longer loops are not looked for */

/* The record that leads there, as it stands in the edit; NULL if something lies over it. */
static const uint8_t *find_lead(struct zone_records *records, const struct record_lead *lead, uint16_t type,
                                struct dns_name *owner)
{
    zone_edit_owner_name(records->edit, lead->owner, owner);
    const struct dns_rrset *rrset = zone_edit_find(records->edit, owner, type);
    const uint8_t *rr = NULL;
    while (rrset != NULL && (rr = dns_rrset_next(rrset, rr)) != NULL) {
        if (record_hash(dns_rr_rdata(rr), dns_rr_rdlength(rr)) == lead->rdata_hash)
            return rr;
    }
    return NULL;
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

static void check_server(struct zone_records *records, const struct record_lead *lead)
{
    const struct zone_edit *edit = records->edit;
    struct dns_name owner, server;
    const uint8_t *rr = find_lead(records, lead, DNS_NS, &owner);
    if (rr == NULL || dns_name_read(dns_rr_rdata(rr), dns_rr_rdlength(rr), &server) == 0 ||
        !dns_name_is_within(&server, &records->apex) || has_address(edit, &server) ||
        is_elsewhere(records, edit, &server, &owner))
        return;
    char text[DNS_NAME_TEXT_SIZE];
    dns_name_format(&server, text);
    bool is_alias = zone_edit_find(edit, &server, DNS_CNAME) != NULL;
    zone_records_problem(records, lead->origin, lead->line, true,
                         is_alias ? "the name server %s is a CNAME: it must have addresses (RFC 2181 §10.3)"
                                  : "the name server %s has no address here: add its A or AAAA record",
                         text);
}

/* ---- loops ---- */

/* The name that the CNAME at `at` leads to, if that is within the zone. */
static bool follow(const struct zone_records *records, const struct dns_name *at, struct dns_name *out)
{
    const struct dns_rrset *cname = zone_edit_find(records->edit, at, DNS_CNAME);
    return cname != NULL && dns_name_read(dns_rr_rdata(cname->wire), dns_rr_rdlength(cname->wire), out) > 0 &&
           dns_name_is_within(out, &records->apex);
}

static int compare_names(const struct dns_name *a, const struct dns_name *b)
{
    int order = memcmp(a->bytes, b->bytes, a->size < b->size ? a->size : b->size);
    return order != 0 ? order : a->size - b->size;
}

/* A loop is told once, at the first of its names. */
static void check_loop(struct zone_records *records, const struct record_lead *lead)
{
    struct dns_name start, at, next;
    if (find_lead(records, lead, DNS_CNAME, &start) == NULL)
        return;
    at = start;
    for (unsigned hops = 0; hops < CHAIN_MAX && follow(records, &at, &next); hops++) {
        if (dns_name_equal(&next, &start)) {
            const struct record record = { .owner = lead->owner, .line = lead->line, .origin = lead->origin };
            record_problem(records, &record, true,
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
    struct zone_records *records;
    const struct zone_records *over;
};

static bool has_seen(const struct zone_records *records, uint32_t owner)
{
    return records != NULL && owner < records->owner_room && records->seen[owner].line_behind > 0;
}

/* The topmost cut or DNAME at or above `owner`. */
static bool is_redirected(const struct zone_records *records, const struct dns_name *owner,
                          struct dns_name *out)
{
    unsigned above = owner->label_count - records->apex.label_count;
    for (unsigned strip = above; strip-- > 0;) {
        dns_name_strip(owner, strip, out);
        if (zone_edit_find(records->edit, out, DNS_NS) != NULL)
            return false;
        if (strip > 0 && zone_edit_find(records->edit, out, DNS_DNAME) != NULL)
            return true;
    }
    *out = records->apex; /* a DNAME there */
    return true;
}

static void warn_of_hidden(const struct dns_name *owner, uint16_t type, void *context)
{
    const struct hidden *hidden = context;
    struct zone_records *records = hidden->records;
    if (records->warning_count >= ZONE_RECORD_ERRORS_MAX)
        return;
    uint32_t number = zone_edit_owner(records->edit, owner);
    if (!has_seen(records, number) || has_seen(hidden->over, number))
        return;
    struct dns_name by;
    char text[DNS_NAME_TEXT_SIZE], type_text[16];
    bool is_redirect = is_redirected(records, owner, &by);
    dns_name_format(&by, text);
    dns_type_format(type, type_text);
    const struct owner_place *seen = &records->seen[number];
    const struct record record = { .owner = number, .line = seen->line_behind - 1, .origin = seen->origin };
    record_problem(records, &record, true,
                   is_redirect ? "its %s records are never answered: the DNAME at %s redirects what is below"
                               : "its %s records are never answered: %s is delegated to other servers",
                   type_text, text);
}

void zone_records_check_whole(struct zone_records *records, const struct zone_records *over)
{
    for (size_t i = 0; i < records->server_count; i++)
        check_server(records, &records->servers[i]);
    for (size_t i = 0; i < records->alias_count; i++)
        check_loop(records, &records->aliases[i]);
    struct hidden hidden = { records, over };
    zone_edit_walk_hidden(records->edit, warn_of_hidden, &hidden);
}
