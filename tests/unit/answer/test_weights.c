/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"
#include "support/tree.h"

#include "answer/steer.h"
#include "base/rng.h"
#include "dns/type.h"
#include "snapshot/service.h"

#include <math.h>
#include <pthread.h>

/*
 * Weights that can be proved: of any n answers in a row of one service on one server, an endpoint with the
 * share w/sum gets n·w/sum, give or take docs/policies.md's bound, for each state of health that they cross.
 */
enum { MOST = 8, ANSWERS = 1000000, EPOCHS = 12 };

static double bound(uint32_t sum)
{
    return 2 + log2(sum) / 3;
}

struct world {
    struct tree tree;
    struct tickets *tickets;
    struct service service;
    uint32_t weights[MOST], up_sum;
    uint16_t count;
    bool is_up[MOST];
};

static void world_open(struct world *world, struct rng *rng)
{
    *world = (struct world){ 0 };
    world->tickets = tickets_new(64);
    world->count = (uint16_t)(2 + rng_next(rng) % (MOST - 1));
    for (uint16_t i = 0; i < world->count; i++)
        world->weights[i] = 1 + (uint32_t)(rng_next(rng) % (rng_next(rng) % 3 == 0 ? 1000 : 10));
    struct node *pool = tree_pool(&world->tree, "weighted", world->weights, world->count);
    world->service = (struct service){ .id = 7, .ttl_s = 30, .name = "www" };
    world->service.root = (struct child){ .kind = CHILD_SHARED, .shared = pool->id };
}

static void world_close(struct world *world)
{
    tickets_free(world->tickets);
    tree_free(&world->tree);
}

/* Some are up, at least one. */
static void change_health(struct world *world, struct rng *rng)
{
    world->up_sum = 0;
    for (uint32_t slot = 0; slot < world->count; slot++) {
        world->is_up[slot] = rng_next(rng) % 3 != 0 || (slot + 1 == world->count && world->up_sum == 0);
        tree_set_up(&world->tree, slot, world->is_up[slot]);
        world->up_sum += world->is_up[slot] ? world->weights[slot] : 0;
    }
    tree_refresh_all(&world->tree);
}

static unsigned ask(const struct world *world)
{
    static const struct client client = { .address = { .family = ADDRESS_V4 }, .prefix_len = 32 };
    const struct snapshot now = { .dataset = &world->tree.dataset,
                                  .conditions = &world->tree.conditions,
                                  .tickets = world->tickets };
    const struct steering steering = {
        .now = &now, .service = &world->service, .client = &client, .qtype = DNS_A, .random = 4711
    };
    struct decision decision;
    steer_query(&steering, &decision);
    return decision.endpoints[0]->ipv4[3] - 1u;
}

/* One epoch: one state of health, the answers in the order of their tickets. */
struct epoch {
    uint8_t *answers;
    unsigned count;
    uint32_t up_sum;
    double share[MOST];
};

static struct epoch play(const struct world *world, unsigned count)
{
    struct epoch epoch = { .answers = xcalloc(count, 1), .count = count, .up_sum = world->up_sum };
    for (uint16_t i = 0; i < world->count; i++)
        epoch.share[i] = world->is_up[i] ? (double)world->weights[i] / world->up_sum : 0;
    for (unsigned i = 0; i < count; i++)
        epoch.answers[i] = (uint8_t)ask(world);
    return epoch;
}

/* The worst any window of n answers gets an endpoint, over all places where it may begin. */
static double worst_window(const struct epoch *epoch, unsigned endpoint, unsigned n)
{
    double worst = 0;
    long served = 0;
    for (unsigned i = 0; i < epoch->count; i++) {
        served += epoch->answers[i] == endpoint;
        if (i >= n)
            served -= epoch->answers[i - n] == endpoint;
        if (i + 1 < n)
            continue;
        double off = fabs((double)served - n * epoch->share[endpoint]);
        worst = off > worst ? off : worst;
    }
    return worst;
}

static void any_window_of_answers_holds_the_shares(void **unused)
{
    (void)unused;
    static const unsigned windows[] = { 10, 100, 1000, 12345, 100000, 500000, ANSWERS };
    struct rng rng;
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    struct world world;
    world_open(&world, &rng);
    change_health(&world, &rng);
    struct epoch epoch = play(&world, ANSWERS);
    for (unsigned endpoint = 0; endpoint < world.count; endpoint++) {
        for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
            double worst = worst_window(&epoch, endpoint, windows[i]);
            if (worst > bound(epoch.up_sum))
                fail_msg("endpoint %u, any %u answers: off by %f", endpoint, windows[i], worst);
        }
    }
    free(epoch.answers);
    world_close(&world);
}

/* Across changes of health the bounds of the epochs add up, and nothing else does. */
static void changing_health_keeps_the_shares_of_each_state(void **unused)
{
    (void)unused;
    struct rng rng;
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    for (int round = 0; round < 20; round++) {
        struct world world;
        double off[MOST] = { 0 }, allowed = 0;
        world_open(&world, &rng);
        for (int i = 0; i < EPOCHS; i++) {
            change_health(&world, &rng);
            struct epoch epoch = play(&world, 1 + (unsigned)(rng_next(&rng) % 5000));
            allowed += bound(epoch.up_sum);
            for (unsigned k = 0; k < epoch.count; k++)
                off[epoch.answers[k]]++;
            for (unsigned endpoint = 0; endpoint < world.count; endpoint++) {
                off[endpoint] -= epoch.count * epoch.share[endpoint];
                assert_true(fabs(off[endpoint]) <= allowed);
            }
            free(epoch.answers);
        }
        world_close(&world);
    }
}

struct asker {
    pthread_t thread;
    const struct world *world;
    unsigned served[MOST], count;
};

static void *ask_many(void *arg)
{
    struct asker *asker = arg;
    for (unsigned i = 0; i < asker->count; i++)
        asker->served[ask(asker->world)]++;
    return NULL;
}

static void several_workers_keep_them_together(void **unused)
{
    (void)unused;
    enum { WORKERS = 4 };
    struct rng rng;
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    struct world world;
    struct asker askers[WORKERS];
    world_open(&world, &rng);
    change_health(&world, &rng);
    for (int i = 0; i < WORKERS; i++) {
        askers[i] = (struct asker){ .world = &world, .count = 20000 + (unsigned)i * 777 };
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_many, &askers[i]), 0);
    }
    double served[MOST] = { 0 }, total = 0;
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(askers[i].thread, NULL);
        total += askers[i].count;
        for (int endpoint = 0; endpoint < MOST; endpoint++)
            served[endpoint] += askers[i].served[endpoint];
    }
    for (unsigned endpoint = 0; endpoint < world.count; endpoint++) {
        double share = world.is_up[endpoint] ? (double)world.weights[endpoint] / world.up_sum : 0;
        assert_true(fabs(served[endpoint] - total * share) <= bound(world.up_sum));
    }
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_window_of_answers_holds_the_shares),
        cmocka_unit_test(changing_health_keeps_the_shares_of_each_state),
        cmocka_unit_test(several_workers_keep_them_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
