/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "api/exchange.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static void a_body_knows_its_place_in_the_configuration(void **state)
{
    static const struct {
        enum command_kind command;
        enum object_kind object;
        const char *name, *pointer, *wanted;
    } cases[] = {
        { COMMAND_OBJECT_PUT, OBJECT_POOL, "us", NULL, "/pools/us" },
        { COMMAND_OBJECT_PATCH, OBJECT_POOL, "us", "/endpoints/a", "/pools/us/endpoints/a" },
        { COMMAND_OBJECT_PUT, OBJECT_POOL, "a/b~c", NULL, "/pools/a~1b~0c" },
        { COMMAND_OBJECT_PUT, OBJECT_SERVICE, "example.test/www", NULL, "/zones/example.test/services/www" },
        { COMMAND_OBJECT_PUT, OBJECT_ZONE, "example.test", NULL, "/zones/example.test" },
        { COMMAND_OBJECT_DELETE, OBJECT_POOL, "us", NULL, "" },
        { COMMAND_CONFIG_REPLACE, OBJECT_CHECK, NULL, NULL, "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct command *command = command_new(cases[i].command);
        command->object_kind = cases[i].object;
        command->name = cases[i].name != NULL ? xstrdup(cases[i].name) : NULL;
        command->pointer = cases[i].pointer != NULL ? xstrdup(cases[i].pointer) : NULL;
        char *pointer = exchange_pointer_of(command);
        assert_string_equal(pointer, cases[i].wanted);
        free(pointer);
        command_free(command);
    }
}

static void if_match_names_one_generation(void **state)
{
    static const struct {
        const char *header;
        unsigned status; /* 0: accepted */
        bool has_if_match;
        uint64_t if_match;
    } cases[] = {
        { NULL, 0, false, 0 },         { "*", 0, false, 0 },
        { "\"42\"", 0, true, 42 },     { "42", 0, true, 42 },
        { "W/\"42\"", 412, false, 0 }, { "\"abc\"", 412, false, 0 },
        { "\"42", 412, false, 0 },     { "42\"", 412, false, 0 },
        { "", 412, false, 0 },         { "\"1\", \"2\"", 400, false, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct request *request = request_new(NULL, "/?comment=why");
        struct command *command = command_new(COMMAND_OBJECT_PUT);
        request->if_match = cases[i].header;
        request->author = "admin";
        assert_int_equal(exchange_prepare_write(request, command), cases[i].status == 0);
        assert_int_equal(request->reply.status, cases[i].status);
        assert_int_equal(command->has_if_match, cases[i].has_if_match);
        assert_int_equal(command->if_match, cases[i].if_match);
        if (cases[i].status == 0) {
            assert_string_equal(command->author, "admin");
            assert_string_equal(command->comment, "why");
        }
        command_free(command);
        request_free(request);
    }
}

static void a_refusal_points_into_the_body_that_was_sent(void **state)
{
    static const char body[] = "{\"ttl\": 30,\n \"weight\": -1}";
    (void)state;
    struct request *request = request_new(NULL, "/");
    struct command *command = command_new(COMMAND_OBJECT_PATCH);
    command->object_kind = OBJECT_POOL;
    command->name = xstrdup("us");
    command->pointer = xstrdup("/endpoints/a");
    command->body = xstrdup(body);
    command->body_size = strlen(body);
    command->result = RESULT_INVALID;
    problems_add(&command->problems, NULL, 0, 0, "/pools/us/endpoints/a/weight", "must be 0..65535, got -1");
    problems_add(&command->problems, NULL, 0, 0, "/pools/us/endpoints/ab", "is another one");
    request->command = command;
    assert_false(exchange_succeeded(request));
    assert_int_equal(request->reply.status, 422);
    assert_non_null(strstr(request->reply.body.bytes,
                           "{\"pointer\":\"/weight\",\"detail\":\"must be 0..65535, got -1\","
                           "\"line\":2,\"column\":12}"));
    assert_non_null(strstr(request->reply.body.bytes, "\"pointer\":\"/pools/us/endpoints/ab\""));
    request_free(request);
}

static void results_have_their_status(void **state)
{
    static const struct {
        enum command_kind kind;
        enum command_result result;
        unsigned status;
    } cases[] = {
        { COMMAND_OBJECT_PUT, RESULT_INVALID, 422 },     { COMMAND_OBJECT_DELETE, RESULT_INVALID, 409 },
        { COMMAND_OBJECT_READ, RESULT_NOT_FOUND, 404 },  { COMMAND_OBJECT_PUT, RESULT_STALE, 412 },
        { COMMAND_OBJECT_PUT, RESULT_FILE_MODE, 409 },   { COMMAND_OBJECT_PUT, RESULT_CONFLICT, 409 },
        { COMMAND_OBJECT_PUT, RESULT_UNAVAILABLE, 503 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct request *request = request_new(NULL, "/");
        request->command = command_new(cases[i].kind);
        request->command->name = xstrdup("us");
        request->command->result = cases[i].result;
        assert_false(exchange_succeeded(request));
        assert_int_equal(request->reply.status, cases[i].status);
        request_free(request);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_knows_its_place_in_the_configuration),
        cmocka_unit_test(if_match_names_one_generation),
        cmocka_unit_test(a_refusal_points_into_the_body_that_was_sent),
        cmocka_unit_test(results_have_their_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
