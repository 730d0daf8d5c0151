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

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_table_of_any_size_is_zero_and_can_be_freed) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
