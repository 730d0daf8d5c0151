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
    free(records->items);
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

void records_problem(struct zone_records *records, uint32_t origin, uint64_t line, bool is_warning,
                     const char *message)
{
    if (is_warning ? records->warning_count++ >= ZONE_RECORD_ERRORS_MAX
                   : records->error_count++ >= ZONE_RECORD_ERRORS_MAX)
        return;
    const struct record_origin *from = &records->origins[origin];
    (from->places != NULL ? problem_in_object : problem_in_file)(records, from, line, is_warning, message);
}

static void put_runs(struct zone_records *records, unsigned count);

void zone_records_problem(struct zone_records *records, uint32_t origin, uint64_t line, bool is_warning,
                          const char *format, ...)
{
    char message[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (records->run_count > 0) /* what is wrong with those before comes first */
        put_runs(records, records->run_count - 1);
    records_problem(records, origin, line, is_warning, message);
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

static void *take(struct record_chunk **chunks, size_t size)
{
    struct record_chunk *chunk = *chunks;
    size_t room = (size + 7) & ~(size_t)7;
    if (chunk == NULL || chunk->size - chunk->used < room) {
        size_t chunk_size = chunk == NULL ? CHUNK_SIZE_MIN : chunk->size * 2;
        chunk_size = chunk_size > CHUNK_SIZE_MAX ? CHUNK_SIZE_MAX : chunk_size;
        chunk_size = chunk_size < room ? room : chunk_size;
        chunk = xrealloc(NULL, 1, sizeof *chunk + chunk_size);
        *chunk = (struct record_chunk){ .next = *chunks, .size = chunk_size };
        *chunks = chunk;
    }
    void *block = chunk->bytes + chunk->used;
    chunk->used += room;
    return block;
}

/* Keeps the newest chunk, the largest, for the next owners. */
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

void zone_records_expect(struct zone_records *records, uint32_t owner_count)
{
    if (owner_count == 0)
        return;
    zone_edit_expect(records->edit, owner_count);
    reserve_owner(records, owner_count);
}

/* The owner was there before: what it holds now waits until all is known. */
static void keep_waiting(struct zone_records *records, const struct owner_run *run)
{
    if (records->waiting == NULL)
        records->waiting = xcalloc(records->owner_room, sizeof *records->waiting);
    for (size_t i = 0; i < run->count; i++) {
        const struct record *from = run->items[i];
        struct record *record = take(&records->late_chunks, sizeof *record + from->size);
        memcpy(record, from, sizeof *from + from->size);
        record->before = records->waiting[run->owner];
        records->waiting[run->owner] = record;
    }
}

/* The owner's records, as far as they stand together, are complete. */
static void put_run(struct zone_records *records, const struct named_run *run, size_t end)
{
    struct owner_run found = {
        .items = (const struct record **)records->items + run->first,
        .count = end - run->first,
        .owner = zone_edit_owner_at(records->edit, run->hash, run->name, run->name_size),
    };
    for (size_t i = run->first; i < end; i++)
        records->items[i]->owner = found.owner;
    reserve_owner(records, found.owner);
    struct owner_place *seen = &records->seen[found.owner];
    if (seen->line_behind == 0) {
        *seen = (struct owner_place){ found.items[0]->line + 1, found.items[0]->origin };
        record_run_put(records, &found);
    } else {
        keep_waiting(records, &found);
    }
}

/* The first `count` runs, and what stays moves to their place. */
static void put_runs(struct zone_records *records, unsigned count)
{
    size_t end = 0;
    if (count == 0)
        return;
    for (unsigned i = 0; i < count; i++) {
        end = i + 1 < records->run_count ? records->runs[i + 1].first : records->item_count;
        put_run(records, &records->runs[i], end);
    }
    records->run_count -= count;
    records->item_count -= end;
    memmove(records->items, records->items + end, records->item_count * sizeof *records->items);
    memmove(records->runs, records->runs + count, records->run_count * sizeof *records->runs);
    for (unsigned i = 0; i < records->run_count; i++)
        records->runs[i].first -= end;
    if (records->run_count == 0)
        empty_chunks(&records->run_chunks);
}

static void begin_run(struct zone_records *records, const uint8_t *name, size_t size)
{
    if (records->run_count == RUNS_AT_ONCE)
        put_runs(records, RUNS_AT_ONCE);
    struct named_run *run = &records->runs[records->run_count++];
    uint8_t *copy = take(&records->run_chunks, size);
    memcpy(copy, name, size);
    *run = (struct named_run){
        .hash = dns_name_hash(copy, size), .name = copy, .name_size = size, .first = records->item_count
    };
    zone_edit_fetch(records->edit, run->hash);
}

static bool is_last(const struct zone_records *records, const uint8_t *name, size_t size)
{
    if (records->run_count == 0)
        return false;
    const struct named_run *last = &records->runs[records->run_count - 1];
    return last->name_size == size && memcmp(last->name, name, size) == 0;
}

static void add_item(struct zone_records *records, struct record *record)
{
    if (records->item_count == records->item_room) {
        records->item_room = records->item_room == 0 ? RUNS_AT_ONCE : records->item_room * 2;
        records->items = xrealloc(records->items, records->item_room, sizeof *records->items);
    }
    records->items[records->item_count++] = record;
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

uint8_t *zone_records_add(struct zone_records *records, const uint8_t *name, size_t name_size, uint16_t type,
                          uint32_t ttl_s, uint16_t size, uint32_t origin, uint64_t line)
{
    if (!is_last(records, name, name_size))
        begin_run(records, name, name_size);
    struct record *record = take(&records->run_chunks, sizeof *record + size);
    *record = (struct record){
        .ordinal = records->count++,
        .ttl_s = ttl_s,
        .line = (uint32_t)line,
        .origin = origin,
        .type = type,
        .size = size,
    };
    add_item(records, record);
    note_line(&records->origins[origin], line);
    return record->rdata;
}

/* ---- the end ---- */

/* The owner's list runs from the last to the first. */
static void put_waiting(struct zone_records *records, uint32_t number)
{
    struct record *record;
    size_t count = 0;
    for (record = records->waiting[number]; record != NULL; record = record->before)
        count++;
    struct record **items = xcalloc(count, sizeof *items);
    size_t at = count;
    for (record = records->waiting[number]; record != NULL; record = record->before)
        items[--at] = record;
    struct owner_run run = { .items = (const struct record **)items, .count = count, .owner = number };
    record_run_put(records, &run);
    free(items);
}

bool zone_records_put(struct zone_records *records)
{
    put_runs(records, records->run_count);
    for (uint32_t number = 0; records->waiting != NULL && number < records->owner_room; number++) {
        if (records->waiting[number] != NULL)
            put_waiting(records, number);
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
