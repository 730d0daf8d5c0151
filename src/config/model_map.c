/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operators' maps of client networks: {"198.51.100.0/24": "berlin", …}. */
#include "config/model.h"

#include "model_parts.h"

#include <string.h>

static void read_member(struct reader *reader, const cJSON *member, struct name_map_builder *builder)
{
    struct prefix prefix;
    struct error err;
    size_t before = reader_enter(reader, member->string);
    if (strcmp(member->string, "file") == 0)
        reader_refuse(reader, "a file is read where steering.json says so and nothing else stands beside it: "
                              "write the networks and their names here");
    else if (!prefix_parse(member->string, &prefix))
        reader_refuse(reader, "\"%s\" is no network: write one without host bits, such as 198.51.100.0/24",
                      member->string);
    else if (!cJSON_IsString(member))
        reader_expect(reader, member, "must be the name of the network");
    else if (!name_accept(member->valuestring, &err))
        reader_refuse(reader, "the name %s", err.text);
    else if (!name_map_builder_add(builder, &prefix, member->valuestring))
        reader_refuse(reader, "the same network twice, written differently");
    reader_leave(reader, before);
}

struct name_map *declared_map_parse(const struct object *object, struct problems *problems)
{
    struct reader reader;
    const cJSON *member;
    if (!reader_open(object, problems, &reader))
        return NULL;
    object_name_check(&reader);
    struct name_map_builder *builder = name_map_builder_new();
    cJSON_ArrayForEach(member, reader.root)
    {
        read_member(&reader, member, builder);
    }
    if (reader_close(&reader))
        return name_map_build(builder);
    name_map_builder_free(builder);
    return NULL;
}
