/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/service_mould.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/text.h"
#include "config/declared.h"
#include "config/service_text.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- both ways ---- */

struct world {
    struct forms *forms;
    struct service_moulds *moulds;
    struct packed *packed[4096]; /* moulds look at the text that they were filled with last */
    size_t packed_count;
};

static struct world world_new(void)
{
    return (struct world){ .forms = forms_new(), .moulds = service_moulds_new() };
}

static void world_free(struct world *world)
{
    service_moulds_free(world->moulds);
    for (size_t i = 0; i < world->packed_count; i++) {
        packed_drop(world->packed[i]);
        free(world->packed[i]);
    }
    forms_free(world->forms);
}

static const struct packed *pack(struct world *world, const char *text)
{
    struct packing packing;
    if (!forms_pack(world->forms, text, strlen(text), &packing))
        return NULL;
    struct packed *packed = xcalloc(1, packing.size);
    packing_write(world->forms, &packing, packed);
    return world->packed[world->packed_count++] = packed;
}

/* The mould and the parser say the same of the text. */
static void assert_same(struct world *world, const char *text, bool is_scanned)
{
    struct problems by_mould = { 0 }, by_parser = { 0 };
    struct object object = object_of(OBJECT_SERVICE, "example.com/www", text);
    object.is_scanned = is_scanned;
    struct declared_service *parsed = declared_service_parse(&object, &by_parser);
    struct declared_service *taken =
        service_moulds_take(world->moulds, &object, pack(world, text), true, &by_mould);
    char *expected = parsed != NULL ? service_text(parsed) : complaints_take(&by_parser);
    char *got = taken != NULL ? service_text(taken) : complaints_take(&by_mould);
    if (strcmp(expected, got) != 0)
        fail_msg("%s\n  expected %s\n  got      %s", text, expected, got);
    if (taken != NULL)
        taken->ttl_s = taken->min_ttl_s = 7; /* as an objective does */
    free(expected);
    free(got);
    declared_service_free(parsed);
}

static void a_service_written_like_another_says_what_it_says(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"ttl\": 60, \"policy\": {\"geo\": {\"continent:EU\": {\"ipv4\": \"10.0.0.1\"}, \"default\": "
        "{\"ipv4\": "
        "\"10.0.0.1\"}}}}",
        "{\"ttl\": 60, \"policy\": {\"geo\": {\"continent:EU\": {\"ipv4\": \"10.0.0.2\"}, \"default\": "
        "{\"ipv4\": "
        "\"10.0.0.100\"}}}}",
        "{\"ttl\": 60, \"policy\": {\"geo\": {\"continent:EU\": {\"ipv4\": \"10.0.0.300\"}, \"default\": "
        "{\"ipv4\": "
        "\"10.0.0.100\"}}}}",
        "{\"ttl\": 61, \"policy\": {\"geo\": {\"continent:EU\": {\"ipv4\": \"10.0.0.3\"}, \"default\": "
        "{\"ipv4\": "
        "\"::1\"}}}}",
        "{\"ttl\": 61, \"policy\": {\"geo\": {\"continent:EU\": {\"ipv4\": \"10.0.0.4\"}, \"default\": "
        "{\"ipv4\": "
        "\"10.0.0.4\"}}}}",
    };
    struct world world = world_new();
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
            assert_same(&world, texts[i], round % 2 == 0);
    }
    world_free(&world);
}

/* "$": a value is put in its place. */
static const char *const forms[] = {
    "{\"ttl\": $, \"policy\": {\"failover\": [\"$\", {\"ipv4\": \"$\"}]}, \"when_all_down\": \"$\"}",
    "{\"policy\": \"$\", \"min_ttl\": $, \"ttl\": $}",
    "{\"policy\": {\"weighted\": [{\"to\": {\"ipv4\": \"$\", \"ipv6\": \"$\"}, \"weight\": $}, {\"ipv6\": "
    "\"$\"}]}}",
    "{\"policy\": {\"weighted\": {\"of\": {\"us\": $, \"eu\": -$}, \"answers\": $}}}",
    "{\"policy\": {\"nearest\": [{\"to\": \"$\", \"bias\": -$}]}, \"mx\": {\"policy\": {\"hostname\": "
    "\"$\"}}}",
    "{\"policy\": {\"round_robin\": [\"$\", \"$\"]}, \"https\": {\"alpn\": [\"$\"], \"port\": $}, \"ttl\": "
    "$e0}",
    "{\"policy\": {\"ipv4\": \"$\", \"location\": \"$\"}, \"when_all_down\": {\"target\": {\"ipv6\": "
    "\"$\"}}}",
};

static const char *const values[] = {
    "10.0.0.1",
    "10.0.0.2",
    "192.0.2.255",
    "10.0.0.256",
    "2001:db8::1",
    "2001:db8:0:0:0:0:0:2",
    "::ffff:10.0.0.1",
    "us",
    "eu",
    "a b",
    "",
    "serve_all",
    "nodata",
    "\\u0031",
    "\\n",
    "1",
    "2",
    "60",
    "99999999999",
    "1.5",
    "DE",
    "h2",
    "mx1.example.net",
    "a-name-of-sixty-four-bytes-which-is-one-more-than-any-name-may-be",
    "a-name-of-sixty-three-bytes-which-is-as-many-as-a-name-may-be-63",
    "2001:0db8:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001",
};

static const char *const addresses[] = { "10.0.0.1", "10.0.0.2", "192.0.2.255" };
static const char *const addresses6[] = { "2001:db8::1", "2001:db8::2", "::" };
static const char *const numbers[] = { "1", "2", "60" };
static const char *const names[] = { "us", "eu", "7" };

static uint32_t pick(struct rng *rng, size_t count)
{
    return (uint32_t)(rng_next(rng) % count);
}

static bool is_behind(const char *form, const char *at, const char *key)
{
    size_t size = strlen(key);
    return (size_t)(at - form) >= size && strncmp(at - size, key, size) == 0;
}

/* Mostly what may stand there. */
static const char *value_for(struct rng *rng, const char *form, const char *at)
{
    if (pick(rng, 12) == 0)
        return values[pick(rng, sizeof values / sizeof *values)];
    if (is_behind(form, at, "\"ipv4\": \""))
        return addresses[pick(rng, 3)];
    if (is_behind(form, at, "\"ipv6\": \""))
        return addresses6[pick(rng, 3)];
    if (is_behind(form, at, "\"hostname\": \""))
        return "mx1.example.net";
    return at[-1] == '"' ? names[pick(rng, 3)] : numbers[pick(rng, 3)];
}

/* Mostly with what stood there before, so that texts are alike. */
static void make(struct rng *rng, const char *form, const char *chosen[16], struct text *out)
{
    size_t number = 0;
    out->size = 0;
    for (const char *at = form; *at != '\0'; at++) {
        if (*at != '$') {
            text_add(out, at, 1);
            continue;
        }
        if (chosen[number] == NULL || pick(rng, 3) == 0)
            chosen[number] = value_for(rng, form, at);
        text_puts(out, chosen[number++]);
    }
}

static void random_services_are_read_as_the_parser_reads_them(void **state)
{
    (void)state;
    uint64_t seed = 20261122;
    printf("seed %llu\n", (unsigned long long)seed);
    struct rng rng = { .state = seed };
    struct text text = { 0 };
    for (size_t form = 0; form < sizeof forms / sizeof *forms; form++) {
        struct world world = world_new();
        const char *chosen[16] = { 0 };
        for (int i = 0; i < 1000; i++) {
            make(&rng, forms[form], chosen, &text);
            assert_same(&world, text.bytes, false);
        }
        world_free(&world);
    }
    text_free(&text);
}

/* Else nothing would be gained. */
static void only_values_of_a_known_form_are_read(void **state)
{
    (void)state;
    struct world world = world_new();
    struct problems problems = { 0 };
    const struct declared_service *mould = NULL;
    for (int i = 0; i < 100; i++) {
        char text[200];
        snprintf(text, sizeof text, "{\"policy\": {\"failover\": [{\"ipv4\": \"10.0.0.%d\"}, \"pool%d\"]}}",
                 i, i);
        struct object object = object_of(OBJECT_SERVICE, "example.com/www", text);
        const struct declared_service *service =
            service_moulds_take(world.moulds, &object, pack(&world, text), true, &problems);
        assert_non_null(service);
        if (i > 1) /* the first text had no form yet */
            assert_ptr_equal(service, mould);
        assert_int_equal(service->policy.node->children[0].to.endpoint->ipv4[3], i);
        mould = service;
    }
    world_free(&world);
}

/* The parser says what is wrong with a name. */
static void a_service_with_a_bad_name_is_parsed(void **state)
{
    (void)state;
    struct world world = world_new();
    const char *text = "{\"policy\": \"us\"}";
    for (int i = 0; i < 3; i++)
        assert_same(&world, text, true);
    struct problems problems = { 0 };
    struct object object = object_of(OBJECT_SERVICE, "example.com/a..b", text);
    assert_null(service_moulds_take(world.moulds, &object, pack(&world, text), false, &problems));
    char *got = complaints_take(&problems);
    assert_string_equal(got, "s.json:10:5: /s: \"a..b\" is no owner name");
    free(got);
    world_free(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_written_like_another_says_what_it_says),
        cmocka_unit_test(random_services_are_read_as_the_parser_reads_them),
        cmocka_unit_test(only_values_of_a_known_form_are_read),
        cmocka_unit_test(a_service_with_a_bad_name_is_parsed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
