/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/zone_records.h"

#include "base/memory.h"
#include "config/model.h"
#include "config/records_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct zone_records *zone_records_new(const struct dns_name *apex, struct problems *problems)
{
    struct zone_records *records = xcalloc(1, sizeof *records);
    records->apex = *apex;
    records->problems = problems;
    return records;
}

void zone_records_free(struct zone_records *records)
{
    if (records == NULL)
        return;
    for (struct record_chunk *chunk = records->chunks; chunk != NULL;) {
        struct record_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    for (size_t i = 0; i < records->origin_count; i++) {
        free(records->origins[i].file);
        free(records->origins[i].places);
    }
    free(records->origins);
    free(records->items);
    free(records);
}

static uint32_t add_origin(struct zone_records *records, struct record_origin origin)
{
    records->origins = xrealloc(records->origins, records->origin_count + 1, sizeof *records->origins);
    records->origins[records->origin_count] = origin;
    return (uint32_t)records->origin_count++;
}

uint32_t zone_records_origin(struct zone_records *records, const char *file, unsigned first_line)
{
    return add_origin(records, (struct record_origin){ .file = xstrdup(file != NULL ? file : ""),
                                                       .first_line = first_line });
}

uint32_t zone_records_lines(struct zone_records *records, struct record_place *places, size_t count)
{
    return add_origin(records, (struct record_origin){ .places = places, .place_count = count });
}

static void problem_in_file(struct zone_records *records, const struct record_origin *from, uint64_t line,
                            bool is_warning, const char *message)
{
    unsigned row = line > 0 ? from->first_line + (unsigned)line - 1 : 0;
    (is_warning ? problems_warn : problems_add)(records->problems, from->file, row, 0, "", "%s", message);
}

static void problem_in_object(struct zone_records *records, const struct record_origin *from, uint64_t line,
                              bool is_warning, const char *message)
{
    size_t index = line == 0 ? 0 : line > from->place_count ? from->place_count - 1 : line - 1;
    const struct record_place *place = &from->places[index];
    char pointer[64];
    snprintf(pointer, sizeof pointer, "/%s/%u", place->list, place->index);
    object_problem(records->problems, place->object, line > 0 ? pointer : "", is_warning, "%s", message);
}

void zone_records_problem(struct zone_records *records, uint32_t origin, uint64_t line, bool is_warning,
                          const char *format, ...)
{
    if (is_warning ? records->warning_count++ >= ZONE_RECORD_ERRORS_MAX
                   : records->error_count++ >= ZONE_RECORD_ERRORS_MAX)
        return;
    char message[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    const struct record_origin *from = &records->origins[origin];
    (from->places != NULL ? problem_in_object : problem_in_file)(records, from, line, is_warning, message);
}

bool zone_records_are_hopeless(const struct zone_records *records)
{
    return records->error_count >= ZONE_RECORD_ERRORS_MAX;
}

bool zone_records_are_good(const struct zone_records *records)
{
    return records->error_count == 0;
}

static void *take_bytes(struct zone_records *records, size_t size)
{
    size = (size + 7) & ~(size_t)7;
    struct record_chunk *chunk = records->chunks;
    if (chunk == NULL || chunk->size - chunk->used < size) {
        size_t room = chunk == NULL ? 4096 : chunk->size < 1 << 20 ? chunk->size * 2 : chunk->size;
        if (room < size)
            room = size;
        chunk = xrealloc(NULL, 1, sizeof *chunk + room);
        *chunk = (struct record_chunk){ .next = records->chunks, .size = room };
        records->chunks = chunk;
    }
    void *bytes = chunk->bytes + chunk->used;
    chunk->used += size;
    return bytes;
}

static const struct record_owner *owner_get(struct zone_records *records, const struct dns_name *name)
{
    const struct record_owner *last = records->last_owner;
    if (last != NULL && last->size == name->size && memcmp(last->bytes, name->bytes, name->size) == 0)
        return last;
    uint64_t hashes[DNS_LABEL_COUNT_MAX + 1];
    dns_name_hash_suffixes(name, hashes);
    struct record_owner *owner = take_bytes(records, sizeof *owner + name->size);
    owner->hash = hashes[name->label_count];
    owner->size = name->size;
    memcpy(owner->bytes, name->bytes, name->size);
    records->last_owner = owner;
    return owner;
}

void zone_records_add(struct zone_records *records, const struct dns_name *owner, uint16_t type,
                      uint32_t ttl_s, const uint8_t *rdata, uint16_t size, uint32_t origin, uint64_t line)
{
    if (records->count == records->room) {
        records->room = records->room == 0 ? 16 : records->room * 2;
        records->items = xrealloc(records->items, records->room, sizeof *records->items);
    }
    uint8_t *bytes = take_bytes(records, size);
    if (size > 0)
        memcpy(bytes, rdata, size);
    records->items[records->count] = (struct record){
        .owner = owner_get(records, owner),
        .rdata = bytes,
        .ordinal = (uint32_t)records->count,
        .ttl_s = ttl_s,
        .line = (uint32_t)line,
        .type = type,
        .size = size,
        .origin = origin,
    };
    records->count++;
}

const uint8_t *zone_records_at_apex(const struct zone_records *records, uint16_t type, uint16_t *size)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct record *record = &records->items[i];
        if (record->type != type || record->owner->size != records->apex.size ||
            memcmp(record->owner->bytes, records->apex.bytes, records->apex.size) != 0)
            continue;
        *size = record->size;
        return record->rdata;
    }
    return NULL;
}

size_t zone_records_count(const struct zone_records *records)
{
    return records->count;
}

bool zone_records_are_lines(const struct zone_records *records, uint32_t origin, size_t count, uint64_t *odd)
{
    size_t line = 0;
    for (size_t i = 0; i < records->count && line < count; i++) {
        if (records->items[i].origin != origin)
            continue;
        if (records->items[i].line != line + 1)
            break;
        line++;
    }
    *odd = line + 1;
    return line == count;
}
