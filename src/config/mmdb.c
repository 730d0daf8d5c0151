/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/mmdb.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/location_set.h"
#include "config/mmdb_file.h"
#include "config/mmdb_record.h"

#include <stdlib.h>
#include <string.h>

/* ---- one file: walk its tree, decode each data record once ---- */

struct walk {
    struct mmdb_file *file;
    struct prefix_map_builder *builder;
    struct location_set *locations;
    struct number_table by_offset; /* place in the data → index of the location, PREFIX_MAP_NONE if empty */
    struct prefix here;            /* where in the tree; of an IPv4 file the leading 32 bits */
    struct prefix aliases[3];
    size_t leaf_count;    /* places where something is known */
    uint64_t visits_left; /* a tree that is a tree is done long before */
    struct error *err;
};

/* Places where some files lead back to the IPv4 part of the tree. */
static void set_aliases(struct walk *walk)
{
    prefix_parse("::ffff:0:0/96", &walk->aliases[0]);
    prefix_parse("2002::/16", &walk->aliases[1]);
    prefix_parse("2001::/32", &walk->aliases[2]);
}

static bool is_alias(const struct walk *walk)
{
    for (size_t i = 0; i < sizeof walk->aliases / sizeof *walk->aliases; i++)
        if (walk->aliases[i].length == walk->here.length &&
            address_equal(&walk->aliases[i].address, &walk->here.address))
            return true;
    return false;
}

static bool damaged(struct walk *walk, const char *what)
{
    char at[ADDRESS_TEXT_SIZE];
    prefix_format(&walk->here, at);
    return error_set(walk->err, "is damaged: %s at %s; fetch it again", what, at);
}

/* Of IPv6's ::/96, where files for both families keep IPv4. */
static bool is_in_ipv4_part(const struct prefix *here)
{
    static const uint8_t zero[12];
    return memcmp(here->address.bytes, zero, sizeof zero) == 0;
}

static void add_leaf(struct walk *walk, uint32_t value)
{
    if (walk->file->ip_version == 4 || !is_in_ipv4_part(&walk->here)) {
        prefix_map_builder_add(walk->builder, &walk->here, value);
        return;
    }
    struct prefix v4 = { .address.family = ADDRESS_V4 };
    if (walk->here.length >= 96) {
        v4.length = (uint8_t)(walk->here.length - 96);
        memcpy(v4.address.bytes, walk->here.address.bytes + 12, 4);
    } else { /* around all of IPv4 */
        prefix_map_builder_add(walk->builder, &walk->here, value);
    }
    prefix_map_builder_add(walk->builder, &v4, value);
}

static bool visit_data(struct walk *walk, uint32_t record)
{
    uint64_t offset = (uint64_t)record - walk->file->node_count;
    uint32_t index;
    if (offset < 16 || offset - 16 >= walk->file->data_size)
        return damaged(walk, "the search tree points outside of the data");
    offset -= 16;
    if (!number_table_find(&walk->by_offset, offset, &index)) {
        struct location location;
        if (!mmdb_record_read(walk->file, (size_t)offset, &location))
            return damaged(walk, "a data record makes no sense");
        index = location_is_empty(&location) ? PREFIX_MAP_NONE : location_set_add(walk->locations, &location);
        number_table_put(&walk->by_offset, offset, index);
    }
    if (index != PREFIX_MAP_NONE) {
        add_leaf(walk, index);
        walk->leaf_count++;
    }
    return true;
}

/* Both sides of a node; as deep as an address has bits and no deeper. */
static bool visit_node(struct walk *walk, uint32_t node)
{
    if (walk->visits_left-- == 0)
        return damaged(walk, "the search tree goes in circles");
    unsigned bit = walk->here.length;
    if (bit == address_bits(&walk->here.address))
        return damaged(walk, "the search tree is deeper than an address is long");
    uint8_t *byte = &walk->here.address.bytes[bit / 8], mask = (uint8_t)(0x80 >> bit % 8);
    bool is_sound = true;
    walk->here.length++;
    for (unsigned side = 0; side < 2 && is_sound; side++) {
        *byte = (uint8_t)(side == 0 ? *byte & ~mask : *byte | mask);
        uint32_t record = mmdb_file_record(walk->file, node, side);
        if (record == walk->file->node_count || is_alias(walk))
            continue;
        is_sound = record < walk->file->node_count ? visit_node(walk, record) : visit_data(walk, record);
    }
    *byte = (uint8_t)(*byte & ~mask);
    walk->here.length--;
    return is_sound;
}

static struct prefix_map *map_of_file(struct mmdb_file *file, struct location_set *locations,
                                      struct error *err)
{
    struct walk walk = { .file = file,
                         .builder = prefix_map_builder_new(),
                         .locations = locations,
                         .here.address.family = file->ip_version == 4 ? ADDRESS_V4 : ADDRESS_V6,
                         .visits_left = (uint64_t)file->node_count * 4 + 4096,
                         .err = err };
    set_aliases(&walk);
    bool is_sound = visit_node(&walk, 0);
    number_table_free(&walk.by_offset);
    if (is_sound && walk.leaf_count == 0)
        is_sound = error_set(err, "says nothing about countries, cities, AS numbers or coordinates: is it a "
                                  "database of locations?");
    if (is_sound)
        return prefix_map_build(walk.builder);
    prefix_map_builder_free(walk.builder);
    return NULL;
}

/* ---- several files: overlay their maps ---- */

struct merge {
    struct location_set *locations;
    struct number_table by_pair;
};

static uint32_t merge_values(uint32_t earlier, uint32_t later, void *context)
{
    struct merge *merge = context;
    if (earlier == PREFIX_MAP_NONE || later == PREFIX_MAP_NONE || earlier == later)
        return earlier == PREFIX_MAP_NONE ? later : earlier;
    uint64_t pair = (uint64_t)earlier << 32 | later;
    uint32_t index;
    if (number_table_find(&merge->by_pair, pair, &index))
        return index;
    struct location merged =
        location_merge(&merge->locations->items[earlier], &merge->locations->items[later]);
    index = location_set_add(merge->locations, &merged);
    number_table_put(&merge->by_pair, pair, index);
    return index;
}

/* Takes both maps; `earlier` may be NULL. */
static struct prefix_map *merge_maps(struct prefix_map *earlier, struct prefix_map *later,
                                     struct location_set *locations)
{
    if (earlier == NULL)
        return later;
    struct merge merge = { .locations = locations };
    struct prefix_map *both = prefix_map_combine(earlier, later, merge_values, &merge);
    number_table_free(&merge.by_pair);
    prefix_map_free(earlier);
    prefix_map_free(later);
    return both;
}

static uint32_t punch_value(uint32_t value, uint32_t special, void *context)
{
    (void)context;
    return special == PREFIX_MAP_NONE ? value : PREFIX_MAP_NONE;
}

/* Special-purpose addresses are nowhere, whatever a file says of the blocks around them. */
static struct prefix_map *punch_out_special_purpose(struct prefix_map *map)
{
    struct prefix_map_builder *builder = prefix_map_builder_new();
    struct prefix prefix;
    for (size_t i = 0; address_special_purpose_at(i, &prefix); i++)
        prefix_map_builder_add(builder, &prefix, 0);
    struct prefix_map *special = prefix_map_build(builder);
    struct prefix_map *punched = prefix_map_combine(map, special, punch_value, NULL);
    prefix_map_free(special);
    prefix_map_free(map);
    return punched;
}

/* ---- the table ---- */

static void describe_source(struct text *source, const char *path, const struct mmdb_file *file)
{
    const char *slash = strrchr(path, '/');
    text_printf(source, "%s%s", source->size > 0 ? "; " : "", slash != NULL ? slash + 1 : path);
    if (file->build_epoch_s > 0 && file->build_epoch_s < UINT64_C(253402300800)) { /* the year 10000 */
        char built[CLOCK_TEXT_SIZE];
        clock_format((int64_t)file->build_epoch_s * 1000, built);
        text_printf(source, ", built %s", built);
    }
}

bool mmdb_load(char *const *paths, size_t count, struct geo **out, struct error *err)
{
    struct location_set locations = { 0 };
    struct prefix_map *map = NULL;
    struct text source = { 0 };
    for (size_t i = 0; i < count; i++) {
        struct mmdb_file file = { 0 };
        struct prefix_map *next = NULL;
        if (mmdb_file_open(paths[i], &file, err))
            next = map_of_file(&file, &locations, err);
        if (next != NULL)
            describe_source(&source, paths[i], &file);
        mmdb_file_close(&file);
        if (next == NULL) {
            error_within(err, "%s", paths[i]);
            goto undo;
        }
        map = merge_maps(map, next, &locations);
    }
    *out = NULL; /* no files: no table */
    if (map != NULL) {
        *out = geo_make(punch_out_special_purpose(map), &locations);
        (*out)->source = text_take(&source);
    }
    location_set_free(&locations);
    return true;
undo:
    prefix_map_free(map);
    text_free(&source);
    location_set_free(&locations);
    return false;
}
