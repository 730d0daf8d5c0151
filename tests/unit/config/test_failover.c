/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/failover.h"

#include "base/memory.h"
#include "base/rng.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#define INTERVAL CHECK_SAYS_INTERVAL
#define TIMEOUT  CHECK_SAYS_TIMEOUT
#define FALL     CHECK_SAYS_FALL
#define CONFIRM  CHECK_SAYS_CONFIRM

static struct check check_saying(uint8_t says, struct failover_pace pace)
{
    struct check check = { .interval_ms = 3000, .timeout_ms = 1000, .fall = 3, .says = says };
    if (says & INTERVAL)
        check.interval_ms = pace.interval_ms;
    if (says & TIMEOUT)
        check.timeout_ms = pace.timeout_ms;
    if (says & FALL)
        check.fall = pace.fall;
    if (says & CONFIRM)
        check.confirm = pace.confirm;
    return check;
}

static void the_calmest_pace_that_keeps_the_budget_is_chosen(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        int64_t budget_ms;
        uint8_t says;
        struct failover_pace said, chosen;
        bool is_kept;
    } rows[] = {
        { "the defaults fit", 10100, 0, { 0 }, { 3000, 1000, 3, false }, true },
        { "and are not left when there is more time", 3600000, 0, { 0 }, { 3000, 1000, 3, false }, true },
        { "half of 10 s", 5000, 0, { 0 }, { 1300, 1000, 3, false }, true },
        { "half of 3 s and a ttl of 1 s", 2000, 0, { 0 }, { 480, 470, 2, true }, true },
        { "half a second", 500, 0, { 0 }, { 200, 100, 1, true }, true },
        { "the fastest", 250, 0, { 0 }, { 100, 50, 1, false }, true },
        { "nothing is that fast", 249, 0, { 0 }, { 100, 50, 1, false }, false },
        { "no time at all", -5000, 0, { 0 }, { 100, 50, 1, false }, false },
        { "a said interval: fewer bad results",
          5000,
          INTERVAL,
          { .interval_ms = 2000 },
          { 2000, 450, 2, true },
          true },
        { "a said interval that is too long",
          5000,
          INTERVAL,
          { .interval_ms = 5000 },
          { 5000, 50, 1, false },
          false },
        { "a said timeout: a shorter interval",
          5000,
          TIMEOUT,
          { .timeout_ms = 2000 },
          { 960, 2000, 3, false },
          true },
        { "a said fall", 5000, FALL, { .fall = 1 }, { 3000, 1000, 1, false }, true },
        { "said not to confirm", 2000, CONFIRM, { .confirm = false }, { 710, 470, 2, false }, true },
        { "all is said, and fits",
          4000,
          INTERVAL | TIMEOUT | FALL | CONFIRM,
          { 1000, 500, 3, true },
          { 1000, 500, 3, true },
          false },
        { "all is said, and fits indeed",
          4100,
          INTERVAL | TIMEOUT | FALL | CONFIRM,
          { 1000, 500, 3, true },
          { 1000, 500, 3, true },
          true },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct failover_pace pace;
        struct check check = check_saying(rows[i].says, rows[i].said);
        bool is_kept = failover_derive(&check, rows[i].budget_ms, &pace);
        const struct failover_pace *wanted = &rows[i].chosen;
        if (is_kept != rows[i].is_kept || pace.interval_ms != wanted->interval_ms ||
            pace.timeout_ms != wanted->timeout_ms || pace.fall != wanted->fall ||
            pace.confirm != wanted->confirm)
            fail_msg("%s: %skept by %u × %u + %u%s", rows[i].why, is_kept ? "" : "not ", pace.fall,
                     pace.interval_ms, pace.timeout_ms, pace.confirm ? " confirmed" : "");
    }
}

static void the_ttl_gets_half_as_far_as_it_is_not_said(void **state)
{
    (void)state;
    assert_int_equal(failover_budget_ms(10000, -1), 5000);
    assert_int_equal(failover_budget_ms(1500, -1), 500);
    assert_int_equal(failover_budget_ms(600000, -1), 570000);
    assert_int_equal(failover_budget_ms(10000, 8), 2000);
    assert_int_equal(failover_budget_ms(10000, 30), -20000);
    assert_int_equal(failover_budget_most_ms(10000, -1), 9000);
    assert_int_equal(failover_budget_most_ms(10000, 0), 10000);
    assert_int_equal(failover_ttl_s(10000, 4100), 5);
    assert_int_equal(failover_ttl_s(600000, 10100), 30);
    assert_int_equal(failover_ttl_s(1000, 1000), 0);
}

/* What a tighter budget makes of a check may not be slower than a looser one's, but for rounding: services
 * count on their own. */
static void whatever_is_said_a_kept_budget_is_kept_and_a_tighter_one_is_no_slower(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng);
    unsigned kept = 0;
    for (unsigned i = 0; i < 200000; i++) {
        struct check check = check_saying((uint8_t)(rng_next(&rng) % 16),
                                          (struct failover_pace){ 100 + (uint32_t)(rng_next(&rng) % 5000),
                                                                  10 + (uint32_t)(rng_next(&rng) % 2000),
                                                                  (uint16_t)(1 + rng_next(&rng) % 5),
                                                                  rng_next(&rng) % 2 == 0 });
        int64_t loose_ms = (int64_t)(rng_next(&rng) % 15000),
                tight_ms = loose_ms - (int64_t)(rng_next(&rng) % 3000);
        struct failover_pace loose, tight;
        bool is_loose_kept = failover_derive(&check, loose_ms, &loose);
        bool is_tight_kept = failover_derive(&check, tight_ms, &tight);
        assert_true(is_loose_kept || !is_tight_kept);
        if (!is_tight_kept)
            continue;
        kept++;
        assert_true((int64_t)failover_detection_ms(&tight) <= tight_ms);
        assert_true((int64_t)failover_detection_ms(&loose) <= loose_ms);
        if (failover_detection_ms(&tight) > failover_detection_ms(&loose) + 40)
            fail_msg("says %u: budget %d: %u × %u + %u%s, but %d: %u × %u + %u%s", check.says, (int)tight_ms,
                     tight.fall, tight.interval_ms, tight.timeout_ms, tight.confirm ? " confirmed" : "",
                     (int)loose_ms, loose.fall, loose.interval_ms, loose.timeout_ms,
                     loose.confirm ? " confirmed" : "");
    }
    assert_true(kept > 10000);
}

static void a_check_with_another_pace_is_equal_in_all_else(void **state)
{
    (void)state;
    struct check *check = xcalloc(1, sizeof *check);
    check->references = 1;
    check->name = xstrdup("web");
    check->path = xstrdup("/healthz");
    check->headers = xcalloc(1, sizeof *check->headers);
    check->headers[0] = xstrdup("A: b");
    check->header_count = 1;
    check->fall = 3;
    struct failover_pace pace = failover_pace_of(check);
    struct check *same = failover_check(check, &pace);
    assert_ptr_equal(same, check);
    pace.fall = 2;
    struct check *other = failover_check(check, &pace);
    assert_false(check_equal(check, other));
    other->fall = 3;
    assert_true(check_equal(check, other));
    check_release(same);
    check_release(check);
    assert_string_equal(other->headers[0], "A: b");
    check_release(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_calmest_pace_that_keeps_the_budget_is_chosen),
        cmocka_unit_test(the_ttl_gets_half_as_far_as_it_is_not_said),
        cmocka_unit_test(whatever_is_said_a_kept_budget_is_kept_and_a_tighter_one_is_no_slower),
        cmocka_unit_test(a_check_with_another_pace_is_equal_in_all_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
