/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/prefix_map.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * An operator's own map of client networks to names: "198.51.100.0/24" → "berlin".  An address has the name
 * of the most specific prefix around it.  Immutable; used by who compiles rules, never by a query.
 */
#define NAME_SIZE 64 /* of a map, or a name in it, with its NUL */

struct name_map {
    uint64_t number;        /* different for each, so that plans know theirs */
    struct prefix_map *map; /* value = index in names */
    char **names;
    size_t count;
    struct table *index; /* name → position + 1 */
};

struct name_map_builder;

struct name_map_builder *name_map_builder_new(void);
/** False: the prefix has a name already. */
bool name_map_builder_add(struct name_map_builder *builder, const struct prefix *prefix, const char *name);
struct name_map *name_map_build(struct name_map_builder *builder); /* frees the builder */
void name_map_builder_free(struct name_map_builder *builder);
void name_map_free(struct name_map *map);

/** The index of a name; false if no prefix has it. */
bool name_map_find(const struct name_map *map, const char *name, uint32_t *index);

/** The map that a rule's key "map:offices/berlin" is about; false if it is about none. */
bool name_map_of_rule(const char *key, char map[NAME_SIZE]);
