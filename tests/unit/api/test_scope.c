/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "api/router.h"
#include "api/scope.h"
#include "api/state.h"

#include <stdio.h>
#include <string.h>

static const char us_and_example[] = "pool us\nzone example.com\ncheck web";

static void names_are_whole_names(void **state)
{
    static const struct {
        const char *scope;
        bool (*has)(const char *, const char *);
        const char *name;
        bool expected;
    } cases[] = {
        { "", scope_has_pool, "anything", true },
        { NULL, scope_has_zone, "anything", true },
        { us_and_example, scope_has_pool, "us", true },
        { us_and_example, scope_has_pool, "US", false }, /* pools have case */
        { us_and_example, scope_has_pool, "u", false },
        { us_and_example, scope_has_pool, "us2", false },
        { us_and_example, scope_has_pool, "", false },
        { us_and_example, scope_has_pool, "us\nzone example.com", false },
        { us_and_example, scope_has_pool, "example.com", false },
        { us_and_example, scope_has_check, "web", true },
        { us_and_example, scope_has_check, "us", false },
        { us_and_example, scope_has_zone, "example.com", true },
        { us_and_example, scope_has_zone, "Example.COM.", true },
        { us_and_example, scope_has_zone, "www.example.com", false },
        { us_and_example, scope_has_zone, "example.co", false },
        { us_and_example, scope_has_zone, "us", false },
        { us_and_example, scope_has_name, "www.example.com", true },
        { us_and_example, scope_has_name, "EXAMPLE.com.", true },
        { us_and_example, scope_has_name, "notexample.com", false },
        { us_and_example, scope_has_name, "www\\.example.com", false },
        { us_and_example, scope_has_name, "example.com.evil.test", false },
        { us_and_example, scope_has_name, "", false },
        { us_and_example, scope_has_subject, "us", true },
        { us_and_example, scope_has_subject, "us/us-east-1", true },
        { us_and_example, scope_has_subject, "example.com/www", true },
        { us_and_example, scope_has_subject, "eu/us", false },
        { us_and_example, scope_has_subject, "/us", false },
        { "zone .", scope_has_zone, ".", true },
        { "zone .", scope_has_zone, "", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (cases[i].has(cases[i].scope, cases[i].name) != cases[i].expected)
            fail_msg("case %zu: \"%s\"", i, cases[i].name);
}

/* The route's own path, with arguments put in. */
static bool allows(const struct route *route, const char *scope, const char *pool, const char *zone,
                   const char *check)
{
    char target[300] = "";
    const char *advice;
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
    bool is_allowed = scope_allows(scope, request, &advice);
    request_free(request);
    return is_allowed;
}

static bool is_of_somebody(const struct route *route)
{
    return strstr(route->path, "{pool}") != NULL || strstr(route->path, "{zone}") != NULL ||
           strstr(route->path, "check}") != NULL;
}

static bool is_exception(const struct route *route)
{
    const struct scope_exception *exception;
    for (size_t i = 0; (exception = scope_exception_at(i)) != NULL; i++)
        if (strcmp(exception->path, route->path) == 0)
            return true;
    return false;
}

static void every_route_is_bounded(void **state)
{
    (void)state;
    for (size_t i = 0; i < api_route_count; i++) {
        const struct route *route = &api_routes[i];
        if (route->role == ROLE_NONE)
            continue;
        bool inside = allows(route, us_and_example, "us", "example.com", "web");
        bool outside = allows(route, us_and_example, "eu", "example.org", "ping");
        if (inside != (is_of_somebody(route) || (is_exception(route) && inside)))
            fail_msg("%s %s: inside %d", method_name(route->method), route->path, inside);
        if (outside && !is_exception(route))
            fail_msg("%s %s: outside %d", method_name(route->method), route->path, outside);
        if (!allows(route, "", "eu", "example.org", "ping"))
            fail_msg("%s %s: without a scope", method_name(route->method), route->path);
    }
}

static void every_exception_is_a_read_that_exists(void **state)
{
    const struct scope_exception *exception;
    (void)state;
    for (size_t i = 0; (exception = scope_exception_at(i)) != NULL; i++) {
        struct request *request = request_new(NULL, exception->path);
        request->method = METHOD_GET;
        if (!router_find(api_routes, api_route_count, request))
            fail_msg("%s", exception->path);
        request_free(request);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_whole_names),
        cmocka_unit_test(every_route_is_bounded),
        cmocka_unit_test(every_exception_is_a_read_that_exists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
