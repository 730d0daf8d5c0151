/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/schema.h"

#include "base/memory.h"
#include "config/complaints.h"
#include "config/model.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The example of the manual. */
static const char example[] =
    "{\n"
    "  \"$schema\": \"steering.schema.json\",\n"
    "  \"checks\": { \"web\": { \"type\": \"https\", \"port\": 443, \"path\": \"/healthz\", \"interval\": "
    "\"3s\",\n"
    "      \"timeout\": \"1s\", \"rise\": 2, \"fall\": 3 } },\n"
    "  \"pools\": {\n"
    "    \"us\": { \"policy\": \"weighted\", \"check\": \"web\", \"endpoints\": {\n"
    "      \"us-east-1\": { \"ipv4\": \"192.0.2.10\", \"ipv6\": \"2001:db8:1::10\", \"weight\": 3, "
    "\"location\": [38.9, "
    "-77.4] },\n"
    "      \"us-west-1\": { \"ipv4\": \"192.0.2.20\", \"weight\": 1, \"location\": [37.4, -122.1] } } },\n"
    "    \"eu\": { \"policy\": \"round_robin\", \"answers\": 2, \"check\": \"web\", \"endpoints\": {\n"
    "      \"eu-west-1\": { \"ipv4\": \"198.51.100.10\", \"location\": \"IE\" } } }\n"
    "  },\n"
    "  \"policies\": { \"anywhere\": { \"latency\": [\"us\", \"eu\"] } },\n"
    "  \"zones\": {\n"
    "    \"example.com\": {\n"
    "      \"records\": [\"@ 3600 IN MX 10 mail\"],\n"
    "      \"services\": {\n"
    "        \"www\": { \"ttl\": 30, \"policy\": { \"geo\": { \"continent:EU\": \"eu\", \"country:US\": "
    "\"us\", "
    "\"default\": \"anywhere\" } } },\n"
    "        \"api\": { \"ttl\": 20, \"policy\": { \"failover\": [\"us\", \"eu\"] }, \"when_all_down\": "
    "\"serve_all\" },\n"
    "        \"all\": { \"policy\": { \"weighted\": { \"of\": { \"us\": 1, \"eu\": 2 }, \"answers\": 2 } },\n"
    "          \"when_all_down\": { \"target\": { \"ipv4\": \"192.0.2.1\" } } }\n"
    "      }\n"
    "    }\n"
    "  }\n"
    "}\n";

static cJSON *parse(char *schema)
{
    struct problems problems = { 0 };
    struct document document;
    bool is_good = document_scan("schema", schema, strlen(schema), &problems, &document);
    char *complaints = complaints_take(&problems);
    assert_string_equal(complaints, "");
    assert_true(is_good);
    cJSON *json = document_parse(&document, (struct span){ 0, document.size });
    document_free(&document);
    free(complaints);
    free(schema);
    assert_non_null(json);
    return json;
}

static const cJSON *get(const cJSON *object, const char *key)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, key);
    if (member == NULL)
        fail_msg("no %s in the schema", key);
    return member;
}

static void assert_described(const cJSON *schema, const struct shape *shape)
{
    for (size_t i = 0; i < shape->count; i++) {
        const cJSON *option = get(get(schema, "properties"), shape->fields[i].key);
        assert_string_equal(get(option, "description")->valuestring, shape->fields[i].doc);
    }
}

static void every_option_of_the_tables_is_in_the_schema(void **state)
{
    (void)state;
    cJSON *steering = parse(schema_of_steering()), *settings = parse(schema_of_settings());
    const cJSON *defs = get(steering, "$defs");
    assert_described(get(defs, "check"), &shape_check);
    assert_described(get(defs, "pool"), &shape_pool);
    assert_described(get(defs, "endpoint"), &shape_endpoint);
    assert_described(get(defs, "service"), &shape_service);
    assert_described(get(defs, "zone"), &shape_zone);
    assert_described(settings, &shape_settings);
    const cJSON *weight = get(get(get(defs, "endpoint"), "properties"), "weight");
    assert_int_equal(get(weight, "maximum")->valueint, 65535);
    assert_int_equal(get(weight, "default")->valueint, 1);
    assert_non_null(get(get(get(defs, "node"), "properties"), "geo"));
    cJSON_Delete(steering);
    cJSON_Delete(settings);
}

/* Each reference leads somewhere. */
static void assert_references(const cJSON *value, const cJSON *defs)
{
    static const char prefix[] = "#/$defs/";
    const cJSON *member;
    if (value->string != NULL && strcmp(value->string, "$ref") == 0) {
        assert_memory_equal(value->valuestring, prefix, sizeof prefix - 1);
        get(defs, value->valuestring + sizeof prefix - 1);
    }
    cJSON_ArrayForEach(member, value)
    {
        assert_references(member, defs);
    }
}

static void every_reference_in_the_schema_is_defined(void **state)
{
    (void)state;
    cJSON *steering = parse(schema_of_steering());
    assert_references(steering, get(steering, "$defs"));
    cJSON_Delete(steering);
}

static void defaults_lie_within_their_bounds(void **state)
{
    (void)state;
    static const struct shape *const shapes[] = { &shape_check, &shape_endpoint, &shape_pool,    &shape_node,
                                                  &shape_item,  &shape_service,  &shape_settings };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        for (size_t k = 0; k < shapes[i]->count; k++) {
            const struct field *field = &shapes[i]->fields[k];
            if (field->type != &type_integer || field->fallback == NULL)
                continue;
            long number = strtol(field->fallback, NULL, 10);
            assert_true(number >= field->least && number <= field->most);
        }
    }
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* Validates `document` with another implementation of JSON Schema; -1 if there is none here. */
static int validate_elsewhere(char *schema, const char *document)
{
    static const char script[] = "import json, sys\n"
                                 "try:\n"
                                 "    from jsonschema import Draft202012Validator as Validator\n"
                                 "except ImportError:\n"
                                 "    sys.exit(77)\n"
                                 "schema, document = (json.load(open(path)) for path in sys.argv[1:])\n"
                                 "Validator.check_schema(schema)\n"
                                 "sys.exit(0 if Validator(schema).is_valid(document) else 3)\n";
    char directory[] = "/tmp/steerd-test-schema-XXXXXX";
    assert_non_null(mkdtemp(directory));
    char *paths[3];
    static const char *const names[] = { "validate.py", "schema.json", "document.json" };
    const char *const texts[] = { script, schema, document };
    for (int i = 0; i < 3; i++) {
        paths[i] = xasprintf("%s/%s", directory, names[i]);
        write_file(paths[i], texts[i]);
    }
    char *command = xasprintf("/usr/bin/python3 %s %s %s", paths[0], paths[1], paths[2]);
    int status = access("/usr/bin/python3", X_OK) == 0 ? system(command) : -1;
    for (int i = 0; i < 3; i++) {
        unlink(paths[i]);
        free(paths[i]);
    }
    rmdir(directory);
    free(command);
    free(schema);
    int code = status >= 0 ? status >> 8 : -1;
    return code == 77 ? -1 : code;
}

static void another_validator_agrees(void **state)
{
    (void)state;
    int code = validate_elsewhere(schema_of_steering(), example);
    if (code < 0)
        skip();
    assert_int_equal(code, 0);
    static const char good[] =
        "{\"zones\": {\"x\": {\"services\": {\"@\": {\"mx\": {\"policy\": \"mail\"}}, \"_a._tcp\": {\"srv\": "
        "{\"port\": 1, \"policy\": {\"hostname\": \"h.example\", \"ipv4\": \"192.0.2.1\"}}}}}}}";
    assert_int_equal(validate_elsewhere(schema_of_steering(), good), 0);
    static const char *const bad[] = {
        "{\"polices\": {}}",
        "{\"checks\": {\"web\": {}}}",
        "{\"checks\": {\"web\": {\"type\": \"http\", \"interval\": 3}}}",
        "{\"pools\": {\"us\": {\"endpoints\": {\"a\": {\"ipv4\": \"192.0.2.1\", \"weight\": -1}}}}}",
        "{\"policies\": {\"x\": {\"geo\": [\"us\"]}}}",
        "{\"policies\": {\"x\": {\"geo\": {}, \"latency\": []}}}",
        "{\"zones\": {\"x\": {\"services\": {\"www\": {}}}}}",
        "{\"zones\": {\"x\": {\"services\": {\"@\": {\"mx\": {}}}}}}",
        "{\"zones\": {\"x\": {\"services\": {\"@\": {\"srv\": {\"policy\": \"sip\"}}}}}}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(validate_elsewhere(schema_of_steering(), bad[i]), 3);
    assert_int_equal(
        validate_elsewhere(schema_of_settings(),
                           "{\"listen\": [\"127.0.0.1:53\", \"[::1]:53\"], \"workers\": 2, \"api\": "
                           "{\"listen\": [\"unix:/run/steerd/api.sock\"]}}"),
        0);
    assert_int_equal(validate_elsewhere(schema_of_settings(), "{\"worker\": 2}"), 3);
}

/* And so do we. */
static void the_example_is_read_without_complaint(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    struct document document;
    struct objects objects;
    assert_true(document_scan("steering.json", example, strlen(example), &problems, &document));
    assert_true(objects_of_steering(&document, NULL, &problems, &objects));
    for (size_t i = 0; i < objects.count; i++) {
        const struct object *object = &objects.items[i];
        if (object->kind == OBJECT_CHECK)
            check_release(check_parse(object, &problems));
        else if (object->kind == OBJECT_POOL)
            declared_pool_free(declared_pool_parse(object, &problems));
        else if (object->kind == OBJECT_POLICY)
            declared_node_free(declared_policy_parse(object, &problems));
        else if (object->kind == OBJECT_ZONE)
            declared_zone_free(declared_zone_parse(object, &problems));
        else
            declared_service_free(declared_service_parse(object, &problems));
    }
    char *got = complaints_take(&problems);
    assert_string_equal(got, "");
    free(got);
    objects_free(&objects);
    document_free(&document);
}

/* Tests run at the top of the source tree. */
static char *load_manual(void)
{
    char *text = xcalloc(1, 100000);
    FILE *file = fopen("docs/health.md", "r");
    if (file == NULL)
        fail_msg("cannot read docs/health.md");
    assert_true(fread(text, 1, 99999, file) > 0);
    fclose(file);
    return text;
}

static void every_option_of_a_check_is_in_its_manual(void **state)
{
    (void)state;
    char *manual = load_manual(), wanted[80];
    for (size_t i = 0; i < shape_check.count; i++) {
        snprintf(wanted, sizeof wanted, "`%s`", shape_check.fields[i].key);
        if (strstr(manual, wanted) == NULL)
            fail_msg("docs/health.md does not have %s", wanted);
    }
    free(manual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_of_the_tables_is_in_the_schema),
        cmocka_unit_test(every_reference_in_the_schema_is_defined),
        cmocka_unit_test(every_option_of_a_check_is_in_its_manual),
        cmocka_unit_test(defaults_lie_within_their_bounds),
        cmocka_unit_test(another_validator_agrees),
        cmocka_unit_test(the_example_is_read_without_complaint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
