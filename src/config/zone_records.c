/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/zone_records.h"

#include "base/memory.h"
#include "config/model.h"
#include "config/records_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct zone_records *zone_records_new(const struct dns_name *apex, struct zone_edit *edit,
                                      struct problems *problems)
{
    struct zone_records *records = xcalloc(1, sizeof *records);
    records->apex = *apex;
    records->edit = edit;
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
    free(records->last);
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

#define CHUNK_SIZE_MIN ((size_t)4096)
#define CHUNK_SIZE_MAX ((size_t)1 << 20)

static size_t record_room(size_t size)
{
    return (sizeof(struct record) + size + 7) & ~(size_t)7;
}

static struct record *take_record(struct zone_records *records, uint16_t size)
{
    struct record_chunk *chunk = records->last_chunk;
    size_t room = record_room(size);
    if (chunk == NULL || chunk->size - chunk->used < room) {
        size_t chunk_size = chunk == NULL ? CHUNK_SIZE_MIN : chunk->size * 2;
        chunk_size = chunk_size > CHUNK_SIZE_MAX ? CHUNK_SIZE_MAX : chunk_size;
        chunk_size = chunk_size < room ? room : chunk_size;
        chunk = xrealloc(NULL, 1, sizeof *chunk + chunk_size);
        *chunk = (struct record_chunk){ .size = chunk_size };
        *(records->last_chunk != NULL ? &records->last_chunk->next : &records->chunks) = chunk;
        records->last_chunk = chunk;
    }
    struct record *record = (struct record *)(void *)(chunk->bytes + chunk->used);
    chunk->used += room;
    return record;
}

const struct record *record_walk_next(const struct zone_records *records, struct record_walk *walk)
{
    if (!walk->has_begun)
        *walk = (struct record_walk){ .chunk = records->chunks, .has_begun = true };
    while (walk->chunk != NULL && walk->at == walk->chunk->used)
        *walk = (struct record_walk){ .chunk = walk->chunk->next, .has_begun = true };
    if (walk->chunk == NULL)
        return NULL;
    const struct record *record = (const struct record *)(const void *)(walk->chunk->bytes + walk->at);
    walk->at += record_room(record->size);
    return record;
}

static void reserve_owner(struct zone_records *records, uint32_t number)
{
    if (number < records->owner_room)
        return;
    uint32_t room = records->owner_room == 0 ? 64 : records->owner_room * 2;
    room = room <= number ? number + 1 : room;
    records->last = xrealloc(records->last, room, sizeof *records->last);
    memset(records->last + records->owner_room, 0, (room - records->owner_room) * sizeof *records->last);
    records->owner_room = room;
}

void zone_records_add(struct zone_records *records, const struct dns_name *owner, uint16_t type,
                      uint32_t ttl_s, const uint8_t *rdata, uint16_t size, uint32_t origin, uint64_t line)
{
    uint32_t number = zone_edit_owner(records->edit, owner);
    reserve_owner(records, number);
    struct record *record = take_record(records, size);
    *record = (struct record){
        .before = records->last[number],
        .owner = number,
        .ordinal = (uint32_t)records->count,
        .ttl_s = ttl_s,
        .line = (uint32_t)line,
        .origin = origin,
        .type = type,
        .size = size,
    };
    if (size > 0)
        memcpy(record->rdata, rdata, size);
    records->last[number] = record;
    records->count++;
}

const uint8_t *zone_records_at_apex(const struct zone_records *records, uint16_t type, uint16_t *size)
{
    const struct record *found = NULL;
    if (records->owner_room > 0) /* the apex is number 0 */
        for (const struct record *record = records->last[0]; record != NULL; record = record->before)
            found = record->type == type ? record : found;
    if (found == NULL)
        return NULL;
    *size = found->size;
    return found->rdata;
}

bool zone_records_are_lines(const struct zone_records *records, uint32_t origin, size_t count, uint64_t *odd)
{
    size_t line = 0;
    struct record_walk walk = { 0 };
    const struct record *record;
    while (line < count && (record = record_walk_next(records, &walk)) != NULL) {
        if (record->origin != origin)
            continue;
        if (record->line != line + 1)
            break;
        line++;
    }
    *odd = line + 1;
    return line == count;
}
