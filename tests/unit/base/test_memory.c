/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

static void a_table_of_any_size_is_zero_and_can_be_freed(void **state)
{
    (void)state;
    static const size_t sizes[] = { 1, 4096, (2 << 20) - 1, 2 << 20, (2 << 20) + 1, (5 << 20) + 12345 };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint8_t *table = xcalloc_table(sizes[i]);
        for (size_t at = 0; at < sizes[i]; at++)
            assert_int_equal(table[at], 0);
        table[0] = table[sizes[i] - 1] = 0xff; /* what comes next at this place shall be zero all the same */
        free(table);
    }
}

static void an_array_reaches_to_every_index_with_zeros(void **state)
{
    (void)state;
    static const size_t indexes[] = { 0, 63, 64, 5, 1000, 1023, 1024 };
    const size_t count = sizeof indexes / sizeof *indexes;
    size_t room = 0, used = 0;
    uint32_t *items = NULL;
    for (size_t i = 0; i < count; i++) {
        items = xreach(items, &room, indexes[i], sizeof *items);
        assert_true(room > indexes[i]);
        assert_int_equal(items[indexes[i]], 0);
        items[indexes[i]] = 7;
    }
    for (size_t i = 0; i < room; i++)
        used += items[i] != 0;
    assert_int_equal(used, count);
    free(items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_of_any_size_is_zero_and_can_be_freed),
        cmocka_unit_test(an_array_reaches_to_every_index_with_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
