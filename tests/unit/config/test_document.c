/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/document.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/text.h"
#include "config/complaints.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct row {
    const char *text;
    const char *complaint; /* NULL: it is good */
};

static const struct row rows[] = {
    { "{}", NULL },
    { " [1, -0.5e+3, \"a\\u00e9\\ud83d\\ude00\", true, false, null] ", NULL },
    { "3", NULL },
    { "\"\"", NULL },
    { "\xef\xbb\xbf{}", NULL },
    { "// first\n{ /* in * between */ \"a\": 1 } // last", NULL },
    { "{\"a\": \"// no /* comment */\"}", NULL },
    { "", "f.json:1:1: the document is empty: write at least {}" },
    { "  // nothing\n", "f.json:1:1: the document is empty: write at least {}" },
    { "{", "f.json:1:2: expected a key in double quotes, got the end of the document" },
    { "{\"a\"}", "f.json:1:5: expected \":\" behind the key, got \"}\"" },
    { "{\"a\":}", "f.json:1:6: expected a value, got \"}\"" },
    { "{\n  \"a\": 1,\n}", "f.json:2:9: trailing comma: none may stand in front of \"}\"" },
    { "[1, 2,]", "f.json:1:6: trailing comma: none may stand in front of \"]\"" },
    { "[1 2]", "f.json:1:4: expected \",\" or \"]\", got \"2\"" },
    { "[1}", "f.json:1:3: expected \",\" or \"]\", got \"}\"" },
    { "[,1]", "f.json:1:2: expected a value, got \",\"" },
    { "{} {}", "f.json:1:4: \"{\" behind the end of the document" },
    { "{'a': 1}", "f.json:1:2: expected a key in double quotes, got \"'\"" },
    { "{\"a\": 'b'}", "f.json:1:7: a string stands in double quotes" },
    { "{\"a\": us-1}", "f.json:1:7: unknown word \"us\": a string stands in double quotes" },
    { "[nulll]", "f.json:1:2: unknown word \"nulll\": a string stands in double quotes" },
    { "[True]", "f.json:1:2: unknown word \"True\": a string stands in double quotes" },
    { "{a: 1}", "f.json:1:2: expected a key in double quotes, got \"a\"" },
    { "[01]", "f.json:1:2: a number has no leading zeros" },
    { "[-]", "f.json:1:2: a number needs a digit behind \"-\"" },
    { "[1.]", "f.json:1:2: a number needs a digit behind its point" },
    { "[1e+]", "f.json:1:2: a number needs a digit in its exponent" },
    { "[+1]", "f.json:1:2: expected a value, got \"+\"" },
    { "[.5]", "f.json:1:2: expected a value, got \".\"" },
    { "[1e999]", "f.json:1:2: number out of range: 1e999" },
    { "[-1e400]", "f.json:1:2: number out of range: -1e400" },
    { "[1000000000000000000000000000000000000000000000000000000000000000]",
      "f.json:1:2: a number has at most 63 characters" },
    { "[\"abc]", "f.json:1:2: string without an end: its closing quote is missing" },
    { "[\"ab\ncd\"]", "f.json:1:2: string without an end: its closing quote is missing" },
    { "[\"a\tb\"]", "f.json:1:4: control character in a string: write \\u0009" },
    { "[\"\\x\"]", "f.json:1:3: unknown escape: a backslash itself is written \"\\\\\"" },
    { "[\"\\u12g4\"]", "f.json:1:3: \"\\u\" needs four hexadecimal digits" },
    { "[\"\\u0000\"]", "f.json:1:3: NUL (\\u0000) is not allowed in a string" },
    { "[\"\\ud800\"]", "f.json:1:3: half of a surrogate pair alone: \\ud800" },
    { "[\"\\udc00\\ud800\"]", "f.json:1:3: half of a surrogate pair alone: \\udc00" },
    { "[\"\\ud800\\u0041\"]", "f.json:1:3: half of a surrogate pair alone: \\ud800" },
    { "[\"\xff\"]", "f.json:1:3: byte 0xff is not UTF-8" },
    { "[\"\xc0\xaf\"]", "f.json:1:3: byte 0xc0 is not UTF-8" },
    { "[\"\xed\xa0\x80\"]", "f.json:1:3: byte 0xed is not UTF-8" },
    { "[\"\xf4\x90\x80\x80\"]", "f.json:1:3: byte 0xf4 is not UTF-8" },
    { "[\"\xe2\x82", "f.json:1:3: byte 0xe2 is not UTF-8" },
    { "{} /* open", "f.json:1:4: comment without an end: \"*/\" is missing" },
    { "{} / x", "f.json:1:4: unexpected \"/\": a comment starts with \"//\" or \"/*\"" },
    { "{\"a\": 1, \"a\": 2}",
      "f.json:1:10: duplicate key \"a\": the first is at line 1, column 2 (case does not count)" },
    { "{\"Name\": 1,\n \"x\": {\"name\": 3},\n \"NAME\": 2}",
      "f.json:3:2: duplicate key \"NAME\": the first is at line 1, column 2 (case does not count)" },
    { "{\"a\": 1, \"\\u0061\": 2, \"A\": 3}",
      "f.json:1:10: duplicate key \"\\u0061\": the first is at line 1, column 2 (case does not count)\n"
      "f.json:1:23: duplicate key \"A\": the first is at line 1, column 2 (case does not count)" },
};

static void what_is_not_strict_json_is_refused_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct problems problems = { 0 };
        struct document document;
        bool is_good = document_scan("f.json", rows[i].text, strlen(rows[i].text), &problems, &document);
        char *got = complaints_take(&problems);
        assert_string_equal(got, rows[i].complaint != NULL ? rows[i].complaint : "");
        assert_int_equal(is_good, rows[i].complaint == NULL);
        free(got);
        document_free(&document);
    }
}

static void nul_bytes_are_refused(void **state)
{
    (void)state;
    static const char text[] = "{\"a\": 1}\0{}";
    struct problems problems = { 0 };
    struct document document;
    assert_false(document_scan("f.json", text, sizeof text - 1, &problems, &document));
    char *got = complaints_take(&problems);
    assert_string_equal(got, "f.json:1:9: NUL is not allowed");
    free(got);
}

static bool nests(size_t levels)
{
    struct problems problems = { 0 };
    struct document document;
    char text[256];
    memset(text, '[', levels);
    memset(text + levels, ']', levels);
    bool is_good = document_scan(NULL, text, 2 * levels, &problems, &document);
    problems_free(&problems);
    document_free(&document);
    return is_good;
}

static void nesting_ends_at_64_levels(void **state)
{
    (void)state;
    assert_true(nests(64));
    assert_false(nests(65));
}

static struct document scanned(const char *text)
{
    struct problems problems = { 0 };
    struct document document;
    assert_true(document_scan("f.json", text, strlen(text), &problems, &document));
    return document;
}

static void comments_become_spaces_and_lines_stay(void **state)
{
    (void)state;
    struct document document = scanned("{/* a\nb */\"k\": 1 // end\n}");
    assert_string_equal(document.text, "{    \n    \"k\": 1       \n}");
    document_free(&document);
}

static void members_are_walked_with_their_keys_unescaped(void **state)
{
    (void)state;
    struct document document =
        scanned(" { \"a\\u0062\\n\" : {\"x\": \"}\\\"]\"} , \"c\":[1,[2]],\"d\":-1.5e3}");
    static const char *const expected[][2] = { { "ab\n", "{\"x\": \"}\\\"]\"}" },
                                               { "c", "[1,[2]]" },
                                               { "d", "-1.5e3" } };
    size_t at = 0, count = 0;
    char *key;
    struct span value;
    while (document_next_member(&document, (struct span){ 0, document.size }, &at, &key, &value)) {
        assert_true(count < 3);
        assert_string_equal(key, expected[count][0]);
        assert_int_equal(value.size, strlen(expected[count][1]));
        assert_memory_equal(document.text + value.at, expected[count][1], value.size);
        free(key);
        count++;
    }
    assert_int_equal(count, 3);
    at = 0;
    assert_false(document_next_member(&document, value, &at, &key, &value)); /* a number has none */
    document_free(&document);
}

static void a_value_is_parsed_up_to_the_end_of_its_span(void **state)
{
    (void)state;
    struct document document = scanned("[1234, true, \"ab\", {\"x\": 1}]");
    static const struct {
        struct span span;
        const char *expected;
    } spans[] = {
        { { 1, 4 }, "1234" }, { { 7, 4 }, "true" }, { { 13, 4 }, "\"ab\"" }, { { 19, 8 }, "{\"x\":1}" }
    };
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        cJSON *json = document_parse(&document, spans[i].span);
        assert_non_null(json);
        char *printed = cJSON_PrintUnformatted(json);
        assert_string_equal(printed, spans[i].expected);
        cJSON_free(printed);
        cJSON_Delete(json);
    }
    document_free(&document);
}

static void pointers_lead_to_lines_and_columns(void **state)
{
    (void)state;
    struct document document = scanned("{\n  \"pools\": {\n    \"a/b\": [10,\n      { \"~x\": 5 }] }\n}");
    static const struct {
        const char *pointer;
        unsigned line, column;
    } places[] = {
        { "", 1, 1 },
        { "/pools", 2, 12 },
        { "/pools/a~1b", 3, 12 },
        { "/pools/a~1b/0", 3, 13 },
        { "/pools/a~1b/1", 4, 7 },
        { "/pools/a~1b/1/~0x", 4, 15 },
        { "/pools/a~1b/2", 3, 12 },         /* absent: the list */
        { "/pools/missing/weight", 2, 12 }, /* absent: the nearest above */
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        unsigned line, column;
        document_locate(&document, (struct span){ 0, document.size }, places[i].pointer, &line, &column);
        assert_int_equal(line, places[i].line);
        assert_int_equal(column, places[i].column);
    }
    document_free(&document);
}

static void a_hundred_thousand_members_are_checked_and_walked_in_time(void **state)
{
    (void)state;
    enum { MEMBERS = 100000 };
    struct text text = { 0 };
    struct problems problems = { 0 };
    struct document document;
    text_puts(&text, "{");
    for (int i = 0; i < MEMBERS; i++)
        text_printf(&text, "\"service-%d\": {\"ttl\": 30, \"policy\": \"us\"},\n", i);
    text_puts(&text, "\"Service-500\": {}}");
    uint64_t before = clock_monotonic_ms();
    assert_false(document_scan("f.json", text.bytes, text.size, &problems, &document));
    assert_true(clock_monotonic_ms() - before < 5000); /* pairs would take minutes */
    char *got = complaints_take(&problems);
    assert_string_equal(got,
                        "f.json:100001:1: duplicate key \"Service-500\": the first is at line 501, column "
                        "1 (case does not count)");
    free(got);
    text_free(&text);
}

/* Keys of one or two letters in both cases, some of them escaped, against a comparison of each with each. */
static void duplicates_are_found_as_a_naive_search_finds_them(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng);
    uint64_t seed = rng.state;
    for (int round = 0; round < 2000; round++) {
        char keys[60][3];
        size_t count = rng_next(&rng) % 60, expected = 0;
        struct text text = { 0 };
        struct problems problems = { 0 };
        struct document document;
        for (size_t i = 0; i < count; i++) {
            uint64_t draw = rng_next(&rng);
            keys[i][0] = "abcdeABCDE"[draw % 10];
            keys[i][1] = "\0abcdefghA"[draw / 10 % 10];
            keys[i][2] = '\0';
            bool is_repeated = false;
            for (size_t k = 0; k < i; k++)
                is_repeated |= strcasecmp(keys[k], keys[i]) == 0;
            expected += is_repeated;
            text_printf(&text, draw / 100 % 4 == 0 ? "%s\"\\u%04x%s\": 1" : "%s\"%c%s\": 1",
                        i > 0 ? "," : "{", keys[i][0], keys[i] + 1);
        }
        text_puts(&text, count > 0 ? "}" : "{}");
        document_scan(NULL, text.bytes, text.size, &problems, &document);
        if (problems.error_count != expected)
            fail_msg("seed %llu, round %d: %s", (unsigned long long)seed, round, text.bytes);
        problems_free(&problems);
        document_free(&document);
        text_free(&text);
    }
}

/* A document changed at random is refused with a complaint, or is good without one and cJSON reads it. */
static void mutations_are_good_or_refused_never_both(void **state)
{
    (void)state;
    static const char seed_text[] = "{\"a\": [1, -2.5e3, \"x\\u00e9\\ud83d\\ude00\\\\\"], // c\n"
                                    " \"b\": {\"c\": true, \"d\": null}, /* e */ \"f\": \"\xc3\xa9\"}";
    struct rng rng;
    rng_seed(&rng);
    uint64_t seed = rng.state;
    for (int round = 0; round < 20000; round++) {
        char text[sizeof seed_text];
        memcpy(text, seed_text, sizeof text);
        for (uint64_t changes = 1 + rng_next(&rng) % 4; changes > 0; changes--) {
            static const char bytes[] = "{}[]\",:\\/*u0e-. \n\t\xc3\xff";
            text[rng_next(&rng) % (sizeof text - 1)] = bytes[rng_next(&rng) % (sizeof bytes - 1)];
        }
        size_t size = sizeof text - 1 - (rng_next(&rng) % 4 == 0 ? rng_next(&rng) % sizeof text / 2 : 0);
        struct problems problems = { 0 };
        struct document document;
        bool is_good = document_scan(NULL, text, size, &problems, &document);
        if (is_good != (problems.error_count == 0))
            fail_msg("seed %llu, round %d", (unsigned long long)seed, round);
        if (is_good) {
            cJSON *json = document_parse(&document, (struct span){ 0, document.size });
            if (json == NULL)
                fail_msg("seed %llu, round %d: %s", (unsigned long long)seed, round, document.text);
            cJSON_Delete(json);
        }
        document_free(&document);
        problems_free(&problems);
    }
}

static void messages_cannot_command_a_terminal(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    problems_add(&problems, NULL, 0, 0, "/a\x1b[2J", "got \"x\ny\"");
    problems_warn(&problems, "f.json", 3, 4, "", "odd");
    assert_int_equal(problems.error_count, 1);
    char *got = complaints_take(&problems);
    assert_string_equal(got, "/a\\u001b[2J: got \"x\\u000ay\"\nf.json:3:4: warning: odd");
    free(got);
}

static void a_missing_file_says_why(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    struct document document;
    assert_false(document_load("/nonexistent/steering.json", &problems, &document));
    char *got = complaints_take(&problems);
    assert_string_equal(got, "/nonexistent/steering.json: cannot be opened: No such file or directory");
    free(got);
    assert_false(document_load("/", &problems, &document));
    got = complaints_take(&problems);
    assert_string_equal(got, "/: is not a regular file");
    free(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_strict_json_is_refused_with_its_place),
        cmocka_unit_test(nul_bytes_are_refused),
        cmocka_unit_test(nesting_ends_at_64_levels),
        cmocka_unit_test(comments_become_spaces_and_lines_stay),
        cmocka_unit_test(members_are_walked_with_their_keys_unescaped),
        cmocka_unit_test(a_value_is_parsed_up_to_the_end_of_its_span),
        cmocka_unit_test(pointers_lead_to_lines_and_columns),
        cmocka_unit_test(a_hundred_thousand_members_are_checked_and_walked_in_time),
        cmocka_unit_test(duplicates_are_found_as_a_naive_search_finds_them),
        cmocka_unit_test(mutations_are_good_or_refused_never_both),
        cmocka_unit_test(messages_cannot_command_a_terminal),
        cmocka_unit_test(a_missing_file_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
