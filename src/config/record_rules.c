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

void record_problem(struct zone_records *records, const struct record *record, bool is_warning,
                    const char *format, ...)
{
    char owner[DNS_NAME_TEXT_SIZE], message[256], text[sizeof owner + 2 + sizeof message];
    struct dns_name name;
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    zone_edit_owner_name(records->edit, record->owner, &name);
    dns_name_format(&name, owner);
    snprintf(text, sizeof text, "%s: %s", owner, message);
    records_problem(records, record->origin, record->line, is_warning, text);
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

static struct holding look(const struct zone_edit *edit, uint32_t owner)
{
    struct holding holding = { 0 };
    const struct dns_rrset *rrset = NULL;
    while ((rrset = zone_edit_next_at(edit, owner, rrset != NULL ? rrset->type : 0)) != NULL) {
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
        if (run->items[i]->type == type)
            return run->items[i];
    }
    return run->items[0];
}

static void cname_problem(struct zone_records *records, const struct record *about, uint16_t other)
{
    char type[16];
    dns_type_format(other, type);
    record_problem(
        records, about, false,
        "%s stands beside a CNAME: a name with a CNAME can hold nothing else (RFC 1034 §3.6.2), remove "
        "one of them",
        type);
}

static void check_owner(struct zone_records *records, const struct owner_run *run)
{
    struct holding holding = look(records->edit, run->owner);
    bool is_apex = run->owner == 0;
    if (holding.has_cname && holding.other != 0)
        cname_problem(records, record_about(run, holding.other), holding.other);
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

/* Of `count` records of one type those that may stand only once must be equal. */
static void check_single(struct zone_records *records, const struct record *const *items, size_t count,
                         const struct dns_rrset *known)
{
    const uint8_t *rdata = items[0]->rdata;
    size_t size = items[0]->size;
    if (known != NULL) {
        rdata = dns_rr_rdata(known->wire);
        size = dns_rr_rdlength(known->wire);
    }
    for (size_t i = 0; i < count; i++) {
        if (items[i]->size == size && memcmp(items[i]->rdata, rdata, size) == 0)
            continue;
        char type[16];
        dns_type_format(items[i]->type, type);
        record_problem(records, items[i], false, "a second %s: there can be only one, remove the others",
                       type);
        return;
    }
}

static uint32_t ttl_of(struct zone_records *records, const struct record *const *items, size_t count,
                       const struct dns_rrset *known)
{
    uint32_t first_s = items[0]->ttl_s,
             lowest = known != NULL && known->ttl_s < first_s ? known->ttl_s : first_s;
    const struct record *odd = known != NULL && known->ttl_s != first_s ? items[0] : NULL;
    for (size_t i = 1; i < count; i++) {
        if (items[i]->ttl_s != first_s && odd == NULL)
            odd = items[i];
        if (items[i]->ttl_s < lowest)
            lowest = items[i]->ttl_s;
    }
    if (odd != NULL) {
        char type[16];
        dns_type_format(odd->type, type);
        record_problem(records, odd, true,
                       "the %s records have different TTLs, the lowest (%u) is used for all (RFC 2181 §5.2)",
                       type, lowest);
    }
    return lowest;
}

/* With room for `size` bytes. */
static void write_rrset(struct zone_records *records, const struct record *const *items, size_t count,
                        uint32_t ttl_s, size_t size, const struct dns_rrset *known)
{
    size_t at = 0, all = count + (known != NULL ? known->count : 0);
    const uint8_t *one_rdata, **rdatas = all == 1 ? &one_rdata : xcalloc(all, sizeof *rdatas);
    uint16_t one_size, *sizes = all == 1 ? &one_size : xcalloc(all, sizeof *sizes);
    for (const uint8_t *rr = NULL; known != NULL && (rr = dns_rrset_next(known, rr)) != NULL; at++) {
        rdatas[at] = dns_rr_rdata(rr);
        sizes[at] = (uint16_t)dns_rr_rdlength(rr);
    }
    for (size_t i = 0; i < count; i++, at++) {
        rdatas[at] = items[i]->rdata;
        sizes[at] = items[i]->size;
    }
    uint16_t type = items[0]->type;
    struct dns_rrset *rrset = zone_edit_put_at(records->edit, items[0]->owner, type, size);
    dns_rrset_write(type, ttl_s, rdatas, sizes, all, rrset);
    if (all > 1) {
        free(rdatas);
        free(sizes);
    }
}

/* Puts `count` records of one type together with what the edit already holds of it. */
static void put_rrset(struct zone_records *records, const struct record *const *items, size_t count)
{
    const struct dns_rrset *known = zone_edit_find_at(records->edit, items[0]->owner, items[0]->type);
    if (is_single(items[0]->type))
        check_single(records, items, count, known);
    uint32_t ttl_s = ttl_of(records, items, count, known);
    size_t total = known != NULL ? known->size : 0;
    for (size_t i = 0; i < count; i++)
        total += DNS_RR_HEADER_SIZE + items[i]->size;
    if (total > RRSET_SIZE_MAX) {
        record_problem(records, items[0], false,
                       "too many records of one type for any DNS message, remove some");
        return;
    }
    write_rrset(records, items, count, ttl_s, total, known);
}

/* ---- one owner ---- */

static int compare_records(const void *left, const void *right)
{
    const struct record *a = *(const struct record *const *)left, *b = *(const struct record *const *)right;
    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    return a->ordinal < b->ordinal ? -1 : a->ordinal > b->ordinal;
}

/* By type, those of one type in the order of the text. */
static void sort_run(struct owner_run *run)
{
    for (size_t i = 1; i < run->count; i++) {
        if (run->items[i]->type != run->items[0]->type) {
            qsort(run->items, run->count, sizeof *run->items, compare_records);
            return;
        }
    }
}

uint32_t record_hash(const uint8_t *rdata, size_t size)
{
    uint32_t hash = UINT32_C(0x811c9dc5);
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ rdata[i]) * UINT32_C(0x01000193);
    return hash;
}

static void add_lead(struct record_lead **list, size_t *count, size_t *room, const struct record *record)
{
    if (*count == *room) {
        *room = *room == 0 ? 16 : *room * 2;
        *list = xrealloc(*list, *room, sizeof **list);
    }
    (*list)[(*count)++] = (struct record_lead){ record->owner, record->line, record->origin,
                                                record_hash(record->rdata, record->size) };
}

static void note_leads(struct zone_records *records, const struct owner_run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        if (run->items[i]->type == DNS_NS)
            add_lead(&records->servers, &records->server_count, &records->server_room, run->items[i]);
        else if (run->items[i]->type == DNS_CNAME)
            add_lead(&records->aliases, &records->alias_count, &records->alias_room, run->items[i]);
    }
}

void record_run_put(struct zone_records *records, struct owner_run *run)
{
    sort_run(run);
    for (size_t i = 0; i < run->count;) {
        size_t end = i + 1;
        while (end < run->count && run->items[end]->type == run->items[i]->type)
            end++;
        put_rrset(records, run->items + i, end - i);
        i = end;
    }
    note_leads(records, run);
    check_owner(records, run);
}

void zone_records_check_owner(struct zone_records *records, const struct dns_name *owner, uint32_t origin)
{
    const struct record nothing = { .owner = zone_edit_owner(records->edit, owner), .origin = origin };
    const struct record *items[] = { &nothing };
    check_owner(records, &(struct owner_run){ .items = items, .count = 1, .owner = nothing.owner });
}
