/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/model.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static bool parse(const struct object *object, struct problems *problems)
{
    void *made = NULL;
    switch (object->kind) {
    case OBJECT_CHECK: check_release(made = check_parse(object, problems)); break;
    case OBJECT_POOL: declared_pool_free(made = declared_pool_parse(object, problems)); break;
    case OBJECT_POLICY: declared_node_free(made = declared_policy_parse(object, problems)); break;
    case OBJECT_ZONE: declared_zone_free(made = declared_zone_parse(object, problems)); break;
    case OBJECT_SERVICE: declared_service_free(made = declared_service_parse(object, problems)); break;
    case OBJECT_RRSET: declared_rrset_free(made = declared_rrset_parse(object, problems)); break;
    case OBJECT_MAP: name_map_free(made = declared_map_parse(object, problems)); break;
    case OBJECT_LOCATIONS: declared_locations_free(made = declared_locations_parse(object, problems)); break;
    default: return problems->error_count == 0; /* zone data is no JSON */
    }
    return made != NULL;
}

/* Printing and splitting again gives the same. */
static void print_again(const struct objects *objects)
{
    struct problems problems = { 0 };
    struct document document;
    struct objects again = { 0 };
    char *text = objects_to_steering(objects, true), *text_again = NULL;
    if (!document_scan(NULL, text, strlen(text), &problems, &document) ||
        !objects_of_steering(&document, NULL, &problems, &again) ||
        strcmp(text, text_again = objects_to_steering(&again, true)) != 0)
        abort();
    free(text);
    free(text_again);
    objects_free(&again);
    document_free(&document);
}

/* A steering document is split and every object parsed: success or problems, never both or neither. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct problems problems = { 0 };
    struct document document;
    struct objects objects = { 0 };
    if (document_scan(NULL, (const char *)bytes, size, &problems, &document)) {
        if (objects_of_steering(&document, NULL, &problems, &objects))
            print_again(&objects);
        for (size_t i = 0; i < objects.count; i++) {
            size_t before = problems.error_count;
            bool is_good = parse(&objects.items[i], &problems);
            if (objects.items[i].kind != OBJECT_ZONE_DATA && is_good != (problems.error_count == before))
                abort();
        }
        objects_free(&objects);
        document_free(&document);
    }
    problems_free(&problems);
    return 0;
}
