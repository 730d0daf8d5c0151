/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How soon a dead endpoint is out of answers, as the world measures it. */
#include "support/cmocka_all.h"

#include "base/clock.h"
#include "base/memory.h"
#include "control/world.h"

#include <string.h>

static const char *const check = "{\"type\":\"http\"}";
static const char *const pool = "{\"check\":\"web\",\"endpoints\":{\"a\":{\"ipv4\":\"192.0.2.1\"}}}";
static const char *const zone = "{\"records\":[\"@ NS ns.example.net.\"]}";

struct bench {
    struct compiler *compiler;
    struct world *world;
    struct tickets *tickets;
    uint32_t slot;
};

static void add(struct objects *changes, enum object_kind kind, const char *name, const char *text)
{
    objects_add(changes, kind, name, xstrdup(text), strlen(text));
}

static void bench_open(struct bench *bench, const char *service)
{
    struct problems problems = { 0 };
    struct compiled compiled = { 0 };
    struct objects changes = { 0 };
    *bench = (struct bench){ .compiler = compiler_new(), .tickets = tickets_new(1024) };
    bench->world = world_new(bench->tickets);
    add(&changes, OBJECT_CHECK, "web", check);
    add(&changes, OBJECT_POOL, "us", pool);
    add(&changes, OBJECT_ZONE, "example.com", zone);
    add(&changes, OBJECT_SERVICE, "example.com/www", service);
    if (!compiler_apply(bench->compiler, changes.items, changes.count, &problems, &compiled))
        fail_msg("%s", problems.items[0].message);
    bench->slot = compiled.nodes[0].after->children[0].endpoint->slot;
    world_take(bench->world, &compiled, 1);
    world_publish(bench->world);
    compiler_accept(bench->compiler, &compiled);
    problems_free(&compiled.warnings);
    objects_free(&changes);
}

static void bench_close(struct bench *bench)
{
    snapshot_shutdown();
    world_free(bench->world);
    compiler_free(bench->compiler);
    tickets_free(bench->tickets);
}

static struct failover observe(struct bench *bench, enum health_verdict verdict, uint64_t good_us)
{
    struct health_report report = {
        .endpoint_slot = bench->slot, .verdict = (uint8_t)verdict, .has_replied = true, .good_us = good_us
    };
    world_observe(bench->world, &report);
    world_publish(bench->world);
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
    world_failovers(bench.world, &kept, &missed);
    assert_int_equal(kept, 1);
    struct failover again = observe(&bench, HEALTH_DOWN, good_us); /* that was no other death */
    assert_int_equal(again.at_wall_ms, dead.at_wall_ms);
    assert_int_equal(observe(&bench, HEALTH_UP, clock_monotonic_us()).noticed_ms, dead.noticed_ms);
    dead = observe(&bench, HEALTH_DOWN, clock_monotonic_us() - 6000000);
    assert_false(failover_is_kept(&dead));
    world_failovers(bench.world, &kept, &missed);
    assert_int_equal(kept, 1);
    assert_int_equal(missed, 1);
    bench_close(&bench);
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
    world_failovers(bench.world, &kept, &missed);
    assert_int_equal(kept + missed, 0);
    bench_close(&bench);
}

static void what_was_never_good_here_is_not_measured(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, "{\"failover\":\"10s\",\"policy\":\"us\"}");
    assert_int_equal(observe(&bench, HEALTH_DOWN, 0).at_wall_ms, 0);
    observe(&bench, HEALTH_UP, 0); /* as restored from an earlier process */
    assert_int_equal(observe(&bench, HEALTH_DOWN, 0).at_wall_ms, 0);
    bench_close(&bench);
}

/* An operator took it out before: nobody was sent there when it died. */
static void what_is_out_already_is_not_measured(void **state)
{
    (void)state;
    struct bench bench;
    const struct override drained = { .state = OVERRIDE_DRAIN };
    bench_open(&bench, "{\"failover\":\"10s\",\"policy\":\"us\"}");
    observe(&bench, HEALTH_UP, 1);
    world_override(bench.world, "us/a", &drained);
    world_publish(bench.world);
    assert_int_equal(observe(&bench, HEALTH_DOWN, 1).at_wall_ms, 0);
    bench_close(&bench);
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
