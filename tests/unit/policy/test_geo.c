/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/geo_world.h"

static void the_most_specific_rule_wins_and_falls_through_in_order(void **state)
{
    (void)state;
    struct world world = { 0 };
    add_place(&world, "20.0.0.0/16", 0);
    add_rule(&world, "default", 7);
    add_rule(&world, "continent:EU", 6);
    add_rule(&world, "country:DE", 5);
    add_rule(&world, "subdivision:DE-BE", 4);
    add_rule(&world, "city:Berlin", 3);
    add_rule(&world, "city:DE/Berlin", 2);
    add_rule(&world, "asn:64500", 1);
    add_rule(&world, "20.0.0.0/24", 0);
    world_compile(&world, true);
    static const uint16_t down[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
    for (uint16_t count = 0; count < 8; count++) {
        struct choice choice = ask(&world, "20.0.0.9", down, count);
        assert_int_equal(choice.count, 1);
        assert_int_equal(choice.index[0], count);
        assert_int_equal(choice.scope_len, 24);
    }
    assert_int_equal(ask(&world, "20.0.0.9", down, 8).count, 0);
    assert_int_equal(ask(&world, "20.0.128.9", NULL, 0).index[0], 1);
    assert_int_equal(ask(&world, "20.0.128.9", NULL, 0).scope_len, 17);
    assert_int_equal(ask(&world, "99.0.0.1", NULL, 0).index[0], 7);
    assert_int_equal(ask(&world, "99.0.0.1", NULL, 0).scope_len, 2);
    world_free(&world);
}

static void longer_prefixes_come_before_shorter_ones(void **state)
{
    (void)state;
    struct world world = { 0 };
    add_rule(&world, "10.0.0.0/8", 0);
    add_rule(&world, "10.1.0.0/16", 1);
    add_rule(&world, "10.1.2.3", 2);
    add_rule(&world, "2001:db8::/32", 3);
    world_compile(&world, false);
    static const uint16_t first[] = { 2 }, second[] = { 1, 2 };
    assert_int_equal(ask(&world, "10.1.2.3", NULL, 0).index[0], 2);
    assert_int_equal(ask(&world, "10.1.2.3", first, 1).index[0], 1);
    assert_int_equal(ask(&world, "10.1.2.3", second, 2).index[0], 0);
    assert_int_equal(ask(&world, "10.2.2.3", NULL, 0).index[0], 0);
    assert_int_equal(ask(&world, "2001:db8::1", NULL, 0).index[0], 3);
    assert_int_equal(ask(&world, "11.0.0.1", NULL, 0).count, 0);
    assert_int_equal(ask(&world, "11.0.0.1", NULL, 0).scope_len, 8);
    world_free(&world);
}

static void with_default_alone_the_scope_is_zero(void **state)
{
    (void)state;
    struct world world = { 0 };
    add_place(&world, "20.0.0.0/16", 0);
    add_rule(&world, "default", 4);
    world_compile(&world, true);
    struct choice choice = ask(&world, "20.0.0.9", NULL, 0);
    assert_int_equal(choice.index[0], 4);
    assert_int_equal(choice.scope_len, 0);
    assert_true(choice.depends_on_client);
    world_free(&world);
}

static void rules_about_locations_match_nobody_without_a_database(void **state)
{
    (void)state;
    struct world world = { 0 };
    add_place(&world, "20.0.0.0/16", 0);
    add_rule(&world, "country:DE", 1);
    add_rule(&world, "30.0.0.0/8", 2);
    add_rule(&world, "default", 3);
    world_compile(&world, false);
    assert_int_equal(ask(&world, "20.0.0.9", NULL, 0).index[0], 3);
    assert_int_equal(ask(&world, "30.0.0.9", NULL, 0).index[0], 2);
    world_free(&world);
}

/* The scope of an answer is not cut where only the less specific levels differ. */
static void targets_that_are_equal_share_a_scope(void **state)
{
    (void)state;
    struct world world = { 0 };
    add_place(&world, "20.0.0.0/16", 0); /* DE, Berlin */
    add_place(&world, "20.1.0.0/16", 2); /* FR */
    add_place(&world, "20.2.0.0/15", 3); /* US */
    add_rule(&world, "continent:EU", 0);
    add_rule(&world, "country:DE", 0);
    add_rule(&world, "country:FR", 0);
    add_rule(&world, "city:Berlin", 0);
    add_rule(&world, "default", 1);
    world_compile(&world, true);
    static const uint16_t down[] = { 0 };
    assert_int_equal(ask(&world, "20.1.0.9", NULL, 0).scope_len, 15);
    assert_int_equal(ask(&world, "20.1.0.9", down, 1).index[0], 1);
    assert_int_equal(ask(&world, "20.1.0.9", down, 1).scope_len, 15);
    assert_int_equal(world.plan->level_count, 2);
    assert_ptr_equal(world.plan->levels[0].shape,
                     world.plan->levels[1].shape); /* nothing is divided further */
    world_free(&world);
}

/* Rules with one target in common have one child: explain asks which of them it was. */
static void the_rule_that_chose_is_known(void **state)
{
    (void)state;
    static const char *const keys[CHILDREN] = { "continent:EU", "country:DE", "city:Berlin", "20.0.7.0/24",
                                                "map:a/n1",     "20.0.0.0/8", "default",     "country:US" };
    static const struct {
        const char *client;
        uint16_t rule;
    } rows[] = {
        { "20.0.0.9", 5 }, { "20.0.7.9", 3 }, { "30.0.0.9", 2 }, { "30.1.0.9", 0 }, { "40.0.0.9", 6 },
    };
    struct world world = { 0 };
    add_place(&world, "30.0.0.0/16", 0); /* DE, Berlin */
    add_place(&world, "30.1.0.0/16", 2); /* FR */
    add_rule(&world, "default", 0);
    world_compile(&world, true);
    world.node->rules = keys;
    for (uint16_t i = 0; i < CHILDREN; i++) {
        world.node->children[i].kind = CHILD_SHARED;
        world.node->children[i].shared = i == 7; /* the last leads elsewhere */
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct client client = { .geo = &world.geo };
        assert_true(address_parse(rows[i].client, &client.address));
        assert_int_equal(policy_geo.rule_of(world.node, &client, 0), rows[i].rule);
        assert_int_equal(policy_geo.rule_of(world.node, &client, 7), 7);
    }
    world_free(&world);
}

/* Own prefixes, own targets, another order: the same shape. */
static void nodes_with_the_same_pattern_have_the_same_shape(void **state)
{
    (void)state;
    const struct policy_rule a[] = { { "country:DE", 3 }, { "continent:EU", 3 }, { "default", 1 } };
    const struct policy_rule b[] = {
        { "10.0.0.0/8", 9 }, { "default", 7 }, { "continent:EU", 2 }, { "country:de", 2 }
    };
    const struct policy_rule c[] = { { "country:DE", 3 }, { "continent:EU", 1 }, { "default", 1 } };
    const struct policy_source sources[] = { { .rules = a, .count = 3 },
                                             { .rules = b, .count = 4 },
                                             { .rules = c, .count = 3 } };
    char *keys[3];
    for (size_t i = 0; i < 3; i++)
        keys[i] = policy_geo.common_key(&sources[i]);
    assert_string_equal(keys[0], keys[1]);
    assert_string_not_equal(keys[0], keys[2]);
    for (size_t i = 0; i < 3; i++)
        free(keys[i]);
}

static void two_spellings_of_one_rule_are_refused(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        { "country:us", "country:US" },
        { "2001:db8::/32", "2001:DB8:0::/32" },
        { "city:berlin", "city:BERLIN" },
        { "192.0.2.1", "192.0.2.1/32" },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const struct policy_rule rules[] = { { pairs[i][0], 0 }, { pairs[i][1], 1 } };
        const struct policy_source source = { .rules = rules, .count = 2 };
        struct error err;
        void *plan = NULL;
        assert_false(policy_geo.compile(&source, &plan, &err));
        assert_non_null(strstr(err.text, "two rules are about"));
    }
}

static void keys_are_checked_with_advice(void **state)
{
    (void)state;
    static const struct {
        const char *key, *words; /* NULL: good */
    } rows[] = {
        { "default", NULL },
        { "map:offices/berlin", NULL },
        { "map:offices", "no map and name in it" },
        { "map:/berlin", "no map and name in it" },
        { "map:offices/", "no map and name in it" },
        { "map:a/b/c", "no map and name in it" },
        { "continent:EU", NULL },
        { "country:US", NULL },
        { "subdivision:US-CA", NULL },
        { "subdivision:GB-ENG", NULL },
        { "city:Berlin", NULL },
        { "city:DE/Berlin", NULL },
        { "city:Frankfurt/Oder", NULL },
        { "asn:64500", NULL },
        { "192.0.2.0/24", NULL },
        { "192.0.2.1", NULL },
        { "2001:db8::/32", NULL },
        { "::/0", NULL },
        { "EU", "write continent:EU" },
        { "us", "write country:US" },
        { "NA", "write country:NA or continent:NA" },
        { "country:EU", "write continent:EU" },
        { "country:UK", "did you mean GB?" },
        { "country:Germany", "no country code \"Germany\"" },
        { "continent:EUR", "no continent \"EUR\"" },
        { "subdivision:CA", "subdivision:US-CA" },
        { "subdivision:XX-CA", "no country code \"XX\"" },
        { "asn:AS64500", "asn:64500" },
        { "asn:4294967296", "no AS number" },
        { "asn:", "no AS number" },
        { "city:", "1 to 47 bytes" },
        { "city:QQ/Berlin", "no country code \"QQ\"" },
        { "198.51.100.7/24", "write 198.51.100.0/24" },
        { "198.51.100.0/33", "must be 0 to 32" },
        { "2001:db8::1/32", "write 2001:db8::/32" },
        { "2001:db8::/x", "must be 0 to 128" },
        { "germany", "is no place" },
        { "", "is no place" },
        { "Default", "is no place" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error err = { "" };
        bool is_good = policy_geo.check_key(rows[i].key, &err);
        if (is_good != (rows[i].words == NULL) || (!is_good && strstr(err.text, rows[i].words) == NULL))
            fail_msg("\"%s\": '%s', expected '%s'", rows[i].key, err.text,
                     rows[i].words != NULL ? rows[i].words : "no error");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_specific_rule_wins_and_falls_through_in_order),
        cmocka_unit_test(longer_prefixes_come_before_shorter_ones),
        cmocka_unit_test(with_default_alone_the_scope_is_zero),
        cmocka_unit_test(rules_about_locations_match_nobody_without_a_database),
        cmocka_unit_test(targets_that_are_equal_share_a_scope),
        cmocka_unit_test(the_rule_that_chose_is_known),
        cmocka_unit_test(nodes_with_the_same_pattern_have_the_same_shape),
        cmocka_unit_test(two_spellings_of_one_rule_are_refused),
        cmocka_unit_test(keys_are_checked_with_advice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
