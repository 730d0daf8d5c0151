/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/rng.h"
#include "snapshot/paged.h"

#include <stdio.h>
#include <string.h>

#define ROOM (5 * PAGED_PAGE_SIZE)

static const char elements[64]; /* addresses to store */

struct plain {
    const void *at[ROOM];
};

static void check(const struct paged *paged, const struct plain *plain)
{
    for (uint32_t i = 0; i < ROOM; i++)
        assert_ptr_equal(paged_get(paged, i), plain->at[i]);
    assert_null(paged_get(paged, ROOM));
    assert_null(paged_get(paged, UINT32_MAX));
}

static struct paged random_edit(struct rng *rng, const struct paged *base, struct plain *plain,
                                struct edition *edition)
{
    struct paged_edit *edit = paged_edit_begin(base, edition);
    uint32_t spread = 1 + (uint32_t)(rng_next(rng) % ROOM);
    for (uint64_t changes = rng_next(rng) % 40; changes > 0; changes--) {
        uint32_t index = (uint32_t)(rng_next(rng) % spread);
        const void *element = rng_next(rng) % 4 == 0 ? NULL : &elements[rng_next(rng) % 64];
        paged_edit_set(edit, index, element);
        plain->at[index] = element;
        assert_ptr_equal(paged_edit_get(edit, index), element);
        uint32_t other = (uint32_t)(rng_next(rng) % ROOM);
        assert_ptr_equal(paged_edit_get(edit, other), plain->at[other]);
    }
    return paged_edit_end(edit);
}

static void versions_hold_what_plain_arrays_hold(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng);
    printf("seed %llu\n", (unsigned long long)rng.state);
    for (int run = 0; run < 200; run++) {
        struct paged now = { 0 };
        struct plain plain = { 0 };
        for (int i = 0; i < 10; i++) {
            struct edition edition = { 0 };
            struct plain next_plain = plain;
            struct paged next = random_edit(&rng, &now, &next_plain, &edition);
            next = random_edit(&rng, &next, &next_plain, &edition); /* two in one edition */
            check(&next, &next_plain);
            check(&now, &plain); /* is what it was */
            if (rng_next(&rng) % 3 == 0) {
                edition_abandon(&edition);
            } else {
                edition_free_replaced(&edition);
                now = next;
                plain = next_plain;
            }
            check(&now, &plain);
        }
        paged_free(&now);
        assert_null(paged_get(&now, 0));
    }
}

static void an_edit_without_change_notes_nothing(void **state)
{
    (void)state;
    struct edition edition = { 0 };
    struct paged empty = { 0 };
    struct paged_edit *edit = paged_edit_begin(&empty, &edition);
    paged_edit_set(edit, 3, &elements[3]);
    struct paged base = paged_edit_end(edit);
    edition_free_replaced(&edition);

    edit = paged_edit_begin(&base, &edition);
    paged_edit_set(edit, 3, &elements[3]);
    paged_edit_set(edit, 100000, NULL);
    struct paged after = paged_edit_end(edit);
    assert_ptr_equal(after.pages, base.pages);
    assert_int_equal(after.page_count, base.page_count);
    assert_int_equal(edition.fresh.count + edition.replaced.count, 0);
    paged_free(&base);
}

static void a_change_copies_one_page_and_the_root(void **state)
{
    (void)state;
    struct edition edition = { 0 };
    struct paged empty = { 0 };
    struct paged_edit *edit = paged_edit_begin(&empty, &edition);
    for (uint32_t i = 0; i < ROOM; i++)
        paged_edit_set(edit, i, &elements[i % 64]);
    struct paged base = paged_edit_end(edit);
    edition_free_replaced(&edition);

    edit = paged_edit_begin(&base, &edition);
    paged_edit_set(edit, 2 * PAGED_PAGE_SIZE, NULL);
    struct paged after = paged_edit_end(edit);
    assert_int_equal(edition.fresh.count, 2);
    assert_int_equal(edition.replaced.count, 2);
    assert_ptr_equal(after.pages[1], base.pages[1]);
    assert_ptr_not_equal(after.pages[2], base.pages[2]);
    edition_free_replaced(&edition);
    paged_free(&after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_hold_what_plain_arrays_hold),
        cmocka_unit_test(an_edit_without_change_notes_nothing),
        cmocka_unit_test(a_change_copies_one_page_and_the_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
