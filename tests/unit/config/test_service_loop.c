/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/compiling.h"

static struct bench bench_with_zones(void)
{
    struct bench bench = bench_new();
    bench_set(&bench, OBJECT_ZONE, "a.test", "{ \"records\": [\"@ NS ns.example.\"] }");
    bench_set(
        &bench, OBJECT_ZONE, "b.test",
        "{ \"records\": [\"@ NS ns.example.\", \"to-a CNAME www.a.test.\", \"fix.wild A 192.0.2.9\"] }");
    bench_set(&bench, OBJECT_POOL, "away", "{ \"endpoints\": { \"x\": { \"hostname\": \"www.b.test\" } } }");
    bench_set(&bench, OBJECT_POOL, "here", "{ \"endpoints\": { \"x\": { \"ipv4\": \"192.0.2.1\" } } }");
    bench_set(&bench, OBJECT_POLICY, "any", "{ \"failover\": [\"here\"] }");
    return bench;
}

#define TO_B    "{ \"policy\": { \"hostname\": \"www.b.test\" } }"
#define TO_A    "{ \"policy\": { \"hostname\": \"www.a.test\" } }"
#define TO_AWAY "{ \"policy\": { \"failover\": [\"here\", \"away\"] } }"

struct write {
    enum object_kind kind;
    const char *name, *text;
};

/* The first write is good; the second closes a circle, or not: then there is no complaint. */
struct row {
    struct write first, second;
    const char *complaint;
};

static const struct row by_services[] = {
    { { OBJECT_SERVICE, "a.test/www", TO_B },
      { OBJECT_SERVICE, "b.test/www", TO_A },
      "an endpoint has \"www.a.test\" as a hostname; of www.a.test an endpoint has \"www.b.test\"" },
    { { OBJECT_SERVICE, "a.test/www", TO_AWAY },
      { OBJECT_SERVICE, "b.test/www", TO_A },
      "pool away has \"www.b.test\" as a hostname" },
    { { OBJECT_SERVICE, "b.test/www", TO_A }, { OBJECT_SERVICE, "a.test/www", TO_AWAY }, "own name" },
    { { OBJECT_SERVICE, "b.test/www", TO_A }, { OBJECT_SERVICE, "a.test/www", TO_A }, "this very service" },
    { { OBJECT_SERVICE, "b.test/www", TO_A },
      { OBJECT_SERVICE, "a.test/www",
        "{ \"policy\": \"here\", \"when_all_down\": { \"target\": \"away\" } }" },
      "own name" },
    { { OBJECT_SERVICE, "b.test/www", TO_A }, { OBJECT_SERVICE, "a.test/api", TO_B }, NULL },
    { { OBJECT_SERVICE, "b.test/www", TO_A },
      { OBJECT_SERVICE, "a.test/www", "{ \"policy\": \"here\", \"mx\": { \"policy\": \"away\" } }" },
      NULL }, /* who asks for MX is sent to addresses */
};

static const struct row by_others[] = {
    { { OBJECT_SERVICE, "b.test/www", "{ \"policy\": \"any\" }" },
      { OBJECT_POLICY, "any", "{ \"failover\": [\"here\", \"away\"] }" },
      "/zones/b.test/services/www: leads to its own name: pool away has \"www.b.test\"" },
    { { OBJECT_SERVICE, "a.test/www", "{ \"policy\": \"any\" }" },
      { OBJECT_POOL, "here", "{ \"endpoints\": { \"x\": { \"hostname\": \"to-a.b.test\" } } }" },
      "pool here has \"www.a.test\" as a hostname, whose addresses" }, /* by a static CNAME */
    { { OBJECT_SERVICE, "b.test/*.wild", "{ \"policy\": { \"hostname\": \"fix.wild.b.test\" } }" },
      { OBJECT_SERVICE, "b.test/*.wild", "{ \"policy\": { \"hostname\": \"x.wild.b.test\" } }" },
      "own name" }, /* fix has records of its own */
    { { OBJECT_SERVICE, "a.test/www", "{ \"policy\": \"any\" }" },
      { OBJECT_POOL, "here", "{ \"endpoints\": { \"x\": { \"hostname\": \"elsewhere.test\" } } }" },
      NULL },
};

static void try_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];
        struct bench bench = bench_with_zones();
        bench_set(&bench, row->first.kind, row->first.name, row->first.text);
        if (row->complaint == NULL)
            bench_set(&bench, row->second.kind, row->second.name, row->second.text);
        else
            bench_is_refused(&bench, bench_try(&bench, row->second.kind, row->second.name, row->second.text),
                             row->complaint);
        bench_free(&bench);
    }
}

static void services_that_lead_to_each_other_are_refused(void **state)
{
    (void)state;
    try_rows(by_services, sizeof by_services / sizeof *by_services);
}

static void a_circle_is_refused_whatever_closes_it(void **state)
{
    (void)state;
    try_rows(by_others, sizeof by_others / sizeof *by_others);
}

static void what_an_earlier_process_accepted_still_starts(void **state)
{
    (void)state;
    struct bench bench = bench_with_zones();
    struct objects stored = { 0 };
    objects_add(&stored, OBJECT_SERVICE, "a.test/www", xstrdup(TO_B), strlen(TO_B));
    objects_add(&stored, OBJECT_SERVICE, "b.test/www", xstrdup(TO_A), strlen(TO_A));
    bench_is_warned(
        &bench,
        compiler_restore(bench.compiler, stored.items, stored.count, &bench.problems, &bench.compiled),
        "leads to its own name");
    bench_accept(&bench);
    objects_free(&stored);
    bench_free(&bench);
}

/* Each service names the next, and what the last one names closes the circle. */
static void a_long_chain_is_no_circle_until_it_is_closed(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    struct text steering = { 0 };
    struct bench bench = bench_new();
    text_puts(&steering,
              "{ \"zones\": { \"z.test\": { \"records\": [\"@ NS ns.example.\"], \"services\": { ");
    for (unsigned i = 0; i < COUNT; i++)
        text_printf(&steering, "%s\"s%u\": { \"policy\": { \"hostname\": \"s%u.z.test\" } }",
                    i > 0 ? ", " : "", i, i + 1);
    text_puts(&steering, " } } } }");
    bench_set_all(&bench, steering.bytes);
    text_free(&steering);
    bench_is_refused(&bench,
                     bench_try(&bench, OBJECT_SERVICE, "z.test/s20000",
                               "{ \"policy\": { \"hostname\": \"s19990.z.test\" } }"),
                     "; and so on over 3 more");
    bench_free(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(services_that_lead_to_each_other_are_refused),
        cmocka_unit_test(a_circle_is_refused_whatever_closes_it),
        cmocka_unit_test(what_an_earlier_process_accepted_still_starts),
        cmocka_unit_test(a_long_chain_is_no_circle_until_it_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
