/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "control/merge_patch.h"

/* The examples of RFC 7396 appendix A, and the shapes that operators send. */
static void a_merge_patch_does_what_the_rfc_says(void **unused)
{
    (void)unused;
    static const char *const rows[][3] = {
        { "{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
        { "{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}" },
        { "{\"a\":\"b\"}", "{\"a\":null}", "{}" },
        { "{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}" },
        { "{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
        { "{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}" },
        { "{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}" },
        { "{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}" },
        { "[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]" },
        { "{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]" },
        { "{\"a\":\"foo\"}", "null", "null" },
        { "{\"a\":\"foo\"}", "\"bar\"", "\"bar\"" },
        { "{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}" },
        { "[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}" },
        { "{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}" },
        { "{\"weight\":3,\"Weight\":4}", "{\"weight\":9}", "{\"weight\":9,\"Weight\":4}" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cJSON *patch = cJSON_Parse(rows[i][1]);
        cJSON *result = merge_patch(cJSON_Parse(rows[i][0]), patch);
        char *printed = cJSON_PrintUnformatted(result);
        assert_string_equal(printed, rows[i][2]);
        cJSON_free(printed);
        cJSON_Delete(patch);
        cJSON_Delete(result);
    }
}

static void a_pointer_finds_what_it_names(void **unused)
{
    (void)unused;
    cJSON *root = cJSON_Parse("{\"a\":{\"b/c\":[10,{\"~\":20}]},\"\":30}");
    assert_ptr_equal(json_at(root, ""), root);
    assert_int_equal(json_at(root, "/a/b~1c/0")->valueint, 10);
    assert_int_equal(json_at(root, "/a/b~1c/1/~0")->valueint, 20);
    assert_int_equal(json_at(root, "/")->valueint, 30);
    assert_null(json_at(root, "/a/x"));
    assert_null(json_at(root, "/A"));
    assert_null(json_at(root, "/a/b~1c/-1"));
    assert_null(json_at(root, "/a/b~1c/2"));
    assert_null(json_at(root, "a"));
    cJSON_Delete(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_merge_patch_does_what_the_rfc_says),
        cmocka_unit_test(a_pointer_finds_what_it_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
