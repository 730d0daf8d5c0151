/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "api/router.h"
#include "api/scope.h"
#include "api/state.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>

static const char us_and_example[] = "pool us\nzone example.com\ncheck web";

/* The route's own path, with arguments put in. */
static bool allows(const struct route *route, const char *scope, const char *pool, const char *zone,
                   const char *check)
{
    char target[300] = "";
    for (const char *at = route->path; *at != '\0';) {
        const char *value = strncmp(at, "{pool}", 6) == 0          ? pool
                            : strncmp(at, "{zone}", 6) == 0        ? zone
                            : strncmp(at, "{check}", 7) == 0       ? check
                            : strncmp(at, "{push_check}", 12) == 0 ? check
                            : *at == '{'                           ? "1"
                                                                   : NULL;
        size_t size = value != NULL ? strcspn(at, "}") + 1 : 1;
        size_t length = strlen(target);
        snprintf(target + length, sizeof target - length, "%.*s", value != NULL ? 100 : 1,
                 value != NULL ? value : at);
        at += size;
    }
    struct request *request = request_new(NULL, target);
    request->method = route->method;
    assert_true(router_find(api_routes, api_route_count, request));
    request->scope = xstrdup(scope);
    bool is_allowed = scope_allows(request);
    request_free(request);
    return is_allowed;
}

static bool is_of_somebody(const struct route *route)
{
    return strstr(route->path, "{pool}") != NULL || strstr(route->path, "{zone}") != NULL ||
           strstr(route->path, "check}") != NULL;
}

static const struct scope_rule *find_rule(const struct route *route)
{
    const struct scope_rule *rule;
    for (size_t i = 0; (rule = scope_rule_at(i)) != NULL; i++)
        if (rule->method == route->method && strcmp(rule->path, route->path) == 0)
            return rule;
    return NULL;
}

static void every_route_is_bounded(void **state)
{
    (void)state;
    for (size_t i = 0; i < api_route_count; i++) {
        const struct route *route = &api_routes[i];
        if (route->role == ROLE_NONE)
            continue;
        const struct scope_rule *rule = find_rule(route);
        bool inside = allows(route, us_and_example, "us", "example.com", "web");
        bool outside = allows(route, us_and_example, "eu", "example.org", "ping");
        if (inside != (rule != NULL ? !rule->needs_param : is_of_somebody(route)))
            fail_msg("%s %s: inside %d", method_name(route->method), route->path, inside);
        if (outside && rule == NULL)
            fail_msg("%s %s: outside %d", method_name(route->method), route->path, outside);
        if (!allows(route, "", "eu", "example.org", "ping"))
            fail_msg("%s %s: without a scope", method_name(route->method), route->path);
        if (!scope_bounds(route) && !outside)
            fail_msg("%s %s: is refused, and should not be", method_name(route->method), route->path);
    }
}

/* A batch is judged by its items; everything else that changes things stands in the paths. */
static void every_rule_is_of_a_route_and_only_one_of_a_write(void **state)
{
    const struct scope_rule *rule;
    (void)state;
    for (size_t i = 0; (rule = scope_rule_at(i)) != NULL; i++) {
        size_t found = 0;
        for (size_t at = 0; at < api_route_count; at++)
            found += find_rule(&api_routes[at]) == rule;
        if (found != 1 || (rule->method != METHOD_GET && strcmp(rule->path, "/v1/batch") != 0))
            fail_msg("%s", rule->path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_is_bounded),
        cmocka_unit_test(every_rule_is_of_a_route_and_only_one_of_a_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
