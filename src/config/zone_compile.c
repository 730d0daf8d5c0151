/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/zone_work.h"

#include "base/memory.h"
#include "base/text.h"
#include "config/zone_scan.h"
#include "dns/type.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The static records of a zone: from its file, from its lines, and an SOA where lines have none. */

#define SOA_TTL_S      3600
#define SOA_SERIAL     1
#define SOA_REFRESH_S  3600
#define SOA_RETRY_S    900
#define SOA_EXPIRE_S   604800
#define SOA_NEGATIVE_S 60

static uint8_t *put_name(uint8_t *at, const char *label, const struct dns_name *apex)
{
    struct dns_name name;
    if (!dns_name_parse(label, apex, &name)) /* the apex is so long that no label fits */
        name = *apex;
    memcpy(at, name.bytes, name.size);
    return at + name.size;
}

static uint8_t *put_number(uint8_t *at, uint32_t number)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        *at++ = (uint8_t)(number >> shift);
    return at;
}

/* The primary is the first name server, or ns1 in the zone; the mailbox is RFC 2142's hostmaster. */
static void add_soa(struct zone_work *work, uint32_t origin)
{
    static const uint32_t numbers[] = { SOA_SERIAL, SOA_REFRESH_S, SOA_RETRY_S, SOA_EXPIRE_S,
                                        SOA_NEGATIVE_S };
    uint8_t rdata[2 * DNS_NAME_SIZE_MAX + sizeof numbers], *at = rdata;
    const struct dns_name *apex = &work->apex;
    const struct dns_rrset *servers = zone_edit_find(work->edit, apex, DNS_NS);
    if (servers != NULL) {
        size_t size = dns_rr_rdlength(servers->wire);
        memcpy(at, dns_rr_rdata(servers->wire), size);
        at += size;
    } else {
        at = put_name(at, "ns1", apex);
    }
    at = put_name(at, "hostmaster", apex);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        at = put_number(at, numbers[i]);
    uint16_t size = (uint16_t)(at - rdata);
    memcpy(zone_records_add(work->records, apex->bytes, 0, DNS_SOA, SOA_TTL_S, size, origin, 0), rdata, size);
    zone_records_put(work->records);
}

/* What every zone needs at its apex.  Whoever writes a file writes a whole zone; lines may leave the SOA to
 * us. */
static void check_apex(struct build *build, struct zone_work *work, bool has_data, uint32_t origin)
{
    struct zone_records *records = work->records;
    const struct object *said = item_said(work->after);
    char apex[DNS_NAME_TEXT_SIZE];
    dns_name_format(&work->apex, apex);
    bool has_soa = zone_edit_find(work->edit, &work->apex, DNS_SOA) != NULL;
    bool has_ns = zone_edit_find(work->edit, &work->apex, DNS_NS) != NULL;
    work->has_own_soa = has_soa;
    if (has_data) {
        if (!has_soa)
            zone_records_problem(records, origin, 0, false, "there is no SOA at the apex %s: add one", apex);
        if (!has_ns)
            zone_records_problem(records, origin, 0, false,
                                 "there is no NS at the apex %s: add the zone's name servers", apex);
        return;
    }
    if (!has_soa)
        add_soa(work, origin);
    if (!has_ns)
        object_problem(
            &build->problems, said, "", true,
            "there is no NS at the apex %s: add lines like \"@ NS ns1.example.net.\" to \"records\"", apex);
}

static void scan_lines(struct build *build, const struct zone_work *work, const struct declared_zone *zone,
                       struct zone_records *records, uint32_t origin)
{
    struct text lines = { 0 };
    for (size_t i = 0; i < zone->record_count; i++) {
        const char *line = zone->records[i];
        if (strpbrk(line, "\r\n") != NULL) { /* line numbers tell which record is meant */
            char pointer[32];
            snprintf(pointer, sizeof pointer, "/records/%zu", i);
            object_problem(&build->problems, item_said(work->after), pointer, false,
                           "must be one record on one line");
            line = "";
        }
        text_puts(&lines, line);
        text_puts(&lines, "\n");
    }
    if (lines.size > 0)
        zone_scan_text(records, &work->apex, lines.bytes, lines.size, origin);
    text_free(&lines);
}

static uint32_t lines_origin(const struct zone_work *work, const struct declared_zone *zone,
                             struct zone_records *records)
{
    size_t count = zone->record_count > 0 ? zone->record_count : 1;
    struct record_place *places = xcalloc(count, sizeof *places);
    for (size_t i = 0; i < count; i++)
        places[i] = (struct record_place){ item_said(work->after), "records", (unsigned)i };
    return zone_records_lines(records, places, count);
}

/* Returns the origin that stands for the zone as a whole in messages. */
static uint32_t scan_data(const struct zone_work *work, const struct declared_zone *zone,
                          const struct item *item, struct zone_records *records)
{
    const struct object *object = &item->source->object;
    source_open(item->source);
    const char *file = zone->file != NULL ? zone->file : "records_text";
    struct zone_data data;
    struct error err;
    if (!zone_data_open(object->text, object->text_size, &data, &err)) {
        uint32_t origin = zone_records_origin(records, file, 1);
        zone_records_problem(records, origin, 1, false, "%s", err.text);
        return origin;
    }
    const struct zone_data_part *part = &data.parts[0];
    uint32_t origin = zone_records_origin(records, part->file != NULL ? part->file : file, 1);
    zone_scan(records, &work->apex, &data, part, origin);
    zone_data_close(&data);
    return origin;
}

static void free_allowed(void *allowed)
{
    prefix_map_free(allowed);
}

/* Who may ask: a network that has a value. */
static void compile_allowed(struct build *build, struct zone_work *work, const struct declared_zone *zone)
{
    if (!work->is_rebuilt)
        edition_replaced(&build->edition, zone_allowed(work->before->zone), free_allowed);
    zone_edit_set_allowed(work->edit, NULL);
    if (zone->allow_query == NULL)
        return;
    struct prefix_map_builder *builder = prefix_map_builder_new();
    for (size_t i = 0; i < zone->allow_query_count; i++)
        prefix_map_builder_add(builder, &zone->allow_query[i], 1);
    struct prefix_map *allowed = prefix_map_build(builder);
    edition_made(&build->edition, allowed, free_allowed);
    zone_edit_set_allowed(work->edit, allowed);
}

void zone_replace(struct edition *edition, const struct zone *zone)
{
    edition_replaced(edition, zone_allowed(zone), free_allowed);
    edition_replaced(edition, zone, zone_free);
}

static void compile_records(struct build *build, struct zone_work *work, const struct declared_zone *zone)
{
    const struct object *said = item_said(work->after);
    const struct item *data = build_find(build, OBJECT_ZONE_DATA, said->name);
    struct zone_records *records = zone_records_new(&work->apex, work->edit, &build->problems);
    uint32_t lines = lines_origin(work, zone, records), whole = lines;
    work->records = records;
    if (data != NULL)
        whole = scan_data(work, zone, data, records);
    else if (zone->file != NULL && !build->is_import) /* who read the files has said what is wrong with it */
        object_problem(&build->problems, said, "/file", false,
                       "the contents of \"%s\" are not known: import the file, or give \"records_text\"",
                       zone->file);
    scan_lines(build, work, zone, records, lines);
    if (zone_records_put(records) && (data != NULL || zone->file == NULL))
        check_apex(build, work, data != NULL, whole);
}

void zone_compile(struct build *build, struct zone_work *work)
{
    struct declared_zone *zone = declared_zone_parse(item_said(work->after), &build->problems);
    if (zone == NULL)
        return;
    if (work->is_rebuilt)
        compile_records(build, work, zone);
    compile_allowed(build, work, zone);
    declared_zone_free(zone);
}

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool is_same_seed(const struct declared_zone *a, const struct declared_zone *b)
{
    if (a == NULL || b == NULL || a->record_count != b->record_count || !is_same_text(a->file, b->file))
        return false;
    for (size_t i = 0; i < a->record_count; i++) {
        if (strcmp(a->records[i], b->records[i]) != 0)
            return false;
    }
    return true;
}

bool zone_is_reseeded(const struct item *before, const struct item *after)
{
    struct problems ignored = { 0 };
    struct declared_zone *from = declared_zone_parse(&before->source->object, &ignored);
    struct declared_zone *to = declared_zone_parse(&after->source->object, &ignored);
    bool is_same = is_same_seed(from, to);
    declared_zone_free(from);
    declared_zone_free(to);
    problems_free(&ignored);
    return !is_same;
}
