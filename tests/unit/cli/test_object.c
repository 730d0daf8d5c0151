/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "cli/object.h"

#include <stdlib.h>
#include <string.h>

static void names_become_paths(void **state)
{
    static const struct {
        const char *name, *path;
    } cases[] = {
        { "config", "/v1/config" },
        { "pools/us", "/v1/pools/us" },
        { "pool/us", "/v1/pools/us" },
        { "policies/any where", "/v1/policies/any%20where" },
        { "zones/0/25.2.0.192.in-addr.arpa", "/v1/zones/0%2F25.2.0.192.in-addr.arpa" },
        { "services/example.com/*.x", "/v1/zones/example.com/services/%2A.x" },
        { "service/example.com/@", "/v1/zones/example.com/services/%40" },
        { "pools", NULL },
        { "pools/", NULL },
        { "pool", NULL },
        { "poolsx/us", NULL },
        { "services/example.com", NULL },
        { "services/example.com/", NULL },
        { "", NULL },
        { "/", NULL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = { "" };
        char *path = object_path(cases[i].name, &err);
        bool is_right = cases[i].path == NULL ? path == NULL && err.text[0] != '\0'
                                              : path != NULL && strcmp(path, cases[i].path) == 0;
        if (!is_right)
            fail_msg("%s: %s %s", cases[i].name, path != NULL ? path : "-", err.text);
        free(path);
    }
}

static void lists_have_names_too(void **state)
{
    static const struct {
        const char *name, *path;
    } cases[] = {
        { "pools", "/v1/pools" },
        { "zone", "/v1/zones" },
        { "pools/us", NULL },
        { "services", NULL },
        { "services/example.com", "/v1/zones/example.com/services" },
        { "config", NULL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = { "" };
        char *path = object_list_path(cases[i].name, &err);
        if ((path == NULL) != (cases[i].path == NULL) || (path != NULL && strcmp(path, cases[i].path) != 0))
            fail_msg("%s: %s", cases[i].name, path != NULL ? path : err.text);
        free(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_become_paths),
        cmocka_unit_test(lists_have_names_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
