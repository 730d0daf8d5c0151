/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scan_keys.h"

#include "base/hash.h"
#include "base/memory.h"
#include "json.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PAIRWISE_MAX 16 /* so few are compared each with each; more are sorted */

/* Of two keys that differ in the case of letters only it is one; of others it may be. */
static uint64_t hash_folded(const char *bytes, size_t size)
{
    uint64_t hash = HASH_START;
    for (size_t i = 0; i < size; i++)
        hash = hash_byte(hash, (uint8_t)(bytes[i] | 0x20));
    return hash;
}

void scan_keys_add(struct scan_keys *keys, struct span at)
{
    if (keys->count == keys->room) {
        keys->room = keys->room ? keys->room * 2 : 256;
        keys->items = xrealloc(keys->items, keys->room, sizeof *keys->items);
    }
    keys->items[keys->count++].at = at;
}

static uint64_t hash_key(const char *text, struct span at)
{
    const char *bytes = text + at.at + 1;
    if (memchr(bytes, '\\', at.size - 2) == NULL)
        return hash_folded(bytes, at.size - 2);
    size_t size;
    char *plain = json_unescape(text, at, &size);
    uint64_t hash = hash_folded(plain, size);
    free(plain);
    return hash;
}

/* Equal hashes do not make equal keys: whoever writes the document may have chosen them so. */
static int compare_keys(const struct scan_key *a, const struct scan_key *b, const char *text)
{
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    char *plain_a = json_unescape(text, a->at, NULL), *plain_b = json_unescape(text, b->at, NULL);
    int order = strcasecmp(plain_a, plain_b);
    free(plain_a);
    free(plain_b);
    return order;
}

/* Of equal keys the first in the text comes first. */
static int compare_places(const void *a, const void *b, void *text)
{
    const struct scan_key *left = a, *right = b;
    int order = compare_keys(left, right, text);
    if (order != 0)
        return order;
    return left->at.at < right->at.at ? -1 : left->at.at > right->at.at;
}

void scan_keys_end(struct scan_keys *keys, size_t from, const char *text,
                   void (*found)(void *context, struct span first, struct span again), void *context)
{
    size_t count = keys->count - from;
    keys->count = from;
    if (count < 2)
        return;
    struct scan_key *items = keys->items + from;
    for (size_t i = 0; i < count; i++)
        items[i].hash = hash_key(text, items[i].at);
    if (count > PAIRWISE_MAX)
        qsort_r(items, count, sizeof *items, compare_places, (void *)(uintptr_t)text);
    for (size_t i = 1; i < count; i++) {
        size_t first = count > PAIRWISE_MAX ? i - 1 : 0; /* sorted: equal ones stand side by side */
        while (first < i && compare_keys(&items[first], &items[i], text) != 0)
            first++;
        if (first < i)
            found(context, items[first].at, items[i].at);
    }
}
