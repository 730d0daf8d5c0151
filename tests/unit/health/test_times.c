/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/time_board.h"

#include "support/cmocka_all.h"

#define SECOND UINT64_C(1000000)

static void note(struct times *times, uint32_t connect_us, uint32_t tls_us, uint32_t first_byte_us,
                 uint64_t now_us)
{
    const struct finding finding = { .latency_us = connect_us,
                                     .tls_us = tls_us,
                                     .first_byte_us = first_byte_us };
    times_note(times, &finding, now_us);
}

static void each_step_is_smoothed_for_itself(void **state)
{
    (void)state;
    struct times times = { 0 };
    note(&times, 10000, 20000, 40000, 1);
    assert_int_equal(times_mean_us(&times, LATENCY_OF_CONNECT), 10000);
    note(&times, 18000, 20000, 40000, 2); /* an eighth of the difference */
    assert_int_equal(times_mean_us(&times, LATENCY_OF_CONNECT), 11000);
    assert_int_equal(times_mean_us(&times, LATENCY_OF_TLS), 20000);
    assert_int_equal(times_mean_us(&times, LATENCY_OF_FIRST_BYTE), 40000);
}

static void one_late_reply_moves_little_and_one_early_reply_counts(void **state)
{
    (void)state;
    struct times times = { 0 };
    note(&times, 10000, 0, 0, 1);
    note(&times, 3000000, 0, 0, 2); /* as 21 ms, twice the mean and one */
    assert_int_equal(times_mean_us(&times, LATENCY_OF_CONNECT), (10000 * 7 + 21000) / 8);
    note(&times, 2000, 0, 0, 3);
    assert_int_equal(times_mean_us(&times, LATENCY_OF_CONNECT), 2000);
}

static void a_reused_connection_leaves_connect_and_handshake_alone(void **state)
{
    (void)state;
    struct times times = { 0 };
    note(&times, 10000, 20000, 5000, 1);
    note(&times, 0, 0, 5000, 2);
    assert_int_equal(times.of[LATENCY_OF_CONNECT].samples, 1);
    assert_int_equal(times.of[LATENCY_OF_TLS].samples, 1);
    assert_int_equal(times.of[LATENCY_OF_FIRST_BYTE].samples, 2);
}

static void what_is_too_old_is_forgotten(void **state)
{
    (void)state;
    struct times times = { 0 };
    note(&times, 10000, 0, 0, 1 * SECOND);
    note(&times, 0, 0, 5000, 9 * SECOND);
    times_age(&times, 11 * SECOND, 10 * SECOND);
    assert_int_equal(times_mean_us(&times, LATENCY_OF_CONNECT), 10000);
    times_age(&times, 11 * SECOND + 1, 10 * SECOND);
    assert_int_equal(times_mean_us(&times, LATENCY_OF_CONNECT), 0);
    assert_int_equal(times.of[LATENCY_OF_CONNECT].samples, 0);
    assert_int_equal(times_mean_us(&times, LATENCY_OF_FIRST_BYTE), 5000);
}

static void the_board_shows_what_was_put_there_last(void **state)
{
    (void)state;
    struct time_board *board = time_board_new();
    struct times times = { 0 };
    struct check_times seen;
    assert_false(time_board_read(board, 300, 1, &seen));
    note(&times, 10000, 20000, 0, 5 * SECOND);
    time_board_put(board, 300, &times, LATENCY_OF_TLS);
    assert_false(time_board_read(board, 301, 1, &seen));
    assert_true(time_board_read(board, 300, 7 * SECOND, &seen));
    assert_int_equal(seen.counts, LATENCY_OF_TLS);
    assert_int_equal(seen.of[LATENCY_OF_CONNECT].mean_us, 10000);
    assert_int_equal(seen.of[LATENCY_OF_TLS].age_ms, 2000);
    assert_int_equal(seen.of[LATENCY_OF_FIRST_BYTE].samples, 0);
    time_board_clear(board, 300);
    assert_false(time_board_read(board, 300, 7 * SECOND, &seen));
    time_board_put(board, UINT32_MAX, &times, LATENCY_OF_TLS); /* beyond what is shown */
    assert_false(time_board_read(board, UINT32_MAX, 7 * SECOND, &seen));
    time_board_free(board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_step_is_smoothed_for_itself),
        cmocka_unit_test(one_late_reply_moves_little_and_one_early_reply_counts),
        cmocka_unit_test(a_reused_connection_leaves_connect_and_handshake_alone),
        cmocka_unit_test(what_is_too_old_is_forgotten),
        cmocka_unit_test(the_board_shows_what_was_put_there_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
