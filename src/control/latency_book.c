/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/latency_book.h"

#include "base/memory.h"
#include "base/table.h"
#include "snapshot/latency_place.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALLEST_US 100.0 /* the first size ends here; the last one begins at some ten seconds */
#define STEP        1.2

enum { PLACE_SIZE = ADDRESS_TEXT_SIZE };

struct pair {
    struct store_latency row; /* place and endpoint owned */
    size_t changed_at;        /* position in the list of changes + 1; 0: not on it */
};

struct latency_book {
    struct table *pairs; /* "place endpoint" → struct pair */
    struct store_latency *gone;
    size_t gone_count, gone_room;
    struct pair **changed; /* NULL: forgotten meanwhile */
    size_t changed_count, changed_room;
    size_t pairs_most;
};

struct latency_book *latency_book_new(size_t pairs_most)
{
    struct latency_book *book = xcalloc(1, sizeof *book);
    book->pairs = table_new();
    book->pairs_most = pairs_most;
    return book;
}

static void pair_free(struct pair *pair)
{
    free(pair->row.place);
    free(pair->row.endpoint);
    free(pair);
}

void latency_book_free(struct latency_book *book)
{
    const char *key;
    void *value;
    if (book == NULL)
        return;
    for (size_t at = 0; table_next(book->pairs, &at, &key, &value);)
        pair_free(value);
    table_free(book->pairs);
    store_latencies_free(book->gone, book->gone_count);
    free(book->changed);
    free(book);
}

size_t latency_book_count(const struct latency_book *book)
{
    return table_count(book->pairs);
}

/* ---- counts ---- */

static size_t size_of_us(uint32_t us)
{
    double size = us > SMALLEST_US ? log(us / SMALLEST_US) / log(STEP) + 1 : 0;
    return size < LATENCY_BUCKETS ? (size_t)size : LATENCY_BUCKETS - 1;
}

static void halve(struct store_latency *row)
{
    for (size_t i = 0; i < LATENCY_BUCKETS; i++)
        row->counts[i] /= 2;
}

static void fade(struct store_latency *row, int64_t now_ms)
{
    if (now_ms < row->faded_wall_ms) /* the clock was set back */
        row->faded_wall_ms = now_ms;
    for (int i = 0; i < 8 && now_ms - row->faded_wall_ms >= LATENCY_HALF_LIFE_MS; i++) {
        halve(row);
        row->faded_wall_ms += LATENCY_HALF_LIFE_MS;
    }
    if (now_ms - row->faded_wall_ms >= LATENCY_HALF_LIFE_MS) /* eight halvings leave nothing */
        row->faded_wall_ms = now_ms;
}

static uint32_t count_all(const struct store_latency *row)
{
    uint32_t count = 0;
    for (size_t i = 0; i < LATENCY_BUCKETS; i++)
        count += row->counts[i];
    return count;
}

/* Half of the samples are below: within its size as if they were spread evenly. */
static uint32_t median_of(const struct store_latency *row, uint32_t count)
{
    double half = count / 2.0, below = 0;
    for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
        if (row->counts[i] == 0 || below + row->counts[i] < half) {
            below += row->counts[i];
            continue;
        }
        double part = (half - below) / row->counts[i];
        return (uint32_t)(SMALLEST_US * pow(STEP, (double)i - 1 + part));
    }
    return 0;
}

/* ---- pairs ---- */

static void note_change(struct latency_book *book, struct pair *pair)
{
    if (pair->changed_at != 0)
        return;
    if (book->changed_count == book->changed_room) {
        book->changed_room = book->changed_room ? book->changed_room * 2 : 64;
        book->changed = xrealloc(book->changed, book->changed_room, sizeof *book->changed);
    }
    book->changed[book->changed_count++] = pair;
    pair->changed_at = book->changed_count;
}

static void forget(struct latency_book *book, const char *key, struct pair *pair)
{
    if (pair->changed_at != 0)
        book->changed[pair->changed_at - 1] = NULL;
    if (book->gone_count == book->gone_room) {
        book->gone_room = book->gone_room ? book->gone_room * 2 : 64;
        book->gone = xrealloc(book->gone, book->gone_room, sizeof *book->gone);
    }
    book->gone[book->gone_count] = pair->row; /* with its strings */
    book->gone[book->gone_count++].is_gone = 1;
    table_remove(book->pairs, key);
    free(pair);
}

static int compare_times(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

/* A tenth goes at once, so that this is rare. */
static void make_room(struct latency_book *book)
{
    size_t count = table_count(book->pairs), i = 0;
    int64_t *times = xcalloc(count, sizeof *times);
    const char *key;
    void *value;
    for (size_t at = 0; table_next(book->pairs, &at, &key, &value);)
        times[i++] = ((struct pair *)value)->row.newest_wall_ms;
    qsort(times, count, sizeof *times, compare_times);
    size_t wanted = count / 10 + 1;
    int64_t oldest = times[wanted - 1];
    for (size_t at = 0; wanted > 0 && table_next(book->pairs, &at, &key, &value);) {
        if (((struct pair *)value)->row.newest_wall_ms > oldest)
            continue;
        forget(book, key, value);
        wanted--;
    }
    free(times);
}

static struct pair *pair_get(struct latency_book *book, const char *place, const char *endpoint)
{
    char *key = xasprintf("%s %s", place, endpoint);
    struct pair *pair = table_find(book->pairs, key);
    if (pair == NULL) {
        if (table_count(book->pairs) >= book->pairs_most)
            make_room(book);
        pair = xcalloc(1, sizeof *pair);
        pair->row.place = xstrdup(place);
        pair->row.endpoint = xstrdup(endpoint);
        table_put(book->pairs, key, pair);
    }
    free(key);
    return pair;
}

static void add_at(struct latency_book *book, const char *place, const char *endpoint, size_t size,
                   int64_t now_ms)
{
    struct pair *pair = pair_get(book, place, endpoint);
    struct store_latency *row = &pair->row;
    fade(row, now_ms);
    if (row->counts[size] == UINT8_MAX)
        halve(row);
    row->counts[size]++;
    row->newest_wall_ms = now_ms;
    note_change(book, pair);
}

void latency_book_add(struct latency_book *book, const struct address *client,
                      const struct location *location, const char *endpoint, uint32_t us, int64_t now_ms)
{
    char place[PLACE_SIZE];
    size_t size = size_of_us(us);
    struct prefix network = { *client,
                              client->family == ADDRESS_V4 ? LATENCY_NETWORK_V4 : LATENCY_NETWORK_V6 };
    address_mask(&network.address, network.length);
    prefix_format(&network, place);
    add_at(book, place, endpoint, size, now_ms);
    if (location != NULL && location->asn != 0) {
        snprintf(place, sizeof place, "AS%u", (unsigned)location->asn);
        add_at(book, place, endpoint, size, now_ms);
    }
    if (location != NULL && location->country[0] != '\0')
        add_at(book, location->country, endpoint, size, now_ms);
}

void latency_book_restore(struct latency_book *book, const struct store_latency *row)
{
    struct pair *pair = pair_get(book, row->place, row->endpoint);
    struct store_latency copy = *row;
    copy.place = pair->row.place;
    copy.endpoint = pair->row.endpoint;
    pair->row = copy;
}

void latency_book_take_changes(struct latency_book *book, struct store_latency **out, size_t *count)
{
    *out = xrealloc(book->gone, book->gone_count + book->changed_count + 1, sizeof **out);
    *count = book->gone_count;
    book->gone = NULL;
    book->gone_count = book->gone_room = 0;
    for (size_t i = 0; i < book->changed_count; i++) {
        struct pair *pair = book->changed[i];
        if (pair == NULL)
            continue;
        struct store_latency *row = &(*out)[(*count)++];
        *row = pair->row;
        row->place = xstrdup(row->place);
        row->endpoint = xstrdup(row->endpoint);
        pair->changed_at = 0;
    }
    book->changed_count = 0;
}

/* ---- the table ---- */

struct item {
    struct latency_place place;
    uint32_t endpoint;
    struct pair *pair;
};

struct making {
    struct latency_table *table;
    struct table *endpoints; /* name → index + 1 */
    struct item *items;
    size_t count;
    struct prefix_map_builder *networks;
};

static uint32_t number_of_endpoint(struct making *making, const char *name)
{
    struct latency_table *table = making->table;
    uintptr_t known = (uintptr_t)table_find(making->endpoints, name);
    if (known != 0)
        return (uint32_t)(known - 1);
    table->endpoints = xrealloc(table->endpoints, table->endpoint_count + 1, sizeof *table->endpoints);
    table->endpoints[table->endpoint_count++] = xstrdup(name);
    table_put(making->endpoints, name, (void *)(uintptr_t)table->endpoint_count);
    return (uint32_t)(table->endpoint_count - 1);
}

static void collect(struct latency_book *book, int64_t now_ms, struct making *making)
{
    const char *key;
    void *value;
    making->items = xcalloc(table_count(book->pairs) + 1, sizeof *making->items);
    for (size_t at = 0; table_next(book->pairs, &at, &key, &value);) {
        struct pair *pair = value;
        struct item *item = &making->items[making->count];
        *item = (struct item){ 0 };
        fade(&pair->row, now_ms);
        if (now_ms - pair->row.newest_wall_ms > LATENCY_AGE_MOST_MS || count_all(&pair->row) == 0 ||
            !latency_place_parse(pair->row.place, &item->place)) {
            forget(book, key, pair);
            continue;
        }
        item->endpoint = number_of_endpoint(making, pair->row.endpoint);
        item->pair = pair;
        making->count++;
    }
}

static int compare_items(const void *left, const void *right)
{
    const struct item *a = left, *b = right;
    int order = latency_place_compare(&a->place, &b->place);
    return order != 0 ? order : a->endpoint < b->endpoint ? -1 : a->endpoint > b->endpoint;
}

/* What is published moves only when the estimate has left it clearly. */
static struct latency_figure figure_of(struct latency_book *book, const struct item *item)
{
    struct store_latency *row = &item->pair->row;
    uint32_t samples = count_all(row), median_us = median_of(row, samples);
    uint32_t apart = median_us > row->median_us ? median_us - row->median_us : row->median_us - median_us;
    if (row->median_us == 0 || (apart > row->median_us / 10 && apart > 1000)) {
        row->median_us = median_us;
        note_change(book, item->pair);
    }
    return (struct latency_figure){ item->endpoint, row->median_us, samples, row->newest_wall_ms };
}

static void fill(struct latency_book *book, struct making *making)
{
    struct latency_table *table = making->table;
    table->figures = xcalloc(making->count, sizeof *table->figures);
    table->places = xcalloc(making->count, sizeof *table->places);
    for (size_t level = 0; level < LATENCY_LEVELS; level++)
        table->rows[level] = xcalloc(making->count, sizeof *table->rows[level]);
    for (size_t i = 0; i < making->count; i++) {
        const struct item *item = &making->items[i];
        const struct latency_place *place = &item->place;
        struct latency_row *rows = table->rows[place->level];
        size_t *count = &table->row_count[place->level];
        if (i == 0 || latency_place_compare(&item[-1].place, place) != 0) {
            rows[*count] = (struct latency_row){ .key = place->key, .first = (uint32_t)i };
            if (place->level == LATENCY_NETWORK) {
                prefix_map_builder_add(making->networks, &place->network, (uint32_t)*count);
                table->places[*count] = place->network;
            }
            (*count)++;
        }
        rows[*count - 1].count++;
        table->figures[i] = figure_of(book, item);
    }
}

struct latency_table *latency_book_table(struct latency_book *book, int64_t now_ms)
{
    struct making making = { .table = xcalloc(1, sizeof *making.table),
                             .endpoints = table_new(),
                             .networks = prefix_map_builder_new() };
    collect(book, now_ms, &making);
    if (making.count > 0) {
        qsort(making.items, making.count, sizeof *making.items, compare_items);
        fill(book, &making);
    }
    making.table->networks = prefix_map_build(making.networks);
    table_free(making.endpoints);
    free(making.items);
    if (making.count > 0)
        return making.table;
    latency_table_free(making.table);
    return NULL;
}
