/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/number_table.h"

#include "base/memory.h"

#include <stdlib.h>

struct number_entry {
    uint64_t key;
    uint32_t value;
    bool is_used;
};

/* The entry of `key`, or the free one where it belongs; open addressing, at most half full. */
static struct number_entry *entry_of(const struct number_table *table, uint64_t key)
{
    uint64_t hash = key * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 32;
    for (size_t at = (size_t)hash & (table->room - 1);; at = (at + 1) & (table->room - 1)) {
        struct number_entry *entry = &table->entries[at];
        if (!entry->is_used || entry->key == key)
            return entry;
    }
}

bool number_table_find(const struct number_table *table, uint64_t key, uint32_t *out)
{
    if (table->count == 0)
        return false;
    const struct number_entry *entry = entry_of(table, key);
    if (!entry->is_used)
        return false;
    *out = entry->value;
    return true;
}

static void grow(struct number_table *table)
{
    struct number_table larger = { .room = table->room ? table->room * 2 : 64, .count = table->count };
    larger.entries = xcalloc(larger.room, sizeof *larger.entries);
    for (size_t i = 0; i < table->room; i++)
        if (table->entries[i].is_used)
            *entry_of(&larger, table->entries[i].key) = table->entries[i];
    free(table->entries);
    *table = larger;
}

void number_table_put(struct number_table *table, uint64_t key, uint32_t value)
{
    if (table->count * 2 >= table->room)
        grow(table);
    struct number_entry *entry = entry_of(table, key);
    table->count += !entry->is_used;
    *entry = (struct number_entry){ .key = key, .value = value, .is_used = true };
}

void number_table_free(struct number_table *table)
{
    free(table->entries);
    *table = (struct number_table){ 0 };
}
