/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "base/base64.h"

#include <string.h>

static void what_is_base64_is_decoded(void **state)
{
    (void)state;
    static const struct {
        const char *text, *bytes;
    } rows[] = { { "", "" },
                 { "Zg==", "f" },
                 { "Zm8=", "fo" },
                 { "Zm9v", "foo" },
                 { "Zm9vYg==", "foob" },
                 { "Zm9vYmE=", "fooba" },
                 { "Zm9vYmFy", "foobar" } }; /* RFC 4648 §10 */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t out[8];
        size_t size;
        assert_true(base64_decode(rows[i].text, out, sizeof out, &size));
        assert_int_equal(size, strlen(rows[i].bytes));
        assert_memory_equal(out, rows[i].bytes, size);
    }
}

static void what_is_not_base64_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = { "Z",
                                        "Zg",
                                        "Zg=",
                                        "Zh==",
                                        "Zm9=",
                                        "=g==",
                                        "Z===",
                                        "====",
                                        "Zm 9v",
                                        "Zm9v\n",
                                        "Zg==Zg==",
                                        "Zm-_",
                                        "\xc3\xa4\xc3\xa4" };
    uint8_t out[8];
    size_t size;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_false(base64_decode(rows[i], out, sizeof out, &size));
    assert_false(base64_decode("Zm9vYmFy", out, 5, &size));
    assert_true(base64_decode("Zm9vYmFy", out, 6, &size));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_base64_is_decoded),
        cmocka_unit_test(what_is_not_base64_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
