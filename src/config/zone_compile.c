/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/zone_work.h"

#include "base/memory.h"
#include "base/text.h"
#include "config/zone_records.h"
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
static void add_soa(struct zone_records *records, const struct dns_name *apex, uint16_t origin)
{
    static const uint32_t numbers[] = { SOA_SERIAL, SOA_REFRESH_S, SOA_RETRY_S, SOA_EXPIRE_S,
                                        SOA_NEGATIVE_S };
    uint8_t rdata[2 * DNS_NAME_SIZE_MAX + sizeof numbers], *at = rdata;
    uint16_t size;
    const uint8_t *server = zone_records_at_apex(records, DNS_NS, &size);
    if (server != NULL && size <= DNS_NAME_SIZE_MAX) {
        memcpy(at, server, size);
        at += size;
    } else {
        at = put_name(at, "ns1", apex);
    }
    at = put_name(at, "hostmaster", apex);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        at = put_number(at, numbers[i]);
    zone_records_add(records, apex, DNS_SOA, SOA_TTL_S, rdata, (uint16_t)(at - rdata), origin, 0);
}

/* What every zone needs at its apex.  Whoever writes a file writes a whole zone; lines may leave the SOA to
 * us. */
static void check_apex(struct build *build, const struct zone_work *work, struct zone_records *records,
                       bool has_data, uint16_t origin)
{
    const struct object *said = item_said(work->after);
    char apex[DNS_NAME_TEXT_SIZE];
    uint16_t size;
    dns_name_format(&work->apex, apex);
    bool has_soa = zone_records_at_apex(records, DNS_SOA, &size) != NULL;
    bool has_ns = zone_records_at_apex(records, DNS_NS, &size) != NULL;
    if (has_data) {
        if (!has_soa)
            zone_records_problem(records, origin, 0, false, "there is no SOA at the apex %s: add one", apex);
        if (!has_ns)
            zone_records_problem(records, origin, 0, false,
                                 "there is no NS at the apex %s: add the zone's name servers", apex);
        return;
    }
    if (!has_soa)
        add_soa(records, &work->apex, origin);
    if (!has_ns)
        object_problem(
            &build->problems, said, "", true,
            "there is no NS at the apex %s: add lines like \"@ NS ns1.example.net.\" to \"records\"", apex);
}

static void scan_lines(struct build *build, const struct zone_work *work, const struct declared_zone *zone,
                       struct zone_records *records, uint16_t origin)
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
        zone_records_scan(records, &work->apex, lines.bytes, lines.size, origin, NULL);
    text_free(&lines);
}

/* Returns the origin that stands for the zone as a whole in messages. */
static uint16_t scan_data(const struct zone_work *work, const struct declared_zone *zone,
                          const struct item *data, struct zone_records *records)
{
    const struct object *object = &data->source->object;
    const char *file = zone->file != NULL ? zone->file : "records_text";
    uint16_t origin = zone_records_origin(records, file, 1, NULL);
    zone_records_scan(records, &work->apex, object->text, object->text_size, origin, NULL);
    return origin;
}

static void free_allowed(void *allowed)
{
    prefix_map_free(allowed);
}

/* Who may ask: a network that has a value. */
static void compile_allowed(struct build *build, struct zone_work *work, const struct declared_zone *zone)
{
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

static void compile_declared(struct build *build, struct zone_work *work, const struct declared_zone *zone)
{
    const struct object *said = item_said(work->after);
    const struct item *data = build_find(build, OBJECT_ZONE_DATA, said->name);
    struct zone_records *records = zone_records_new(&work->apex, &build->problems);
    uint16_t lines = zone_records_origin(records, NULL, 1, said), whole = lines;
    if (data != NULL)
        whole = scan_data(work, zone, data, records);
    else if (zone->file != NULL)
        object_problem(&build->problems, said, "/file", false,
                       "the contents of \"%s\" are not known: import the file, or give \"records_text\"",
                       zone->file);
    scan_lines(build, work, zone, records, lines);
    if (zone_records_are_good(records) && (data != NULL || zone->file == NULL))
        check_apex(build, work, records, data != NULL, whole);
    if (zone_records_put(records, work->edit))
        zone_records_check_servers(records, work->edit);
    zone_records_free(records);
}

void zone_compile_records(struct build *build, struct zone_work *work)
{
    struct declared_zone *zone = declared_zone_parse(item_said(work->after), &build->problems);
    if (zone == NULL)
        return;
    compile_declared(build, work, zone);
    compile_allowed(build, work, zone);
    declared_zone_free(zone);
}
