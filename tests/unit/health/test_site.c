/* SPDX-License-Identifier: GPL-3.0-or-later */
/* So many probes to one address at a time. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench.h"
#include "servers.h"

#include "health/dispatch.h"
#include "health/target.h"

enum { PLACES = 3, SLOTS = 12 };

static uint32_t in_flight(const struct bench *bench)
{
    return checker_counters(bench->checker)->in_flight;
}

static uint64_t delayed(const struct bench *bench)
{
    return checker_counters(bench->checker)->delayed;
}

static void a_silent_address_gets_no_more_probes_at_a_time_and_every_target_its_turn(void **state)
{
    (void)state;
    struct bench bench;
    bench_open_limited(&bench, 0, PLACES, NULL);
    struct server *server = server_start("127.0.45.1", serve_silence, NULL);
    bool is_known[SLOTS] = { false };
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        bench_bind(&bench, slot, check_of(CHECK_HTTP, server->port, 10, 40), "127.0.45.1");
    for (size_t known = 0; known < SLOTS;) {
        struct health_report report = bench_await(&bench, HEALTH_DOWN);
        known += !is_known[report.endpoint_slot];
        is_known[report.endpoint_slot] = true;
        assert_true(in_flight(&bench) <= PLACES);
    }
    assert_true(delayed(&bench) > 0);
    bench_close(&bench);
    server_stop(server);
}

static void other_addresses_are_not_held_up(void **state)
{
    (void)state;
    struct bench bench;
    bench_open_limited(&bench, 0, PLACES, NULL);
    struct server *silent = server_start("127.0.45.2", serve_silence, NULL);
    struct server *good = server_start("127.0.45.3", NULL, NULL);
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        bench_bind(&bench, slot, check_of(CHECK_HTTP, silent->port, 10, 60000), "127.0.45.2");
    bench_until(in_flight(&bench) == PLACES && delayed(&bench) > 0);
    bench_bind(&bench, SLOTS, check_of(CHECK_TCP, good->port, 10, 60000), "127.0.45.3");
    struct health_report report = bench_await(&bench, HEALTH_UP);
    assert_int_equal(report.endpoint_slot, SLOTS);
    bench_until(checker_counters(bench.checker)->succeeded > 10);
    assert_true(in_flight(&bench) <= PLACES + 1);
    bench_close(&bench); /* with some that wait */
    server_stop(silent);
    server_stop(good);
}

static void who_waits_goes_on_when_those_before_it_are_unbound(void **state)
{
    (void)state;
    struct bench bench;
    bench_open_limited(&bench, 0, 1, NULL);
    struct server *server = server_start("127.0.45.4", serve_silence, NULL);
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        bench_bind(&bench, slot, check_of(CHECK_HTTP, server->port, 60000, 60000), "127.0.45.4");
        bench_until(checker_counters(bench.checker)->started + delayed(&bench) == slot + 1);
    }
    for (uint32_t slot = 1; slot < SLOTS - 1; slot++) /* all those that wait but the last */
        checker_bind(bench.checker, slot, NULL, 0);
    bench_until(checker_counters(bench.checker)->bindings == 2);
    assert_int_equal(checker_counters(bench.checker)->started, 1);
    checker_bind(bench.checker, 0, NULL, 0);
    bench_until(checker_counters(bench.checker)->started == 2 && in_flight(&bench) == 1);
    bench_close(&bench);
    server_stop(server);
}

static void who_waits_longest_goes_first(void **state)
{
    (void)state;
    struct sites sites;
    struct address address;
    struct target targets[4] = { 0 };
    sites_open(&sites);
    address_parse("127.0.45.5", &address);
    struct site *site = site_acquire(&sites, &address);
    site_enter(site);
    site_enter(site);
    for (size_t i = 0; i < 4; i++)
        queue_put(&site->waiting, &targets[i]);
    assert_null(sites_next(&sites, 2));
    site_leave(&sites, site);
    site_leave(&sites, site);
    assert_ptr_equal(sites_next(&sites, 2), &targets[0]);
    site_enter(site);
    queue_remove(&targets[1]);
    assert_ptr_equal(sites_next(&sites, 2), &targets[2]);
    site_enter(site);
    assert_null(sites_next(&sites, 2)); /* as many as may be */
    site_leave(&sites, site);
    assert_ptr_equal(sites_next(&sites, 2), &targets[3]);
    assert_null(sites_next(&sites, 2)); /* nobody is left */
    site_leave(&sites, site);
    site_release(&sites, site);
    sites_close(&sites);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_silent_address_gets_no_more_probes_at_a_time_and_every_target_its_turn),
        cmocka_unit_test(other_addresses_are_not_held_up),
        cmocka_unit_test(who_waits_goes_on_when_those_before_it_are_unbound),
        cmocka_unit_test(who_waits_longest_goes_first),
    };
    return cmocka_run_group_tests(tests, quiet, loud);
}
