/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/verdict.h"

#include "base/rng.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <math.h>

static void the_first_result_decides(void **state)
{
    (void)state;
    struct verdict verdict;
    verdict_start(&verdict, 5, 5);
    assert_false(verdict_is_up(&verdict));
    assert_true(verdict_note(&verdict, true));
    assert_true(verdict_is_up(&verdict));
    assert_int_equal(verdict_results_needed(&verdict), 0);
    verdict_start(&verdict, 5, 5);
    assert_true(verdict_note(&verdict, false));
    assert_false(verdict_is_up(&verdict));
    assert_int_equal(verdict_results_needed(&verdict), 0);
}

static void three_failures_in_a_row_take_it_down_and_two_successes_bring_it_back(void **state)
{
    (void)state;
    static const struct {
        bool is_success, has_turned, is_up;
        uint32_t needed;
    } steps[] = {
        { true, true, true, 0 },    { false, false, true, 2 }, { true, false, true, 0 },
        { false, false, true, 2 },  { false, false, true, 1 }, { false, true, false, 0 },
        { false, false, false, 0 }, { true, false, false, 1 }, { false, false, false, 0 },
        { true, false, false, 1 },  { true, true, true, 0 },
    };
    struct verdict verdict;
    verdict_start(&verdict, 2, 3);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        assert_int_equal(verdict_note(&verdict, steps[i].is_success), steps[i].has_turned);
        assert_int_equal(verdict_is_up(&verdict), steps[i].is_up);
        assert_int_equal(verdict_results_needed(&verdict), steps[i].needed);
    }
}

static void thresholds_of_zero_count_as_one(void **state)
{
    (void)state;
    struct verdict verdict;
    verdict_start(&verdict, 0, 0);
    assert_true(verdict_note(&verdict, true));
    assert_true(verdict_note(&verdict, false));
    assert_true(verdict_note(&verdict, true));
}

/* Keeps all results and counts the run at their end. */
struct naive {
    bool results[400];
    size_t count;
    bool is_up;
};

static uint32_t naive_run(const struct naive *naive, bool is_success)
{
    uint32_t run = 0;
    for (size_t i = naive->count; i > 0 && naive->results[i - 1] == is_success; i--)
        run++;
    return run;
}

static bool naive_note(struct naive *naive, bool is_success, uint16_t rise, uint16_t fall)
{
    naive->results[naive->count++] = is_success;
    bool was_up = naive->is_up;
    if (naive->count == 1) {
        naive->is_up = is_success;
        return true;
    }
    if (is_success && naive_run(naive, true) >= rise)
        naive->is_up = true;
    if (!is_success && naive_run(naive, false) >= fall)
        naive->is_up = false;
    return naive->is_up != was_up;
}

static uint32_t naive_needed(const struct naive *naive, uint16_t rise, uint16_t fall)
{
    uint32_t against = naive_run(naive, !naive->is_up);
    return against == 0 ? 0 : (naive->is_up ? fall : rise) - against;
}

static void it_agrees_with_counting_runs_on_random_results(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    for (int round = 0; round < 2000; round++) {
        uint16_t rise = (uint16_t)(1 + rng_next(&rng) % 6), fall = (uint16_t)(1 + rng_next(&rng) % 6);
        uint64_t bias = 1 + rng_next(&rng) % 9;
        struct naive naive = { .count = 0 };
        struct verdict verdict;
        verdict_start(&verdict, rise, fall);
        while (naive.count < 400) {
            bool is_success = rng_next(&rng) % 10 < bias;
            assert_int_equal(verdict_note(&verdict, is_success), naive_note(&naive, is_success, rise, fall));
            assert_int_equal(verdict_is_up(&verdict), naive.is_up);
            assert_int_equal(verdict_results_needed(&verdict), naive_needed(&naive, rise, fall));
        }
    }
}

static void a_restored_verdict_turns_by_its_threshold(void **state)
{
    (void)state;
    struct verdict verdict;
    verdict_start(&verdict, 2, 3);
    verdict_restore(&verdict, true);
    assert_true(verdict_is_up(&verdict));
    assert_int_equal(verdict_results_needed(&verdict), 0);
    assert_false(verdict_note(&verdict, false));
    assert_false(verdict_note(&verdict, false));
    assert_true(verdict_note(&verdict, false));
    verdict_start(&verdict, 2, 3);
    verdict_restore(&verdict, false);
    assert_false(verdict_note(&verdict, true));
    assert_true(verdict_note(&verdict, true));
}

/* ---- how often chance alone turns a verdict ---- */

/* Trials until `run` of them in a row come out as what has this probability: mean and variance (Feller, An
 * Introduction to Probability Theory, vol. 1, XIII.7). */
struct waiting {
    double mean, variance;
};

static struct waiting waiting_of(double probability, unsigned run)
{
    double all = pow(probability, run), other = 1 - probability;
    return (struct waiting){ (1 - all) / (other * all), 1 / (other * other * all * all) -
                                                            (2 * run + 1) / (other * all) -
                                                            probability / (other * other) };
}

/* An endpoint that is well, seen through a network that loses this share of the checks. */
static unsigned turns_of(struct rng *rng, double loss, unsigned probes, uint16_t rise, uint16_t fall,
                         bool confirms)
{
    struct verdict verdict;
    unsigned turns = 0;
    verdict_start(&verdict, rise, fall);
    verdict_restore(&verdict, true);
    while (probes-- > 0) {
        bool is_success = (double)(rng_next(rng) >> 11) * 0x1p-53 >= loss;
        if (confirms && verdict_must_confirm(&verdict, is_success))
            continue; /* the next result is the one right after it */
        turns += verdict_note(&verdict, is_success);
    }
    return turns;
}

/* Down and up again is one cycle: E(fall) + E(rise) checks, and cycles in a row are a renewal process, whose
 * count in N checks has the mean N/m and the variance N·s²/m³.  A confirmation asks for one failure more. */
static void chance_turns_a_verdict_as_often_as_arithmetic_says(void **state)
{
    (void)state;
    static const double losses[] = { 0.01, 0.05, 0.20 };
    enum { PROBES = 2000000, SIGMAS = 5 };
    struct rng rng;
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    for (unsigned i = 0; i < 3 * 4 * 2; i++) {
        double loss = losses[i % 3];
        uint16_t fall = (uint16_t)(1 + i / 3 % 4), rise = (uint16_t)(1 + i % 2);
        bool confirms = i >= 12;
        struct waiting down = waiting_of(loss, confirms ? fall + 1u : fall), up = waiting_of(1 - loss, rise);
        double cycle = down.mean + up.mean;
        double expected = 2 * PROBES / cycle;
        double sigma = 2 * sqrt(PROBES * (down.variance + up.variance) / (cycle * cycle * cycle));
        unsigned turns = turns_of(&rng, loss, PROBES, rise, fall, confirms);
        double apart = fabs((double)turns - expected);
        if (apart > SIGMAS * sigma + 4) /* 4: two cycles that were begun */
            fail_msg("loss %.2f, rise %u, fall %u%s: %u turns, expected %.1f, sigma %.1f", loss, rise, fall,
                     confirms ? ", confirmed" : "", turns, expected, sigma);
    }
}

/* Four failures in a row, each of one in a hundred: 10,000 checks hold them with a probability of 0.0001. */
static void with_confirmation_ten_thousand_checks_survive_one_percent_of_loss(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    assert_int_equal(turns_of(&rng, 0.01, 10000, 2, 3, true), 0);
}

static void a_first_failure_counts_only_with_the_next_one(void **state)
{
    (void)state;
    struct verdict verdict;
    verdict_start(&verdict, 1, 1);
    assert_false(verdict_must_confirm(&verdict, false)); /* the first result decides, unconfirmed */
    verdict_restore(&verdict, true);
    assert_true(verdict_must_confirm(&verdict, false));
    assert_false(verdict_must_confirm(&verdict, true)); /* it was nothing */
    assert_false(verdict_note(&verdict, true));
    assert_true(verdict_must_confirm(&verdict, false));
    assert_false(verdict_must_confirm(&verdict, false));
    assert_true(verdict_note(&verdict, false));
    assert_false(verdict_must_confirm(&verdict, false)); /* down: nothing to confirm */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_result_decides),
        cmocka_unit_test(three_failures_in_a_row_take_it_down_and_two_successes_bring_it_back),
        cmocka_unit_test(thresholds_of_zero_count_as_one),
        cmocka_unit_test(a_restored_verdict_turns_by_its_threshold),
        cmocka_unit_test(a_first_failure_counts_only_with_the_next_one),
        cmocka_unit_test(chance_turns_a_verdict_as_often_as_arithmetic_says),
        cmocka_unit_test(with_confirmation_ten_thousand_checks_survive_one_percent_of_loss),
        cmocka_unit_test(it_agrees_with_counting_runs_on_random_results),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
