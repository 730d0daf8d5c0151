/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "api/writer.h"
#include "base/rng.h"

#include <cjson/cJSON.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void commas_stand_where_they_belong(void **state)
{
    struct writer json = { 0 };
    (void)state;
    writer_object(&json, NULL);
    writer_array(&json, "empty");
    writer_end(&json);
    writer_array(&json, "items");
    writer_uint(&json, NULL, 1);
    writer_object(&json, NULL);
    writer_end(&json);
    writer_object(&json, NULL);
    writer_int(&json, "a", -2);
    writer_bool(&json, "b", true);
    writer_end(&json);
    writer_end(&json);
    writer_null(&json, "n");
    writer_real(&json, "r", 1.5);
    writer_real(&json, "bad", NAN);
    writer_time(&json, "never", 0);
    writer_time(&json, "then", 1000);
    writer_string(&json, "s", NULL);
    writer_end(&json);
    assert_string_equal(
        json.text.bytes,
        "{\"empty\":[],\"items\":[1,{},{\"a\":-2,\"b\":true}],\"n\":null,\"r\":1.5,\"bad\":null,"
        "\"never\":null,\"then\":\"1970-01-01T00:00:01.000Z\",\"s\":null}");
    text_free(&json.text);
}

static void members_of_an_object_are_taken_over(void **state)
{
    static const struct {
        const char *declared, *wanted;
    } cases[] = {
        { "{\"weight\": 3, \"x\":[1]}", "{\"name\":\"e\",\"weight\": 3, \"x\":[1],\"z\":1}" },
        { " {} ", "{\"name\":\"e\",\"z\":1}" },
        { "{\n\t}", "{\"name\":\"e\",\"z\":1}" },
        { "", "{\"name\":\"e\",\"z\":1}" },
        { "[]", "{\"name\":\"e\",\"z\":1}" },
        { "{", "{\"name\":\"e\",\"z\":1}" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct writer json = { 0 };
        writer_object(&json, NULL);
        writer_string(&json, "name", "e");
        writer_members_of(&json, cases[i].declared, strlen(cases[i].declared));
        writer_uint(&json, "z", 1);
        writer_end(&json);
        assert_string_equal(json.text.bytes, cases[i].wanted);
        text_free(&json.text);
    }
}

static void bytes_that_are_no_text_are_replaced(void **state)
{
    static const struct {
        const char *value, *wanted;
    } cases[] = {
        { "caf\xc3\xa9 \xf0\x9f\x98\x80", "\"caf\xc3\xa9 \xf0\x9f\x98\x80\"" },
        { "a\xff"
          "b",
          "\"a\xef\xbf\xbd"
          "b\"" },
        { "\xc3", "\"\xef\xbf\xbd\"" },
        { "\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },                 /* overlong */
        { "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" }, /* a surrogate */
        { "\"\\\n\x01", "\"\\\"\\\\\\n\\u0001\"" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct writer json = { 0 };
        writer_string(&json, NULL, cases[i].value);
        assert_string_equal(json.text.bytes, cases[i].wanted);
        text_free(&json.text);
    }
}

static void whatever_a_string_holds_the_result_is_json(void **state)
{
    struct rng rng;
    (void)state;
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    for (unsigned round = 0; round < 5000; round++) {
        char value[24];
        size_t size = rng_next(&rng) % sizeof value;
        for (size_t i = 0; i < size; i++)
            value[i] = (char)(1 + rng_next(&rng) % 255);
        value[size < sizeof value ? size : sizeof value - 1] = '\0';
        struct writer json = { 0 };
        writer_object(&json, NULL);
        writer_string(&json, value, value);
        writer_end(&json);
        cJSON *parsed = cJSON_ParseWithLength(json.text.bytes, json.text.size);
        assert_non_null(parsed);
        cJSON_Delete(parsed);
        text_free(&json.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_stand_where_they_belong),
        cmocka_unit_test(members_of_an_object_are_taken_over),
        cmocka_unit_test(bytes_that_are_no_text_are_replaced),
        cmocka_unit_test(whatever_a_string_holds_the_result_is_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
