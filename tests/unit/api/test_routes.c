/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table itself. */
#include "support/cmocka_all.h"

#include "api/router.h"
#include "api/state.h"

#include <string.h>

static struct request *find(enum method method, const char *target)
{
    struct request *request = request_new(NULL, target);
    request->method = method;
    (void)router_find(api_routes, api_route_count, request);
    return request;
}

static void only_what_tells_strangers_nothing_is_open(void **state)
{
    (void)state;
    for (size_t i = 0; i < api_route_count; i++) {
        const char *path = api_routes[i].path; /* probes, metrics, the document */
        bool is_open = strncmp(path, "/v1", 3) != 0 || strcmp(path, "/v1/openapi.json") == 0;
        if ((api_routes[i].role == ROLE_NONE) != is_open)
            fail_msg("%s %s", method_name(api_routes[i].method), api_routes[i].path);
    }
}

static void what_changes_something_needs_more_than_a_viewer(void **state)
{
    (void)state;
    for (size_t i = 0; i < api_route_count; i++) {
        bool is_read = api_routes[i].method == METHOD_GET;
        bool is_of_admins = strcmp(api_routes[i].path, "/v1/tokens") == 0 ||
                            strcmp(api_routes[i].path, "/v1/audit") == 0 ||
                            strcmp(api_routes[i].path, "/v1/backup") == 0;
        if (is_of_admins ? api_routes[i].role != ROLE_ADMIN
            : is_read    ? api_routes[i].role > ROLE_VIEWER
                         : api_routes[i].role < ROLE_OPERATOR)
            fail_msg("%s %s", method_name(api_routes[i].method), api_routes[i].path);
    }
}

static void every_row_is_reached_by_its_own_path(void **state)
{
    (void)state;
    for (size_t i = 0; i < api_route_count; i++) {
        struct request *request = find(api_routes[i].method, api_routes[i].path);
        if (request->route != &api_routes[i])
            fail_msg("%s %s", method_name(api_routes[i].method), api_routes[i].path);
        request_free(request);
    }
}

static void a_service_with_a_star_is_named_in_the_path(void **state)
{
    (void)state;
    struct request *request = find(METHOD_DELETE, "/v1/zones/example.com/services/*.x");
    assert_non_null(request->route);
    assert_int_equal(request->route->object_kind, OBJECT_SERVICE);
    assert_string_equal(request->arguments[1], "*.x");
    request_free(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_tells_strangers_nothing_is_open),
        cmocka_unit_test(what_changes_something_needs_more_than_a_viewer),
        cmocka_unit_test(every_row_is_reached_by_its_own_path),
        cmocka_unit_test(a_service_with_a_star_is_named_in_the_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
