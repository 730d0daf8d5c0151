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

static void free_chunks(struct record_chunk **chunks)
{
    for (struct record_chunk *chunk = *chunks; chunk != NULL;) {
        struct record_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    *chunks = NULL;
}

void zone_records_free(struct zone_records *records)
{
    if (records == NULL)
        return;
    free_chunks(&records->run_chunks);
    free_chunks(&records->late_chunks);
    for (size_t i = 0; i < records->origin_count; i++) {
        free(records->origins[i].file);
        free(records->origins[i].places);
    }
    free(records->origins);
    free(records->run.items);
    free(records->seen);
    free(records->waiting);
    free(records->servers);
    free(records->aliases);
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

/* ---- taking ---- */

static struct record *take_record(struct record_chunk **chunks, uint16_t size)
{
    struct record_chunk *chunk = *chunks;
    size_t room = (sizeof(struct record) + size + 7) & ~(size_t)7;
    if (chunk == NULL || chunk->size - chunk->used < room) {
        size_t chunk_size = chunk == NULL ? CHUNK_SIZE_MIN : chunk->size * 2;
        chunk_size = chunk_size > CHUNK_SIZE_MAX ? CHUNK_SIZE_MAX : chunk_size;
        chunk_size = chunk_size < room ? room : chunk_size;
        chunk = xrealloc(NULL, 1, sizeof *chunk + chunk_size);
        *chunk = (struct record_chunk){ .next = *chunks, .size = chunk_size };
        *chunks = chunk;
    }
    struct record *record = (struct record *)(void *)(chunk->bytes + chunk->used);
    chunk->used += room;
    return record;
}

/* Keeps the newest chunk, the largest, for the next owner. */
static void empty_chunks(struct record_chunk **chunks)
{
    if (*chunks == NULL)
        return;
    free_chunks(&(*chunks)->next);
    (*chunks)->used = 0;
}

static void reserve_owner(struct zone_records *records, uint32_t number)
{
    if (number < records->owner_room)
        return;
    uint32_t room = records->owner_room == 0 ? 64 : records->owner_room * 2, before = records->owner_room;
    room = room <= number ? number + 1 : room;
    records->seen = xrealloc(records->seen, room, sizeof *records->seen);
    memset(records->seen + before, 0, (room - before) * sizeof *records->seen);
    if (records->waiting != NULL) {
        records->waiting = xrealloc(records->waiting, room, sizeof *records->waiting);
        memset(records->waiting + before, 0, (room - before) * sizeof *records->waiting);
    }
    records->owner_room = room;
}

/* The owner was there before: what it holds now waits until all is known. */
static void keep_waiting(struct zone_records *records, const struct owner_run *run)
{
    if (records->waiting == NULL)
        records->waiting = xcalloc(records->owner_room, sizeof *records->waiting);
    for (size_t i = 0; i < run->count; i++) {
        const struct record *from = run->items[i];
        struct record *record = take_record(&records->late_chunks, from->size);
        memcpy(record, from, sizeof *from + from->size);
        record->before = records->waiting[run->owner];
        records->waiting[run->owner] = record;
    }
}

/* The owner's records, as far as they stand together, are complete. */
static void end_run(struct zone_records *records)
{
    struct owner_run *run = &records->run;
    if (run->count == 0)
        return;
    reserve_owner(records, run->owner);
    struct owner_place *seen = &records->seen[run->owner];
    if (seen->line_behind == 0) {
        *seen = (struct owner_place){ run->items[0]->line + 1, run->items[0]->origin };
        record_run_put(records, run);
    } else {
        keep_waiting(records, run);
    }
    run->count = 0;
    empty_chunks(&records->run_chunks);
}

static void add_item(struct owner_run *run, const struct record *record)
{
    if (run->count == run->room) {
        run->room = run->room == 0 ? 16 : run->room * 2;
        run->items = xrealloc(run->items, run->room, sizeof *run->items);
    }
    run->items[run->count++] = record;
}

static void note_line(struct record_origin *origin, uint64_t line)
{
    if (origin->places == NULL || origin->is_odd)
        return;
    if (line == origin->line_count + 1)
        origin->line_count++;
    else
        origin->is_odd = true;
}

void zone_records_add(struct zone_records *records, const struct dns_name *owner, uint16_t type,
                      uint32_t ttl_s, const uint8_t *rdata, uint16_t size, uint32_t origin, uint64_t line)
{
    uint32_t number = zone_edit_owner(records->edit, owner);
    if (number != records->run.owner)
        end_run(records);
    records->run.owner = number;
    struct record *record = take_record(&records->run_chunks, size);
    *record = (struct record){
        .owner = number,
        .ordinal = records->count++,
        .ttl_s = ttl_s,
        .line = (uint32_t)line,
        .origin = origin,
        .type = type,
        .size = size,
    };
    if (size > 0)
        memcpy(record->rdata, rdata, size);
    add_item(&records->run, record);
    note_line(&records->origins[origin], line);
}

/* ---- the end ---- */

/* From the last to the first: the list turned round. */
static void take_waiting(struct zone_records *records, uint32_t number)
{
    struct owner_run *run = &records->run;
    run->owner = number;
    for (const struct record *record = records->waiting[number]; record != NULL; record = record->before)
        add_item(run, record);
    for (size_t i = 0; i < run->count / 2; i++) {
        const struct record *held = run->items[i];
        run->items[i] = run->items[run->count - 1 - i];
        run->items[run->count - 1 - i] = held;
    }
    record_run_put(records, run);
    run->count = 0;
}

bool zone_records_put(struct zone_records *records)
{
    end_run(records);
    for (uint32_t number = 0; records->waiting != NULL && number < records->owner_room; number++) {
        if (records->waiting[number] != NULL)
            take_waiting(records, number);
    }
    free(records->waiting);
    records->waiting = NULL;
    free_chunks(&records->late_chunks);
    return zone_records_are_good(records);
}

bool zone_records_are_lines(const struct zone_records *records, uint32_t origin, size_t count, uint64_t *odd)
{
    const struct record_origin *from = &records->origins[origin];
    *odd = from->line_count + 1;
    return !from->is_odd && from->line_count == count;
}
