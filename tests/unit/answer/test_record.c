/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records of answers: kept in a ring, found by id, never torn; and tickets that a replay hands out again. */
#include "support/cmocka_all.h"

#include "answer/record.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static uint64_t put(struct record_ring *ring, uint64_t mark)
{
    uint8_t text[RECORD_ID_SIZE];
    struct answer_record record = { .id = record_ring_next(ring, text),
                                    .generation = mark,
                                    .conditions = ~mark };
    char copy[RECORD_ID_SIZE + 1] = "";
    memcpy(copy, text, sizeof text);
    assert_true(strtoull(copy, NULL, 16) == record.id);
    record.draws.tickets[RECORD_DRAWS_MAX - 1] = (uint32_t)mark;
    record_ring_put(ring, &record);
    return record.id;
}

static void a_record_is_found_until_newer_ones_take_its_place(void **state)
{
    (void)state;
    struct record_ring *ring = record_ring_new(3);
    struct answer_record found;
    assert_false(record_ring_find(ring, 0, &found));
    uint64_t first = put(ring, 1), last = first;
    assert_int_equal(record_worker(first), 3);
    assert_true(record_ring_find(ring, first, &found));
    assert_int_equal(found.generation, 1);
    assert_false(record_ring_find(ring, first + 1, &found));
    for (uint64_t mark = 2; mark <= 257; mark++)
        last = put(ring, mark);
    assert_false(record_ring_find(ring, first, &found));
    assert_true(record_ring_find(ring, last, &found));
    assert_true(record_ring_find(ring, first + 1, &found));
    assert_int_equal(found.generation, 2);
    record_ring_free(ring);
}

static void a_replay_gets_the_tickets_in_their_order(void **state)
{
    (void)state;
    struct draw_log log = { .count = 0 };
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(draw_log_pass(&log, 7 * i), 7 * i);
    log.count = 0;
    log.is_replay = true;
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(draw_log_pass(&log, 1000), 7 * i);
    log = (struct draw_log){ .count = 0 };
    for (uint32_t i = 0; i <= 2 * RECORD_DRAWS_MAX; i++)
        assert_int_equal(draw_log_pass(&log, i), i);
    assert_true(log.count > RECORD_DRAWS_MAX); /* it says that some are lost */
}

struct race {
    struct record_ring *ring;
    _Atomic uint64_t newest;
    atomic_bool is_over;
    unsigned found;
};

static void *read_all_the_time(void *context)
{
    struct race *race = context;
    while (!race->is_over) {
        struct answer_record record;
        if (!record_ring_find(race->ring, race->newest, &record))
            continue;
        race->found++;
        if (record.conditions != ~record.generation ||
            record.draws.tickets[RECORD_DRAWS_MAX - 1] != (uint32_t)record.generation)
            abort(); /* torn */
    }
    return NULL;
}

static void no_record_is_read_torn(void **state)
{
    (void)state;
    struct race race = { .ring = record_ring_new(0) };
    pthread_t reader;
    race.newest = put(race.ring, 1);
    assert_int_equal(pthread_create(&reader, NULL, read_all_the_time, &race), 0);
    for (uint64_t mark = 2; mark < 100000; mark++)
        race.newest = put(race.ring, mark);
    race.is_over = true;
    pthread_join(reader, NULL);
    print_message("%u found\n", race.found);
    record_ring_free(race.ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_found_until_newer_ones_take_its_place),
        cmocka_unit_test(a_replay_gets_the_tickets_in_their_order),
        cmocka_unit_test(no_record_is_read_torn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
