/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "answer/reference.h"

enum { DECISIONS = 20000, DECISIONS_LONG = 1000000, PER_FOREST = 250 };

static uint64_t first_seed(void)
{
    const char *text = getenv("STEERD_TEST_SEED");
    struct rng rng;
    if (text != NULL)
        return strtoull(text, NULL, 0);
    rng_seed(&rng);
    return rng_next(&rng);
}

static unsigned decision_count(void)
{
    const char *text = getenv("STEERD_TEST_LONG");
    return text != NULL && strcmp(text, "1") == 0 ? DECISIONS_LONG : DECISIONS;
}

static struct service random_service(struct forest *forest, struct service_more *more)
{
    struct service service = {
        .id = 7,
        .ttl_s = 30,
        .min_ttl_s = forest_below(forest, 31),
        .when_all_down = (uint8_t)forest_below(forest, 4),
        .is_cname = forest_chance(forest, 10),
        .has_affinity = forest_chance(forest, 15),
        .root = { .kind = CHILD_SHARED, .weight = 1, .shared = forest_below(forest, NODES) },
        .more = more,
        .name = "www",
    };
    *more = (struct service_more){
        .sorry = { .kind = CHILD_SHARED, .weight = 1, .shared = forest_below(forest, NODES) },
    };
    service.has_names = forest->has_names && !service.is_cname;
    return service;
}

static void compare(const struct decision *fast, const struct decision *slow, uint64_t seed, unsigned at)
{
    bool is_equal = fast->outcome == slow->outcome && fast->count == slow->count &&
                    fast->ttl_s == slow->ttl_s && fast->scope_len == slow->scope_len &&
                    fast->depends_on_client == slow->depends_on_client &&
                    fast->is_all_down == slow->is_all_down;
    if (fast->outcome == STEER_ENDPOINTS)
        is_equal &= fast->view == slow->view;
    for (uint16_t i = 0; is_equal && i < fast->count; i++)
        is_equal = fast->endpoints[i] == slow->endpoints[i];
    if (!is_equal)
        fail_msg(
            "seed %llu, decision %u: outcome %d/%d, count %u/%u, first %s/%s, ttl %u/%u, scope %u/%u, view "
            "%d/%d, all down %d/%d",
            (unsigned long long)seed, at, (int)fast->outcome, (int)slow->outcome, fast->count, slow->count,
            fast->count > 0 ? endpoint_more(fast->endpoints[0])->name : "-",
            slow->count > 0 ? endpoint_more(slow->endpoints[0])->name : "-", fast->ttl_s, slow->ttl_s,
            fast->scope_len, slow->scope_len, (int)fast->view, (int)slow->view, fast->is_all_down,
            slow->is_all_down);
}

static void hear(struct trace *trace, const struct trace_step *step)
{
    (void)trace, (void)step;
}

/* By the whole walk, which is traced; it has tickets of its own. */
static struct decision explained(const struct steering *asked, struct tickets *tickets)
{
    struct trace trace = { .step = hear };
    struct snapshot now = *asked->now;
    struct steering steering = *asked;
    struct decision decision;
    now.tickets = tickets;
    steering.now = &now;
    steering.trace = &trace;
    steer(&steering, &decision);
    return decision;
}

/* One forest, one service over it, many questions while things happen. */
static void play(uint64_t seed)
{
    static const uint16_t qtypes[] = { DNS_A, DNS_AAAA, DNS_HTTPS };
    static struct forest forest;
    static struct reference reference;
    struct tickets *tickets = tickets_new(1024), *tickets_of_told = tickets_new(1024);
    forest_open(&forest, seed);
    reference_open(&reference, &forest);
    struct service_more more;
    struct service service = random_service(&forest, &more);
    for (unsigned i = 0; i < PER_FOREST; i++) {
        if (forest_chance(&forest, 25)) {
            forest_change(&forest);
            reference_settle(&reference);
        }
        if (forest_chance(&forest, 5)) {
            service.root.shared = forest_below(&forest, NODES);
            service.when_all_down = (uint8_t)forest_below(&forest, 4);
        }
        struct client client = { .address = forest_address(&forest), .geo = &forest.geo };
        client.prefix_len =
            forest_chance(&forest, 70) ? address_bits(&client.address) : (uint8_t)forest_below(&forest, 33);
        address_mask(&client.address, client.prefix_len);
        const struct snapshot now = { .dataset = &forest.tree.dataset,
                                      .conditions = &forest.tree.conditions,
                                      .tickets = tickets };
        const struct steering steering = { .now = &now,
                                           .service = &service,
                                           .client = &client,
                                           .qtype = qtypes[forest_below(&forest, 3)],
                                           .random = rng_next(&forest.rng) };
        struct decision slow = reference_decide(&reference, &steering),
                        told = explained(&steering, tickets_of_told), given;
        steer_query(&steering, &given);
        compare(&told, &slow, seed, i);
        compare(&given, &slow, seed, i);
    }
    reference_close(&reference);
    forest_close(&forest);
    tickets_free(tickets);
    tickets_free(tickets_of_told);
}

static void every_decision_is_the_one_that_the_declarations_ask_for(void **unused)
{
    (void)unused;
    uint64_t seed = first_seed();
    unsigned count = decision_count();
    print_message("STEERD_TEST_SEED=%llu\n", (unsigned long long)seed);
    for (unsigned i = 0; i < count / PER_FOREST; i++)
        play(seed + i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_decision_is_the_one_that_the_declarations_ask_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
