/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/map_file.h"
#include "config/model.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file is refused with a reason, or its JSON is a sound map. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct problems problems = { 0 };
    size_t json_size = 0;
    char *json = map_file_to_json("fuzz.txt", (const char *)data, size, &problems, &json_size);
    if ((json != NULL) != (problems.error_count == 0))
        abort();
    if (json != NULL) {
        struct objects objects = { 0 };
        const struct object *object = objects_add(&objects, OBJECT_MAP, "m", json, json_size);
        struct name_map *map = declared_map_parse(object, &problems);
        if (map == NULL)
            abort();
        name_map_free(map);
        objects_free(&objects);
    }
    problems_free(&problems);
    return 0;
}
