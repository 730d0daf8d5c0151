/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/geofeed.h"
#include "config/model.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file is refused with a reason, or its JSON is a sound set of locations. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct problems problems = { 0 };
    size_t json_size = 0;
    char *json = geofeed_to_json("fuzz.csv", (const char *)data, size, &problems, &json_size);
    if ((json != NULL) != (problems.error_count == 0))
        abort();
    if (json != NULL) {
        struct objects objects = { 0 };
        const struct object *object = objects_add(&objects, OBJECT_LOCATIONS, "m", json, json_size);
        struct declared_locations *locations = declared_locations_parse(object, &problems);
        if (locations == NULL)
            abort();
        declared_locations_free(locations);
        objects_free(&objects);
    }
    problems_free(&problems);
    return 0;
}
