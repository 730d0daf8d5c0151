/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/json_tree.h"

#include "base/rng.h"
#include "base/text.h"
#include "config/document.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What cJSON makes of it is what we make of it. */
static bool is_as_cjson_reads_it(const char *text, size_t size)
{
    struct arena arena = { 0 };
    cJSON *ours = json_tree(text, size, &arena), *theirs = cJSON_ParseWithLength(text, size);
    char *our_text = ours != NULL ? cJSON_PrintUnformatted(ours) : NULL;
    char *their_text = theirs != NULL ? cJSON_PrintUnformatted(theirs) : NULL;
    bool is_same = our_text != NULL && their_text != NULL && strcmp(our_text, their_text) == 0 &&
                   cJSON_Compare(ours, theirs, true);
    cJSON_free(our_text);
    cJSON_free(their_text);
    cJSON_Delete(theirs);
    arena_free(&arena);
    return is_same;
}

static void values_are_those_that_cjson_reads(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{}",
        "[]",
        " [ ] ",
        "0",
        "-0",
        "999999999999999",
        "9007199254740993",
        "-1",
        "1e3",
        "1E-2",
        "0.5",
        "-12.25e+2",
        "4294967296",
        "true",
        "false",
        "null",
        "\"\"",
        "\"a\\\"b\\\\c\\/d\\n\\u00e9\\ud83d\\ude00\"",
        "\"ends with a slash\\\\\"",
        "{\"a\": {\"b\": [1, [2, {}], \"x\"]}, \"\": null}",
        "{\"\\u0061\": 1, \"b\\\"\": [true, false]}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (!is_as_cjson_reads_it(texts[i], strlen(texts[i])))
            fail_msg("%s", texts[i]);
    }
}

static void what_is_no_json_is_refused_or_read_in_part(void **state)
{
    (void)state;
    static const char *const texts[] = { "",          " ",   "{",     "[1,",      "{\"a\"", "{\"a\":",
                                         "[1 2]",     "nul", "\"abc", "\"a\\",    "{1: 2}", "{\"a\" 1}",
                                         "[\"a\\\"]", "-",   "\"\\",  "{\"a\":}", "[1,]" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t size = strlen(texts[i]);
        char *exact = malloc(size + 1); /* the sanitizer sees a step over the end */
        memcpy(exact, texts[i], size);
        char *shrunk = realloc(exact, size > 0 ? size : 1);
        struct arena arena = { 0 };
        if (json_tree(shrunk, size, &arena) != NULL)
            fail_msg("%s", texts[i]);
        arena_free(&arena);
        free(shrunk);
    }
}

static void deep_nesting_ends(void **state)
{
    (void)state;
    char text[1000];
    struct arena arena = { 0 };
    memset(text, '[', sizeof text);
    assert_null(json_tree(text, sizeof text, &arena));
    arena_free(&arena);
}

static void put_random(struct text *text, struct rng *rng, unsigned depth)
{
    static const char *const plain[] = { "1",
                                         "-2.5",
                                         "true",
                                         "null",
                                         "\"x\\n\"",
                                         "3e5",
                                         "\"\\u00e9\"",
                                         "\"\"",
                                         "65535",
                                         "\"10.0.0.1\"",
                                         "12345678901234567890",
                                         "\"a b\"" };
    uint64_t draw = rng_next(rng);
    unsigned count = (unsigned)(draw >> 8) % 6;
    if (depth == 0 || draw % 3 == 0) {
        text_puts(text, plain[(draw >> 8) % (sizeof plain / sizeof *plain)]);
        return;
    }
    bool is_object = draw % 3 == 1;
    text_puts(text, is_object ? "{" : " [");
    for (unsigned i = 0; i < count; i++) {
        text_puts(text, i > 0 ? ", " : "");
        if (is_object)
            text_printf(text, "\"k%u\"%s", i, draw % 2 ? ": " : " :\n");
        put_random(text, rng, depth - 1);
    }
    text_puts(text, is_object ? " }" : "]");
}

static void random_documents_and_their_mutations_are_read_alike(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng);
    uint64_t seed = rng.state;
    for (int round = 0; round < 3000; round++) {
        struct text text = { 0 };
        struct problems problems = { 0 };
        struct document document;
        put_random(&text, &rng, 5);
        for (uint64_t changes = rng_next(&rng) % 3; changes > 0; changes--)
            text.bytes[rng_next(&rng) % text.size] = "{}[]\",:\\u01e-. \n"[rng_next(&rng) % 16];
        if (document_scan(NULL, text.bytes, text.size, &problems, &document)) {
            if (!is_as_cjson_reads_it(document.text, document.size))
                fail_msg("seed %llu, round %d: %s", (unsigned long long)seed, round, text.bytes);
            document_free(&document);
        } else {
            struct arena arena = { 0 };
            (void)json_tree(text.bytes, text.size, &arena); /* comes to an end */
            arena_free(&arena);
        }
        problems_free(&problems);
        text_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_that_cjson_reads),
        cmocka_unit_test(what_is_no_json_is_refused_or_read_in_part),
        cmocka_unit_test(deep_nesting_ends),
        cmocka_unit_test(random_documents_and_their_mutations_are_read_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
