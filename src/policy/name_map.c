/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/name_map.h"

#include "base/memory.h"
#include "base/table.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct name_map_builder {
    struct prefix_map_builder *prefixes;
    struct table *known; /* prefixes so far */
    struct table *index; /* name → position + 1 */
    char **names;
    size_t count, room;
};

struct name_map_builder *name_map_builder_new(void)
{
    struct name_map_builder *builder = xcalloc(1, sizeof *builder);
    builder->prefixes = prefix_map_builder_new();
    builder->known = table_new();
    builder->index = table_new();
    return builder;
}

static uint32_t number_of(struct name_map_builder *builder, const char *name)
{
    uintptr_t known = (uintptr_t)table_find(builder->index, name);
    if (known != 0)
        return (uint32_t)(known - 1);
    if (builder->count == builder->room) {
        builder->room = builder->room ? builder->room * 2 : 16;
        builder->names = xrealloc(builder->names, builder->room, sizeof *builder->names);
    }
    builder->names[builder->count++] = xstrdup(name);
    table_put(builder->index, name, (void *)(uintptr_t)builder->count);
    return (uint32_t)(builder->count - 1);
}

bool name_map_builder_add(struct name_map_builder *builder, const struct prefix *prefix, const char *name)
{
    char text[ADDRESS_TEXT_SIZE];
    prefix_format(prefix, text);
    if (table_find(builder->known, text) != NULL)
        return false;
    table_put(builder->known, text, builder);
    prefix_map_builder_add(builder->prefixes, prefix, number_of(builder, name));
    return true;
}

struct name_map *name_map_build(struct name_map_builder *builder)
{
    static atomic_uint_fast64_t last_number;
    struct name_map *map = xcalloc(1, sizeof *map);
    map->number = atomic_fetch_add(&last_number, 1) + 1;
    map->map = prefix_map_build(builder->prefixes);
    map->names = builder->names;
    map->count = builder->count;
    table_free(builder->known);
    map->index = builder->index;
    free(builder);
    return map;
}

void name_map_builder_free(struct name_map_builder *builder)
{
    if (builder != NULL)
        name_map_free(name_map_build(builder));
}

void name_map_free(struct name_map *map)
{
    if (map == NULL)
        return;
    for (size_t i = 0; i < map->count; i++)
        free(map->names[i]);
    free(map->names);
    table_free(map->index);
    prefix_map_free(map->map);
    free(map);
}

bool name_map_find(const struct name_map *map, const char *name, uint32_t *index)
{
    uintptr_t known = (uintptr_t)table_find(map->index, name);
    if (known == 0)
        return false;
    *index = (uint32_t)(known - 1);
    return true;
}

bool name_map_of_rule(const char *key, char map[NAME_SIZE])
{
    static const char word[] = "map:";
    if (strncmp(key, word, sizeof word - 1) != 0)
        return false;
    key += sizeof word - 1;
    size_t size = strcspn(key, "/");
    if (size == 0 || size >= NAME_SIZE || key[size] != '/')
        return false;
    memcpy(map, key, size);
    map[size] = '\0';
    return true;
}
