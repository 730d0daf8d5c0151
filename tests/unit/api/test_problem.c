/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "api/problem.h"

#include <cjson/cJSON.h>

#include <string.h>

static cJSON *reply_of(const struct request *request)
{
    assert_string_equal(request->reply.content_type, "application/problem+json");
    cJSON *json = cJSON_ParseWithLength(request->reply.body.bytes, request->reply.body.size);
    assert_non_null(json);
    assert_int_equal(cJSON_GetObjectItem(json, "status")->valueint, request->reply.status);
    return json;
}

static const char *text_of(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static void a_problem_has_title_status_and_detail(void **state)
{
    (void)state;
    struct request *request = request_new(NULL, "/");
    assert_false(problem_reply(request, 404, "no pool \"%s\"", "x"));
    assert_int_equal(request->reply.status, 404);
    cJSON *json = reply_of(request);
    assert_string_equal(text_of(json, "title"), "Not Found");
    assert_string_equal(text_of(json, "detail"), "no pool \"x\"");
    assert_string_equal(text_of(json, "type"), "about:blank");
    cJSON_Delete(json);
    request_free(request);
}

static void a_later_problem_replaces_an_earlier_one(void **state)
{
    (void)state;
    struct request *request = request_new(NULL, "/");
    problem_reply(request, 400, "first");
    problem_reply(request, 413, "second");
    cJSON *json = reply_of(request);
    assert_string_equal(text_of(json, "detail"), "second");
    cJSON_Delete(json);
    request_free(request);
}

static void a_parameter_is_named(void **state)
{
    (void)state;
    struct request *request = request_new(NULL, "/");
    assert_false(problem_parameter(request, "client", "must be an address, got \"%s\"", "x"));
    assert_int_equal(request->reply.status, 400);
    cJSON *json = reply_of(request);
    assert_string_equal(text_of(json, "detail"), "parameter client must be an address, got \"x\"");
    const cJSON *error = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "errors"), 0);
    assert_string_equal(text_of(error, "parameter"), "client");
    cJSON_Delete(json);
    request_free(request);
}

static void all_errors_are_listed_with_pointer_and_place(void **state)
{
    struct problems problems = { 0 };
    (void)state;
    problems_add(&problems, NULL, 3, 7, "/weight", "must be 0..65535, got %d", -1);
    problems_warn(&problems, NULL, 0, 0, "/ttl", "is long");
    problems_add(&problems, NULL, 0, 0, "", "is no object");
    struct request *request = request_new(NULL, "/");
    assert_false(problem_list(request, 422, "nothing was changed", &problems));
    cJSON *json = reply_of(request);
    const cJSON *errors = cJSON_GetObjectItem(json, "errors");
    assert_int_equal(cJSON_GetArraySize(errors), 2);
    const cJSON *first = cJSON_GetArrayItem(errors, 0);
    assert_string_equal(text_of(first, "pointer"), "/weight");
    assert_string_equal(text_of(first, "detail"), "must be 0..65535, got -1");
    assert_int_equal(cJSON_GetObjectItem(first, "line")->valueint, 3);
    assert_int_equal(cJSON_GetObjectItem(first, "column")->valueint, 7);
    assert_string_equal(text_of(cJSON_GetArrayItem(errors, 1), "pointer"), "");
    assert_null(cJSON_GetObjectItem(cJSON_GetArrayItem(errors, 1), "line"));
    cJSON_Delete(json);
    request_free(request);
    problems_free(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_problem_has_title_status_and_detail),
        cmocka_unit_test(a_later_problem_replaces_an_earlier_one),
        cmocka_unit_test(a_parameter_is_named),
        cmocka_unit_test(all_errors_are_listed_with_pointer_and_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
