/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/object.h"

#include "base/memory.h"
#include "base/text.h"
#include "config/complaints.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A directory with a zone file, for the whole program. */
static char directory[] = "/tmp/steerd-test-object-XXXXXX";

static char *path_in(const char *name)
{
    return xasprintf("%s/%s", directory, name);
}

static void write_file(const char *name, const char *text)
{
    char *path = path_in(name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    free(path);
}

static int make_files(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(directory));
    write_file("example.zone", "@ SOA a b 1 2 3 4 5\n; caf\xe9 \"quoted\"\n");
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    char *path = path_in("example.zone");
    unlink(path);
    free(path);
    return rmdir(directory);
}

/* Splits `text` as if it stood in `file`. */
static bool split(const char *file, const char *text, struct problems *problems, struct objects *out)
{
    struct document document;
    assert_true(document_scan(file, text, strlen(text), problems, &document));
    bool is_good = objects_of_steering(&document, directory, problems, out);
    document_free(&document);
    return is_good;
}

static const struct object *find(const struct objects *objects, enum object_kind kind, const char *name)
{
    for (size_t i = 0; i < objects->count; i++) {
        if (objects->items[i].kind == kind && strcmp(objects->items[i].name, name) == 0)
            return &objects->items[i];
    }
    fail_msg("no %s %s", object_kind_names[kind], name);
    return NULL;
}

static const char whole[] = "{ \"$schema\": \"x\", // comment\n"
                            "  \"checks\": { \"web\": { \"type\": \"tcp\", \"port\": 80 } },\n"
                            "  \"pools\": { \"us\": {\n"
                            "     \"endpoints\": {} } },\n"
                            "  \"policies\": { \"any\": { \"failover\": [\"us\"] } },\n"
                            "  \"zones\": { \"Example.COM.\": { \"services\": {\n"
                            "      \"WWW\": { \"policy\": \"us\" },\n"
                            "      \"@\": { \"policy\": \"any\" } }, \"file\": \"example.zone\" } } }\n";

static void steering_is_split_into_objects_with_their_places(void **state)
{
    (void)state;
    static const struct {
        enum object_kind kind;
        const char *name, *pointer;
        unsigned line, column;
        const char *text;
    } expected[] = {
        { OBJECT_CHECK, "web", "/checks/web", 2, 22, "{ \"type\": \"tcp\", \"port\": 80 }" },
        { OBJECT_POOL, "us", "/pools/us", 3, 20, "{\n     \"endpoints\": {} }" },
        { OBJECT_POLICY, "any", "/policies/any", 5, 24, "{ \"failover\": [\"us\"] }" },
        { OBJECT_ZONE_DATA, "example.com", "/zones/Example.COM./file", 8, 43,
          "@ SOA a b 1 2 3 4 5\n; caf\xe9 \"quoted\"\n" },
        { OBJECT_SERVICE, "example.com/www", "/zones/Example.COM./services/WWW", 7, 14,
          "{ \"policy\": \"us\" }" },
        { OBJECT_SERVICE, "example.com/@", "/zones/Example.COM./services/@", 8, 12,
          "{ \"policy\": \"any\" }" },
    };
    struct problems problems = { 0 };
    struct objects objects;
    assert_true(split("s.json", whole, &problems, &objects));
    assert_int_equal(objects.count, 7);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        const struct object *object = find(&objects, expected[i].kind, expected[i].name);
        char *pointer = object_pointer(object);
        assert_string_equal(pointer, expected[i].pointer);
        free(pointer);
        assert_string_equal(object->file, "s.json");
        assert_int_equal(object->line, expected[i].line);
        assert_int_equal(object->column, expected[i].column);
        assert_int_equal(object->text_size, strlen(expected[i].text));
        assert_memory_equal(object->text, expected[i].text, object->text_size);
    }
    objects_free(&objects);
}

static void a_zone_keeps_the_places_of_its_own_members(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    struct objects objects;
    assert_true(split("s.json", whole, &problems, &objects));
    const struct object *zone = find(&objects, OBJECT_ZONE, "example.com");
    struct document document = { .text = zone->text, .size = zone->text_size };
    unsigned line, column;
    document_locate(&document, (struct span){ 0, document.size }, "/file", &line, &column);
    assert_int_equal(zone->line + line - 1, 8);
    assert_int_equal(column, 43);
    assert_null(strstr(zone->text, "services"));
    assert_null(strstr(zone->text, ","));
    objects_free(&objects);
}

/* The zone's text, whatever stands around the members that are cut out of it. */
static void a_zone_text_is_json_wherever_services_stand(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *left;
    } zones[] = {
        { "{}", "{}" },
        { "{\"services\":{}}", "{}" },
        { "{\"services\":{},\"records\":[]}", "{\"records\":[]}" },
        { "{\"records\":[],\"services\":{}}", "{\"records\":[]}" },
        { "{\"file\":\"f\",\"services\":{},\"records\":[]}", "{\"file\":\"f\",\"records\":[]}" },
        { "{\"records_text\":\"x\",\"services\":{},\"records\":[]}", "{\"records\":[]}" },
        { "{\"records_text\":\"x\",\"records\":[],\"services\":{}}", "{\"records\":[]}" },
    };
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
        struct problems problems = { 0 };
        struct objects objects;
        char *text = xasprintf("{\"zones\":{\"x\":%s}}", zones[i].zone);
        assert_true(split(NULL, text, &problems, &objects));
        cJSON *json = cJSON_Parse(find(&objects, OBJECT_ZONE, "x")->text);
        assert_non_null(json);
        char *left = cJSON_PrintUnformatted(json);
        assert_string_equal(left, zones[i].left);
        cJSON_free(left);
        cJSON_Delete(json);
        objects_free(&objects);
        free(text);
    }
}

static void what_is_wrong_with_the_outline_is_said_all_at_once(void **state)
{
    (void)state;
    static const char text[] = "{ \"polices\": {}, \"x\": 1,\n"
                               "  \"pools\": [],\n"
                               "  \"checks\": { \"web\": 3 },\n"
                               "  \"zones\": { \"a\": { \"file\": \"missing.zone\" }, \"A.\": {}, \"b\": 1,\n"
                               "    \"c\": { \"services\": { \"\": {}, \"www\": \"us\" } },\n"
                               "    \"d\": { \"services\": [] },\n"
                               "    \"e\": { \"file\": \"example.zone\", \"records_text\": \"\" } } }";
    struct problems problems = { 0 };
    struct objects objects;
    assert_false(split("s.json", text, &problems, &objects));
    char *got = complaints_take(&problems);
    char *expected = xasprintf(
        "s.json:1:14: /polices: unknown key: did you mean \"policies\"?\n"
        "s.json:1:23: /x: unknown key: there are checks, pools, policies, zones, maps and locations\n"
        "s.json:2:12: /pools: must be an object {…}, got a list\n"
        "s.json:3:22: /checks/web: must be an object {…}, got a plain value\n"
        "s.json:4:29: /zones/a/file: zone file %s/missing.zone cannot be opened: No such file or directory\n"
        "s.json:4:53: /zones/A.: the same zone twice, written differently\n"
        "s.json:4:62: /zones/b: must be an object {…}, got a plain value\n"
        "s.json:5:30: /zones/c/services/: a service needs an owner name: write \"@\" for the apex\n"
        "s.json:5:41: /zones/c/services/www: must be an object {…}, got a string\n"
        "s.json:6:24: /zones/d/services: must be an object {…}, got a list\n"
        "s.json:7:52: /zones/e/records_text: stands beside \"file\": keep one of them",
        directory);
    assert_string_equal(got, expected);
    free(expected);
    free(got);
    objects_free(&objects);
}

static void a_document_must_be_an_object(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    struct objects objects;
    assert_false(split("s.json", " [1]", &problems, &objects));
    char *got = complaints_take(&problems);
    assert_string_equal(got, "s.json:1:2: must be an object {…}, got a list");
    free(got);
    objects_free(&objects);
}

static void names_of_zones_and_services_have_one_spelling(void **state)
{
    (void)state;
    static const char *const zones[][2] = { { "Example.COM.", "example.com" },
                                            { ".", "." },
                                            { "a\\.", "a\\." },
                                            { "a..", "a.." },
                                            { "0/25.2.0.192.in-addr.arpa",
                                              "0\\04725.2.0.192.in-addr.arpa" } };
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
        char *name = object_zone_name(zones[i][0]);
        assert_string_equal(name, zones[i][1]);
        free(name);
    }
    char *name = object_service_name("example.com", "A/b");
    assert_string_equal(name, "example.com/a\\047b");
    free(name);
}

static void names_of_rrsets_have_one_spelling(void **state)
{
    (void)state;
    static const char *const rows[][4] = {
        { "example.com", "WWW", "a", "example.com/www/A" },
        { "example.com", "www.Example.COM.", "TYPE28", "example.com/www/AAAA" },
        { "example.com", "@", "Type65280", "example.com/@/TYPE65280" },
        { "example.com", "example.com.", "soa", "example.com/@/SOA" },
        { "example.com", "a/b\\.c", "TXT", "example.com/a\\047b\\.c/TXT" },
        { "example.com", "\\119ww.*", "TXT", "example.com/www.*/TXT" },
        { "example.com", "x\\.", "A", "example.com/x\\./A" },
        { "example.com", "a+b", "A", "example.com/a\\043b/A" },
        { ".", "com.", "NS", "./com/NS" },
        { "a\\047b", "x", "A", "a\\047b/x/A" },
        { "example.com", "www.example.org.", "A", NULL },
        { "example.com", "a..b", "A", NULL },
        { "example.com", "", "A", NULL },
        { "example.com", "www", "B", NULL },
        { "example..com", "www", "A", NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error err = { .text = "" };
        struct dns_name apex, owner;
        uint16_t type;
        char *name = object_rrset_name(rows[i][0], rows[i][1], rows[i][2], &err);
        if (rows[i][3] == NULL) {
            assert_null(name);
            assert_true(err.text[0] != '\0');
            continue;
        }
        assert_string_equal(name, rows[i][3]);
        assert_true(object_rrset_parse(name, &apex, &owner, &type));
        assert_true(dns_name_is_within(&owner, &apex));
        free(name);
    }
    static const char *const others[] = { "example.com/www",
                                          "example.com/WWW/A",
                                          "example.com/www/a",
                                          "x",
                                          "",
                                          "example.com/www.example.com./A",
                                          "example.com/www/A/",
                                          "//" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct dns_name apex, owner;
        uint16_t type;
        assert_false(object_rrset_parse(others[i], &apex, &owner, &type));
    }
}

static void rrsets_stand_in_their_zone(void **state)
{
    (void)state;
    static const char text[] = "{ \"zones\": { \"z.test\": { \"rrsets\": {\n"
                               "  \"WWW\": { \"a\": { \"values\": [] }, \"TXT\": {} },\n"
                               "  \"a\": { \"A\": {} }, \"a-b\": { \"A\": {} } } } } }";
    struct problems problems = { 0 };
    struct objects objects, again;
    assert_true(split("s.json", text, &problems, &objects));
    const struct object *www = find(&objects, OBJECT_RRSET, "z.test/www/A");
    char *pointer = object_pointer(www);
    assert_string_equal(pointer, "/zones/z.test/rrsets/WWW/a");
    free(pointer);
    assert_int_equal(www->line, 2);
    assert_true(find(&objects, OBJECT_ZONE, "z.test")->says_rrsets);
    assert_string_equal(find(&objects, OBJECT_ZONE, "z.test")->text, "{}");
    char *printed = objects_to_steering(&objects, false);
    assert_string_equal(printed, "{\n  \"zones\": {\n    \"z.test\": {\n      \"rrsets\": {\n"
                                 "        \"a-b\": {\n          \"A\": {}\n        },\n"
                                 "        \"a\": {\n          \"A\": {}\n        },\n"
                                 "        \"www\": {\n          \"A\": { \"values\": [] },\n"
                                 "          \"TXT\": {}\n        }\n      }\n    }\n  }\n}\n");
    assert_true(split(NULL, printed, &problems, &again));
    assert_int_equal(again.count, objects.count);
    free(printed);
    objects_free(&again);
    objects_free(&objects);
}

static void what_is_wrong_with_the_names_of_rrsets_is_said(void **state)
{
    (void)state;
    static const char text[] = "{ \"zones\": { \"z.test\": { \"rrsets\": {\n"
                               "  \"www\": { \"A\": {}, \"TYPE1\": {}, \"B\": {}, \"MX\": 3 },\n"
                               "  \"x.y.\": { \"A\": {} }, \"z\": [] } } } }";
    struct problems problems = { 0 };
    struct objects objects;
    assert_false(split("s.json", text, &problems, &objects));
    char *got = complaints_take(&problems);
    assert_string_equal(
        got,
        "s.json:2:30: /zones/z.test/rrsets/www/TYPE1: the same owner name and type twice, written "
        "differently\n"
        "s.json:2:39: /zones/z.test/rrsets/www/B: \"B\" is no record type: write a mnemonic as AAAA, or "
        "TYPEnnn\n"
        "s.json:2:49: /zones/z.test/rrsets/www/MX: must be an object {…}, got a plain value\n"
        "s.json:3:18: /zones/z.test/rrsets/x.y./A: \"x.y.\" is not in this zone: leave out the final dot to "
        "make it relative\n"
        "s.json:3:29: /zones/z.test/rrsets/z: must be an object {…}, got a list");
    free(got);
    objects_free(&objects);
}

/* What an API client reads with all zone data, it can write back. */
static void a_document_comes_back_as_it_went(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    struct objects first, second;
    assert_true(split("s.json", whole, &problems, &first));
    char *printed = objects_to_steering(&first, true);
    assert_non_null(strstr(printed, "\"file\": \"example.zone\""));
    assert_non_null(
        strstr(printed, "\"records_text\": \"@ SOA a b 1 2 3 4 5\\n; caf\\\\233 \\\"quoted\\\"\\n\""));
    assert_true(split(NULL, printed, &problems, &second));
    assert_int_equal(second.count, first.count);
    assert_null(find(&second, OBJECT_POOL, "us")->file);
    char *again = objects_to_steering(&second, true);
    assert_string_equal(again, printed);
    free(again);
    free(printed);
    objects_free(&first);
    objects_free(&second);
}

static void printing_is_sorted_and_indented(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    struct objects objects;
    assert_true(split("s.json", whole, &problems, &objects));
    char *printed = objects_to_steering(&objects, false);
    assert_string_equal(printed, "{\n"
                                 "  \"checks\": {\n"
                                 "    \"web\": { \"type\": \"tcp\", \"port\": 80 }\n"
                                 "  },\n"
                                 "  \"pools\": {\n"
                                 "    \"us\": {\n"
                                 "      \"endpoints\": {}\n"
                                 "    }\n"
                                 "  },\n"
                                 "  \"policies\": {\n"
                                 "    \"any\": { \"failover\": [\"us\"] }\n"
                                 "  },\n"
                                 "  \"zones\": {\n"
                                 "    \"example.com\": {\n"
                                 "      \"file\": \"example.zone\",\n"
                                 "      \"services\": {\n"
                                 "        \"@\": { \"policy\": \"any\" },\n"
                                 "        \"www\": { \"policy\": \"us\" }\n"
                                 "      }\n"
                                 "    }\n"
                                 "  }\n"
                                 "}\n");
    free(printed);
    objects_free(&objects);
}

static void nothing_prints_as_an_empty_object(void **state)
{
    (void)state;
    const struct objects none = { 0 };
    char *printed = objects_to_steering(&none, true);
    assert_string_equal(printed, "{}\n");
    free(printed);
}

static void by_the_api_files_are_not_read(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    struct objects objects;
    assert_true(split(NULL,
                      "{\"zones\":{\"x\":{\"file\":\"/etc/passwd\"},\"y\":{\"records_text\":\"@ NS a\"}}}",
                      &problems, &objects));
    assert_int_equal(objects.count, 3);
    assert_string_equal(find(&objects, OBJECT_ZONE_DATA, "y")->text, "@ NS a");
    char *printed = objects_to_steering(&objects, false); /* without a file the data must not get lost */
    assert_non_null(strstr(printed, "\"records_text\": \"@ NS a\""));
    free(printed);
    objects_free(&objects);
}

static void what_is_not_there_is_named_in_a_sentence(void **state)
{
    (void)state;
    static const char *const expected[OBJECT_KIND_COUNT] = {
        [OBJECT_CHECK] = "there is no check named \"x\"",
        [OBJECT_POOL] = "there is no pool named \"x\"",
        [OBJECT_POLICY] = "there is no policy named \"x\"",
        [OBJECT_ZONE] = "there is no zone named \"x\"",
        [OBJECT_ZONE_DATA] = "there is no zone file named \"x\"",
        [OBJECT_SERVICE] = "there is no service named \"x\"",
        [OBJECT_RRSET] = "there is no RRset named \"x\"",
        [OBJECT_SERIAL] = "there is no serial named \"x\"",
        [OBJECT_MAP] = "there is no map named \"x\"",
        [OBJECT_LOCATIONS] = "there is no set of locations named \"x\"",
    };
    for (enum object_kind kind = 0; kind < OBJECT_KIND_COUNT; kind++) {
        struct error err = { 0 };
        assert_false(object_unknown(kind, "x", &err));
        assert_non_null(expected[kind]); /* a new kind has a word, too */
        assert_string_equal(err.text, expected[kind]);
    }
}

static void a_hundred_thousand_services_are_split_and_printed(void **state)
{
    (void)state;
    enum { SERVICES = 100000 };
    struct text text = { 0 };
    struct problems problems = { 0 };
    struct objects objects;
    text_puts(&text, "{\"zones\":{\"x\":{\"services\":{\n");
    for (int i = 0; i < SERVICES; i++)
        text_printf(&text, "\"s%d\": {\"policy\": \"us\"}%s\n", i, i + 1 < SERVICES ? "," : "");
    text_puts(&text, "}}}}");
    assert_true(split("s.json", text.bytes, &problems, &objects));
    assert_int_equal(objects.count, SERVICES + 1);
    assert_int_equal(objects.items[SERVICES].line, SERVICES + 1);
    assert_true(objects.items[0].text_size < 16); /* the zone's text does not carry their white space */
    char *printed = objects_to_steering(&objects, false);
    assert_non_null(strstr(printed, "\"s99999\": { \"policy\": \"us\" }"));
    free(printed);
    objects_free(&objects);
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steering_is_split_into_objects_with_their_places),
        cmocka_unit_test(a_zone_keeps_the_places_of_its_own_members),
        cmocka_unit_test(a_zone_text_is_json_wherever_services_stand),
        cmocka_unit_test(what_is_wrong_with_the_outline_is_said_all_at_once),
        cmocka_unit_test(a_document_must_be_an_object),
        cmocka_unit_test(names_of_zones_and_services_have_one_spelling),
        cmocka_unit_test(names_of_rrsets_have_one_spelling),
        cmocka_unit_test(rrsets_stand_in_their_zone),
        cmocka_unit_test(what_is_wrong_with_the_names_of_rrsets_is_said),
        cmocka_unit_test(a_document_comes_back_as_it_went),
        cmocka_unit_test(printing_is_sorted_and_indented),
        cmocka_unit_test(nothing_prints_as_an_empty_object),
        cmocka_unit_test(by_the_api_files_are_not_read),
        cmocka_unit_test(what_is_not_there_is_named_in_a_sentence),
        cmocka_unit_test(a_hundred_thousand_services_are_split_and_printed),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
