/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "api/router.h"

#include <string.h>

static const struct route rows[] = {
    { .method = METHOD_GET, .path = "/v1/pools", .params = "limit after" },
    { .method = METHOD_GET, .path = "/v1/pools/{pool}", .params = "" },
    { .method = METHOD_PATCH, .path = "/v1/pools/{pool}", .params = "dry_run comment" },
    { .method = METHOD_PUT, .path = "/v1/pools/{pool}/endpoints/{endpoint}/override", .params = "" },
    { .method = METHOD_GET, .path = "/metrics" },
};
#define ROW_COUNT (sizeof rows / sizeof *rows)

static struct request *find(enum method method, const char *target)
{
    struct request *request = request_new(NULL, target);
    assert_true(request->has_target);
    request->method = method;
    (void)router_find(rows, ROW_COUNT, request);
    return request;
}

static void a_route_is_found_with_its_arguments(void **state)
{
    (void)state;
    struct request *request = find(METHOD_PUT, "/v1/pools/us%2Fold/endpoints/a%20b/override");
    assert_ptr_equal(request->route, &rows[3]);
    assert_string_equal(request->arguments[0], "us/old");
    assert_string_equal(request->arguments[1], "a b");
    request_free(request);
}

static void the_method_picks_among_routes_of_one_path(void **state)
{
    (void)state;
    struct request *request = find(METHOD_PATCH, "/v1/pools/us");
    assert_ptr_equal(request->route, &rows[2]);
    request_free(request);
}

static void an_unknown_path_is_404(void **state)
{
    static const char *const targets[] = {
        "/",
        "/v1",
        "/v1/pool",
        "/v1/poolsx",
        "/v1/pools/",
        "/v1/pools//endpoints/x/override",
        "/v1/pools/us/endpoints",
        "/v1/pools/us/",
        "/v1%2fpools",
        "/V1/pools",
        "/v1/pools/us/endpoints/x/override/y",
    };
    (void)state;
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct request *request = find(METHOD_GET, targets[i]);
        if (request->reply.status != 404)
            fail_msg("%s: %u", targets[i], request->reply.status);
        assert_null(request->route);
        request_free(request);
    }
}

static void a_wrong_method_is_405_and_says_which_there_are(void **state)
{
    (void)state;
    struct request *request = find(METHOD_DELETE, "/v1/pools/us");
    assert_int_equal(request->reply.status, 405);
    assert_string_equal(request->reply.allow, "GET, HEAD, PATCH");
    request_free(request);
    request = find(METHOD_OTHER, "/metrics");
    assert_int_equal(request->reply.status, 405);
    request_free(request);
}

static void an_unknown_parameter_is_refused_by_name(void **state)
{
    static const struct {
        const char *target;
        enum method method;
        unsigned status; /* 0: goes on */
    } cases[] = {
        { "/v1/pools/us?dry_run=true", METHOD_PATCH, 0 },
        { "/v1/pools/us?dryrun=true", METHOD_PATCH, 400 },
        { "/v1/pools/us?dry_run=true&dry_run=false", METHOD_PATCH, 400 },
        { "/v1/pools/us?dry", METHOD_PATCH, 400 },
        { "/v1/pools/us?limit=1", METHOD_GET, 400 },
        { "/v1/pools?limit=1&after=2", METHOD_GET, 0 },
        { "/metrics?whatever=1", METHOD_GET, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct request *request = find(cases[i].method, cases[i].target);
        assert_non_null(request->route);
        assert_int_equal(router_check_params(request), cases[i].status == 0);
        if (request->reply.status != cases[i].status)
            fail_msg("%s: %u", cases[i].target, request->reply.status);
        request_free(request);
    }
}

static void head_is_answered_as_get(void **state)
{
    (void)state;
    assert_int_equal(method_of("HEAD"), METHOD_GET);
    assert_int_equal(method_of("PATCH"), METHOD_PATCH);
    assert_int_equal(method_of("patch"), METHOD_OTHER);
    assert_int_equal(method_of("OTHER"), METHOD_OTHER);
    assert_int_equal(method_of("TRACE"), METHOD_OTHER);
}

static void numbers_and_truths_are_strict(void **state)
{
    uint64_t number;
    bool truth;
    (void)state;
    struct request *request = request_new(NULL, "/?a=7&b=&c=-1&d=18446744073709551616&e=x&t=true&f=0&g=yes");
    assert_true(request_number(request, "a", 0, 10, 0, &number));
    assert_int_equal(number, 7);
    assert_true(request_number(request, "absent", 0, 10, 5, &number));
    assert_int_equal(number, 5);
    assert_false(request_number(request, "a", 0, 6, 0, &number));
    assert_false(request_number(request, "a", 8, 10, 8, &number));
    const char *const bad[] = { "b", "c", "d", "e" };
    for (size_t i = 0; i < 4; i++)
        assert_false(request_number(request, bad[i], 0, UINT64_MAX, 0, &number));
    assert_true(request_bool(request, "t", false, &truth) && truth);
    assert_true(request_bool(request, "f", true, &truth) && !truth);
    assert_false(request_bool(request, "g", true, &truth));
    assert_int_equal(request->reply.status, 400);
    request_free(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_route_is_found_with_its_arguments),
        cmocka_unit_test(the_method_picks_among_routes_of_one_path),
        cmocka_unit_test(an_unknown_path_is_404),
        cmocka_unit_test(a_wrong_method_is_405_and_says_which_there_are),
        cmocka_unit_test(an_unknown_parameter_is_refused_by_name),
        cmocka_unit_test(head_is_answered_as_get),
        cmocka_unit_test(numbers_and_truths_are_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
