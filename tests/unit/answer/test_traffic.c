/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "answer/traffic.h"
#include "base/memory.h"
#include "base/rng.h"
#include "snapshot/conditions.h"

#include <stdlib.h>

static struct answer_counters *counters_new(void)
{
    struct answer_counters *counters = xcalloc(1, sizeof *counters);
    counters->served = xcalloc(SERVED_ROOM, sizeof *counters->served);
    counters->services = xcalloc(SERVED_ROOM, sizeof *counters->services);
    return counters;
}

static void counters_free(struct answer_counters *counters)
{
    free(counters->served);
    free(counters->services);
    free(counters);
}

static void an_answer_counts_for_its_service_and_its_first_endpoint(void **state)
{
    (void)state;
    struct answer_counters *counters = counters_new();
    const struct address client = { .family = ADDRESS_V4 };
    const struct service www = { .id = 7 }, last = { .id = SERVED_ROOM - 1 };
    const struct traffic to_www = { .service = &www, .client = &client, .lead_slot = 3 };
    const struct traffic to_last = {
        .is_degraded = true, .service = &last, .client = &client, .lead_slot = SLOT_NONE
    };
    struct answerer answerer = { .counters = counters };
    traffic_count(&answerer, &to_www);
    traffic_count(&answerer, &to_www);
    traffic_count(&answerer, &to_last);
    assert_int_equal(counters->steered, 3);
    assert_int_equal(counters->steered_degraded, 1);
    assert_int_equal(counters->services[7], 2);
    assert_int_equal(counters->services[SERVED_ROOM - 1], 1);
    assert_int_equal(counters->served[3], 2);
    counters_free(counters);
}

static void what_there_is_no_room_for_is_not_counted(void **state)
{
    (void)state;
    struct answer_counters none = { 0 };
    const struct address client = { .family = ADDRESS_V4 };
    const struct service beyond = { .id = SERVED_ROOM };
    struct traffic traffic = { .service = &beyond, .client = &client, .lead_slot = 3 };
    struct answerer answerer = { .counters = &none };
    traffic_count(&answerer, &traffic); /* without columns */
    struct answer_counters *counters = counters_new();
    traffic.lead_slot = SERVED_ROOM;
    answerer.counters = counters;
    traffic_count(&answerer, &traffic);
    assert_int_equal(counters->steered, 1);
    counters_free(counters);
}

static void one_answer_in_64_is_located(void **state)
{
    enum { ANSWERS = 64000 };
    (void)state;
    struct answer_counters *counters = counters_new();
    struct answerer answerer = { .counters = counters };
    const struct address nowhere = { .family = ADDRESS_V4 };
    const struct service www = { .id = 7 };
    struct traffic traffic = { .service = &www, .client = &nowhere, .lead_slot = 3 };
    rng_seed(&answerer.rng);
    for (unsigned i = 0; i < ANSWERS; i++)
        traffic_count(&answerer, &traffic);
    uint64_t located = 0;
    for (size_t i = 0; i < COUNTRY_COUNT; i++)
        located += counters->countries[i];
    assert_int_equal(counters->countries[COUNTRY_NONE], located);
    assert_in_range(located, 700, 1300); /* 1000, and ten times the deviation around it */
    counters_free(counters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_counts_for_its_service_and_its_first_endpoint),
        cmocka_unit_test(what_there_is_no_room_for_is_not_counted),
        cmocka_unit_test(one_answer_in_64_is_located),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
