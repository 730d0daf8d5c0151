/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/table.h"

#include "base/hash.h"
#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Open addressing with linear probing; a removed entry leaves a tombstone (key kept NULL, value set). */
struct entry {
    char *key;
    void *value;
    uint64_t hash;
};

struct table {
    struct entry *entries;
    size_t room;  /* a power of two */
    size_t used;  /* with tombstones */
    size_t count; /* without */
    bool borrows; /* the keys */
};

static char tombstone;

/* The same for keys that differ in the case of letters alone: they are found beside each other. */
static uint64_t hash_of(const char *key)
{
    uint64_t hash = HASH_START;
    for (; *key != '\0'; key++)
        hash = hash_byte(hash, (uint8_t)(*key | 0x20));
    return hash ^ (hash >> 32);
}

struct table *table_new(void)
{
    struct table *table = xcalloc(1, sizeof *table);
    table->room = 16;
    table->entries = xcalloc(table->room, sizeof *table->entries);
    return table;
}

struct table *table_new_borrowing(void)
{
    struct table *table = table_new();
    table->borrows = true;
    return table;
}

static void drop_key(const struct table *table, char *key)
{
    if (!table->borrows)
        free(key);
}

void table_free(struct table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; i < table->room; i++)
        drop_key(table, table->entries[i].key);
    free(table->entries);
    free(table);
}

static struct entry *find_entry(const struct table *table, const char *key, uint64_t hash)
{
    for (size_t i = hash & (table->room - 1);; i = (i + 1) & (table->room - 1)) {
        struct entry *entry = &table->entries[i];
        if (entry->key == NULL && entry->value == NULL)
            return NULL;
        if (entry->key != NULL && entry->hash == hash && strcmp(entry->key, key) == 0)
            return entry;
    }
}

void *table_find(const struct table *table, const char *key)
{
    const struct entry *entry = table->count > 0 ? find_entry(table, key, hash_of(key)) : NULL;
    return entry != NULL ? entry->value : NULL;
}

const char *table_find_alike(const struct table *table, const char *key)
{
    uint64_t hash = hash_of(key);
    size_t mask = table->room - 1;
    const struct entry *entry;
    for (size_t i = hash & mask; entry = &table->entries[i], entry->key != NULL || entry->value != NULL;
         i = (i + 1) & mask) {
        if (entry->key != NULL && entry->hash == hash && strcasecmp(entry->key, key) == 0 &&
            strcmp(entry->key, key) != 0)
            return entry->key;
    }
    return NULL;
}

static void insert_fresh(struct table *table, struct entry fresh)
{
    size_t i = fresh.hash & (table->room - 1);
    while (table->entries[i].key != NULL || table->entries[i].value != NULL)
        i = (i + 1) & (table->room - 1);
    table->entries[i] = fresh;
}

static void make_room(struct table *table)
{
    if ((table->used + 1) * 4 < table->room * 3)
        return;
    struct entry *old = table->entries;
    size_t old_room = table->room;
    if (table->count * 2 >= table->room)
        table->room *= 2;
    table->entries = xcalloc_table(table->room * sizeof *table->entries);
    table->used = table->count;
    for (size_t i = 0; i < old_room; i++) {
        if (old[i].key != NULL)
            insert_fresh(table, old[i]);
    }
    free(old);
}

void *table_put(struct table *table, const char *key, void *value)
{
    uint64_t hash = hash_of(key);
    struct entry *entry = find_entry(table, key, hash);
    char *borrowed = table->borrows ? (char *)(uintptr_t)key : NULL; /* never written through */
    if (entry != NULL) {
        void *before = entry->value;
        entry->value = value;
        if (table->borrows)
            entry->key = borrowed;
        return before;
    }
    make_room(table);
    insert_fresh(table, (struct entry){
                            .key = table->borrows ? borrowed : xstrdup(key), .value = value, .hash = hash });
    table->used++;
    table->count++;
    return NULL;
}

void *table_remove(struct table *table, const char *key)
{
    struct entry *entry = find_entry(table, key, hash_of(key));
    if (entry == NULL)
        return NULL;
    void *value = entry->value;
    drop_key(table, entry->key);
    entry->key = NULL;
    entry->value = &tombstone;
    table->count--;
    return value;
}

size_t table_count(const struct table *table)
{
    return table->count;
}

bool table_next(const struct table *table, size_t *at, const char **key, void **value)
{
    for (; *at < table->room; (*at)++) {
        const struct entry *entry = &table->entries[*at];
        if (entry->key == NULL)
            continue;
        *key = entry->key;
        *value = entry->value;
        (*at)++;
        return true;
    }
    return false;
}
