/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How soon a dead endpoint is out of answers, as the world measures it. */
#include "control/compiled_world.h"

#include "base/clock.h"

static const char *const check = "{\"type\":\"http\"}";
static const char *const pool = "{\"check\":\"web\",\"endpoints\":{\"a\":{\"ipv4\":\"192.0.2.1\"}}}";
static const char *const zone = "{\"records\":[\"@ NS ns.example.net.\"]}";

struct bench {
    struct compiled_world all;
    uint32_t slot;
};

static void bench_open(struct bench *bench, const char *service)
{
    struct objects changes = { 0 };
    compiled_world_open(&bench->all);
    add_object(&changes, OBJECT_CHECK, "web", check);
    add_object(&changes, OBJECT_POOL, "us", pool);
    add_object(&changes, OBJECT_ZONE, "example.com", zone);
    add_object(&changes, OBJECT_SERVICE, "example.com/www", service);
    struct compiled compiled = compiled_world_compile(&bench->all, &changes);
    bench->slot = compiled.nodes[0].after->children[0].endpoint->slot;
    compiled_world_take(&bench->all, &compiled);
}

static struct failover observe(struct bench *bench, enum health_verdict verdict, uint64_t good_us)
{
    struct health_report report = {
        .endpoint_slot = bench->slot, .verdict = (uint8_t)verdict, .has_replied = true, .good_us = good_us
    };
    world_observe(bench->all.world, &report);
    world_publish(bench->all.world);
    snapshot_register_thread();
    const struct snapshot *now = snapshot_acquire();
    const struct endpoint_condition *condition = paged_get(&now->conditions->endpoints, bench->slot);
    struct failover failover = condition->failover;
    snapshot_release();
    snapshot_unregister_thread();
    return failover;
}

static void a_death_is_measured_from_the_last_good_check(void **state)
{
    (void)state;
    struct bench bench;
    uint64_t kept, missed;
    bench_open(&bench, "{\"failover\":\"10s\",\"policy\":\"us\"}");
    uint64_t good_us = clock_monotonic_us() - 1000000;
    struct failover alive = observe(&bench, HEALTH_UP, good_us);
    assert_int_equal(alive.objective_ms, 10000);
    assert_int_equal(alive.ttl_s, 5);
    assert_int_equal(alive.promised_ms, 5000);
    assert_int_equal(alive.at_wall_ms, 0);
    struct failover dead = observe(&bench, HEALTH_DOWN, good_us);
    assert_in_range(dead.noticed_ms, 1000, 5000); /* a slow machine may take four seconds for these lines */
    assert_int_equal(failover_achieved_ms(&dead), dead.noticed_ms + 5000);
    assert_true(dead.at_wall_ms != 0 && failover_is_kept(&dead));
    world_failovers(bench.all.world, &kept, &missed);
    assert_int_equal(kept, 1);
    struct failover again = observe(&bench, HEALTH_DOWN, good_us); /* that was no other death */
    assert_int_equal(again.at_wall_ms, dead.at_wall_ms);
    assert_int_equal(observe(&bench, HEALTH_UP, clock_monotonic_us()).noticed_ms, dead.noticed_ms);
    dead = observe(&bench, HEALTH_DOWN, clock_monotonic_us() - 6000000);
    assert_false(failover_is_kept(&dead));
    world_failovers(bench.all.world, &kept, &missed);
    assert_int_equal(kept, 1);
    assert_int_equal(missed, 1);
    compiled_world_close(&bench.all);
}

static void without_an_objective_it_is_measured_and_not_judged(void **state)
{
    (void)state;
    struct bench bench;
    uint64_t kept, missed;
    bench_open(&bench, "{\"policy\":\"us\"}");
    observe(&bench, HEALTH_UP, 1);
    struct failover dead = observe(&bench, HEALTH_DOWN, clock_monotonic_us() - 20000000);
    assert_int_equal(dead.objective_ms, 0);
    assert_true(dead.noticed_ms >= 20000 && dead.at_wall_ms != 0);
    world_failovers(bench.all.world, &kept, &missed);
    assert_int_equal(kept + missed, 0);
    compiled_world_close(&bench.all);
}

static void what_was_never_good_here_is_not_measured(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, "{\"failover\":\"10s\",\"policy\":\"us\"}");
    assert_int_equal(observe(&bench, HEALTH_DOWN, 0).at_wall_ms, 0);
    observe(&bench, HEALTH_UP, 0); /* as restored from an earlier process */
    assert_int_equal(observe(&bench, HEALTH_DOWN, 0).at_wall_ms, 0);
    compiled_world_close(&bench.all);
}

/* An operator took it out before: nobody was sent there when it died. */
static void what_is_out_already_is_not_measured(void **state)
{
    (void)state;
    struct bench bench;
    const struct override drained = { .state = OVERRIDE_DRAIN };
    bench_open(&bench, "{\"failover\":\"10s\",\"policy\":\"us\"}");
    observe(&bench, HEALTH_UP, 1);
    world_override(bench.all.world, "us/a", &drained);
    world_publish(bench.all.world);
    assert_int_equal(observe(&bench, HEALTH_DOWN, 1).at_wall_ms, 0);
    compiled_world_close(&bench.all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_death_is_measured_from_the_last_good_check),
        cmocka_unit_test(without_an_objective_it_is_measured_and_not_judged),
        cmocka_unit_test(what_was_never_good_here_is_not_measured),
        cmocka_unit_test(what_is_out_already_is_not_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
