/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/complaints.h"
#include "config/model.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

/* Parsing declared objects in tests: any kind, with the complaints an operator reads. */

/* As if the text stood in steering.json at line 10, column 5. */
static inline struct object object_of(enum object_kind kind, const char *name, const char *text)
{
    static char pointers[OBJECT_KIND_COUNT][16] = { "/c", "/pools/us", "/p", "/z", "/d", "/s", "/r" };
    return (struct object){ .kind = kind,
                            .name = (char *)(uintptr_t)name,
                            .text = (char *)(uintptr_t)text,
                            .text_size = strlen(text),
                            .file = "s.json",
                            .line = 10,
                            .column = 5,
                            .pointer = pointers[kind] };
}

/* Parses any kind and frees it; true if it was good. */
static inline bool parse_any(const struct object *object, struct problems *problems)
{
    if (object->kind == OBJECT_CHECK) {
        struct check *check = check_parse(object, problems);
        check_release(check);
        return check != NULL;
    }
    if (object->kind == OBJECT_POOL) {
        struct declared_pool *pool = declared_pool_parse(object, problems);
        declared_pool_free(pool);
        return pool != NULL;
    }
    if (object->kind == OBJECT_POLICY) {
        struct declared_node *node = declared_policy_parse(object, problems);
        declared_node_free(node);
        return node != NULL;
    }
    if (object->kind == OBJECT_ZONE) {
        struct declared_zone *zone = declared_zone_parse(object, problems);
        declared_zone_free(zone);
        return zone != NULL;
    }
    if (object->kind == OBJECT_RRSET) {
        struct declared_rrset *rrset = declared_rrset_parse(object, problems);
        declared_rrset_free(rrset);
        return rrset != NULL;
    }
    struct declared_service *service = declared_service_parse(object, problems);
    declared_service_free(service);
    return service != NULL;
}

struct row {
    const char *text, *complaints; /* complaints NULL: it is good */
};

static inline void assert_complaints(enum object_kind kind, const char *name, const struct row *rows,
                                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct problems problems = { 0 };
        struct object object = object_of(kind, name, rows[i].text);
        bool is_good = parse_any(&object, &problems);
        char *got = complaints_take(&problems);
        assert_string_equal(got, rows[i].complaints != NULL ? rows[i].complaints : "");
        assert_int_equal(is_good, rows[i].complaints == NULL);
        free(got);
    }
}
#define ASSERT_COMPLAINTS(kind, name, rows) assert_complaints(kind, name, rows, sizeof(rows) / sizeof *(rows))
