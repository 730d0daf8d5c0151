/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/rng.h"
#include "snapshot/tickets.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#define THREADS 4
#define KEYS    50
#define TAKES   200000

static void each_key_counts_for_itself(void **state)
{
    (void)state;
    struct tickets *tickets = tickets_new(1000);
    for (uint32_t number = 0; number < 5; number++) {
        for (uint32_t service = 0; service < 100; service++) {
            assert_int_equal(ticket_peek(tickets, ticket_key(service, 1, 1)), number);
            assert_int_equal(ticket_take(tickets, ticket_key(service, 1, 1), 99), number);
            assert_int_equal(ticket_take(tickets, ticket_key(service, 1, 28), 99), number);
            assert_int_equal(ticket_take(tickets, ticket_key(service, 2, 1), 99), number);
        }
    }
    tickets_free(tickets);
    tickets_free(NULL);
}

static void keys_differ(void **state)
{
    (void)state;
    const uint32_t most = (1U << 24) - 1;
    assert_int_not_equal(ticket_key(0, 0, 0), 0);
    assert_int_not_equal(ticket_key(most - 1, most, UINT16_MAX), 0);
    assert_int_not_equal(ticket_key(1, 0, 0), ticket_key(0, 1, 0));
    assert_int_not_equal(ticket_key(0, 0, UINT16_MAX), ticket_key(0, 1, UINT16_MAX));
}

static void peeking_enters_no_key(void **state)
{
    (void)state;
    struct tickets *tickets = tickets_new(64);
    for (uint32_t service = 0; service < 10000; service++)
        assert_int_equal(ticket_peek(tickets, ticket_key(service, 0, 1)), 0);
    assert_int_equal(ticket_take(tickets, ticket_key(7, 0, 1), 99), 0);
    assert_int_equal(ticket_take(tickets, ticket_key(7, 0, 1), 99), 1);
    tickets_free(tickets);
}

static void without_room_numbers_are_random_and_old_keys_still_count(void **state)
{
    (void)state;
    struct tickets *tickets = tickets_new(64);
    uint32_t entered = 0;
    for (uint32_t service = 0; service < 1000; service++)
        entered += ticket_take(tickets, ticket_key(service, 0, 1), 4711) == 0;
    assert_int_equal(entered, 56); /* 7/8 */
    assert_int_equal(ticket_take(tickets, ticket_key(0, 0, 1), 4711), 1);
    assert_int_equal(ticket_take(tickets, ticket_key(999, 0, 1), 4712), 4712);
    assert_int_equal(ticket_peek(tickets, ticket_key(999, 0, 1)), 0);
    uint32_t ticket = 4713;
    assert_false(ticket_next(tickets, ticket_key(999, 0, 1), &ticket));
    assert_int_equal(ticket, 4713);
    assert_true(ticket_next(tickets, ticket_key(0, 0, 1), &ticket));
    assert_int_equal(ticket, 2);
    tickets_free(tickets);
}

struct taker {
    struct tickets *tickets;
    uint64_t seed;
    uint32_t taken[KEYS];
    bool is_ascending;
};

static void *take_many(void *context)
{
    struct taker *taker = context;
    struct rng rng = { .state = taker->seed };
    uint32_t last[KEYS] = { 0 };
    taker->is_ascending = true;
    for (int i = 0; i < TAKES; i++) {
        uint32_t key = (uint32_t)(rng_next(&rng) % KEYS);
        uint32_t number = ticket_take(taker->tickets, ticket_key(key, 0, 1), 0);
        taker->is_ascending &= taker->taken[key] == 0 || number > last[key];
        last[key] = number;
        taker->taken[key]++;
    }
    return NULL;
}

static void no_ticket_is_lost_between_threads(void **state)
{
    (void)state;
    struct tickets *tickets = tickets_new(64); /* nearly full: keys are fought for */
    static struct taker takers[THREADS];
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        takers[i] = (struct taker){ .tickets = tickets, .seed = i };
        assert_int_equal(pthread_create(&threads[i], NULL, take_many, &takers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (uint32_t key = 0; key < KEYS; key++) {
        uint32_t taken = 0;
        for (unsigned i = 0; i < THREADS; i++)
            taken += takers[i].taken[key];
        assert_int_equal(ticket_peek(tickets, ticket_key(key, 0, 1)), taken);
    }
    for (unsigned i = 0; i < THREADS; i++)
        assert_true(takers[i].is_ascending);
    tickets_free(tickets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_key_counts_for_itself),
        cmocka_unit_test(keys_differ),
        cmocka_unit_test(peeking_enters_no_key),
        cmocka_unit_test(without_room_numbers_are_random_and_old_keys_still_count),
        cmocka_unit_test(no_ticket_is_lost_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
