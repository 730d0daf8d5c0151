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

static int compare_owners(const struct record_owner *a, const struct record_owner *b)
{
    if (a == b)
        return 0;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    if (a->size != b->size)
        return a->size < b->size ? -1 : 1;
    return memcmp(a->bytes, b->bytes, a->size);
}

static int compare_records(const void *left, const void *right)
{
    const struct record *a = left, *b = right;
    int order = compare_owners(a->owner, b->owner);
    if (order != 0)
        return order;
    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    return a->ordinal < b->ordinal ? -1 : a->ordinal > b->ordinal;
}

/* "www.example.com.: message" where the record stands. */
__attribute__((format(printf, 4, 5))) static void problem_at(struct zone_records *records,
                                                             const struct record *record, bool is_warning,
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

static const struct record *find_type(const struct owner_run *run, uint16_t type)
{
    for (size_t i = 0; i < run->count; i++) {
        if (run->first[i].type == type)
            return &run->first[i];
    }
    return NULL;
}

static bool may_stand_beside_cname(uint16_t type)
{
    return type == DNS_CNAME || type == DNS_RRSIG || type == DNS_NSEC || type == DNS_KEY; /* RFC 4034 §3 */
}

static void cname_problem(struct zone_records *records, const struct record *at, uint16_t other)
{
    char type[16];
    dns_type_format(other, type);
    problem_at(
        records, at, false,
        "%s stands beside a CNAME: a name with a CNAME can hold nothing else (RFC 1034 §3.6.2), remove "
        "one of them",
        type);
}

static void check_cname(struct zone_records *records, const struct owner_run *run,
                        const struct zone_edit *edit)
{
    const struct record *cname = find_type(run, DNS_CNAME);
    if (cname == NULL && zone_edit_find(edit, &run->name, DNS_CNAME) == NULL)
        return;
    for (size_t i = 0; i < run->count; i++) {
        if (!may_stand_beside_cname(run->first[i].type)) {
            cname_problem(records, &run->first[i], run->first[i].type);
            return;
        }
    }
    const struct dns_rrset *known = NULL; /* from sources read before */
    while ((known = zone_edit_next(edit, &run->name, known != NULL ? known->type : 0)) != NULL) {
        if (cname != NULL && !may_stand_beside_cname(known->type)) {
            cname_problem(records, cname, known->type);
            return;
        }
    }
}

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
        problem_at(records, &first[i], false, "a second %s: there can be only one, remove the others", type);
        return;
    }
}

static void check_places(struct zone_records *records, const struct owner_run *run)
{
    bool is_apex = dns_name_equal(&run->name, &records->apex);
    const struct record *soa = find_type(run, DNS_SOA), *dname = find_type(run, DNS_DNAME);
    if (soa != NULL && !is_apex)
        problem_at(records, soa, false, "an SOA can stand only at the apex of the zone, remove it");
    if (dname != NULL && !is_apex && find_type(run, DNS_NS) != NULL)
        problem_at(records, dname, false,
                   "a DNAME beside NS below the apex: a delegated name cannot be redirected (RFC 6672 §2.3), "
                   "remove one of them");
}

/* Owners of DNAMEs, sorted: no name may exist below one. */
struct dnames {
    const struct record_owner **items;
    size_t count;
};

static struct dnames dnames_of(const struct zone_records *records)
{
    struct dnames dnames = { 0 };
    for (size_t i = 0; i < records->count; i++) {
        const struct record *record = &records->items[i];
        if (record->type != DNS_DNAME)
            continue;
        if ((dnames.count & (dnames.count - 1)) == 0)
            dnames.items =
                xrealloc(dnames.items, dnames.count == 0 ? 1 : dnames.count * 2, sizeof *dnames.items);
        dnames.items[dnames.count++] = record->owner; /* sorted, as the records are */
    }
    return dnames;
}

/* A name to look for among the owners. */
struct suffix {
    uint64_t hash;
    const uint8_t *bytes;
    uint8_t size;
};

static int compare_suffix(const void *key, const void *element)
{
    const struct suffix *suffix = key;
    const struct record_owner *owner = *(const struct record_owner *const *)element;
    if (suffix->hash != owner->hash)
        return suffix->hash < owner->hash ? -1 : 1;
    if (suffix->size != owner->size)
        return suffix->size < owner->size ? -1 : 1;
    return memcmp(suffix->bytes, owner->bytes, suffix->size);
}

static bool is_below_dname(const struct dnames *dnames, const struct dns_name *name)
{
    uint64_t hashes[DNS_LABEL_COUNT_MAX + 1];
    dns_name_hash_suffixes(name, hashes);
    for (unsigned k = 0; k < name->label_count; k++) {
        unsigned at = k == 0 ? name->size - 1u : name->label_at[name->label_count - k];
        struct suffix suffix = { hashes[k], name->bytes + at, (uint8_t)(name->size - at) };
        if (bsearch(&suffix, dnames->items, dnames->count, sizeof *dnames->items, compare_suffix) != NULL)
            return true;
    }
    return false;
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
        problem_at(records, odd, true,
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
    if (total > RRSET_SIZE_MAX)
        problem_at(records, first, false, "too many records of one type for any DNS message, remove some");
    if (!zone_records_are_good(records))
        return;
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

static void put_owner(struct zone_records *records, struct owner_run *run, const struct dnames *dnames,
                      struct zone_edit *edit)
{
    dns_name_from_wire(run->first->owner->bytes, &run->name);
    check_cname(records, run, edit);
    check_places(records, run);
    if (dnames->count > 0 && is_below_dname(dnames, &run->name))
        problem_at(
            records, run->first, false,
            "stands below a DNAME, which redirects everything there (RFC 6672 §2.4), remove one of them");
    for (size_t i = 0; i < run->count;) {
        size_t end = i + 1;
        while (end < run->count && run->first[end].type == run->first[i].type)
            end++;
        put_rrset(records, run, run->first + i, end - i, edit);
        i = end;
    }
}

bool zone_records_put(struct zone_records *records, struct zone_edit *edit)
{
    if (records->count > 0)
        qsort(records->items, records->count, sizeof *records->items, compare_records);
    struct dnames dnames = dnames_of(records);
    for (size_t i = 0; i < records->count;) {
        size_t end = i + 1;
        while (end < records->count &&
               compare_owners(records->items[end].owner, records->items[i].owner) == 0)
            end++;
        struct owner_run run = { .first = records->items + i, .count = end - i };
        put_owner(records, &run, &dnames, edit);
        i = end;
    }
    free(dnames.items);
    return zone_records_are_good(records);
}

static bool has_address(const struct zone_edit *edit, const struct dns_name *name)
{
    return zone_edit_find(edit, name, DNS_A) != NULL || zone_edit_find(edit, name, DNS_AAAA) != NULL;
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

void zone_records_check_servers(struct zone_records *records, const struct zone_edit *edit)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct record *record = &records->items[i];
        struct dns_name owner, server;
        if (record->type != DNS_NS || dns_name_read(record->rdata, record->size, &server) == 0 ||
            !dns_name_is_within(&server, &records->apex) || has_address(edit, &server))
            continue;
        dns_name_from_wire(record->owner->bytes, &owner);
        if (is_elsewhere(records, edit, &server, &owner))
            continue;
        char text[DNS_NAME_TEXT_SIZE];
        dns_name_format(&server, text);
        bool is_alias = zone_edit_find(edit, &server, DNS_CNAME) != NULL;
        zone_records_problem(records, record->origin, record->line, true,
                             is_alias
                                 ? "the name server %s is a CNAME: it must have addresses (RFC 2181 §10.3)"
                                 : "the name server %s has no address here: add its A or AAAA record",
                             text);
    }
}
