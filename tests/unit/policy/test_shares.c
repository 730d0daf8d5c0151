/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "base/rng.h"
#include "policy/shares.h"

#include <math.h>

enum { MOST = 12 };

static double sum_of(const struct share *shares, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += shares[i].serves;
    return sum;
}

static void close_to(double value, double wanted)
{
    if (fabs(value - wanted) > 1e-6 * (1 + fabs(wanted)))
        fail_msg("%f instead of %f", value, wanted);
}

static void what_is_shed_goes_to_the_others_by_weight(void **state)
{
    (void)state;
    struct share shares[] = { { .weight = 2, .kept = 0.5 },
                              { .weight = 1, .kept = 1 },
                              { .weight = 3, .kept = 1 } };
    shares_spread(shares, 3);
    close_to(shares[0].serves, 1);
    close_to(shares[1].serves, 1.25);
    close_to(shares[2].serves, 3.75);
}

static void who_is_alone_serves_all(void **state)
{
    (void)state;
    struct share shares[] = { { .weight = 2, .kept = 0 }, { .weight = 1, .kept = 0.5 } };
    shares_spread(&shares[1], 1);
    close_to(shares[1].serves, 1);
    shares_spread(shares, 2);
    close_to(shares[0].serves, 0);
    close_to(shares[1].serves, 3);
    shares[1].kept = 0; /* everybody wants to give: nobody takes */
    shares_spread(shares, 2);
    close_to(shares[0].serves, 2);
    close_to(shares[1].serves, 1);
}

/* One by one: what each gives is handed to every other by what that keeps. */
static void spreading_matches_handing_over_one_by_one(void **state)
{
    (void)state;
    struct rng rng = { .state = 5 };
    for (int round = 0; round < 5000; round++) {
        struct share shares[MOST];
        double naive[MOST];
        size_t count = 1 + rng_next(&rng) % MOST;
        for (size_t i = 0; i < count; i++) {
            shares[i] = (struct share){ .weight = (double)(1 + rng_next(&rng) % 20),
                                        .kept = (double)(rng_next(&rng) % 5) / 4 };
            naive[i] = shares[i].weight * shares[i].kept;
        }
        for (size_t from = 0; from < count; from++) {
            double takers = 0, given = shares[from].weight * (1 - shares[from].kept);
            for (size_t to = 0; to < count; to++)
                takers += to != from ? shares[to].weight * shares[to].kept : 0;
            for (size_t to = 0; to < count; to++)
                if (to != from && takers > 0)
                    naive[to] += given * shares[to].weight * shares[to].kept / takers;
            naive[from] += takers > 0 ? 0 : given;
        }
        shares_spread(shares, count);
        for (size_t i = 0; i < count; i++)
            close_to(shares[i].serves, naive[i]);
    }
}

static void a_failed_sites_load_overflows_past_full_ones(void **state)
{
    (void)state;
    /* weights 50, 30, 20 and the first is out: its 50 would be shared 30 to 20, but the second takes 40 */
    struct share shares[] = { { .serves = 30, .capacity = 40 }, { .serves = 20, .capacity = 80 } };
    assert_true(shares_level(shares, 2, 100));
    close_to(shares[0].serves, 40);
    close_to(shares[1].serves, 60);
}

/* Pours the load out in small drops, each spread over those that still have room, as their weights say. */
static void pour(const struct share *shares, size_t count, double load, double *out)
{
    enum { DROPS = 20000 };
    for (size_t i = 0; i < count; i++)
        out[i] = 0;
    for (int drop = 0; drop < DROPS; drop++) {
        double open = 0;
        for (size_t i = 0; i < count; i++)
            open += out[i] < shares[i].capacity ? shares[i].serves : 0;
        for (size_t i = 0; i < count && open > 0; i++)
            if (out[i] < shares[i].capacity)
                out[i] += load / DROPS * shares[i].serves / open;
    }
}

static void leveling_matches_pouring_drop_by_drop(void **state)
{
    (void)state;
    struct rng rng = { .state = 6 };
    for (int round = 0; round < 150; round++) {
        struct share shares[MOST];
        double poured[MOST], capacity = 0, load = 0;
        size_t count = 1 + rng_next(&rng) % MOST;
        for (size_t i = 0; i < count; i++) {
            double weight = (double)(1 + rng_next(&rng) % 20);
            shares[i] = (struct share){ .serves = weight, .capacity = HUGE_VAL };
            if (rng_next(&rng) % 4 != 0)
                shares[i].capacity = (double)(1 + rng_next(&rng) % 50);
            capacity += shares[i].capacity;
            load += weight;
        }
        load += (double)(rng_next(&rng) % 60); /* of those that failed */
        pour(shares, count, load, poured);
        shares_level(shares, count, load);
        double scale = capacity < load ? 1 : load / sum_of(shares, count);
        for (size_t i = 0; i < count; i++) {
            double serves = shares[i].serves * scale;
            if (fabs(serves - poured[i]) > 0.01 * load)
                fail_msg("round %d: %f instead of %f", round, serves, poured[i]);
            if (capacity >= load && serves > shares[i].capacity * (1 + 1e-9))
                fail_msg("round %d: %f is above the capacity of %f", round, serves, shares[i].capacity);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_shed_goes_to_the_others_by_weight),
        cmocka_unit_test(who_is_alone_serves_all),
        cmocka_unit_test(spreading_matches_handing_over_one_by_one),
        cmocka_unit_test(a_failed_sites_load_overflows_past_full_ones),
        cmocka_unit_test(leveling_matches_pouring_drop_by_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
