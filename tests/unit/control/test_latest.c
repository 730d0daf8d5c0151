/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "base/memory.h"
#include "base/rng.h"
#include "control/latest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THINGS = 100, ROWS = 20000 };

struct row {
    char *name;
    unsigned number;
};

static char *key(const void *row)
{
    return xstrdup(((const struct row *)row)->name);
}

static void release(void *row)
{
    free(((struct row *)row)->name);
}

static const struct latest_kind rows = { sizeof(struct row), key, release };

static void add(struct latest *latest, unsigned thing, unsigned number)
{
    struct row *row = latest_add(latest);
    assert_null(row->name);
    row->name = xasprintf("thing %u", thing);
    row->number = number;
}

static void free_rows(struct row *taken, size_t count)
{
    for (size_t i = 0; i < count; i++)
        release(&taken[i]);
    free(taken);
}

/* Whoever reads them one after the other ends with the last of each thing. */
static void assert_ends_with(const struct row *taken, size_t count, const unsigned last[THINGS])
{
    unsigned found[THINGS] = { 0 }, before = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned thing = 0;
        assert_int_equal(sscanf(taken[i].name, "thing %u", &thing), 1);
        found[thing] = taken[i].number;
        assert_true(taken[i].number > before);
        before = taken[i].number;
    }
    assert_memory_equal(found, last, sizeof found);
}

static void few_rows_stay_as_they_came(void **state)
{
    struct latest latest = { .kind = &rows };
    struct row *taken;
    size_t count;
    (void)state;
    for (unsigned i = 1; i <= 60; i++)
        add(&latest, i % 7, i);
    latest_take(&latest, &taken, &count);
    assert_int_equal(count, 60);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(taken[i].number, i + 1);
    free_rows(taken, count);
    latest_free(&latest);
}

static void there_are_never_many_more_than_things(void **state)
{
    struct latest latest = { .kind = &rows };
    unsigned last[THINGS] = { 0 };
    struct rng rng;
    struct row *taken;
    size_t count;
    (void)state;
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    for (unsigned i = 1; i <= ROWS; i++) {
        unsigned thing = (unsigned)(rng_next(&rng) % THINGS);
        add(&latest, thing, i);
        last[thing] = i;
        assert_in_range(latest.count, 1, 4 * THINGS);
        assert_in_range(latest.room, 1, 4 * THINGS);
        if (rng_next(&rng) % 1000 == 0) { /* the disk refuses them */
            latest_take(&latest, &taken, &count);
            assert_int_equal(latest.count, 0);
            unsigned meanwhile = (unsigned)(rng_next(&rng) % THINGS);
            add(&latest, meanwhile, ++i);
            last[meanwhile] = i;
            latest_put_back(&latest, taken, count);
        }
    }
    latest_take(&latest, &taken, &count);
    assert_ends_with(taken, count, last);
    free_rows(taken, count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_rows_stay_as_they_came),
        cmocka_unit_test(there_are_never_many_more_than_things),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
