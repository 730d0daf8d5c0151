/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/memory.h"
#include "snapshot/edition.h"

#include <stdlib.h>

static int freed;

static void counting_free(void *block)
{
    freed++;
    free(block);
}

static void *block(void)
{
    return xcalloc(1, 8);
}

static void abandoning_frees_what_was_made_and_keeps_the_rest(void **state)
{
    (void)state;
    struct edition edition = { 0 };
    void *old = block();
    freed = 0;
    for (int i = 0; i < 100; i++) {
        void *fresh = block();
        assert_ptr_equal(edition_made(&edition, fresh, counting_free), fresh);
    }
    edition_made(&edition, block(), NULL);
    edition_replaced(&edition, old, counting_free);
    edition_abandon(&edition);
    assert_int_equal(freed, 100);
    assert_int_equal(edition.fresh.count + edition.replaced.count, 0);
    free(old);
}

static void publishing_frees_what_was_replaced_and_keeps_the_rest(void **state)
{
    (void)state;
    struct edition edition = { 0 };
    freed = 0;
    void *fresh = edition_made(&edition, block(), counting_free);
    edition_replaced(&edition, block(), counting_free);
    edition_replaced(&edition, block(), NULL);
    edition_replaced(&edition, NULL, counting_free);
    edition_free_replaced(&edition);
    assert_int_equal(freed, 1);
    free(fresh);
}

static void merging_moves_everything(void **state)
{
    (void)state;
    for (int before = 0; before < 40; before += 13) {
        struct edition to = { 0 }, from = { 0 };
        freed = 0;
        for (int i = 0; i < before; i++)
            edition_made(&to, block(), counting_free);
        for (int i = 0; i < 50; i++)
            edition_made(&from, block(), counting_free);
        void *old = block();
        edition_replaced(&from, old, counting_free);
        edition_merge(&to, &from);
        assert_int_equal(from.fresh.count + from.replaced.count, 0);
        assert_null(from.fresh.items);
        assert_int_equal(to.replaced.count, 1);
        edition_abandon(&to);
        assert_int_equal(freed, before + 50);
        free(old);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(abandoning_frees_what_was_made_and_keeps_the_rest),
        cmocka_unit_test(publishing_frees_what_was_replaced_and_keeps_the_rest),
        cmocka_unit_test(merging_moves_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
