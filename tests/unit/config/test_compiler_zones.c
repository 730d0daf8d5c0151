/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/compiling.h"

#include "dns/type.h"

#define INLINE_SERVICE   "{ \"policy\": { \"ipv4\": \"192.0.2.1\" } }"
#define HOSTNAME         "{ \"hostname\": \"cdn.example.net\" }"
#define HOSTNAME_SERVICE "{ \"policy\": " HOSTNAME " }"

static struct bench bench_with_zone(const char *zone)
{
    struct bench bench = bench_new();
    bench_set(&bench, OBJECT_ZONE, "z.test", zone);
    return bench;
}

static char *soa_text(const struct dns_rrset *soa)
{
    char name[DNS_NAME_TEXT_SIZE];
    struct text out = { 0 };
    const uint8_t *at = dns_rr_rdata(soa->wire);
    for (int i = 0; i < 2; i++, at += dns_name_wire_size(at)) {
        dns_name_format_wire(at, name);
        text_printf(&out, "%s ", name);
    }
    for (int i = 0; i < 5; i++, at += 4)
        text_printf(&out, "%u ",
                    (unsigned)at[0] << 24 | (unsigned)at[1] << 16 | (unsigned)at[2] << 8 | at[3]);
    return text_take(&out);
}

static void a_zone_of_lines_gets_an_soa(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "{}", "ns1.z.test. hostmaster.z.test. 1 3600 900 604800 60 " },
        { "{ \"records\": [\"@ NS b.ns.example.\"] }",
          "b.ns.example. hostmaster.z.test. 1 3600 900 604800 60 " },
        { "{ \"records\": [\"@ 60 SOA a b 7 1 2 3 4\", \"@ NS a\", \"a A 192.0.2.1\"] }",
          "a.z.test. b.z.test. 7 1 2 3 4 " },
    };
    for (size_t i = 0; i < 3; i++) {
        struct bench bench = bench_with_zone(rows[i][0]);
        char *soa = soa_text(bench_rrset(&bench, "z.test", DNS_SOA));
        assert_string_equal(soa, rows[i][1]);
        free(soa);
        bench_free(&bench);
    }
}

static void a_zone_without_name_servers_warns(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    bench_is_warned(&bench, bench_try(&bench, OBJECT_ZONE, "z.test", "{}"),
                    "/zones/z.test: warning: there is no NS at the apex z.test.: add lines like");
    bench_accept(&bench);
    bench_free(&bench);
}

static void a_name_server_without_address_warns(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    bench_is_warned(
        &bench,
        bench_try(&bench, OBJECT_ZONE, "z.test",
                  "{ \"records\": [\"@ NS ns1\", \"ns1 A 192.0.2.1\", \"sub NS ns.sub\", \"x NS ns.sub\"] }"),
        "/zones/z.test/records/2: warning: the name server ns.sub.z.test. has no address here");
    assert_int_equal(bench.compiled.warnings.count, 1); /* that of x is the business of sub */
    bench_accept(&bench);
    bench_free(&bench);
}

static void refused_lines_are_named(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "{ \"records\": [\"a A 192.0.2.1\", \"b A x\"] }", "/zones/z.test/records/1: invalid" },
        { "{ \"records\": [\"a A 192.0.2.1\\nb A 192.0.2.1\"] }",
          "/zones/z.test/records/0: must be one record" },
        { "{ \"records\": [\"$INCLUDE /etc/passwd\"] }",
          "/zones/z.test/records/0: $INCLUDE is refused here" },
        { "{ \"file\": \"z.zone\" }", "/zones/z.test/file: the contents of \"z.zone\" are not known" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench = bench_new();
        bench_is_refused(&bench, bench_try(&bench, OBJECT_ZONE, "z.test", rows[i][0]), rows[i][1]);
        bench_free(&bench);
    }
}

/* A zone with its file's contents, and lines beside. */
static bool try_file(struct bench *bench, const char *contents, const char *zone)
{
    struct objects changes = { 0 };
    objects_add(&changes, OBJECT_ZONE, "z.test", xstrdup(zone), strlen(zone));
    objects_add(&changes, OBJECT_ZONE_DATA, "z.test", xstrdup(contents), strlen(contents));
    bool is_good = bench_apply(bench, &changes);
    objects_free(&changes);
    return is_good;
}

static void file_and_lines_make_one_zone(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    bench_must(&bench,
               try_file(&bench, "@ SOA a b 1 2 3 4 5\n@ NS ns.example.\nwww A 192.0.2.1\nc CNAME www\n",
                        "{ \"file\": \"z.zone\", \"records\": [\"www A 192.0.2.2\"] }"));
    bench_accept(&bench);
    assert_int_equal(bench_rrset(&bench, "www.z.test", DNS_A)->count, 2);
    bench_is_refused(
        &bench,
        bench_try(&bench, OBJECT_ZONE, "z.test", "{ \"file\": \"z.zone\", \"records\": [\"c TXT x\"] }"),
        "/zones/z.test/records/0: c.z.test.: TXT stands beside a CNAME");
    bench_set(&bench, OBJECT_ZONE_DATA, "z.test", "@ SOA a b 2 2 3 4 5\n@ NS ns.example.\n");
    assert_int_equal(bench_rrset(&bench, "www.z.test", DNS_A)->count, 1);
    bench_free(&bench);
}

static void a_file_must_be_a_whole_zone(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "@ NS ns.example.\n", "z.zone: there is no SOA at the apex z.test.: add one" },
        { "@ SOA a b 1 2 3 4 5\n", "z.zone: there is no NS at the apex z.test." },
        { "\n\nwww A 192.0.2\n", "z.zone:3: invalid IPv4 address" },
    };
    for (size_t i = 0; i < 3; i++) {
        struct bench bench = bench_new();
        bench_is_refused(&bench, try_file(&bench, rows[i][0], "{ \"file\": \"z.zone\" }"), rows[i][1]);
        bench_free(&bench);
    }
}

static void zone_data_needs_its_zone(void **state)
{
    (void)state;
    struct bench bench = bench_with_zone("{}");
    bench_is_refused(&bench, bench_try(&bench, OBJECT_ZONE_DATA, "y.test", "@ NS a\n"),
                     "there is no zone \"y.test\", did you mean \"z.test\"?");
    bench_is_refused(&bench, bench_try(&bench, OBJECT_SERVICE, "y.test/www", INLINE_SERVICE),
                     "/zones/y.test/services/www: there is no zone \"y.test\", did you mean \"z.test\"?");
    bench_free(&bench);
}

static void zones_come_and_go(void **state)
{
    (void)state;
    struct bench bench = bench_with_zone("{}");
    bench_set(&bench, OBJECT_ZONE, "sub.z.test", "{ \"records\": [\"@ TXT sub\"] }");
    assert_int_equal(zone_set_count(bench.dataset->zones), 2);
    assert_non_null(bench_rrset(&bench, "sub.z.test", DNS_TXT));
    bench_set(&bench, OBJECT_ZONE, "sub.z.test", NULL);
    assert_int_equal(zone_set_count(bench.dataset->zones), 1);
    bench_is_refused(&bench, bench_try(&bench, OBJECT_ZONE, "Z.test.", "{}"),
                     "write the zone's name as \"z.test\"");
    bench_free(&bench);
}

/* ---- services beside records ---- */

static void services_survive_new_records(void **state)
{
    (void)state;
    struct bench bench = bench_with_zone("{ \"records\": [\"a TXT x\"] }");
    bench_set(&bench, OBJECT_SERVICE, "z.test/www", INLINE_SERVICE);
    bench_set(&bench, OBJECT_SERVICE, "z.test/@", INLINE_SERVICE);
    bench_set(&bench, OBJECT_SERVICE, "z.test/*.w", INLINE_SERVICE);
    const struct service *www = bench_service(&bench, "www.z.test");
    uint32_t id = www->id;
    bench_set(&bench, OBJECT_ZONE, "z.test", "{ \"records\": [\"b TXT x\", \"www MX 10 b\"] }");
    assert_ptr_equal(bench_service(&bench, "www.z.test"), www);
    assert_non_null(bench_service(&bench, "z.test"));
    assert_non_null(bench_service(&bench, "*.w.z.test"));
    assert_non_null(bench_rrset(&bench, "www.z.test", DNS_MX));
    assert_null(bench_at(&bench, "a.z.test"));
    bench_set(&bench, OBJECT_SERVICE, "z.test/www",
              "{ \"ttl\": 5, \"policy\": { \"ipv4\": \"192.0.2.1\" } }");
    assert_int_equal(bench_service(&bench, "www.z.test")->id, id);
    bench_set(&bench, OBJECT_SERVICE, "z.test/www", NULL);
    assert_null(bench_service(&bench, "www.z.test"));
    assert_non_null(bench_rrset(&bench, "www.z.test", DNS_MX));
    bench_free(&bench);
}

static void records_that_would_answer_in_its_place_are_refused(void **state)
{
    (void)state;
    static const char *const records[] = { "www A 192.0.2.1", "www AAAA ::1", "www CNAME x" };
    for (size_t i = 0; i < 3; i++) {
        char *zone = xasprintf("{ \"records\": [\"%s\"] }", records[i]);
        struct bench bench = bench_with_zone(zone);
        bench_is_refused(&bench, bench_try(&bench, OBJECT_SERVICE, "z.test/www", INLINE_SERVICE),
                         "/zones/z.test/services/www: the zone has ");
        bench_free(&bench);
        bench = bench_with_zone("{}"); /* the other way round */
        bench_set(&bench, OBJECT_SERVICE, "z.test/www", INLINE_SERVICE);
        bench_is_refused(&bench, bench_try(&bench, OBJECT_ZONE, "z.test", zone),
                         "/zones/z.test/services/www: the zone has ");
        bench_free(&bench);
        free(zone);
    }
}

static void occluded_services_warn(void **state)
{
    (void)state;
    static const char *const names[] = { "z.test/sub", "z.test/a.b.sub", "z.test/x.gone" };
    struct bench bench =
        bench_with_zone("{ \"records\": [\"sub NS ns.example.\", \"gone DNAME example.\"] }");
    for (size_t i = 0; i < 3; i++) {
        bench_is_warned(&bench, bench_try(&bench, OBJECT_SERVICE, names[i], INLINE_SERVICE),
                        "is never answered");
        bench_reject(&bench);
    }
    bench_set(&bench, OBJECT_SERVICE, "z.test/gone",
              INLINE_SERVICE); /* a DNAME redirects only what is below */
    bench_free(&bench);
}

static void two_services_of_one_name_are_refused(void **state)
{
    (void)state;
    struct bench bench = bench_with_zone("{}");
    bench_set(&bench, OBJECT_SERVICE, "z.test/www", INLINE_SERVICE);
    bench_is_refused(&bench, bench_try(&bench, OBJECT_SERVICE, "z.test/WWW", INLINE_SERVICE),
                     "there is another service \"www.z.test\" of the same name");
    bench_is_refused(&bench, bench_try(&bench, OBJECT_SERVICE, "z.test/www.z.test.", INLINE_SERVICE),
                     "there is another service");
    bench_is_refused(&bench, bench_try(&bench, OBJECT_SERVICE, "z.test/www.y.test.", INLINE_SERVICE),
                     "is not in zone z.test");
    struct objects swap = { 0 };
    objects_add(&swap, OBJECT_SERVICE, "z.test/WWW", xstrdup(INLINE_SERVICE), strlen(INLINE_SERVICE));
    objects_add(&swap, OBJECT_SERVICE, "z.test/www", NULL, 0);
    bench_must(&bench, bench_apply(&bench, &swap));
    bench_accept(&bench);
    assert_non_null(bench_service(&bench, "www.z.test"));
    objects_free(&swap);
    bench_free(&bench);
}

/* ---- CNAME ---- */

static void hostnames_are_answered_with_cname_where_the_name_allows_it(void **state)
{
    (void)state;
    static const struct {
        const char *name, *at, *service;
        bool is_cname;
    } rows[] = {
        { "z.test/www", "www.z.test", HOSTNAME_SERVICE, true },
        { "z.test/*.www", "*.www.z.test", HOSTNAME_SERVICE, true },
        { "z.test/@", "z.test", HOSTNAME_SERVICE, false },
        { "z.test/mx", "mx.z.test", HOSTNAME_SERVICE, false },
        { "z.test/www", "www.z.test", INLINE_SERVICE, false },
        { "z.test/www", "www.z.test", "{ \"policy\": { \"failover\": [" HOSTNAME ", \"names\"] } }", true },
        { "z.test/www", "www.z.test", "{ \"policy\": { \"failover\": [" HOSTNAME ", \"far\"] } }", true },
        { "z.test/www", "www.z.test", "{ \"policy\": { \"failover\": [" HOSTNAME ", \"addresses\"] } }",
          false },
        { "z.test/www", "www.z.test",
          "{ \"policy\": \"names\", \"when_all_down\": { \"target\": \"addresses\" } }", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench = bench_with_zone("{ \"records\": [\"mx MX 10 a\", \"@ NS a.example.\"] }");
        bench_set(&bench, OBJECT_POOL, "names", "{ \"endpoints\": { \"e\": " HOSTNAME " } }");
        bench_set(&bench, OBJECT_POOL, "addresses",
                  "{ \"endpoints\": { \"e\": { \"ipv4\": \"192.0.2.1\" } } }");
        bench_set(&bench, OBJECT_POLICY, "far", "{ \"failover\": [\"names\"] }");
        bench_must(&bench, bench_try(&bench, OBJECT_SERVICE, rows[i].name, rows[i].service));
        bool wants_names = bench.compiled.wants_names, has_names = !rows[i].is_cname;
        bench_accept(&bench);
        assert_int_equal(bench_service(&bench, rows[i].at)->is_cname, rows[i].is_cname);
        has_names &= strcmp(rows[i].service, INLINE_SERVICE) != 0;
        assert_int_equal(bench_service(&bench, rows[i].at)->has_names, has_names);
        assert_int_equal(wants_names, has_names);
        bench_free(&bench);
    }
}

static void cname_follows_what_the_pools_become(void **state)
{
    (void)state;
    struct bench bench = bench_with_zone("{}");
    bench_set(&bench, OBJECT_POOL, "p", "{ \"endpoints\": { \"e\": " HOSTNAME " } }");
    bench_set(&bench, OBJECT_POLICY, "q", "{ \"failover\": [\"p\"] }");
    bench_set(&bench, OBJECT_SERVICE, "z.test/www", "{ \"policy\": \"q\" }");
    bench_set(&bench, OBJECT_SERVICE, "z.test/other", INLINE_SERVICE);
    const struct service *other = bench_service(&bench, "other.z.test");
    uint32_t id = bench_service(&bench, "www.z.test")->id;
    assert_true(bench_service(&bench, "www.z.test")->is_cname);
    bench_set(&bench, OBJECT_POOL, "p", "{ \"endpoints\": { \"e\": { \"ipv4\": \"192.0.2.1\" } } }");
    assert_false(bench_service(&bench, "www.z.test")->is_cname);
    bench_set(&bench, OBJECT_POOL, "p", "{ \"endpoints\": { \"e\": " HOSTNAME " } }");
    assert_true(bench_service(&bench, "www.z.test")->is_cname);
    bench_set(&bench, OBJECT_ZONE, "z.test", "{ \"records\": [\"www TXT x\"] }");
    assert_false(bench_service(&bench, "www.z.test")->is_cname);
    bench_set(&bench, OBJECT_ZONE, "z.test", "{}");
    assert_true(bench_service(&bench, "www.z.test")->is_cname);
    assert_int_equal(bench_service(&bench, "www.z.test")->id, id);
    assert_ptr_equal(bench_service(&bench, "other.z.test"), other); /* was never touched */
    bench_free(&bench);
}

/* ---- editions ---- */

static void a_reject_leaves_the_dataset_as_it_was(void **state)
{
    (void)state;
    struct bench bench = bench_with_zone("{ \"records\": [\"a TXT x\"] }");
    bench_set(&bench, OBJECT_SERVICE, "z.test/www", INLINE_SERVICE);
    const struct dataset before = *bench.dataset;
    static const struct {
        enum object_kind kind;
        const char *name, *text;
    } rows[] = {
        { OBJECT_ZONE, "z.test", "{ \"records\": [\"b TXT x\"] }" },
        { OBJECT_ZONE, "y.test", "{}" },
        { OBJECT_SERVICE, "z.test/www", HOSTNAME_SERVICE },
        { OBJECT_SERVICE, "z.test/www", NULL },
        { OBJECT_POOL, "p", "{ \"endpoints\": { \"e\": " HOSTNAME " } }" },
        { OBJECT_CHECK, "c", "{ \"type\": \"tcp\", \"port\": 1 }" },
    };
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            bench_must(&bench, bench_try(&bench, rows[i].kind, rows[i].name, rows[i].text));
            bench_reject(&bench);
            assert_memory_equal(bench.dataset, &before, sizeof before);
            assert_non_null(bench_rrset(&bench, "a.z.test", DNS_TXT));
            assert_int_equal(bench_service(&bench, "www.z.test")->root.endpoint->families, FAMILY_V4);
        }
    }
    bench_free(&bench);
}

/* ---- large texts, which lie compressed between changes ---- */

static char *large_zone(const char *address)
{
    struct text out = { 0 };
    text_puts(&out, "@ SOA a b 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n");
    for (int i = 0; i < 20000; i++)
        text_printf(&out, "host%d A 192.0.2.%d\n", i, i % 256);
    text_printf(&out, "www A %s\n", address);
    return text_take(&out);
}

static void expect_address(const struct bench *bench, const char *owner, const char *rdata)
{
    const struct dns_rrset *rrset = bench_rrset(bench, owner, DNS_A);
    assert_non_null(rrset);
    assert_memory_equal(dns_rr_rdata(rrset->wire), rdata, 4);
}

static void expect_text(const struct bench *bench, const char *expected)
{
    const struct object *data = compiler_find(bench->compiler, OBJECT_ZONE_DATA, "z.test");
    assert_int_equal(data->text_size, strlen(expected));
    assert_string_equal(data->text, expected);
}

static void a_large_text_is_there_whenever_it_is_wanted(void **state)
{
    (void)state;
    char *first = large_zone("198.51.100.1"), *second = large_zone("198.51.100.2");
    struct bench bench = bench_new();
    struct objects changes = { 0 };
    objects_add(&changes, OBJECT_ZONE, "z.test", xstrdup("{ \"file\": \"zone\" }"), 18);
    objects_add(&changes, OBJECT_ZONE_DATA, "z.test", xstrdup(first), strlen(first));
    assert_true(bench_apply(&bench, &changes));
    objects_free(&changes);
    bench_accept(&bench);
    for (int round = 0; round < 2; round++) { /* compressed anew, and as it was before */
        compiler_close_texts(bench.compiler);
        expect_text(&bench, first);
    }

    compiler_close_texts(bench.compiler); /* the zone is read again for a line beside its file */
    bench_set(&bench, OBJECT_ZONE, "z.test", "{ \"file\": \"zone\", \"records\": [\"more A 203.0.113.9\"] }");
    expect_address(&bench, "more.z.test", "\xcb\0\x71\x09");
    expect_address(&bench, "www.z.test", "\xc6\x33\x64\x01");

    compiler_close_texts(bench.compiler);
    bench_set(&bench, OBJECT_ZONE_DATA, "z.test", first); /* no change */
    compiler_close_texts(bench.compiler);
    bench_set(&bench, OBJECT_ZONE_DATA, "z.test", second);
    expect_address(&bench, "www.z.test", "\xc6\x33\x64\x02");
    compiler_close_texts(bench.compiler);
    struct objects all;
    compiler_list(bench.compiler, &all);
    char *steering = objects_to_steering(&all, true);
    assert_non_null(strstr(steering, "www A 198.51.100.2"));
    free(steering);
    objects_free(&all);
    compiler_close_texts(bench.compiler);
    bench_free(&bench);
    free(first);
    free(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zone_of_lines_gets_an_soa),
        cmocka_unit_test(a_zone_without_name_servers_warns),
        cmocka_unit_test(a_name_server_without_address_warns),
        cmocka_unit_test(refused_lines_are_named),
        cmocka_unit_test(file_and_lines_make_one_zone),
        cmocka_unit_test(a_file_must_be_a_whole_zone),
        cmocka_unit_test(zone_data_needs_its_zone),
        cmocka_unit_test(zones_come_and_go),
        cmocka_unit_test(services_survive_new_records),
        cmocka_unit_test(records_that_would_answer_in_its_place_are_refused),
        cmocka_unit_test(occluded_services_warn),
        cmocka_unit_test(two_services_of_one_name_are_refused),
        cmocka_unit_test(hostnames_are_answered_with_cname_where_the_name_allows_it),
        cmocka_unit_test(cname_follows_what_the_pools_become),
        cmocka_unit_test(a_large_text_is_there_whenever_it_is_wanted),
        cmocka_unit_test(a_reject_leaves_the_dataset_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
