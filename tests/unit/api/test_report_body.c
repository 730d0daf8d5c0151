/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "api/report_body.h"

#include <string.h>

#define NOW_MS INT64_C(1000000)

static struct command *parse(const char *text, struct problems *problems, bool *is_valid)
{
    struct document document;
    struct command *command = command_new(COMMAND_CHECK_REPORT);
    assert_true(document_scan(NULL, text, strlen(text), problems, &document));
    *is_valid = report_body_parse(&document, NOW_MS, problems, command);
    document_free(&document);
    return command;
}

static void one_endpoint_is_reported_with_message_and_time_to_live(void **state)
{
    struct problems problems = { 0 };
    bool is_valid;
    (void)state;
    struct command *command =
        parse("{\"endpoint\": \"us/a\", \"status\": \"down\", \"message\": \"disk full\", \"ttl\": \"90s\"}",
              &problems, &is_valid);
    assert_true(is_valid);
    assert_false(command->is_batch);
    assert_int_equal(command->report_count, 1);
    assert_string_equal(command->reports[0].endpoint, "us/a");
    assert_false(command->reports[0].said.is_up);
    assert_string_equal(command->reports[0].said.message, "disk full");
    assert_int_equal(command->reports[0].said.ttl_ms, 90000);
    assert_int_equal(command->reports[0].said.wall_ms, NOW_MS);
    command_free(command);
}

static void a_batch_reports_many(void **state)
{
    struct problems problems = { 0 };
    bool is_valid;
    (void)state;
    struct command *command =
        parse("{\"reports\": [{\"endpoint\": \"us/a\", \"status\": \"up\", \"ttl\": null},"
              " {\"endpoint\": \"us/b\", \"status\": \"down\"}]}",
              &problems, &is_valid);
    assert_true(is_valid && command->is_batch);
    assert_int_equal(command->report_count, 2);
    assert_true(command->reports[0].said.is_up && !command->reports[1].said.is_up);
    assert_int_equal(command->reports[0].said.ttl_ms, 0);
    assert_string_equal(command->reports[0].said.message, "");
    command_free(command);
}

static void what_is_wrong_is_said_where_it_is(void **state)
{
    static const struct {
        const char *body, *pointer;
    } rows[] = {
        { "[]", "" },
        { "{}", "/endpoint" },
        { "{\"status\": \"up\"}", "/endpoint" },
        { "{\"endpoint\": \"a\", \"status\": \"up\"}", "/endpoint" },
        { "{\"endpoint\": \"us/a\"}", "/status" },
        { "{\"endpoint\": \"us/a\", \"status\": \"well\"}", "/status" },
        { "{\"endpoint\": \"us/a\", \"status\": true}", "/status" },
        { "{\"endpoint\": \"us/a\", \"status\": \"up\", \"message\": 1}", "/message" },
        { "{\"endpoint\": \"us/a\", \"status\": \"up\", \"ttl\": 30}", "/ttl" },
        { "{\"endpoint\": \"us/a\", \"status\": \"up\", \"ttl\": \"0s\"}", "/ttl" },
        { "{\"endpoint\": \"us/a\", \"status\": \"up\", \"ttl\": \"2d\"}", "/ttl" },
        { "{\"endpoint\": \"us/a\", \"status\": \"up\", \"since\": 1}", "" },
        { "{\"reports\": []}", "/reports" },
        { "{\"reports\": {}}", "/reports" },
        { "{\"reports\": [1]}", "/reports/0" },
        { "{\"reports\": [{\"endpoint\": \"us/a\", \"status\": \"up\"}, {\"endpoint\": \"us/b\"}]}",
          "/reports/1/status" },
        { "{\"reports\": [], \"status\": \"up\"}", "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct problems problems = { 0 };
        bool is_valid;
        struct command *command = parse(rows[i].body, &problems, &is_valid);
        if (is_valid || problems.count == 0 || strcmp(problems.items[0].pointer, rows[i].pointer) != 0)
            fail_msg("%s: %s", rows[i].body, problems.count > 0 ? problems.items[0].pointer : "accepted");
        problems_free(&problems);
        command_free(command);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_endpoint_is_reported_with_message_and_time_to_live),
        cmocka_unit_test(a_batch_reports_many),
        cmocka_unit_test(what_is_wrong_is_said_where_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
