/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock.h"
#include "base/rng.h"
#include "config/mmdb.h"
#include "config/mmdb_writer.h"
#include "policy/policy.h"

#include <maxminddb.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/stat.h>

/* The scripts and databases at the top of the source tree, where tests run. */
static char *geoip_path(const char *name)
{
    return xasprintf("geoip/%s", name);
}

static struct geo *load_bytes(const struct bytes *bytes, struct error *err)
{
    char path[64], *paths[] = { path };
    struct geo *geo = NULL;
    int fd = file_of(bytes, path);
    bool is_good = mmdb_load(paths, 1, &geo, err);
    close(fd);
    assert_true(is_good == (geo != NULL));
    return geo;
}

static const struct location *find(const struct geo *geo, const char *text)
{
    struct address address;
    assert_true(address_parse(text, &address));
    return geo_find(geo, &address, NULL);
}

/* ---- real files, compared with MaxMind's own library ---- */

static const char *demo_path(void)
{
    static char path[64];
    if (path[0] == '\0') {
        snprintf(path, sizeof path, "/tmp/steerd-test-demo-%d.mmdb", (int)getpid());
        char *script = geoip_path("make_demo.pl");
        char *command = xasprintf("perl '%s' '%s' 2>/dev/null", script, path);
        if (system(command) != 0)
            path[0] = '\0';
        free(command);
        free(script);
    }
    return path[0] != '\0' ? path : NULL;
}

static int remove_demo(void **state)
{
    (void)state;
    if (demo_path() != NULL)
        unlink(demo_path());
    return 0;
}

static bool reference_text(MMDB_entry_s *entry, const char *const *path, char out[3])
{
    MMDB_entry_data_s data;
    if (MMDB_aget_value(entry, &data, path) != MMDB_SUCCESS || !data.has_data || data.data_size != 2)
        return false;
    memcpy(out, data.utf8_string, 2);
    out[2] = '\0';
    return true;
}

/* Places where the two differ on purpose. */
static bool is_left_out(const struct address *address)
{
    static const char *const places[] = { "::/96", "2001::/32", "2002::/16" };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct prefix prefix;
        assert_true(prefix_parse(places[i], &prefix));
        if (prefix_contains(&prefix, address))
            return true;
    }
    struct prefix prefix;
    for (size_t i = 0; address_special_purpose_at(i, &prefix); i++) {
        if (prefix_contains(&prefix, address))
            return true;
    }
    return false;
}

/* "Somewhere in Europe", "in Asia or the Pacific", "nowhere": only the continent is known, if anything. */
static bool is_no_country(const char *code)
{
    return strcmp(code, "EU") == 0 || strcmp(code, "AP") == 0 || strcmp(code, "ZZ") == 0;
}

/* A geo node over the table, as a service has it: what it chooses follows from the country alone. */
static const char *const countries[] = { "US", "DE", "CN", "IN", "BR", "JP", "GB", "FR", "AU", "ZA" };
enum { COUNTRIES = sizeof countries / sizeof *countries };

static struct node *node_over(const struct geo *geo)
{
    static const struct endpoint endpoint = { .slot = SLOT_NONE };
    const struct policy *policy = policy_find("geo");
    struct policy_rule rules[COUNTRIES + 1] = { { "default", COUNTRIES } };
    char keys[COUNTRIES][16];
    for (uint16_t i = 0; i < COUNTRIES; i++) {
        snprintf(keys[i], sizeof keys[i], "country:%s", countries[i]);
        rules[i + 1] = (struct policy_rule){ keys[i], i };
    }
    const struct policy_source source = { .rules = rules, .count = COUNTRIES + 1, .geo = geo };
    struct node *node = xcalloc(1, sizeof *node + (COUNTRIES + 1) * sizeof *node->children);
    void *plan = NULL;
    assert_true(policy->compile(&source, &plan, NULL));
    node->policy = policy;
    node->plan = plan;
    node->child_count = COUNTRIES + 1;
    for (size_t i = 0; i <= COUNTRIES; i++)
        node->children[i].endpoint = &endpoint;
    return node;
}

static void node_over_free(struct node *node)
{
    node->policy->plan_free((void *)(uintptr_t)node->plan);
    free(node);
}

static const char *country_chosen(const struct node *node, const struct address *address)
{
    static const struct conditions nothing;
    const struct client client = { .address = *address, .prefix_len = address_bits(address) };
    const struct candidates from = { .node = node, .conditions = &nothing, .view = VIEW_HEALTHY };
    struct choice choice = { 0 };
    node->policy->choose(&from, &client, NULL, 1, &choice);
    assert_int_equal(choice.count, 1);
    return choice.index[0] < COUNTRIES ? countries[choice.index[0]] : "";
}

static const char *if_listed(const char *country)
{
    for (size_t i = 0; i < COUNTRIES; i++)
        if (strcmp(countries[i], country) == 0)
            return country;
    return "";
}

static void compare_with_reference(const char *file, size_t count)
{
    static const char *const nested[] = { "country", "iso_code", NULL }, *const flat[] = { "country_code",
                                                                                           NULL };
    struct rng rng;
    rng_seed(&rng);
    printf("%s: seed %016llx\n", file, (unsigned long long)rng.state);
    MMDB_s reference;
    assert_int_equal(MMDB_open(file, MMDB_MODE_MMAP, &reference), MMDB_SUCCESS);
    char *path = xstrdup(file);
    struct geo *geo = NULL;
    struct error err;
    uint64_t start_us = clock_monotonic_us();
    if (!mmdb_load(&path, 1, &geo, &err))
        fail_msg("%s", err.text);
    printf("%s: %.1f ms, %zu ranges, %.1f MB\n", geo->source,
           (double)(clock_monotonic_us() - start_us) / 1000, prefix_map_range_count(geo->map),
           (double)prefix_map_bytes(geo->map) / 1e6);
    size_t known = 0;
    struct node *node = node_over(geo);
    for (size_t i = 0; i < count; i++) {
        struct address address = { .family = i % 2 ? ADDRESS_V4 : ADDRESS_V6 };
        uint64_t random = rng_next(&rng);
        memcpy(address.bytes, &random, address.family == ADDRESS_V4 ? 4 : 8);
        if (address.family == ADDRESS_V6) /* where most networks are, and densely */
            address.bytes[0] = 0x20 | (random >> 40 & 0xa), address.bytes[1] &= 0xf, address.bytes[2] &= 0x8f;
        char text[ADDRESS_TEXT_SIZE];
        address_format(&address, text);
        int gai_error, mmdb_error;
        MMDB_lookup_result_s result = MMDB_lookup_string(&reference, text, &gai_error, &mmdb_error);
        char country[3] = "";
        if (result.found_entry && !reference_text(&result.entry, nested, country))
            reference_text(&result.entry, flat, country);
        if (is_left_out(&address) || is_no_country(country))
            country[0] = '\0';
        const struct location *location = geo_find(geo, &address, NULL);
        if (strcmp(location != NULL ? location->country : "", country) != 0)
            fail_msg("%s is in '%s', not in '%s'", text, country, location != NULL ? location->country : "");
        if (strcmp(country_chosen(node, &address), if_listed(country)) != 0)
            fail_msg("%s is sent to '%s', not to '%s'", text, country_chosen(node, &address), country);
        known += country[0] != '\0';
    }
    printf("%zu of %zu have a country\n", known, count);
    assert_true(known > 0);
    MMDB_close(&reference);
    node_over_free(node);
    geo_free(geo);
    free(path);
}

static void the_demo_database_says_what_its_script_says(void **state)
{
    (void)state;
    if (demo_path() == NULL)
        skip(); /* MaxMind::DB::Writer is not installed */
    char *path = xstrdup(demo_path());
    struct geo *geo = NULL;
    assert_true(mmdb_load(&path, 1, &geo, NULL));
    static const struct {
        const char *address, *country, *continent;
    } rows[] = {
        { "8.8.8.8", "US", "NA" },      { "1.1.1.1", "AU", "OC" },
        { "193.0.6.139", "NL", "EU" },  { "2001:4860:4860::8888", "US", "NA" },
        { "2a00:1450::1", "IE", "EU" }, { "196.216.2.1", "MU", "AF" },
        { "200.160.0.1", "BR", "SA" },  { "133.11.0.1", "JP", "AS" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct location *location = find(geo, rows[i].address);
        assert_non_null(location);
        assert_string_equal(location->country, rows[i].country);
        assert_string_equal(location->continent, rows[i].continent);
        assert_true(location->at.is_known);
    }
    static const char *const nowhere[] = { "10.0.0.1", "2002:808:808::1", "::ffff:8.8.8.8", "2001:db8::1",
                                           "2001:0:808:808::1" };
    for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++)
        assert_null(find(geo, nowhere[i]));
    assert_non_null(strstr(geo->source, ".mmdb, built 2026-01-01T00:00:00"));
    geo_free(geo);
    free(path);
    compare_with_reference(demo_path(), 20000);
}

static void a_whole_country_database_agrees_with_maxminds_library(void **state)
{
    (void)state;
    struct stat stat_of_file;
    char *path = geoip_path("country.mmdb");
    bool is_there = stat(path, &stat_of_file) == 0;
    const char *is_long = getenv("STEERD_TEST_LONG");
    if (is_there)
        compare_with_reference(path, is_long != NULL && strcmp(is_long, "1") == 0 ? 2000000 : 100000);
    free(path);
    if (!is_there)
        skip();
}

/* ---- layouts ---- */

static void flat_records_are_understood(void **state)
{
    (void)state;
    struct bytes data = { 0 }, file = { 0 };
    put_map(&data, 6);
    put_text(&data, "country_code"), put_text(&data, "de");
    put_text(&data, "asn"), put_text(&data, "AS64500");
    put_text(&data, "city"), put_text(&data, "K\xc3\xb6ln");
    put_text(&data, "state1"), put_text(&data, "Nordrhein-Westfalen");
    put_text(&data, "latitude"), put_text(&data, "50.9");
    put_text(&data, "longitude"), put_double(&data, 6.96);
    put_database(&file, &data);
    struct geo *geo = load_bytes(&file, NULL);
    const struct location *location = find(geo, "1.2.3.4");
    assert_string_equal(location->country, "DE");
    assert_string_equal(location->continent, "EU");
    assert_string_equal(location->subdivision, "");
    assert_string_equal(location->city, "K\xc3\xb6ln");
    assert_int_equal(location->asn, 64500);
    assert_true(location->at.is_known && location->at.latitude == 50.9f && location->at.longitude == 6.96f);
    assert_null(find(geo, "130.0.0.1"));
    assert_null(find(geo, "127.0.0.1"));
    assert_string_equal(strchr(geo->source, ','), ", built 2023-11-14T22:13:20.000Z");
    geo_free(geo);
}

static void put_code(struct bytes *out, const char *key, const char *inner, const char *code)
{
    put_text(out, key);
    put_map(out, 1);
    put_text(out, inner), put_text(out, code);
}

static void nested_records_are_understood(void **state)
{
    (void)state;
    struct bytes data = { 0 }, file = { 0 };
    put_map(&data, 6);
    put_code(&data, "continent", "code", "NA");
    put_code(&data, "country", "iso_code", "US");
    put_text(&data, "subdivisions"), put_control(&data, 11, 2);
    put_map(&data, 1), put_text(&data, "iso_code"), put_text(&data, "CA");
    put_map(&data, 1), put_text(&data, "iso_code"), put_text(&data, "XYZ");
    put_text(&data, "city"), put_map(&data, 1);
    put_code(&data, "names", "en", "San Jose");
    put_text(&data, "location"), put_map(&data, 2);
    put_text(&data, "latitude"), put_double(&data, 37.3);
    put_text(&data, "longitude"), put_double(&data, -121.9);
    put_text(&data, "autonomous_system_number"), put_uint32(&data, 15169);
    put_database(&file, &data);
    struct geo *geo = load_bytes(&file, NULL);
    const struct location *location = find(geo, "1.2.3.4");
    assert_string_equal(location->subdivision, "US-CA");
    assert_string_equal(location->city, "San Jose");
    assert_int_equal(location->asn, 15169);
    assert_true(location->at.latitude == 37.3f);
    geo_free(geo);
}

static void the_registered_country_stands_in_and_nonsense_is_unknown(void **state)
{
    (void)state;
    struct bytes data = { 0 }, file = { 0 };
    put_map(&data, 4);
    put_code(&data, "registered_country", "iso_code", "FR");
    put_code(&data, "country", "geoname_id", "?");
    put_text(&data, "city"), put_text(&data, "\xff\xfe");
    put_text(&data, "latitude"), put_double(&data, 1e300);
    put_database(&file, &data);
    struct geo *geo = load_bytes(&file, NULL);
    const struct location *location = find(geo, "1.2.3.4");
    assert_string_equal(location->country, "FR");
    assert_string_equal(location->city, "");
    assert_false(location->at.is_known);
    geo_free(geo);
}

static void later_files_win_field_by_field(void **state)
{
    (void)state;
    static const struct {
        const char *country, *city;
        uint32_t asn;
    } files[] = { { "DE", "Berlin", 64500 }, { "DE", NULL, 64501 }, { "AT", NULL, 0 } };
    char paths[3][64], *list[] = { paths[0], paths[1], paths[2] };
    int fds[3];
    for (size_t i = 0; i < 3; i++) {
        struct bytes data = { 0 }, file = { 0 };
        put_map(&data, 1 + (size_t)(files[i].city != NULL) + (size_t)(files[i].asn != 0));
        put_text(&data, "country_code"), put_text(&data, files[i].country);
        if (files[i].city != NULL)
            put_text(&data, "city"), put_text(&data, files[i].city);
        if (files[i].asn != 0)
            put_text(&data, "asn"), put_uint32(&data, files[i].asn);
        put_database(&file, &data);
        fds[i] = file_of(&file, paths[i]);
    }
    struct geo *two = NULL, *three = NULL;
    assert_true(mmdb_load(list, 2, &two, NULL));
    assert_true(mmdb_load(list, 3, &three, NULL));
    assert_true(two->number != three->number);
    assert_string_equal(find(two, "1.2.3.4")->city, "Berlin");
    assert_int_equal(find(two, "1.2.3.4")->asn, 64501);
    assert_string_equal(find(three, "1.2.3.4")->country, "AT");
    assert_string_equal(find(three, "1.2.3.4")->city, ""); /* Berlin is not in Austria */
    assert_int_equal(find(three, "1.2.3.4")->asn, 64501);
    assert_int_equal(three->count, 1); /* what was merged away is not kept */
    geo_free(two);
    geo_free(three);
    for (size_t i = 0; i < 3; i++)
        close(fds[i]);
}

/* A tree of 32-bit records: a chain of 0-bits of the given depth to a record for all addresses below. */
static void ipv4_lies_at_the_bottom_of_an_ipv6_tree(void **state)
{
    (void)state;
    for (unsigned depth = 8; depth <= 128; depth += depth == 104 ? 24 : 8) {
        static const uint8_t separator[16];
        struct bytes file = { 0 };
        for (uint32_t node = 0; node < depth; node++) {
            put_big_endian(&file, node + 1 < depth ? node + 1 : depth + 16, 4);
            put_big_endian(&file, depth, 4);
        }
        put(&file, separator, sizeof separator);
        put_map(&file, 1), put_text(&file, "country_code"), put_text(&file, "DE");
        put_metadata(&file, depth, 32, 6);
        struct geo *geo = load_bytes(&file, NULL);
        if (depth < 128) {
            assert_null(find(geo, "0.1.2.3")); /* special-purpose */
            assert_true((find(geo, "9.1.2.3") != NULL) == (depth <= 96));
        }
        assert_true((find(geo, "::1:0:0:0") != NULL) == (depth <= 72));
        geo_free(geo);
    }
}

/* ---- bad files ---- */

static void expect_error(const struct bytes *bytes, const char *words)
{
    struct error err;
    assert_null(load_bytes(bytes, &err));
    if (strncmp(err.text, "/proc/self/fd/", 14) != 0 || strstr(err.text, words) == NULL)
        fail_msg("'%s' does not name the file and say '%s'", err.text, words);
}

static void damaged_files_are_refused_with_their_name(void **state)
{
    (void)state;
    struct bytes file = { 0 }, data = { 0 }, whole = { 0 };
    expect_error(&file, "fetch it again");
    put_map(&data, 1), put_text(&data, "x"), put_text(&data, "y");
    put_database(&whole, &data);
    expect_error(&whole, "says nothing about countries");

    static const uint8_t separator[16];
    put_big_endian(&file, 0, 3), put_big_endian(&file, 0, 3); /* leads to itself */
    put(&file, separator, sizeof separator);
    put_metadata(&file, 1, 24, 6);
    expect_error(&file, "search tree");

    file.size = 0;
    put_big_endian(&file, 1 + 15, 3), put_big_endian(&file, 1, 3);
    put(&file, separator, sizeof separator);
    put_metadata(&file, 1, 24, 4);
    expect_error(&file, "outside of the data");

    file.size = 0;
    put_metadata(&file, 1000000, 24, 4);
    expect_error(&file, "does not fit into the file");
}

static void missing_files_and_folders_are_errors(void **state)
{
    (void)state;
    char missing[] = "/nonexistent/x.mmdb", folder[] = "/tmp", *paths[] = { missing, folder };
    struct geo *geo = NULL;
    struct error err;
    assert_false(mmdb_load(paths, 1, &geo, &err));
    assert_string_equal(err.text, "/nonexistent/x.mmdb: cannot be read: No such file or directory");
    assert_false(mmdb_load(paths + 1, 1, &geo, &err));
    assert_string_equal(err.text, "/tmp: cannot be read: it is no regular file");
    assert_true(mmdb_load(paths, 0, &geo, &err));
    assert_null(geo);
}

/* Nesting and pointers that explode for a reader that recurses or copies. */
static void hostile_records_end_quickly(void **state)
{
    (void)state;
    struct bytes data = { 0 }, file = { 0 };
    put_map(&data, 2), put_text(&data, "x");
    for (int i = 0; i < 25000; i++)
        put_control(&data, 11, 1);
    put_control(&data, 14, 1);
    put_text(&data, "country_code"), put_text(&data, "DE");
    put_database(&file, &data);
    struct error err;
    struct geo *geo = load_bytes(&file, &err);
    assert_string_equal(find(geo, "1.2.3.4")->country, "DE");
    geo_free(geo);

    data.size = file.size = 0;
    put_byte(&data, 1 << 5), put_byte(&data, 0); /* a pointer to itself */
    put_database(&file, &data);
    expect_error(&file, "a data record makes no sense");

    data.size = file.size = 0;
    put_map(&data, 28);
    put(&data, "\x5f\xff\xff\xff", 4); /* a text of 16 MB */
    put_database(&file, &data);
    expect_error(&file, "a data record makes no sense");
}

static void any_change_of_a_byte_is_survived(void **state)
{
    (void)state;
    struct bytes data = { 0 }, file = { 0 };
    put_map(&data, 2);
    put_code(&data, "country", "iso_code", "US");
    put_text(&data, "latitude"), put_double(&data, 37.3);
    put_database(&file, &data);
    for (size_t i = 0; i < file.size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            file.at[i] = (uint8_t)(file.at[i] ^ 1u << bit);
            struct error err;
            geo_free(load_bytes(&file, &err));
            file.at[i] = (uint8_t)(file.at[i] ^ 1u << bit);
        }
        struct bytes cut = file;
        cut.size = i;
        struct error err;
        geo_free(load_bytes(&cut, &err));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_demo_database_says_what_its_script_says),
        cmocka_unit_test(a_whole_country_database_agrees_with_maxminds_library),
        cmocka_unit_test(flat_records_are_understood),
        cmocka_unit_test(nested_records_are_understood),
        cmocka_unit_test(the_registered_country_stands_in_and_nonsense_is_unknown),
        cmocka_unit_test(later_files_win_field_by_field),
        cmocka_unit_test(ipv4_lies_at_the_bottom_of_an_ipv6_tree),
        cmocka_unit_test(damaged_files_are_refused_with_their_name),
        cmocka_unit_test(missing_files_and_folders_are_errors),
        cmocka_unit_test(hostile_records_end_quickly),
        cmocka_unit_test(any_change_of_a_byte_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, remove_demo);
}
