/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "base/memory.h"
#include "base/rng.h"
#include "control/latency_book.h"
#include "control/latency_view.h"
#include "policy/network_latency.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW_MS INT64_C(1700000000000)

static const struct location berlin = { .country = "DE", .asn = 64500 }, paris = { .country = "FR" };

static struct address address_of(const char *text)
{
    struct address address;
    assert_true(address_parse(text, &address));
    return address;
}

static void add(struct latency_book *book, const char *client, const struct location *location,
                const char *endpoint, uint32_t us, unsigned count, int64_t now_ms)
{
    struct address address = address_of(client);
    for (unsigned i = 0; i < count; i++)
        latency_book_add(book, &address, location, endpoint, us, now_ms);
}

/* The figure of an endpoint for the network of a client, or NULL. */
static const struct latency_figure *figure(const struct latency_table *table, const char *client,
                                           const char *endpoint)
{
    struct address address = address_of(client);
    uint8_t scope_len;
    const struct latency_row *row = latency_table_find(table, LATENCY_NETWORK, &address, NULL, &scope_len);
    for (size_t i = 0; row != NULL && i < table->endpoint_count; i++)
        if (strcmp(table->endpoints[i], endpoint) == 0)
            return latency_row_find(table, row, (uint32_t)i);
    return NULL;
}

static int compare_numbers(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

static void the_median_is_right_within_a_tenth(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng);
    printf("seed %016llx\n", (unsigned long long)rng.state);
    struct address client = address_of("192.0.2.1");
    for (int round = 0; round < 200; round++) {
        struct latency_book *book = latency_book_new(10);
        uint32_t samples[101], base = 200 + (uint32_t)(rng_next(&rng) % 400000);
        for (size_t i = 0; i < 101; i++) {
            samples[i] = base + (uint32_t)(rng_next(&rng) % base);
            latency_book_add(book, &client, NULL, "us/a", samples[i], NOW_MS);
        }
        qsort(samples, 101, sizeof *samples, compare_numbers);
        struct latency_table *table = latency_book_table(book, NOW_MS);
        double median_us = figure(table, "192.0.2.9", "us/a")->median_us;
        assert_true(fabs(median_us - samples[50]) < samples[50] * 0.1);
        latency_table_free(table);
        latency_book_free(book);
    }
}

static void samples_fade_and_are_forgotten(void **state)
{
    (void)state;
    struct latency_book *book = latency_book_new(100);
    add(book, "192.0.2.1", &berlin, "us/a", 20000, 40, NOW_MS);
    struct latency_table *table = latency_book_table(book, NOW_MS);
    assert_int_equal(figure(table, "192.0.2.1", "us/a")->samples, 40);
    latency_table_free(table);
    table = latency_book_table(book, NOW_MS + 2 * LATENCY_HALF_LIFE_MS);
    assert_int_equal(figure(table, "192.0.2.1", "us/a")->samples, 10);
    latency_table_free(table);
    assert_int_equal(latency_book_count(book), 3); /* network, AS, country */
    assert_null(latency_book_table(book, NOW_MS + LATENCY_AGE_MOST_MS + 1));
    assert_int_equal(latency_book_count(book), 0);
    struct store_latency *rows;
    size_t count;
    latency_book_take_changes(book, &rows, &count);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(rows[i].is_gone, 1);
    store_latencies_free(rows, count);
    latency_book_free(book);
}

static void a_published_median_moves_only_past_a_margin(void **state)
{
    (void)state;
    struct latency_book *book = latency_book_new(100);
    add(book, "192.0.2.1", NULL, "us/a", 20000, 50, NOW_MS);
    struct latency_table *first = latency_book_table(book, NOW_MS);
    uint32_t before_us = figure(first, "192.0.2.1", "us/a")->median_us;
    add(book, "192.0.2.1", NULL, "us/a", 21000, 100, NOW_MS);
    struct latency_table *second = latency_book_table(book, NOW_MS);
    assert_int_equal(figure(second, "192.0.2.1", "us/a")->median_us, before_us);
    add(book, "192.0.2.1", NULL, "us/a", 40000, 240, NOW_MS);
    struct latency_table *third = latency_book_table(book, NOW_MS);
    assert_true(figure(third, "192.0.2.1", "us/a")->median_us > before_us * 3 / 2);
    latency_table_free(first);
    latency_table_free(second);
    latency_table_free(third);
    latency_book_free(book);
}

static void a_full_book_forgets_what_was_measured_longest_ago(void **state)
{
    (void)state;
    struct latency_book *book = latency_book_new(100);
    for (unsigned i = 0; i < 1000; i++) {
        char client[32];
        snprintf(client, sizeof client, "10.%u.%u.1", i / 256, i % 256);
        add(book, client, NULL, "us/a", 20000, 1, NOW_MS + i);
        assert_true(latency_book_count(book) <= 100);
    }
    struct latency_table *table = latency_book_table(book, NOW_MS + 1000);
    assert_non_null(figure(table, "10.3.231.1", "us/a")); /* the last one */
    assert_null(figure(table, "10.0.0.1", "us/a"));
    latency_table_free(table);
    latency_book_free(book);
}

static void what_was_stored_comes_back(void **state)
{
    (void)state;
    struct latency_book *book = latency_book_new(100), *again = latency_book_new(100);
    add(book, "192.0.2.1", &berlin, "us/a", 20000, 30, NOW_MS);
    add(book, "2001:db8::1", &paris, "eu/a", 90000, 30, NOW_MS);
    latency_table_free(latency_book_table(book, NOW_MS));
    struct store_latency *rows;
    size_t count;
    latency_book_take_changes(book, &rows, &count);
    assert_int_equal(count, 5);
    for (size_t i = 0; i < count; i++)
        latency_book_restore(again, &rows[i]);
    store_latencies_free(rows, count);
    struct latency_table *before = latency_book_table(book, NOW_MS + 5);
    struct latency_table *after = latency_book_table(again, NOW_MS + 5);
    assert_int_equal(figure(after, "192.0.2.1", "us/a")->median_us,
                     figure(before, "192.0.2.1", "us/a")->median_us);
    assert_int_equal(figure(after, "2001:db8::7", "eu/a")->samples, 30);
    assert_null(figure(after, "2001:db8:1::7", "eu/a"));
    latency_table_free(before);
    latency_table_free(after);
    latency_book_take_changes(again, &rows, &count);
    assert_int_equal(count, 0);
    store_latencies_free(rows, count);
    latency_book_free(book);
    latency_book_free(again);
}

/* ---- the policy over a table ---- */

struct world {
    struct rng rng;
    struct geo geo;
    struct latency_table *table;
    struct latency_view *view;
    struct node *node;
    struct endpoint endpoints[3];
    struct endpoint_condition up;
};

static uint32_t slot_of(const void *context, const char *key)
{
    (void)context;
    return (uint32_t)(key[3] - 'a'); /* "us/b" has slot 1 */
}

static struct address random_address(struct world *world)
{
    struct address address = { .family = rng_next(&world->rng) % 2 ? ADDRESS_V4 : ADDRESS_V6 };
    for (unsigned i = 0; i < address_bits(&address) / 8u; i++) {
        uint64_t random = rng_next(&world->rng);
        address.bytes[i] = (uint8_t)(i < 2 ? random % 4 << 6 : i == 2 ? random % 4 : random);
    }
    return address;
}

static void world_open(struct world *world)
{
    static const struct location places[] = { { .country = "DE", .asn = 64500 }, { .country = "FR" } };
    static const char *const names[] = { "us/a", "us/b", "us/c" };
    struct latency_book *book = latency_book_new(1000);
    struct prefix_map_builder *builder = prefix_map_builder_new();
    for (int i = 0; i < 12; i++) {
        struct prefix prefix = { random_address(world), (uint8_t)(rng_next(&world->rng) % 20) };
        address_mask(&prefix.address, prefix.length);
        prefix_map_builder_add(builder, &prefix, (uint32_t)(rng_next(&world->rng) % 2));
    }
    world->geo = (struct geo){ .map = prefix_map_build(builder),
                               .locations = xmemdup(places, sizeof places),
                               .count = 2 };
    struct address clients[25];
    for (size_t i = 0; i < 25; i++)
        clients[i] = random_address(world);
    for (int i = 0; i < 300; i++) {
        struct address client = clients[rng_next(&world->rng) % 25];
        const struct location *at = geo_find(&world->geo, &client, NULL);
        const char *name = names[rng_next(&world->rng) % 3];
        unsigned count = (unsigned)(rng_next(&world->rng) % 20);
        uint32_t us = 1000 + (uint32_t)(rng_next(&world->rng) % 100000);
        for (unsigned k = 0; k < count; k++)
            latency_book_add(book, &client, at, name, us, NOW_MS);
    }
    world->table = latency_book_table(book, NOW_MS);
    world->view = latency_view_new(world->table, slot_of, NULL);
    latency_book_free(book);
    world->node = xcalloc(1, sizeof *world->node + 3 * sizeof *world->node->children);
    world->node->policy = policy_find("latency");
    world->node->child_count = 3;
    for (uint32_t i = 0; i < 3; i++) {
        world->endpoints[i] = (struct endpoint){ .slot = i, .families = FAMILY_V4 };
        world->node->children[i].endpoint = &world->endpoints[i];
    }
}

static void world_close(struct world *world)
{
    latency_table_free(world->table);
    free(world->view);
    free(world->node);
    prefix_map_free(world->geo.map);
    free(world->geo.locations);
}

static struct choice ask(const struct world *world, const struct address *address)
{
    static const uint16_t index[] = { 0, 1, 2 };
    static const uint32_t cumulative[] = { 1, 2, 3 };
    static const struct candidate_list list = { .count = 3, .index = index, .cumulative = cumulative };
    static const struct node_state state = { .preferred = UINT16_MAX };
    const struct conditions conditions = { .latency = world->view };
    const struct dataset dataset = { .geo = &world->geo };
    const struct client client = { .address = *address,
                                   .prefix_len = address_bits(address),
                                   .geo = &world->geo };
    const struct candidates from = { .node = world->node,
                                     .state = &state,
                                     .dataset = &dataset,
                                     .conditions = &conditions,
                                     .view = VIEW_EVERYTHING,
                                     .list = &list };
    struct choice choice = { 0 };
    world->node->policy->choose(&from, &client, NULL, 1, &choice);
    assert_true(choice.depends_on_client);
    assert_int_equal(choice.count, 1);
    return choice;
}

static void within_the_scope_all_are_sent_to_the_same(void **state)
{
    (void)state;
    struct rng seeds;
    rng_seed(&seeds);
    printf("seed %016llx\n", (unsigned long long)seeds.state);
    unsigned measured = 0;
    for (int round = 0; round < 20; round++) {
        struct world world = { .rng = { rng_next(&seeds) } };
        world_open(&world);
        for (int i = 0; i < 200; i++) {
            struct address client = random_address(&world);
            struct choice choice = ask(&world, &client);
            measured += strstr(choice.reason, "clients of this") != NULL;
            for (int k = 0; k < 20; k++) {
                struct address other = random_address(&world), masked = client;
                address_mask(&masked, choice.scope_len);
                if (other.family != client.family)
                    continue;
                for (unsigned bit = 0; bit < choice.scope_len; bit++) { /* the client's leading bits */
                    uint8_t mask = (uint8_t)(0x80 >> bit % 8);
                    other.bytes[bit / 8] =
                        (uint8_t)((other.bytes[bit / 8] & ~mask) | (masked.bytes[bit / 8] & mask));
                }
                struct choice again = ask(&world, &other);
                assert_int_equal(again.index[0], choice.index[0]);
                assert_int_equal(again.scope_len, choice.scope_len);
            }
        }
        world_close(&world);
    }
    assert_true(measured > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_median_is_right_within_a_tenth),
        cmocka_unit_test(samples_fade_and_are_forgotten),
        cmocka_unit_test(a_published_median_moves_only_past_a_margin),
        cmocka_unit_test(a_full_book_forgets_what_was_measured_longest_ago),
        cmocka_unit_test(what_was_stored_comes_back),
        cmocka_unit_test(within_the_scope_all_are_sent_to_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
