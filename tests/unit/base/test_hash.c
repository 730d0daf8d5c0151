/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/hash.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static void it_is_fnv_1a(void **state)
{
    (void)state;
    assert_true(hash_bytes(HASH_START, "", 0) == UINT64_C(0xcbf29ce484222325));
    assert_true(hash_bytes(HASH_START, "a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(hash_bytes(HASH_START, "foobar", 6) == UINT64_C(0x85944171f73967e8));
    assert_true(hash_byte(hash_bytes(HASH_START, "fooba", 5), 'r') == UINT64_C(0x85944171f73967e8));
}

static void every_byte_counts_where_many_are_taken_at_once(void **state)
{
    (void)state;
    char bytes[] = "twenty-one characters";
    uint64_t whole = hash_words(HASH_START, bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] ^= 1;
        assert_true(hash_words(HASH_START, bytes, sizeof bytes) != whole);
        bytes[i] ^= 1;
        assert_true(hash_words(HASH_START, bytes, i) != whole);
    }
    assert_true(hash_words(HASH_START, "short", 5) == hash_bytes(HASH_START, "short", 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_fnv_1a),
        cmocka_unit_test(every_byte_counts_where_many_are_taken_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
