/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/memory.h"
#include "snapshot/snapshot.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define READERS      3
#define PUBLICATIONS 2000

static atomic_bool is_over;
static atomic_uint started;
static atomic_uint freed;

/* Both parts of a snapshot carry the same number: a reader that sees two saw a torn or a freed one. */
static struct snapshot *snapshot_new(uint64_t number)
{
    struct snapshot *snapshot = xcalloc(1, sizeof *snapshot);
    struct dataset *dataset = xcalloc(1, sizeof *dataset);
    struct conditions *conditions = xcalloc(1, sizeof *conditions);
    dataset->generation = conditions->number = number;
    snapshot->dataset = dataset;
    snapshot->conditions = conditions;
    return snapshot;
}

static void counting_free(void *block)
{
    atomic_fetch_add(&freed, 1);
    free(block);
}

static void publish(struct snapshot *next, const struct snapshot *before)
{
    struct edition edition = { 0 };
    if (before != NULL) {
        edition_replaced(&edition, before->dataset, counting_free);
        edition_replaced(&edition, before->conditions, counting_free);
    }
    edition_made(&edition, (void *)(uintptr_t)next->dataset, NULL);
    edition_made(&edition, (void *)(uintptr_t)next->conditions, NULL);
    snapshot_publish(next, &edition);
    assert_int_equal(edition.replaced.count + edition.fresh.count, 0);
}

static void end(struct snapshot *last)
{
    free((void *)(uintptr_t)last->dataset);
    free((void *)(uintptr_t)last->conditions);
    snapshot_shutdown();
}

static void *read_until_over(void *context)
{
    bool *is_good = context;
    uint64_t last = 0;
    *is_good = true;
    snapshot_register_thread();
    snapshot_register_thread(); /* once more does no harm */
    atomic_fetch_add(&started, 1);
    while (!atomic_load_explicit(&is_over, memory_order_relaxed)) {
        const struct snapshot *now = snapshot_acquire();
        uint64_t generation = now->dataset->generation;
        *is_good &= generation == now->conditions->number && generation >= last;
        last = generation;
        snapshot_release();
    }
    snapshot_unregister_thread();
    snapshot_unregister_thread();
    return NULL;
}

static void readers_see_whole_snapshots_in_order(void **state)
{
    (void)state;
    atomic_store(&freed, 0);
    pthread_t threads[READERS];
    bool is_good[READERS];
    struct snapshot *now = snapshot_new(1);
    publish(now, NULL);
    for (unsigned i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_until_over, &is_good[i]), 0);
    while (atomic_load(&started) < READERS)
        sched_yield();
    for (uint64_t number = 2; number <= PUBLICATIONS; number++) {
        struct snapshot *next = snapshot_new(number);
        publish(next, now);
        now = next;
        if (number % 16 == 0)
            sched_yield();
    }
    atomic_store(&is_over, true);
    for (unsigned i = 0; i < READERS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(is_good[i]);
    }
    end(now);
    assert_int_equal(atomic_load(&freed), 2 * (PUBLICATIONS - 1));
}

static void nothing_is_freed_while_somebody_reads(void **state)
{
    (void)state;
    atomic_store(&freed, 0);
    snapshot_register_thread();
    struct snapshot *first = snapshot_new(1), *second = snapshot_new(2), *third = snapshot_new(3);
    publish(first, NULL);
    const struct snapshot *held = snapshot_acquire();
    publish(second, first); /* returns at once, though we read */
    publish(third, second);
    assert_int_equal(atomic_load(&freed), 0);
    assert_int_equal(held->dataset->generation, 1);
    snapshot_release();
    snapshot_unregister_thread();
    end(third);
    assert_int_equal(atomic_load(&freed), 4);
}

static void those_that_are_kept_are_found_and_freed_in_their_time(void **state)
{
    (void)state;
    atomic_store(&freed, 0);
    snapshot_register_thread();
    snapshot_keep(3);
    struct snapshot *now = snapshot_new(1);
    publish(now, NULL);
    for (uint64_t number = 2; number <= 10; number++) {
        struct snapshot *next = snapshot_new(number);
        publish(next, now);
        now = next;
    }
    snapshot_acquire();
    for (uint64_t number = 1; number <= 11; number++) {
        const struct snapshot *found = snapshot_find(number, number);
        assert_true((found != NULL) == (number >= 7 && number <= 10)); /* the current one and three before */
        assert_true(found == NULL || found->dataset->generation == number);
        assert_null(snapshot_find(number, number + 1));
    }
    snapshot_forget_old(UINT64_MAX); /* all at once, but somebody may read them still */
    assert_null(snapshot_find(9, 9));
    assert_non_null(snapshot_find(10, 10));
    snapshot_release();
    snapshot_unregister_thread();
    end(now);
    assert_int_equal(atomic_load(&freed), 2 * 9);
}

static void before_the_first_publication_there_is_none(void **state)
{
    (void)state;
    snapshot_register_thread();
    assert_null(snapshot_acquire());
    snapshot_release();
    snapshot_unregister_thread();
    snapshot_shutdown();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_the_first_publication_there_is_none),
        cmocka_unit_test(nothing_is_freed_while_somebody_reads),
        cmocka_unit_test(those_that_are_kept_are_found_and_freed_in_their_time),
        cmocka_unit_test(readers_see_whole_snapshots_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
