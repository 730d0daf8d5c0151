/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where networks are, as operators say: on top of databases, of each other, and instead of them. */
#include "config/compiling.h"

#include "base/rng.h"
#include "config/geofeed.h"
#include "config/location_set.h"
#include "config/overlay.h"

#include <math.h>

#define PLACES                                                                                        \
    "{\"10.0.0.0/8\": {\"country\": \"DE\", \"location\": [50, 8], \"asn\": 64500}, "                 \
    "\"10.1.0.0/16\": {\"city\": \"Berlin\", \"subdivision\": \"DE-BE\", \"location\": [52.5, 13]}, " \
    "\"10.2.0.0/16\": {\"country\": \"US\"}, \"10.3.0.0/16\": {}}"

static const struct location *find(const struct geo *geo, const char *text, uint8_t *scope_len)
{
    struct address address;
    assert_true(address_parse(text, &address));
    return geo_find(geo, &address, scope_len);
}

/* "EU DE DE-BE Berlin 64500 52 13", "-" for what is unknown. */
static char *describe(const struct location *location)
{
    if (location == NULL)
        return xstrdup("nowhere");
    const char *parts[] = { location->continent, location->country, location->subdivision, location->city };
    struct text text = { 0 };
    for (size_t i = 0; i < 4; i++)
        text_printf(&text, "%s ", parts[i][0] != '\0' ? parts[i] : "-");
    text_printf(&text, "%u", location->asn);
    if (location->at.is_known)
        text_printf(&text, " %g %g", (double)location->at.latitude, (double)location->at.longitude);
    return text_take(&text);
}

static void is_at(const struct bench *bench, const char *client, const char *place, const char *set)
{
    struct address address;
    assert_true(address_parse(client, &address));
    char *found = describe(geo_find(bench->dataset->geo, &address, NULL));
    assert_string_equal(found, place);
    free(found);
    const char *operator_set = geo_operator_of(bench->dataset->geo, &address);
    assert_string_equal(operator_set != NULL ? operator_set : "-", set);
}

/* A database: 10.0.0.0/8 (as if it were public) in California, 10.2.0.0/15 there without more. */
static struct geo *database(void)
{
    struct prefix_map_builder *builder = prefix_map_builder_new();
    struct location_set set = { 0 };
    struct location here = { "NA", "US", "US-CA", "Los Angeles", 7018, { 34, -118, true } };
    struct location country = { .continent = "NA", .country = "US" };
    struct prefix prefix;
    assert_true(prefix_parse("10.0.0.0/8", &prefix));
    prefix_map_builder_add(builder, &prefix, location_set_add(&set, &here));
    assert_true(prefix_parse("10.2.0.0/15", &prefix));
    prefix_map_builder_add(builder, &prefix, location_set_add(&set, &country));
    assert_true(prefix_parse("2001:db8::/32", &prefix));
    prefix_map_builder_add(builder, &prefix, location_set_add(&set, &country));
    struct geo *geo = geo_make(prefix_map_build(builder), &set);
    geo->source = xstrdup("test.mmdb");
    location_set_free(&set);
    return geo;
}

static void take_databases(struct bench *bench, struct geo *geo)
{
    problems_free(&bench->problems);
    bench_must(bench, compiler_set_geo(bench->compiler, geo, &bench->problems, &bench->compiled));
    bench_accept(bench);
}

static void locations_work_without_a_database(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    bench_set(&bench, OBJECT_LOCATIONS, "office", PLACES);
    is_at(&bench, "10.9.0.1", "EU DE - - 64500 50 8", "office");
    is_at(&bench, "10.1.0.1", "EU DE DE-BE Berlin 64500 52.5 13", "office");
    is_at(&bench, "10.2.0.1", "NA US - - 64500", "office");
    is_at(&bench, "10.3.0.1", "nowhere", "office");
    is_at(&bench, "11.0.0.1", "nowhere", "-");
    assert_string_equal(bench.dataset->geo->source, "locations/office");
    bench_set(&bench, OBJECT_LOCATIONS, "office", NULL);
    assert_null(bench.dataset->geo);
    bench_free(&bench);
}

static void locations_lie_on_top_of_the_databases(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    take_databases(&bench, database());
    is_at(&bench, "10.1.0.1", "NA US US-CA Los Angeles 7018 34 -118", "-");
    bench_set(&bench, OBJECT_LOCATIONS, "office", "{\"10.1.0.0/16\": {\"asn\": 64500}}");
    is_at(&bench, "10.1.0.1", "NA US US-CA Los Angeles 64500 34 -118", "office");
    bench_set(&bench, OBJECT_LOCATIONS, "office", "{\"10.1.0.0/16\": {\"subdivision\": \"US-TX\"}}");
    is_at(&bench, "10.1.0.1", "NA US US-TX - 7018", "office");
    bench_set(&bench, OBJECT_LOCATIONS, "office", "{\"10.1.0.0/16\": {\"city\": \"Fresno\"}}");
    is_at(&bench, "10.1.0.1", "NA US US-CA Fresno 7018", "office");
    bench_set(&bench, OBJECT_LOCATIONS, "office", PLACES);
    is_at(&bench, "10.2.0.1", "NA US - - 64500", "office");
    is_at(&bench, "10.3.0.1", "nowhere", "office");
    is_at(&bench, "2001:db8::1", "NA US - - 0", "-");
    assert_string_equal(bench.dataset->geo->source, "test.mmdb; locations/office");
    take_databases(&bench, NULL); /* the databases go, what operators say stays */
    is_at(&bench, "10.9.0.1", "EU DE - - 64500 50 8", "office");
    is_at(&bench, "2001:db8::1", "nowhere", "-");
    take_databases(&bench, database());
    bench_set(&bench, OBJECT_LOCATIONS, "office", NULL);
    is_at(&bench, "10.3.0.1", "NA US - - 0", "-");
    bench_free(&bench);
}

static void the_first_set_of_the_alphabet_lies_on_top(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    bench_set(&bench, OBJECT_LOCATIONS, "b", "{\"10.0.0.0/8\": {\"country\": \"DE\", \"asn\": 1}}");
    bench_set(&bench, OBJECT_LOCATIONS, "a", "{\"10.0.0.0/8\": {\"country\": \"FR\"}}");
    is_at(&bench, "10.9.0.1", "EU FR - - 1", "a");
    bench_set(&bench, OBJECT_LOCATIONS, "c", "{\"10.9.0.0/16\": {\"asn\": 3}}");
    is_at(&bench, "10.9.0.1", "EU FR - - 3", "c"); /* the most specific one has the last word */
    bench_free(&bench);
}

static void a_refused_change_leaves_no_trace(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    take_databases(&bench, database());
    bench_set(&bench, OBJECT_LOCATIONS, "office", PLACES);
    bench_is_refused(&bench, bench_try(&bench, OBJECT_LOCATIONS, "office", "{\"10.0.0.0/8\": 7}"),
                     "must be an object such as");
    bench_must(&bench, bench_try(&bench, OBJECT_LOCATIONS, "office", NULL));
    bench_reject(&bench);
    is_at(&bench, "10.3.0.1", "nowhere", "office");
    bench_must(&bench, compiler_set_geo(bench.compiler, NULL, &bench.problems, &bench.compiled));
    bench_reject(&bench);
    is_at(&bench, "2001:db8::1", "NA US - - 0", "-");
    bench_free(&bench);
}

static void rules_follow_locations(void **state)
{
    (void)state;
    static const struct conditions nothing;
    struct bench bench = bench_new();
    struct client client = { .prefix_len = 32 };
    assert_true(address_parse("10.1.2.3", &client.address));
    bench_set(&bench, OBJECT_POLICY, "p",
              "{\"geo\": {\"country:DE\": {\"ipv4\": \"192.0.2.1\"}, \"default\": {\"ipv4\": "
              "\"192.0.2.2\"}}}");
    for (unsigned is_there = 0; is_there < 2; is_there++) {
        struct choice choice = { 0 };
        if (is_there)
            bench_set(&bench, OBJECT_LOCATIONS, "office", "{\"10.1.2.0/23\": {\"country\": \"DE\"}}");
        const struct candidates from = { .node = bench_node(&bench, "p"),
                                         .dataset = bench.dataset,
                                         .conditions = &nothing,
                                         .view = VIEW_EVERYTHING };
        from.node->policy->choose(&from, &client, NULL, 1, &choice);
        assert_int_equal(choice.index[0], is_there ? 0 : 1);
        assert_int_equal(choice.scope_len, is_there ? 23 : 0);
    }
    bench_free(&bench);
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *json, *words;
    } rows[] = {
        { "{\"10.0.0.1/8\": {}}", "/locations/m/10.0.0.1~18: \"10.0.0.1/8\" is no network" },
        { "{\"10.0.0.0/8\": {\"country\": \"de\"}}", "must be the two-letter code of a country in capitals" },
        { "{\"10.0.0.0/8\": {\"country\": \"QQ\"}}", "/10.0.0.0~18/country: must be the two-letter code" },
        { "{\"10.0.0.0/8\": {\"continent\": \"DE\"}}", "must be one of AF, AN" },
        { "{\"10.0.0.0/8\": {\"subdivision\": \"CA\"}}", "such as \"US-CA\"" },
        { "{\"10.0.0.0/8\": {\"subdivision\": \"US-CA\", \"country\": \"DE\"}}", "is not in the country DE" },
        { "{\"10.0.0.0/8\": {\"asn\": 0}}", "must be 1..4294967295" },
        { "{\"10.0.0.0/8\": {\"location\": [91, 0]}}", "latitude must be -90..90" },
        { "{\"10.0.0.0/8\": {\"contry\": \"DE\"}}", "did you mean \"country\"?" },
        { "{\"2001:db8::/32\": {}, \"2001:db8:0::/32\": {}}", "the same network twice" },
        { "{\"file\": \"x.csv\"}", "a file is read where" },
        { "{\"10.0.0.0/8\": {\"city\": \"0123456789012345678901234567890123456789012345678\"}}", "47" },
    };
    struct bench bench = bench_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        bench_is_refused(&bench, bench_try(&bench, OBJECT_LOCATIONS, "m", rows[i].json), rows[i].words);
    bench_free(&bench);
}

static void a_geofeed_is_read_line_by_line(void **state)
{
    (void)state;
    static const char good[] = "# a feed\n10.0.0.0/8,de,DE-BE,Berlin,10117\r\n 2001:db8::/32 , , , \n\n"
                               "192.0.2.7,US,,\"St. \"\"X\"\", A\",,38.5,-77,64500,more\n192.0.2.8";
    struct problems problems = { 0 };
    size_t size;
    char *json = geofeed_to_json("f.csv", good, sizeof good - 1, &problems, &size);
    assert_string_equal(
        json, "{\n\"10.0.0.0/8\": {\"country\": \"DE\", \"subdivision\": \"DE-BE\", \"city\": \"Berlin\"},\n"
              "\"2001:db8::/32\": {},\n\"192.0.2.7\": {\"country\": \"US\", \"city\": \"St. \\\"X\\\", A\", "
              "\"location\": [38.500000, -77.000000], \"asn\": 64500},\n\"192.0.2.8\": {}\n}");
    assert_int_equal(size, strlen(json));
    free(json);
}

static void what_is_wrong_with_a_geofeed_is_said(void **state)
{
    (void)state;
    static const char bad[] = "10.0.0.1/8,DE\n10.0.0.0/8,QQ\n10.1.0.0/16,DE,US-CA\n10.2.0.0/16,DE,,\"x\n"
                              "10.3.0.0/16,DE,,,,91,0\n10.4.0.0/16,DE,,,,1\n10.5.0.0/16,DE,,,,,,AS1\n"
                              "10.6.0.0/16\n10.6.0.0/16\n10.7.0.0/16,,,\xff\n10.8.0.0/16,,,,,0x1,2\n"
                              "10.9.0.0/16,,,\"a\tb\"\n";
    static const char *const rows[] = {
        "f.csv:1:1: \"10.0.0.1/8\" is no network", "f.csv:2:1: the country must be the two-letter code",
        "f.csv:3:1: the subdivision US-CA is not", "f.csv:4:1: quotes must stand around a whole column",
        "f.csv:5:1: latitude and longitude must",  "f.csv:6:1: latitude and longitude must",
        "f.csv:7:1: the AS number must be",        "f.csv:9:1: the same network as in line 8",
        "f.csv:10:1: is not UTF-8 text",           "f.csv:11:1: latitude and longitude must",
        "f.csv:12:1: the city must not hold tabs",
    };
    struct problems problems = { 0 };
    size_t size;
    assert_null(geofeed_to_json("f.csv", bad, sizeof bad - 1, &problems, &size));
    assert_int_equal(problems.error_count, sizeof rows / sizeof *rows);
    char *said = complaints_take(&problems);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strstr(said, rows[i]) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", said, rows[i]);
    }
    free(said);
}

/* ---- random declarations against the plain words of the documentation ---- */

enum { RANDOM_PLACES = 60, RANDOM_SETS = 3 };

static bool is_nothing(const struct location *location)
{
    return location->continent[0] == '\0' && location->asn == 0 && !location->at.is_known;
}

/* The place that is said of exactly this network and set, or NULL. */
static const struct location *said_of(const struct overlay_set *set, const struct prefix *network)
{
    for (size_t i = 0; i < set->said->count; i++) {
        const struct prefix *other = &set->said->places[i].network;
        if (other->length == network->length && address_equal(&other->address, &network->address))
            return &set->said->places[i].location;
    }
    return NULL;
}

/* What an upper word changes: these declarations know countries, AS numbers and coordinates. */
static void lay_naively(struct location *below, const struct location *upper)
{
    if (is_nothing(upper)) {
        *below = *upper;
        return;
    }
    if (upper->country[0] != '\0') {
        if (below->country[0] != '\0' && strcmp(below->country, upper->country) != 0)
            below->at = (struct coordinates){ 0 };
        memcpy(below->country, upper->country, 3);
        memcpy(below->continent, upper->continent, 3);
    }
    if (upper->asn != 0)
        below->asn = upper->asn;
    if (upper->at.is_known)
        below->at = upper->at;
}

/* What operators say of it among themselves, the narrower over the wider, lies over what databases say. */
static struct location find_naively(const struct geo *databases, const struct overlay_set *sets,
                                    const struct address *address)
{
    const struct location *found = geo_find(databases, address, NULL);
    struct location here = { 0 }, words = { 0 };
    if (found != NULL)
        here = *found;
    for (unsigned length = 0; length <= 32; length++) {
        struct prefix network = { *address, (uint8_t)length };
        address_mask(&network.address, network.length);
        for (size_t i = RANDOM_SETS; i-- > 0;) {
            const struct location *said = said_of(&sets[i], &network);
            if (said == NULL)
                continue;
            lay_naively(&words, said);
            if (is_nothing(said))
                here = words; /* the databases are not asked for anything narrower */
        }
    }
    if (!is_nothing(&words))
        lay_naively(&here, &words);
    return here;
}

static unsigned below(struct rng *rng, unsigned count)
{
    return (unsigned)(rng_next(rng) % count);
}

static struct prefix random_network(struct rng *rng)
{
    struct prefix network = { .address.family = ADDRESS_V4, .length = (uint8_t)(6 + below(rng, 12)) };
    network.address.bytes[0] = (uint8_t)(8 + below(rng, 4));
    network.address.bytes[1] = (uint8_t)(below(rng, 4) << 6);
    address_mask(&network.address, network.length);
    return network;
}

static struct location random_place(struct rng *rng)
{
    static const char countries[][2][3] = { { "DE", "EU" }, { "FR", "EU" }, { "US", "NA" } };
    struct location place = { 0 };
    size_t country = below(rng, 3);
    if (below(rng, 3) > 0) {
        memcpy(place.country, countries[country][0], 3);
        memcpy(place.continent, countries[country][1], 3);
    }
    if (below(rng, 3) == 0)
        place.asn = 1 + below(rng, 3);
    if (below(rng, 3) == 0)
        place.at = (struct coordinates){ (float)below(rng, 3), 1, true };
    return place;
}

static void fill(struct rng *rng, struct declared_locations *out)
{
    out->count = 0;
    for (unsigned i = 0; i < RANDOM_PLACES / RANDOM_SETS; i++) {
        struct declared_place place = { random_network(rng), random_place(rng) };
        const struct overlay_set set = { "", out };
        if (said_of(&set, &place.network) == NULL)
            out->places[out->count++] = place;
    }
}

static void random_declarations_are_laid_as_documented(void **state)
{
    (void)state;
    static const char *const names[RANDOM_SETS] = { "a", "b", "c" };
    struct rng rng;
    rng_seed(&rng);
    print_message("seed %llu\n", (unsigned long long)rng.state);
    for (unsigned round = 0; round < 200; round++) {
        struct declared_place places[RANDOM_SETS][RANDOM_PLACES];
        struct declared_locations said[RANDOM_SETS];
        struct overlay_set sets[RANDOM_SETS];
        for (size_t i = 0; i < RANDOM_SETS; i++) {
            said[i] = (struct declared_locations){ .places = places[i] };
            fill(&rng, &said[i]);
            sets[i] = (struct overlay_set){ names[i], &said[i] };
        }
        struct geo *databases = round % 2 ? database() : NULL,
                   *geo = overlay_make(databases, sets, RANDOM_SETS);
        for (unsigned i = 0; i < 300; i++) {
            struct address address = { .family = ADDRESS_V4 };
            uint32_t bits = (uint32_t)rng_next(&rng);
            memcpy(address.bytes, &bits, sizeof bits);
            address.bytes[0] = (uint8_t)(8 + below(&rng, 4));
            struct location expected = find_naively(databases, sets, &address);
            char *want = is_nothing(&expected) ? xstrdup("nowhere") : describe(&expected);
            char *got = describe(geo_find(geo, &address, NULL));
            /* the databases' finer words are tried elsewhere */
            if (databases == NULL || expected.subdivision[0] == '\0')
                assert_string_equal(got, want);
            free(want);
            free(got);
        }
        geo_free(geo);
        geo_free(databases);
    }
}

static void the_scope_is_the_widest_with_one_place(void **state)
{
    (void)state;
    struct bench bench = bench_new();
    uint8_t scope_len;
    bench_set(&bench, OBJECT_LOCATIONS, "office",
              "{\"10.0.0.0/9\": {\"country\": \"DE\"}, \"10.128.0.0/9\": {\"country\": \"DE\"}, "
              "\"10.4.0.0/16\": {\"country\": \"DE\"}, \"11.0.0.0/8\": {\"asn\": 1}}");
    assert_non_null(find(bench.dataset->geo, "10.4.0.1", &scope_len));
    assert_int_equal(scope_len, 8); /* said three times alike: one place */
    bench_free(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(locations_work_without_a_database),
        cmocka_unit_test(locations_lie_on_top_of_the_databases),
        cmocka_unit_test(the_first_set_of_the_alphabet_lies_on_top),
        cmocka_unit_test(a_refused_change_leaves_no_trace),
        cmocka_unit_test(rules_follow_locations),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(a_geofeed_is_read_line_by_line),
        cmocka_unit_test(what_is_wrong_with_a_geofeed_is_said),
        cmocka_unit_test(random_declarations_are_laid_as_documented),
        cmocka_unit_test(the_scope_is_the_widest_with_one_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
