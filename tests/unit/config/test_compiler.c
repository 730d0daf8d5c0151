/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/compiling.h"

#include "dns/type.h"
#include "policy/node_state.h"

/* The example of the manual, less its zone file. */
static const char example[] =
    "{ \"checks\": { \"web\": { \"type\": \"https\", \"port\": 443, \"path\": \"/healthz\" } },"
    "  \"pools\": {"
    "    \"us\": { \"policy\": \"weighted\", \"check\": \"web\", \"endpoints\": {"
    "      \"us-east-1\": { \"ipv4\": \"192.0.2.10\", \"ipv6\": \"2001:db8:1::10\", \"weight\": 3 },"
    "      \"us-west-1\": { \"ipv4\": \"192.0.2.20\" } } },"
    "    \"eu\": { \"policy\": \"round_robin\", \"answers\": 2, \"check\": \"web\", \"endpoints\": {"
    "      \"eu-west-1\": { \"ipv6\": \"2001:db8::3\", \"location\": \"IE\" } } } },"
    "  \"policies\": { \"anywhere\": { \"latency\": [\"us\", \"eu\"] } },"
    "  \"zones\": { \"example.com\": { \"records\": [\"@ NS ns1.example.net.\"], \"services\": {"
    "    \"www\": { \"ttl\": 30, \"policy\": { \"geo\": { \"continent:EU\": \"eu\", \"192.0.2.0/24\": \"us\","
    "                                                   \"default\": \"anywhere\" } } },"
    "    \"api\": { \"ttl\": 20, \"policy\": { \"failover\": [\"us\", \"eu\"] } } } } } }";

static struct bench example_bench(void)
{
    struct bench bench = bench_new();
    bench_set_all(&bench, example);
    return bench;
}

static void the_declared_becomes_nodes_and_services(void **state)
{
    (void)state;
    struct bench bench = example_bench();
    const struct node *us = bench_node(&bench, "us"), *anywhere = bench_node(&bench, "anywhere");
    assert_non_null(us);
    assert_int_equal(us->child_count, 2);
    assert_string_equal(us->policy->name, "weighted");
    assert_true(us->is_over_endpoints);
    assert_int_equal(us->children[0].weight, 3);
    assert_int_equal(us->children[0].endpoint->families, FAMILY_V4 | FAMILY_V6);
    assert_memory_equal(us->children[0].endpoint->ipv4, "\xc0\0\2\12", 4);
    assert_string_equal(endpoint_more(us->children[1].endpoint)->name, "us-west-1");
    assert_ptr_equal(paged_get(&bench.dataset->nodes, us->id), us);
    assert_int_not_equal(us->slot, SLOT_NONE);
    assert_int_equal(bench_node(&bench, "eu")->answers, 2);
    assert_int_equal(anywhere->children[0].kind, CHILD_SHARED);
    assert_int_equal(anywhere->children[0].shared, us->id);
    assert_false(anywhere->is_over_endpoints);

    const struct service *www = bench_service(&bench, "www.example.com");
    assert_string_equal(www->name, "www.example.com");
    assert_int_equal(www->ttl_s, 30);
    assert_int_equal(www->min_ttl_s, 15);
    assert_int_equal(www->root.kind, CHILD_NODE);
    assert_string_equal(www->root.node->name, "www.example.com/policy");
    assert_non_null(www->root.node->plan);
    assert_true(www->root.node->id >= 1U << 23);
    assert_int_not_equal(www->id, bench_service(&bench, "api.example.com")->id);
    bench_free(&bench);
}

static void without_a_database_location_rules_warn_once(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    bench_is_warned(&bench, bench_try_all(&bench, example), "geo rules by location, but no database");
    assert_int_equal(bench.compiled.warnings.count, 1);
    bench_accept(&bench);
    bench_free(&bench);
}

/* ---- what a change touches ---- */

static void a_weight_touches_its_pool_only(void **state)
{
    (void)state;
    struct bench bench = example_bench();
    const struct zone_set *zones = bench.dataset->zones;
    const struct node *before = bench_node(&bench, "us");
    uint32_t id = before->id, slot = before->slot, east = before->children[0].endpoint->slot;
    bench_must(&bench, bench_try(&bench, OBJECT_POOL, "us",
                                 "{ \"policy\": \"weighted\", \"endpoints\": {"
                                 "  \"us-new\": { \"ipv4\": \"192.0.2.30\" },"
                                 "  \"us-east-1\": { \"ipv4\": \"192.0.2.10\", \"weight\": 9 } } }"));
    assert_int_equal(bench.compiled.node_count, 1);
    assert_ptr_equal(bench.compiled.nodes[0].before, before);
    bench_accept(&bench);
    const struct node *after = bench_node(&bench, "us");
    assert_int_equal(after->id, id);
    assert_int_equal(after->slot, slot);
    assert_int_equal(after->children[1].endpoint->slot, east); /* by name, not by place */
    assert_int_equal(after->children[1].weight, 9);
    assert_ptr_equal(bench.dataset->zones, zones);
    bench_free(&bench);
}

static void an_unchanged_object_touches_nothing(void **state)
{
    (void)state;
    struct bench bench = example_bench();
    const struct node *before = bench_node(&bench, "us");
    const struct zone_set *zones = bench.dataset->zones;
    bench_must(&bench, bench_try_all(&bench, example));
    assert_int_equal(bench.compiled.node_count, 0);
    bench_accept(&bench);
    assert_ptr_equal(bench_node(&bench, "us"), before);
    assert_ptr_equal(bench.dataset->zones, zones);
    bench_free(&bench);
}

static void a_changed_check_rebinds_its_pools(void **state)
{
    (void)state;
    struct bench bench = example_bench();
    bench_must(&bench, bench_try(&bench, OBJECT_CHECK, "web", "{ \"type\": \"tcp\", \"port\": 81 }"));
    assert_int_equal(bench.compiled.node_count, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct compiled_node *node = &bench.compiled.nodes[i];
        assert_ptr_equal(node->before, node->after);
        assert_int_equal(node->endpoint_count, node->after->child_count);
        assert_int_equal(node->endpoints[0].check_count, 1);
        assert_int_equal(node->endpoints[0].checks[0].check->port, 81);
    }
    bench_accept(&bench);
    bench_free(&bench);
}

static const struct compiled_node *compiled_of(const struct bench *bench, const char *name)
{
    for (size_t i = 0; i < bench->compiled.node_count; i++) {
        const struct compiled_node *node = &bench->compiled.nodes[i];
        if (strcmp((node->after != NULL ? node->after : node->before)->name, name) == 0)
            return node;
    }
    return NULL;
}

static void bindings_say_what_to_measure(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    bench_must(&bench,
               bench_try_all(&bench, "{ \"checks\": { \"a\": { \"type\": \"tcp\", \"port\": 1 },"
                                     "  \"b\": { \"type\": \"tcp\", \"port\": 2 } },"
                                     "  \"pools\": { \"p\": { \"check\": \"a\", \"endpoints\": {"
                                     "  \"four\": { \"ipv4\": \"192.0.2.1\", \"ipv6\": \"2001:db8::1\" },"
                                     "  \"six\": { \"ipv6\": \"2001:db8::2\", \"checks\": [\"b\", \"a\"] },"
                                     "  \"name\": { \"hostname\": \"www.example.net\" } } } } }"));
    const struct compiled_node *pool = compiled_of(&bench, "p");
    assert_null(pool->before);
    assert_int_equal(pool->endpoint_count, 3);
    assert_string_equal(pool->endpoints[0].pool, "p");
    const struct check_binding *four = &pool->endpoints[0].checks[0];
    assert_int_equal(four->address.family, ADDRESS_V4);
    assert_int_equal(four->endpoint_slot, pool->endpoints[0].endpoint->slot);
    assert_string_equal(four->endpoint_name, "p/four");
    assert_string_equal(four->check->name, "a");
    assert_int_equal(pool->endpoints[1].check_count, 2);
    assert_string_equal(pool->endpoints[1].checks[0].check->name, "b");
    assert_int_equal(pool->endpoints[1].checks[0].address.family, ADDRESS_V6);
    assert_int_equal(pool->endpoints[2].checks[0].address.family, ADDRESS_NONE);
    assert_string_equal(pool->endpoints[2].checks[0].hostname, "www.example.net.");
    bench_accept(&bench);
    bench_free(&bench);
}

static void children_come_before_parents(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    bench_must(
        &bench,
        bench_try_all(&bench,
                      "{ \"pools\": { \"p\": { \"endpoints\": { \"e\": { \"ipv4\": \"192.0.2.1\" } } } },"
                      "  \"policies\": { \"a\": { \"failover\": [\"b\", \"p\"] }, \"b\": { \"failover\": "
                      "[{ \"failover\": [\"c\"] }] }, \"c\": { \"failover\": [\"p\"] } },"
                      "  \"zones\": { \"z.test\": { \"services\": { \"s\": { \"policy\": "
                      "{ \"failover\": [{ \"failover\": [\"a\"] }] } } } } } }"));
    static const char *const order[] = { "p", "c", "b/failover/0", "b", "a", "s.z.test/policy/failover/0" };
    size_t last = 0;
    assert_int_equal(bench.compiled.node_count, 6);
    for (size_t i = 0; i < 6; i++) {
        const struct compiled_node *node = compiled_of(&bench, order[i]);
        assert_non_null(node);
        size_t at = (size_t)(node - bench.compiled.nodes);
        assert_true(i == 0 || at > last);
        last = at;
    }
    bench_accept(&bench);
    bench_free(&bench);
}

/* ---- slots ---- */

static void private_nodes_have_slots_where_somebody_asks(void **state)
{
    (void)state;
    static const struct {
        const char *policy;
        bool root_has, child_has;
    } rows[] = {
        { "{ \"failover\": [{ \"failover\": [\"p\"] }, \"p\"] }", false, true },
        { "{ \"failover\": [{ \"failover\": [{ \"ipv4\": \"192.0.2.9\" }] }] }", false, false },
        { "{ \"latency\": [\"p\", { \"failover\": [{ \"ipv4\": \"192.0.2.9\" }] }] }", true, false },
        { "{ \"failover\": { \"of\": [{ \"failover\": [\"p\"] }, \"p\"], \"min_healthy\": 2 } }", true,
          true },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench = bench_new();
        char *text =
            xasprintf("{ \"pools\": { \"p\": { \"endpoints\": { \"e\": { \"ipv4\": \"192.0.2.1\" } } } },"
                      "  \"zones\": { \"z.test\": { \"services\": { \"s\": { \"policy\": %s } } } } }",
                      rows[i].policy);
        bench_set_all(&bench, text);
        free(text);
        const struct node *root = bench_service(&bench, "s.z.test")->root.node, *child = NULL;
        for (uint16_t k = 0; k < root->child_count; k++)
            child = root->children[k].kind == CHILD_NODE ? root->children[k].node : child;
        assert_int_equal(root->slot != SLOT_NONE, rows[i].root_has);
        assert_int_equal(child->slot != SLOT_NONE, rows[i].child_has);
        assert_true(root->slot != SLOT_NONE || root->steady->is_available[VIEW_HEALTHY]);
        assert_true(child->slot != SLOT_NONE || child->steady->has_lists == child->is_over_endpoints);
        assert_int_not_equal(root->id, child->id);
        bench_free(&bench);
    }
}

static void slots_of_private_nodes_follow_their_place(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    bench_set_all(&bench, "{ \"pools\": { \"p\": { \"endpoints\": { \"e\": { \"ipv4\": \"192.0.2.1\" } } } },"
                          "  \"policies\": { \"q\": { \"failover\": [{ \"failover\": [\"p\"] }, "
                          "{ \"failover\": [\"p\"] }] } } }");
    const struct node *q = bench_node(&bench, "q");
    uint32_t slot = q->children[1].node->slot, id = q->children[1].node->id;
    bench_must(&bench, bench_try(&bench, OBJECT_POLICY, "q",
                                 "{ \"failover\": [\"p\", { \"failover\": [\"p\", \"p\"] }] }"));
    const struct compiled_node *gone = compiled_of(&bench, "q/failover/0");
    assert_non_null(gone->before);
    assert_null(gone->after);
    bench_accept(&bench);
    q = bench_node(&bench, "q");
    assert_int_equal(q->children[1].node->slot, slot);
    assert_int_equal(q->children[1].node->id, id);
    bench_free(&bench);
}

static void a_pool_may_become_a_policy_under_its_name(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    static const char first[] =
        "{ \"pools\": { \"p\": { \"endpoints\": { \"e\": { \"ipv4\": \"192.0.2.1\" } } },"
        "  \"x\": { \"endpoints\": { \"e\": { \"ipv4\": \"192.0.2.2\" } } } },"
        "  \"zones\": { \"z.test\": { \"services\": { \"s\": { \"policy\": \"x\" } } } } }",
                      second[] =
                          "{ \"pools\": { \"p\": { \"endpoints\": { \"e\": { \"ipv4\": \"192.0.2.1\" } } } },"
                          "  \"policies\": { \"x\": { \"failover\": [\"p\"] } },"
                          "  \"zones\": { \"z.test\": { \"services\": { \"s\": { \"policy\": \"x\" } } } } }";
    bench_set_all(&bench, first);
    const struct service *service = bench_service(&bench, "s.z.test");
    uint32_t id = bench_node(&bench, "x")->id;
    bench_set_all(&bench, second);
    assert_ptr_equal(bench_service(&bench, "s.z.test"), service); /* refers by id */
    assert_int_equal(bench_node(&bench, "x")->id, id);
    assert_string_equal(bench_node(&bench, "x")->policy->name, "failover");
    bench_set_all(&bench, first);
    assert_string_equal(bench_node(&bench, "x")->policy->name, "round_robin");
    bench_free(&bench);
}

static void numbers_are_used_again_but_not_at_once(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    static const char format[] =
        "{ \"pools\": { \"%s\": { \"endpoints\": { \"e\": { \"ipv4\": \"192.0.2.1\" } } } } }";
    char a[128], b[128], c[128];
    snprintf(a, sizeof a, format, "a");
    snprintf(b, sizeof b, format, "b");
    snprintf(c, sizeof c, format, "c");
    bench_set_all(&bench, a);
    uint32_t first = bench_node(&bench, "a")->children[0].endpoint->slot;
    bench_set_all(&bench, b);
    assert_null(bench_node(&bench, "a"));
    assert_int_not_equal(bench_node(&bench, "b")->children[0].endpoint->slot, first);
    bench_set_all(&bench, c);
    assert_int_equal(bench_node(&bench, "c")->children[0].endpoint->slot, first);
    bench_free(&bench);
}

/* ---- sharing ---- */

static void equal_rules_share_one_plan(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    static const char service[] = "{ \"policy\": { \"geo\": { \"192.0.2.0/24\": { \"ipv4\": \"192.0.2.1\" }, "
                                  "\"default\": { \"ipv4\": \"192.0.2.2\" } } } }";
    bench_set(&bench, OBJECT_ZONE, "z.test", "{}");
    bench_set(&bench, OBJECT_SERVICE, "z.test/a", service);
    bench_set(&bench, OBJECT_SERVICE, "z.test/b", service);
    const struct node *a = bench_service(&bench, "a.z.test")->root.node;
    const struct node *b = bench_service(&bench, "b.z.test")->root.node;
    assert_ptr_equal(a->plan, b->plan);
    assert_ptr_equal(a->steady, b->steady);
    bench_set(&bench, OBJECT_SERVICE, "z.test/a", NULL);
    bench_set(&bench, OBJECT_SERVICE, "z.test/b", NULL); /* the last user: the plan goes (ASan) */
    bench_set(&bench, OBJECT_SERVICE, "z.test/b", service);
    bench_free(&bench);
}

static void who_gives_a_share_away_shares_no_state_with_who_does_not(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    static const char keeps[] = "{ \"policy\": { \"failover\": [{ \"ipv4\": \"192.0.2.1\" }, "
                                "{ \"ipv4\": \"192.0.2.2\" }] } }";
    static const char sheds[] = "{ \"policy\": { \"failover\": [{ \"to\": { \"ipv4\": \"192.0.2.1\" }, "
                                "\"shed\": 50 }, { \"ipv4\": \"192.0.2.2\" }] } }";
    bench_set(&bench, OBJECT_ZONE, "z.test", "{}");
    bench_set(&bench, OBJECT_SERVICE, "z.test/a", keeps);
    bench_set(&bench, OBJECT_SERVICE, "z.test/b", sheds);
    assert_false(bench_service(&bench, "a.z.test")->root.node->steady->has_withheld);
    assert_true(bench_service(&bench, "b.z.test")->root.node->steady->has_withheld);
    bench_free(&bench);
}

static struct geo *table_of_locations(uint64_t number)
{
    struct geo *geo = xcalloc(1, sizeof *geo);
    struct prefix_map_builder *builder = prefix_map_builder_new();
    struct prefix prefix;
    assert_true(prefix_parse("8.0.0.0/8", &prefix));
    prefix_map_builder_add(builder, &prefix, 0);
    geo->map = prefix_map_build(builder);
    geo->locations = xcalloc(1, sizeof *geo->locations);
    geo->locations[0] = (struct location){ .continent = "EU", .country = "DE" };
    geo->count = 1;
    geo->source = xstrdup("test");
    geo->number = number;
    return geo;
}

static void a_new_table_of_locations_makes_new_plans(void **state)
{
    (void)state;
    struct bench bench = example_bench();
    const void *plan = bench_service(&bench, "www.example.com")->root.node->plan;
    const struct service *api = bench_service(&bench, "api.example.com");
    for (uint64_t number = 1; number < 4; number++) {
        problems_free(&bench.problems);
        bench_must(&bench, compiler_set_geo(bench.compiler, table_of_locations(number), &bench.problems,
                                            &bench.compiled));
        assert_int_equal(bench.compiled.warnings.count, 0);
        if (number == 2)
            bench_reject(&bench);
        else
            bench_accept(&bench);
        assert_int_equal(bench.dataset->geo->number, number == 3 ? 3 : 1);
    }
    assert_ptr_not_equal(bench_service(&bench, "www.example.com")->root.node->plan, plan);
    assert_ptr_equal(bench_service(&bench, "api.example.com"), api); /* does not depend on it */
    bench_must(&bench, compiler_set_geo(bench.compiler, NULL, &bench.problems, &bench.compiled));
    bench_accept(&bench);
    assert_null(bench.dataset->geo);
    bench_free(&bench);
}

/* ---- refusals ---- */

static void refusals_say_what_to_change(void **state)
{
    (void)state;
    static const char pools[] =
        "\"pools\": { \"us\": { \"endpoints\": { \"e\": { \"ipv4\": \"192.0.2.1\" } } } }";
    static const struct {
        const char *rest, *said;
    } rows[] = {
        { "\"zones\": { \"z.test\": { \"services\": { \"s\": { \"policy\": \"uss\" } } } }",
          "/zones/z.test/services/s/policy: there is no pool or policy \"uss\", did you mean \"us\"?" },
        { "\"zones\": { \"z.test\": { \"services\": { \"s\": { \"policy\": \"us\", \"when_all_down\": "
          "\"serve_al\" } } } }",
          "/when_all_down: there is no pool or policy \"serve_al\", did you mean \"serve_all\"?" },
        { "\"checks\": { \"c\": { \"type\": \"calculated\", \"of\": [\"!us/e\"] } }",
          "/checks/c/of/0: must be the name of a check, not of an endpoint" },
        { "\"policies\": { \"a\": { \"failover\": [\"us\", \"nobody\"] } }",
          "/policies/a/failover/1: there is no pool or policy \"nobody\"" },
        { "\"policies\": { \"us\": { \"failover\": [\"us\"] } }", "there is a pool of the same name" },
        { "\"policies\": { \"a\": { \"failover\": [\"a\"] } }", "/policies/a: loop: a → a" },
        { "\"checks\": { \"web\": { \"type\": \"tcp\", \"port\": 1 } }, \"policies\": { \"x\": { "
          "\"failover\": "
          "[{ \"failover\": [\"y\"] }] }, \"y\": { \"failover\": [\"us\", \"x\"] } }",
          " → " },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench = bench_new();
        char *text = xasprintf("{ %s, %s }", pools, rows[i].rest);
        bench_is_refused(&bench, bench_try_all(&bench, text), rows[i].said);
        free(text);
        bench_free(&bench);
    }
}

static void errors_stand_at_their_line(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    bench_is_refused(&bench,
                     bench_try_all(&bench, "{ \"pools\": { \"us\": {\n"
                                           "  \"check\": \"wep\",\n"
                                           "  \"endpoints\": { \"e\": { \"ipv4\": \"192.0.2.1\" } } } } }\n"),
                     "steering.json:2:12: /pools/us/check: there is no check \"wep\"");
    bench_free(&bench);
}

static void all_errors_are_told_in_one_round(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    assert_false(
        bench_try_all(&bench, "{ \"pools\": { \"a\": { \"check\": \"x\", \"endpoints\": { \"e\": { \"ipv4\": "
                              "\"192.0.2.1\" } } }, \"b\": { \"endpoints\": {} } },"
                              "  \"policies\": { \"p\": { \"failover\": [\"q\"] } },"
                              "  \"zones\": { \"z.test\": { \"records\": [\"a A 1\"], \"services\": "
                              "{ \"s\": { \"policy\": \"r\" } } } } }"));
    assert_int_equal(bench.problems.error_count, 5);
    bench_free(&bench);
}

static void what_is_used_cannot_be_deleted(void **state)
{
    (void)state;
    struct bench bench = example_bench();
    bench_is_refused(&bench, bench_try(&bench, OBJECT_CHECK, "web", NULL), "it is used by pool \"");
    bench_is_refused(&bench, bench_try(&bench, OBJECT_POLICY, "anywhere", NULL),
                     "/policies/anywhere: cannot be deleted, it is used by service \"example.com/www\"");
    bench_is_refused(&bench, bench_try(&bench, OBJECT_POOL, "us", NULL), "policy \"anywhere\"");
    bench_is_refused(&bench, bench_try(&bench, OBJECT_ZONE, "example.com", NULL), "service \"example.com/");
    bench_set(&bench, OBJECT_SERVICE, "example.com/www", NULL);
    bench_set(&bench, OBJECT_POLICY, "anywhere", NULL);
    assert_null(bench_node(&bench, "anywhere"));
    bench_set(&bench, OBJECT_SERVICE, "example.com/www", NULL); /* once more: nothing to do */
    bench_free(&bench);
}

static char *chain(int length, const char *last)
{
    struct text text = { 0 };
    text_puts(
        &text,
        "{ \"pools\": { \"p\": { \"endpoints\": { \"e\": { \"ipv4\": \"192.0.2.1\" } } } }, \"policies\": {");
    for (int i = 0; i < length; i++) {
        if (i + 1 < length)
            text_printf(&text, "%s \"n%d\": { \"failover\": [\"n%d\"] }", i > 0 ? "," : "", i, i + 1);
        else
            text_printf(&text, "%s \"n%d\": { \"failover\": [\"%s\"] }", i > 0 ? "," : "", i, last);
    }
    text_puts(&text, "}, \"zones\": { \"z.test\": { \"services\": { \"s\": { \"policy\": \"n0\" } } } } }");
    return text_take(&text);
}

static void deep_nests_and_long_loops_are_refused(void **state)
{
    (void)state;
    static const struct {
        int length;
        const char *last, *said;
    } rows[] = {
        { NODE_DEPTH_MAX - 1, "p", NULL },
        { NODE_DEPTH_MAX, "p", "nests policies 17 deep, at most 16" },
        { 5000, "p", "deep, at most 16" },
        { 5000, "n4990",
          "loop: n4990 → n4991 → n4992 → n4993 → n4994 → n4995 → n4996 → n4997 → n4998 → "
          "n4999 → n4990" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench = bench_new();
        char *text = chain(rows[i].length, rows[i].last);
        if (rows[i].said != NULL)
            bench_is_refused(&bench, bench_try_all(&bench, text), rows[i].said);
        else
            bench_set_all(&bench, text);
        free(text);
        bench_free(&bench);
    }
}

static void depth_counts_below_what_did_not_change(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    char *text = chain(NODE_DEPTH_MAX - 1, "p");
    bench_set_all(&bench, text);
    free(text);
    bench_is_refused(&bench,
                     bench_try(&bench, OBJECT_POLICY, "n14", "{ \"failover\": [{ \"failover\": [\"p\"] }] }"),
                     "nests policies 17 deep");
    bench_free(&bench);
}

/* ---- asking ---- */

static void the_head_is_found_and_listed(void **state)
{
    (void)state;
    struct bench bench = example_bench();
    const struct object *pool = compiler_find(bench.compiler, OBJECT_POOL, "us");
    struct arena arena = { 0 };
    assert_non_null(strstr(object_text(pool, &arena), "us-east-1"));
    arena_free(&arena);
    bench_must(&bench, bench_try(&bench, OBJECT_POOL, "us",
                                 "{ \"endpoints\": { \"e\": { \"ipv4\": \"192.0.2.7\" } } }"));
    assert_ptr_equal(compiler_find(bench.compiler, OBJECT_POOL, "us"), pool); /* until it is accepted */
    bench_reject(&bench);
    assert_null(compiler_find(bench.compiler, OBJECT_POOL, "nobody"));
    struct objects all;
    compiler_list(bench.compiler, &all);
    assert_int_equal(all.count, 7);
    for (size_t i = 1; i < all.count; i++) {
        const struct object *a = &all.items[i - 1], *b = &all.items[i];
        assert_true(a->kind < b->kind || (a->kind == b->kind && strcmp(a->name, b->name) < 0));
    }
    objects_free(&all);
    bench_free(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_declared_becomes_nodes_and_services),
        cmocka_unit_test(without_a_database_location_rules_warn_once),
        cmocka_unit_test(a_weight_touches_its_pool_only),
        cmocka_unit_test(an_unchanged_object_touches_nothing),
        cmocka_unit_test(a_changed_check_rebinds_its_pools),
        cmocka_unit_test(bindings_say_what_to_measure),
        cmocka_unit_test(children_come_before_parents),
        cmocka_unit_test(private_nodes_have_slots_where_somebody_asks),
        cmocka_unit_test(slots_of_private_nodes_follow_their_place),
        cmocka_unit_test(a_pool_may_become_a_policy_under_its_name),
        cmocka_unit_test(numbers_are_used_again_but_not_at_once),
        cmocka_unit_test(equal_rules_share_one_plan),
        cmocka_unit_test(who_gives_a_share_away_shares_no_state_with_who_does_not),
        cmocka_unit_test(a_new_table_of_locations_makes_new_plans),
        cmocka_unit_test(refusals_say_what_to_change),
        cmocka_unit_test(errors_stand_at_their_line),
        cmocka_unit_test(all_errors_are_told_in_one_round),
        cmocka_unit_test(what_is_used_cannot_be_deleted),
        cmocka_unit_test(deep_nests_and_long_loops_are_refused),
        cmocka_unit_test(depth_counts_below_what_did_not_change),
        cmocka_unit_test(the_head_is_found_and_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
