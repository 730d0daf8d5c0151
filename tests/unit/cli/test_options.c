/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "cli/command.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 12

/* Parses a line of words parted by blanks.  The words live until the next call. */
static bool parse(const char *line, struct options *out, struct error *err)
{
    static char copy[256];
    static char *words[WORDS_MAX + 1];
    int count = 0;
    strncpy(copy, line, sizeof copy - 1);
    for (char *word = strtok(copy, " "); word != NULL && count < WORDS_MAX; word = strtok(NULL, " "))
        words[count++] = word;
    words[count] = NULL;
    *out = (struct options){ 0 };
    return options_parse(count, words, out, err);
}

static void options_stand_anywhere(void **state)
{
    struct options options;
    struct error err = { "" };
    (void)state;
    assert_true(
        parse("steerctl drain --reason disk us/web1 --expires=2h --json --url unix:/s", &options, &err));
    assert_string_equal(options.command->name, "drain");
    assert_string_equal(options.arguments[0], "us/web1");
    assert_string_equal(options.reason, "disk");
    assert_string_equal(options.expires, "2h");
    assert_string_equal(options.url, "unix:/s");
    assert_true(options.wants_json);
}

static void f_is_a_file_or_goes_on(void **state)
{
    struct options options;
    struct error err = { "" };
    (void)state;
    assert_true(parse("steerctl apply -f events", &options, &err));
    assert_string_equal(options.file, "events");
    assert_true(parse("steerctl events -f --kind check", &options, &err));
    assert_true(options.follows);
    assert_null(options.file);
    assert_string_equal(options.kind, "check");
    assert_true(parse("steerctl events -f", &options, &err));
    assert_true(options.follows);
}

static void every_option_has_a_command_that_takes_it(void **state)
{
    const struct option_row *option;
    (void)state;
    for (size_t i = 0; (option = option_at(i)) != NULL; i++) {
        const struct command_row *command;
        bool is_taken = option->bit == 0;
        for (size_t k = 0; (command = command_at(k)) != NULL; k++)
            is_taken |= (command->options & option->bit) != 0;
        if (!is_taken)
            fail_msg("--%s", option->name);
    }
}

static void a_wrong_line_is_said_to_be_wrong(void **state)
{
    static const struct {
        const char *line, *reason;
    } cases[] = {
        { "steerctl drian us/a", "no command \"drian\": did you mean \"drain\"?" },
        { "steerctl frobnicate", "no command \"frobnicate\"" },
        { "steerctl drain", "usage: steerctl drain" },
        { "steerctl drain us/a us/b", "usage: steerctl drain" },
        { "steerctl set-weight us/a", "usage: steerctl set-weight" },
        { "steerctl status --pool us", "status does not take --pool" },
        { "steerctl explain x --expires 2h", "explain does not take --expires" },
        { "steerctl status --nonsense", "unknown option --nonsense" },
        { "steerctl status --url", "--url needs a value" },
        { "steerctl status --token secret", "does not belong on a command line" },
        { "steerctl status --token=secret", "does not belong on a command line" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct options options;
        struct error err = { "" };
        bool is_good = parse(cases[i].line, &options, &err);
        if (is_good || strstr(err.text, cases[i].reason) == NULL)
            fail_msg("%s: \"%s\"", cases[i].line, err.text);
    }
}

static void help_needs_no_arguments(void **state)
{
    struct options options;
    struct error err;
    (void)state;
    assert_true(parse("steerctl", &options, &err));
    assert_true(options.wants_help);
    assert_true(parse("steerctl drain --help", &options, &err));
    assert_true(options.wants_help);
    assert_string_equal(options.command->name, "drain");
    assert_true(parse("steerctl --version", &options, &err));
    assert_true(options.wants_version && !options.wants_help);
}

static void pool_and_endpoint_are_parted_at_the_first_slash(void **state)
{
    char *pool, *endpoint;
    struct error err;
    (void)state;
    assert_true(options_split_endpoint("us/a/b", &pool, &endpoint, &err));
    assert_string_equal(pool, "us");
    assert_string_equal(endpoint, "a/b");
    free(pool);
    free(endpoint);
    const char *const bad[] = { "us", "/a", "us/", "" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(options_split_endpoint(bad[i], &pool, &endpoint, &err));
}

static void numbers_are_whole_and_within_bounds(void **state)
{
    unsigned long long number = 0;
    const char *const bad[] = { "", "-1", "65536", "1x", " 1", "0x10", "1.0", "99999999999999999999" };
    (void)state;
    assert_true(options_parse_number("65535", 65535, &number));
    assert_int_equal(number, 65535);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(options_parse_number(bad[i], 65535, &number));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_stand_anywhere),
        cmocka_unit_test(f_is_a_file_or_goes_on),
        cmocka_unit_test(every_option_has_a_command_that_takes_it),
        cmocka_unit_test(a_wrong_line_is_said_to_be_wrong),
        cmocka_unit_test(help_needs_no_arguments),
        cmocka_unit_test(pool_and_endpoint_are_parted_at_the_first_slash),
        cmocka_unit_test(numbers_are_whole_and_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
