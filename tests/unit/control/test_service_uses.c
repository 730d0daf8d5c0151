/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/service_uses.h"

#include "base/text.h"
#include "control/compiled_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POOLS = 5, POLICIES = 4, SERVICES = 6, SLOTS = 64 };

/* The real compiler; `uses` hears of every change, as in the world. */
struct bench {
    struct compiled_world all;
    struct service_uses *uses;
};

static void apply(struct bench *bench, struct objects *changes)
{
    const struct dataset *before = compiler_dataset(bench->all.compiler);
    struct compiled compiled = compiled_world_compile(&bench->all, changes);
    service_uses_take(bench->uses, before, compiled.dataset);
    compiled_world_take(&bench->all, &compiled);
}

static void put_pool(struct bench *bench, struct objects *changes, unsigned number)
{
    char name[16],
        *text = xasprintf("{\"endpoints\":{\"a\":{\"ipv4\":\"10.0.0.%u\",\"weight\":%u,\"check\":\"web\"}}}",
                          number + 1, below(&bench->all.rng, 9));
    snprintf(name, sizeof name, "pool%u", number);
    add_object(changes, OBJECT_POOL, name, text);
    free(text);
}

static void put_policy(struct bench *bench, struct objects *changes, unsigned number)
{
    char name[16], *text;
    unsigned one = below(&bench->all.rng, POOLS), other = below(&bench->all.rng, POOLS);
    snprintf(name, sizeof name, "policy%u", number);
    if (below(&bench->all.rng, 2) == 0)
        text = xasprintf("{\"geo\":{\"10.0.0.0/8\":\"pool%u\",\"default\":\"pool%u\"}}", one, other);
    else
        text = xasprintf("{\"failover\":[\"pool%u\",\"pool%u\"]}", one, other);
    add_object(changes, OBJECT_POLICY, name, text);
    free(text);
}

static char *target_text(struct bench *bench)
{
    switch (below(&bench->all.rng, 3)) {
    case 0: return xasprintf("\"pool%u\"", below(&bench->all.rng, POOLS));
    case 1: return xasprintf("\"policy%u\"", below(&bench->all.rng, POLICIES));
    default: /* its root has no state of its own */
        return xasprintf("{\"failover\":[\"pool%u\",\"pool%u\"]}", below(&bench->all.rng, POOLS),
                         below(&bench->all.rng, POOLS));
    }
}

static void put_service(struct bench *bench, struct objects *changes, unsigned number)
{
    char name[32], *target = target_text(bench);
    char *sorry = below(&bench->all.rng, 3) == 0
                      ? xasprintf(",\"when_all_down\":\"pool%u\"", below(&bench->all.rng, POOLS))
                      : xstrdup("");
    char *text = xasprintf("{\"policy\":%s%s}", target, sorry);
    snprintf(name, sizeof name, "example.test/s%u", number);
    add_object(changes, OBJECT_SERVICE, name, text);
    free(target);
    free(sorry);
    free(text);
}

static int bench_open(void **state)
{
    struct objects changes = { 0 };
    struct bench *bench = xcalloc(1, sizeof *bench);
    compiled_world_open(&bench->all);
    bench->uses = service_uses_new();
    add_object(&changes, OBJECT_CHECK, "web", "{\"type\":\"tcp\",\"port\":80}");
    add_object(&changes, OBJECT_ZONE, "example.test",
               "{\"records\":[\"@ 60 IN SOA ns h 1 1 1 1 1\",\"@ 60 IN NS ns.example.\"]}");
    for (unsigned i = 0; i < POOLS; i++)
        put_pool(bench, &changes, i);
    for (unsigned i = 0; i < POLICIES; i++)
        put_policy(bench, &changes, i);
    for (unsigned i = 0; i < SERVICES; i++)
        put_service(bench, &changes, i);
    apply(bench, &changes);
    *state = bench;
    return 0;
}

static int bench_close(void **state)
{
    struct bench *bench = *state;
    compiled_world_close(&bench->all);
    service_uses_free(bench->uses);
    free(bench);
    return 0;
}

/* One that remembers nothing. */
static void assert_as_looked_up_anew(struct bench *bench)
{
    struct service_uses *fresh = service_uses_new();
    const struct dataset *dataset = compiler_dataset(bench->all.compiler);
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        size_t count, expected_count;
        const struct service *const *services = service_uses_of(bench->uses, dataset, slot, &count);
        const struct service *const *expected = service_uses_of(fresh, dataset, slot, &expected_count);
        if (count != expected_count)
            fail_msg("slot %u has %zu services instead of %zu", slot, count, expected_count);
        for (size_t i = 0; i < count; i++)
            assert_ptr_equal(services[i], expected[i]);
    }
    service_uses_free(fresh);
}

static void services_are_found_whatever_has_changed(void **state)
{
    struct bench *bench = *state;
    print_message("seed %llu\n", (unsigned long long)bench->all.rng.state);
    for (unsigned round = 0; round < 300; round++) {
        struct objects changes = { 0 };
        switch (below(&bench->all.rng, 4)) {
        case 0: put_policy(bench, &changes, below(&bench->all.rng, POLICIES)); break;
        case 1: put_service(bench, &changes, below(&bench->all.rng, SERVICES)); break;
        default: put_pool(bench, &changes, below(&bench->all.rng, POOLS)); break;
        }
        apply(bench, &changes);
        if (below(&bench->all.rng, 3) > 0)
            assert_as_looked_up_anew(bench);
    }
}

static const struct service *const *of_pool(struct bench *bench, uint32_t slot)
{
    size_t count;
    return service_uses_of(bench->uses, compiler_dataset(bench->all.compiler), slot, &count);
}

static void a_weight_is_no_reason_to_look_at_all_services(void **state)
{
    struct bench *bench = *state;
    struct objects changes = { 0 };
    uint32_t slot = 0;
    while (of_pool(bench, slot) == NULL)
        slot++;
    const struct service *const *before = of_pool(bench, slot);
    for (unsigned i = 0; i < POOLS; i++)
        put_pool(bench, &changes, i);
    apply(bench, &changes);
    assert_ptr_equal(of_pool(bench, slot), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(services_are_found_whatever_has_changed, bench_open, bench_close),
        cmocka_unit_test_setup_teardown(a_weight_is_no_reason_to_look_at_all_services, bench_open,
                                        bench_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
