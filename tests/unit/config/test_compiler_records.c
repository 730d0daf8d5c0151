/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/compiling.h"

#include "dns/type.h"

#define INLINE_SERVICE "{ \"policy\": { \"ipv4\": \"192.0.2.1\" } }"
#define FILE_ZONE      "{ \"file\": \"z.zone\" }"
#define FILE_TEXT                                                                                \
    "@ SOA a b 7 2 3 4 5\n@ NS ns.example.\nwww A 192.0.2.1\nwww TXT x\nold CNAME www\nd.e.f A " \
    "192.0.2.2\n"

/* A zone with its file's contents, as the files or (after is_import is taken away) people give it. */
static void set_file(struct bench *bench, const char *text)
{
    struct objects changes = { 0 };
    objects_add(&changes, OBJECT_ZONE, "z.test", xstrdup(FILE_ZONE), strlen(FILE_ZONE));
    objects_add(&changes, OBJECT_ZONE_DATA, "z.test", xstrdup(text), strlen(text));
    bench_must(bench, bench_apply(bench, &changes));
    bench_accept(bench);
    objects_free(&changes);
}

static struct bench bench_with_file(void)
{
    struct bench bench = bench_new();
    bench.is_import = true;
    set_file(&bench, FILE_TEXT);
    bench.is_import = false;
    return bench;
}

static uint32_t serial(const struct bench *bench)
{
    const struct dns_rrset *soa = bench_rrset(bench, "z.test", DNS_SOA);
    const uint8_t *at = soa->wire + soa->size - 20;
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static unsigned last_byte(const struct bench *bench, const char *name)
{
    const struct dns_rrset *rrset = bench_rrset(bench, name, DNS_A);
    return rrset != NULL ? rrset->wire[rrset->size - 1] : 0;
}

static void an_rrset_lies_over_the_file_and_uncovers_it_again(void **state)
{
    (void)state;
    struct bench bench = bench_with_file();
    bench_set(&bench, OBJECT_RRSET, "z.test/www/A", "{ \"values\": [\"192.0.2.7\"] }");
    assert_int_equal(last_byte(&bench, "www.z.test"), 7);
    bench_set(&bench, OBJECT_RRSET, "z.test/www/A", "{ \"values\": [\"192.0.2.8\"] }");
    assert_int_equal(last_byte(&bench, "www.z.test"), 8);
    bench_set(&bench, OBJECT_RRSET, "z.test/www/A", "{ \"values\": [] }");
    assert_int_equal(last_byte(&bench, "www.z.test"), 0);
    bench_set(&bench, OBJECT_RRSET, "z.test/www/A", NULL);
    assert_int_equal(last_byte(&bench, "www.z.test"), 1);
    bench_free(&bench);
}

static void a_new_file_changes_what_is_below(void **state)
{
    (void)state;
    struct bench bench = bench_with_file();
    bench_set(&bench, OBJECT_RRSET, "z.test/www/A", "{ \"values\": [\"192.0.2.7\"] }");
    bench_set(&bench, OBJECT_ZONE_DATA, "z.test", "@ SOA a b 7 2 3 4 5\n@ NS ns.example.\nwww A 192.0.2.9\n");
    assert_int_equal(last_byte(&bench, "www.z.test"), 7);
    bench_set(&bench, OBJECT_RRSET, "z.test/www/A", NULL);
    assert_int_equal(last_byte(&bench, "www.z.test"), 9);
    bench_free(&bench);
}

static void a_change_touches_nothing_but_its_own_name(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    struct text text = { 0 };
    text_puts(&text, FILE_TEXT);
    for (int i = 0; i < 1000; i++)
        text_printf(&text, "n%d A 192.0.2.1\n", i);
    set_file(&bench, text.bytes);
    const struct zone_node *nodes[1000];
    char name[32];
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "n%d.z.test", i);
        nodes[i] = bench_at(&bench, name);
    }
    bench_set(&bench, OBJECT_RRSET, "z.test/n7/A", "{ \"values\": [\"192.0.2.7\"] }");
    unsigned moved = 0;
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "n%d.z.test", i);
        moved += bench_at(&bench, name) != nodes[i];
    }
    assert_in_range(moved, 1, 200); /* its bucket, and the apex's for the serial: some 60 names each */
    text_free(&text);
    bench_free(&bench);
}

static void options_of_a_zone_do_not_read_its_records_again(void **state)
{
    (void)state;
    struct bench bench = bench_with_file();
    const struct zone_node *www = bench_at(&bench, "www.z.test");
    bench_set(&bench, OBJECT_ZONE, "z.test", "{ \"file\": \"z.zone\", \"allow_query\": [\"192.0.2.0/24\"] }");
    assert_ptr_equal(bench_at(&bench, "www.z.test"), www);
    assert_int_equal(serial(&bench), 7);
    bench_set(&bench, OBJECT_ZONE, "z.test", FILE_ZONE);
    assert_ptr_equal(bench_at(&bench, "www.z.test"), www);
    bench_free(&bench);
}

static void what_would_make_the_zone_ambiguous_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *said;
    } rows[] = {
        { "z.test/old/A", "{ \"values\": [\"192.0.2.7\"] }",
          "/zones/z.test/rrsets/old/A/values/0: old.z.test.: A stands beside a CNAME" },
        { "z.test/www/CNAME", "{ \"values\": [\"x\"] }",
          "/zones/z.test/rrsets/www/CNAME/values/0: www.z.test.: A stands beside a CNAME" },
        { "z.test/x/CNAME", "{ \"values\": [\"x\", \"y\"] }", "a second CNAME: there can be only one" },
        { "z.test/x/SOA", "{ \"values\": [\"a b 1 2 3 4 5\"] }", "an SOA can stand only at the apex" },
        { "z.test/@/SOA", "{ \"values\": [] }", "/zones/z.test/rrsets/@/SOA: a zone needs its SOA" },
        { "z.test/@/NS", "{ \"values\": [] }", "/zones/z.test/rrsets/@/NS: a zone needs name servers" },
        { "z.test/s/AAAA", "{ \"values\": [\"::1\"] }", "the service \"s.z.test\" answers here" },
        { "z.test/x/TXT", "{ \"values\": [\"( a\", \"b )\"] }", "must be the data of one record" },
        { "z.test/x/A", "{ \"values\": [\"192.0.2.1\", \"1\"] }", "/rrsets/x/A/values/1: invalid IPv4" },
        { "z.test/X/A", "{ \"values\": [\"192.0.2.1\"] }", "\"z.test/X/A\" is no name of an RRset" },
        { "z.test/x/a", "{ \"values\": [\"192.0.2.1\"] }", "is no name of an RRset" },
        { "z.test/x", "{ \"values\": [\"192.0.2.1\"] }", "is no name of an RRset" },
        { "y.test/x/A", "{ \"values\": [\"192.0.2.1\"] }", "there is no zone \"y.test\", did you mean" },
    };
    struct bench bench = bench_with_file();
    bench_set(&bench, OBJECT_SERVICE, "z.test/s", INLINE_SERVICE);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        bench_is_refused(&bench, bench_try(&bench, OBJECT_RRSET, rows[i].name, rows[i].text), rows[i].said);
    bench_set(&bench, OBJECT_RRSET, "z.test/s/TXT", "{ \"values\": [\"x\"] }"); /* beside a service */
    bench_is_refused(&bench, bench_try(&bench, OBJECT_ZONE, "z.test", NULL),
                     "cannot be deleted, it is used by zone file \"z.test\", RRset \"z.test/s/TXT\"");
    bench_free(&bench);
}

static void what_comes_back_may_not_clash_either(void **state)
{
    (void)state;
    struct bench bench = bench_with_file();
    bench_set(&bench, OBJECT_RRSET, "z.test/old/CNAME", "{ \"values\": [] }");
    bench_set(&bench, OBJECT_RRSET, "z.test/old/A", "{ \"values\": [\"192.0.2.7\"] }");
    bench_is_refused(&bench, bench_try(&bench, OBJECT_RRSET, "z.test/old/CNAME", NULL),
                     "/zones/z.test/rrsets/old/CNAME: old.z.test.: A stands beside a CNAME");
    bench_free(&bench);
}

static void a_service_learns_what_stands_beside_it(void **state)
{
    (void)state;
    struct bench bench = bench_with_file();
    bench_set(&bench, OBJECT_SERVICE, "z.test/s", "{ \"policy\": { \"hostname\": \"cdn.example.net\" } }");
    assert_true(bench_service(&bench, "s.z.test")->is_cname);
    bench_set(&bench, OBJECT_RRSET, "z.test/s/TXT", "{ \"values\": [\"x\"] }");
    assert_false(bench_service(&bench, "s.z.test")->is_cname);
    bench_set(&bench, OBJECT_RRSET, "z.test/s/TXT", NULL);
    assert_true(bench_service(&bench, "s.z.test")->is_cname);
    bench_free(&bench);
}

/* ---- warnings ---- */

static void useless_records_warn_with_their_line(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "sub NS ns.example.\na.sub TXT x\n", "z.zone:8: warning: a.sub.z.test.: its TXT records are never "
                                               "answered: sub.z.test. is delegated" },
        { "sub NS ns.example.\nsub TXT x\n", "z.zone:7: warning: sub.z.test.: its TXT records" },
        { "sub DNAME example.\na.b.sub A 192.0.2.1\n", "a.b.sub.z.test.: its A records are never answered: "
                                                       "the DNAME at sub.z.test. redirects" },
        { "a CNAME b\nb CNAME a\n", "z.zone:7: warning: a.z.test.: the CNAME leads back to itself" },
        { "sub NS ns.sub\n", "z.zone:7: warning: the name server ns.sub.z.test. has no address" },
        { "sub NS old\n", "z.zone:7: warning: the name server old.z.test. is a CNAME" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench = bench_new();
        struct objects changes = { 0 };
        char *text = xasprintf("%s%s", FILE_TEXT, rows[i][0]);
        objects_add(&changes, OBJECT_ZONE, "z.test", xstrdup(FILE_ZONE), strlen(FILE_ZONE));
        objects_add(&changes, OBJECT_ZONE_DATA, "z.test", text, strlen(text));
        bench_is_warned(&bench, bench_apply(&bench, &changes), rows[i][1]);
        assert_int_equal(bench.compiled.warnings.count, 1);
        bench_accept(&bench);
        objects_free(&changes);
        bench_free(&bench);
    }
}

static void glue_and_the_parent_side_do_not_warn(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    set_file(&bench, FILE_TEXT "sub NS ns.sub\nns.sub A 192.0.2.1\nsub DS 1 13 2 " /* 32 bytes: */
                               "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n");
    bench_must(&bench, bench_try(&bench, OBJECT_RRSET, "z.test/ns.sub/AAAA", "{ \"values\": [\"::1\"] }"));
    assert_int_equal(bench.compiled.warnings.count, 0);
    bench_accept(&bench);
    bench_free(&bench);
}

static void a_steered_name_server_has_addresses(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    struct objects changes = { 0 };
    static const char zone[] = "{ \"records\": [\"@ NS ns1\"] }";
    objects_add(&changes, OBJECT_ZONE, "z.test", xstrdup(zone), strlen(zone));
    objects_add(&changes, OBJECT_SERVICE, "z.test/ns1", xstrdup(INLINE_SERVICE), strlen(INLINE_SERVICE));
    bench_must(&bench, bench_apply(&bench, &changes));
    assert_int_equal(bench.compiled.warnings.count, 0);
    bench_accept(&bench);
    objects_free(&changes);
    bench_free(&bench);
}

/* ---- the serial ---- */

static void set_a(struct bench *bench, const char *address)
{
    char *text = address != NULL ? xasprintf("{ \"values\": [\"%s\"] }", address) : NULL;
    bench_set(bench, OBJECT_RRSET, "z.test/www/A", text);
    free(text);
}

static void the_file_says_the_serial_until_others_change_the_zone(void **state)
{
    (void)state;
    struct bench bench = bench_with_file();
    assert_int_equal(serial(&bench), 7);
    bench.is_import = true;
    bench_set(&bench, OBJECT_ZONE_DATA, "z.test", "@ SOA a b 6 2 3 4 5\n@ NS ns.example.\n");
    assert_int_equal(serial(&bench), 6); /* whatever it is */
    bench.is_import = false;
    set_a(&bench, "192.0.2.7");
    set_a(&bench, "192.0.2.8");
    assert_int_equal(serial(&bench), 8);
    assert_string_equal(compiler_find(bench.compiler, OBJECT_SERIAL, "z.test")->text, "8");
    set_a(&bench, NULL);
    assert_int_equal(serial(&bench), 9);
    bench.is_import = true; /* the files win again, but secondaries have seen 9 */
    bench_set(&bench, OBJECT_ZONE_DATA, "z.test", "@ SOA a b 8 2 3 4 5\n@ NS ns.example.\n");
    assert_int_equal(serial(&bench), 10);
    bench_set(&bench, OBJECT_ZONE_DATA, "z.test", "@ SOA a b 20 2 3 4 5\n@ NS ns.example.\n");
    assert_int_equal(serial(&bench), 20);
    assert_null(compiler_find(bench.compiler, OBJECT_SERIAL, "z.test"));
    bench_free(&bench);
}

static void what_changes_no_record_leaves_the_serial(void **state)
{
    (void)state;
    struct bench bench = bench_with_file();
    set_a(&bench, "192.0.2.7");
    assert_int_equal(serial(&bench), 8);
    bench_set(&bench, OBJECT_SERVICE, "z.test/s", INLINE_SERVICE);
    bench_set(&bench, OBJECT_RRSET, "z.test/www/A", "{ \"values\": [ \"192.0.2.7 \" ], \"ttl\": 3600 }");
    bench_set(&bench, OBJECT_RRSET, "z.test/none/A", "{ \"values\": [] }");
    assert_int_equal(serial(&bench), 8);
    bench_free(&bench);
}

static void the_serial_wraps(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    set_file(&bench, "@ SOA a b 4294967295 2 3 4 5\n@ NS ns.example.\n");
    set_a(&bench, "192.0.2.7");
    assert_int_equal(serial(&bench), 0);
    bench_set(&bench, OBJECT_RRSET, "z.test/@/SOA", "{ \"values\": [\"a b 4294967295 9 3 4 5\"] }");
    assert_int_equal(serial(&bench), 1); /* the other values of the SOA are taken, its serial is older */
    bench_set(&bench, OBJECT_RRSET, "z.test/@/SOA", "{ \"values\": [\"a b 100 9 3 4 5\"] }");
    assert_int_equal(serial(&bench), 100);
    bench_free(&bench);
}

static void a_stored_serial_is_served(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    struct objects stored = { 0 };
    objects_add(&stored, OBJECT_ZONE, "z.test", xstrdup(FILE_ZONE), strlen(FILE_ZONE));
    objects_add(&stored, OBJECT_ZONE_DATA, "z.test", xstrdup(FILE_TEXT), strlen(FILE_TEXT));
    objects_add(&stored, OBJECT_SERIAL, "z.test", xstrdup("1234"), 4);
    bench_must(&bench, bench_apply(&bench, &stored));
    assert_int_equal(bench.compiled.derived.count, 0);
    bench_accept(&bench);
    assert_int_equal(serial(&bench), 1234);
    set_a(&bench, "192.0.2.7");
    assert_int_equal(serial(&bench), 1235);
    objects_free(&stored);
    bench_free(&bench);
}

/* ---- asking ---- */

static void who_says_an_rrset_is_known(void **state)
{
    (void)state;
    struct bench bench = bench_with_file();
    bench_set(&bench, OBJECT_RRSET, "z.test/new/A", "{ \"values\": [\"192.0.2.7\"] }");
    set_a(&bench, "192.0.2.7");
    bench_set(&bench, OBJECT_RRSET, "z.test/www/TXT", "{ \"values\": [] }");
    assert_int_equal(compiler_rrset(bench.compiler, "z.test/new/A"), RRSET_DECLARED);
    assert_int_equal(compiler_rrset(bench.compiler, "z.test/www/A"), RRSET_SEEDED);
    assert_int_equal(compiler_rrset(bench.compiler, "z.test/old/CNAME"), RRSET_SEEDED);
    assert_int_equal(compiler_rrset(bench.compiler, "z.test/www/TXT"), RRSET_ABSENT);
    assert_int_equal(compiler_rrset(bench.compiler, "z.test/none/A"), RRSET_ABSENT);
    assert_int_equal(compiler_rrset(bench.compiler, "y.test/www/A"), RRSET_ABSENT);
    assert_int_equal(compiler_rrset(bench.compiler, "nonsense"), RRSET_ABSENT);
    bench_free(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_rrset_lies_over_the_file_and_uncovers_it_again),
        cmocka_unit_test(a_new_file_changes_what_is_below),
        cmocka_unit_test(a_change_touches_nothing_but_its_own_name),
        cmocka_unit_test(options_of_a_zone_do_not_read_its_records_again),
        cmocka_unit_test(what_would_make_the_zone_ambiguous_is_refused),
        cmocka_unit_test(what_comes_back_may_not_clash_either),
        cmocka_unit_test(a_service_learns_what_stands_beside_it),
        cmocka_unit_test(useless_records_warn_with_their_line),
        cmocka_unit_test(glue_and_the_parent_side_do_not_warn),
        cmocka_unit_test(a_steered_name_server_has_addresses),
        cmocka_unit_test(the_file_says_the_serial_until_others_change_the_zone),
        cmocka_unit_test(what_changes_no_record_leaves_the_serial),
        cmocka_unit_test(the_serial_wraps),
        cmocka_unit_test(a_stored_serial_is_served),
        cmocka_unit_test(who_says_an_rrset_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
