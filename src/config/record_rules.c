/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/records_private.h"

#include "base/memory.h"
#include "dns/type.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What records may not say of each other, and the way of whole RRsets into the edit. */

#define RRSET_SIZE_MAX 64000 /* bytes of RRs that still fit a message beside header and question */
#define DNS_KEY        25

/* The records of one owner, sorted by type. */
struct owner_run {
    const struct record *first;
    size_t count;
    struct dns_name name;
};

int record_owner_compare(const struct record_owner *a, const struct record_owner *b)
{
    if (a == b)
        return 0;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    if (a->size != b->size)
        return a->size < b->size ? -1 : 1;
    return memcmp(a->bytes, b->bytes, a->size);
}

int record_compare(const void *left, const void *right)
{
    const struct record *a = left, *b = right;
    int order = record_owner_compare(a->owner, b->owner);
    if (order != 0)
        return order;
    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    return a->ordinal < b->ordinal ? -1 : a->ordinal > b->ordinal;
}

void record_problem(struct zone_records *records, const struct record *record, bool is_warning,
                    const char *format, ...)
{
    char owner[DNS_NAME_TEXT_SIZE], message[256];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    dns_name_format_wire(record->owner->bytes, owner);
    zone_records_problem(records, record->origin, record->line, is_warning, "%s: %s", owner, message);
}

/* ---- at one owner, with all changes ---- */

static bool may_stand_beside_cname(uint16_t type)
{
    return type == DNS_CNAME || type == DNS_RRSIG || type == DNS_NSEC || type == DNS_KEY; /* RFC 4034 §3 */
}

/* What stands there. */
struct holding {
    bool has_cname, has_dname, has_ns, has_soa;
    uint16_t other; /* the lowest type that may not stand beside a CNAME; 0: none */
};

static struct holding look(const struct zone_edit *edit, const struct dns_name *owner)
{
    struct holding holding = { 0 };
    const struct dns_rrset *rrset = NULL;
    while ((rrset = zone_edit_next(edit, owner, rrset != NULL ? rrset->type : 0)) != NULL) {
        holding.has_cname |= rrset->type == DNS_CNAME;
        holding.has_dname |= rrset->type == DNS_DNAME;
        holding.has_ns |= rrset->type == DNS_NS;
        holding.has_soa |= rrset->type == DNS_SOA;
        if (holding.other == 0 && !may_stand_beside_cname(rrset->type))
            holding.other = rrset->type;
    }
    return holding;
}

/* The record that a message is about: of `type` if the run has one, else any. */
static const struct record *record_about(const struct owner_run *run, uint16_t type)
{
    for (size_t i = 0; i < run->count; i++) {
        if (run->first[i].type == type)
            return &run->first[i];
    }
    return run->first;
}

static void check_owner(struct zone_records *records, const struct owner_run *run,
                        const struct zone_edit *edit)
{
    struct holding holding = look(edit, &run->name);
    bool is_apex = dns_name_equal(&run->name, &records->apex);
    char other[16];
    dns_type_format(holding.other, other);
    if (holding.has_cname && holding.other != 0)
        record_problem(records, record_about(run, holding.other), false,
                       "%s stands beside a CNAME: a name with a CNAME can hold nothing else (RFC 1034 "
                       "§3.6.2), remove one of them",
                       other);
    if (holding.has_soa && !is_apex)
        record_problem(records, record_about(run, DNS_SOA), false,
                       "an SOA can stand only at the apex of the zone, remove it");
    if (holding.has_dname && holding.has_ns && !is_apex)
        record_problem(records, record_about(run, DNS_DNAME), false,
                       "a DNAME beside NS below the apex: a delegated name cannot be redirected (RFC 6672 "
                       "§2.3), remove one of them");
}

/* ---- one RRset ---- */

static bool is_single(uint16_t type)
{
    return type == DNS_CNAME || type == DNS_DNAME || type == DNS_SOA;
}

/* `count` records of one type: those that may stand only once must be equal. */
static void check_single(struct zone_records *records, const struct record *first, size_t count,
                         const struct dns_rrset *known)
{
    const uint8_t *rdata = first->rdata;
    size_t size = first->size;
    if (known != NULL) {
        rdata = dns_rr_rdata(known->wire);
        size = dns_rr_rdlength(known->wire);
    }
    for (size_t i = 0; i < count; i++) {
        if (first[i].size == size && memcmp(first[i].rdata, rdata, size) == 0)
            continue;
        char type[16];
        dns_type_format(first->type, type);
        record_problem(records, &first[i], false, "a second %s: there can be only one, remove the others",
                       type);
        return;
    }
}

static uint32_t ttl_of(struct zone_records *records, const struct record *first, size_t count,
                       const struct dns_rrset *known)
{
    uint32_t lowest = known != NULL && known->ttl_s < first->ttl_s ? known->ttl_s : first->ttl_s;
    const struct record *odd = known != NULL && known->ttl_s != first->ttl_s ? first : NULL;
    for (size_t i = 1; i < count; i++) {
        if (first[i].ttl_s != first->ttl_s && odd == NULL)
            odd = &first[i];
        if (first[i].ttl_s < lowest)
            lowest = first[i].ttl_s;
    }
    if (odd != NULL) {
        char type[16];
        dns_type_format(first->type, type);
        record_problem(records, odd, true,
                       "the %s records have different TTLs, the lowest (%u) is used for all (RFC "
                       "2181 §5.2)",
                       type, lowest);
    }
    return lowest;
}

/* Puts `count` records of one type together with what the edit already holds of it. */
static void put_rrset(struct zone_records *records, const struct owner_run *run, const struct record *first,
                      size_t count, struct zone_edit *edit)
{
    const struct dns_rrset *known = zone_edit_find(edit, &run->name, first->type);
    if (is_single(first->type))
        check_single(records, first, count, known);
    uint32_t ttl_s = ttl_of(records, first, count, known);
    size_t total = known != NULL ? known->size : 0, all = count + (known != NULL ? known->count : 0);
    for (size_t i = 0; i < count; i++)
        total += DNS_RR_HEADER_SIZE + first[i].size;
    if (total > RRSET_SIZE_MAX) {
        record_problem(records, first, false,
                       "too many records of one type for any DNS message, remove some");
        return;
    }
    const uint8_t **rdatas = xcalloc(all, sizeof *rdatas);
    uint16_t *sizes = xcalloc(all, sizeof *sizes);
    size_t at = 0;
    for (const uint8_t *rr = NULL; known != NULL && (rr = dns_rrset_next(known, rr)) != NULL; at++) {
        rdatas[at] = dns_rr_rdata(rr);
        sizes[at] = (uint16_t)dns_rr_rdlength(rr);
    }
    for (size_t i = 0; i < count; i++, at++) {
        rdatas[at] = first[i].rdata;
        sizes[at] = first[i].size;
    }
    struct dns_rrset *rrset = dns_rrset_new(first->type, ttl_s, rdatas, sizes, at);
    zone_edit_put(edit, &run->name, rrset);
    free(rrset);
    free(rdatas);
    free(sizes);
}

static void put_owner(struct zone_records *records, struct owner_run *run, struct zone_edit *edit)
{
    dns_name_from_wire(run->first->owner->bytes, &run->name);
    for (size_t i = 0; i < run->count;) {
        size_t end = i + 1;
        while (end < run->count && run->first[end].type == run->first[i].type)
            end++;
        put_rrset(records, run, run->first + i, end - i, edit);
        i = end;
    }
    check_owner(records, run, edit);
}

bool zone_records_put(struct zone_records *records, struct zone_edit *edit)
{
    if (records->count > 0)
        qsort(records->items, records->count, sizeof *records->items, record_compare);
    for (size_t i = 0; i < records->count;) {
        size_t end = i + 1;
        while (end < records->count &&
               record_owner_compare(records->items[end].owner, records->items[i].owner) == 0)
            end++;
        struct owner_run run = { .first = records->items + i, .count = end - i };
        put_owner(records, &run, edit);
        i = end;
    }
    return zone_records_are_good(records);
}

void zone_records_check_owner(struct zone_records *records, const struct dns_name *owner, uint32_t origin,
                              const struct zone_edit *edit)
{
    struct record_owner *name = xcalloc(1, sizeof *name + owner->size);
    const struct record nothing = { .owner = name, .origin = origin };
    memcpy(name->bytes, owner->bytes, owner->size);
    check_owner(records, &(struct owner_run){ .first = &nothing, .name = *owner }, edit);
    free(name);
}
