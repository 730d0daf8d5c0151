/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "server/observer.h"

static const struct address client = { .family = ADDRESS_V4, .bytes = { 127, 0, 0, 1 } };

static void see(struct observer *observer, uint8_t mark)
{
    uint8_t query[600] = { mark }, reply[100] = { (uint8_t)~mark };
    observer_see(observer, TRANSPORT_UDP, &client, 53,
                 &(struct message){ .packet = query, .size = sizeof query, .out = reply, .reply_size = 100 });
}

static void what_was_seen_comes_in_order(void **state)
{
    (void)state;
    struct answer_counters counters = { 0 };
    struct observer *observer =
        observer_new(&(struct query_log_settings){ .file = "x", .file_chance = UINT32_MAX }, &counters);
    assert_null(observer_next(observer));
    for (unsigned i = 0; i < 10000; i++) {
        see(observer, (uint8_t)i);
        const struct observation *seen = observer_next(observer);
        assert_non_null(seen);
        assert_int_equal(seen->query[0], (uint8_t)i);
        assert_int_equal(seen->reply[0], (uint8_t)~i);
        assert_int_equal(seen->query_size, 600);
        assert_int_equal(seen->reply_size, 100);
        assert_true(seen->is_for_file && !seen->is_for_tap);
        observer_done(observer);
    }
    assert_null(observer_next(observer));
    assert_int_equal(counters.log_taken, 10000);
    observer_free(observer);
}

static void a_full_ring_loses_the_new_and_counts_them(void **state)
{
    (void)state;
    struct answer_counters counters = { 0 };
    struct observer *observer =
        observer_new(&(struct query_log_settings){ .tap = "x", .tap_chance = UINT32_MAX }, &counters);
    for (unsigned i = 0; i < 5000; i++)
        see(observer, (uint8_t)i);
    assert_int_equal(counters.log_taken, 4096);
    assert_int_equal(counters.log_dropped, 5000 - 4096);
    unsigned count = 0;
    for (const struct observation *seen; (seen = observer_next(observer)) != NULL; count++) {
        assert_int_equal(seen->query[0], (uint8_t)count);
        observer_done(observer);
    }
    assert_int_equal(count, 4096);
    see(observer, 7);
    assert_int_equal(observer_next(observer)->query[0], 7);
    observer_free(observer);
}

static void the_smaller_sample_is_part_of_the_larger(void **state)
{
    (void)state;
    struct answer_counters counters = { 0 };
    struct observer *observer = observer_new(
        &(struct query_log_settings){
            .file = "x", .file_chance = UINT32_MAX / 10, .tap = "y", .tap_chance = UINT32_MAX / 2 },
        &counters);
    unsigned files = 0, taps = 0;
    for (unsigned i = 0; i < 20000; i++) {
        see(observer, 0);
        const struct observation *seen = observer_next(observer);
        if (seen == NULL)
            continue;
        assert_true(seen->is_for_tap);
        taps++;
        files += seen->is_for_file;
        observer_done(observer);
    }
    assert_in_range(files, 1700, 2300); /* 2000; the deviation is 42 */
    assert_in_range(taps, 9500, 10500); /* 10000; 71 */
    observer_free(observer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_seen_comes_in_order),
        cmocka_unit_test(a_full_ring_loses_the_new_and_counts_them),
        cmocka_unit_test(the_smaller_sample_is_part_of_the_larger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
