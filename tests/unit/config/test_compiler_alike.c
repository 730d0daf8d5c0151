/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/compiling.h"

#include "base/rng.h"
#include "config/dataset_text.h"

/*
 * Services of one change that are written alike are compiled from one another; of changes with one service
 * each is compiled for itself.  Both must come to the same.
 */
enum { SERVICES = 400 };

/* "$": one of the values. */
static const char *const forms[] = {
    "{\"policy\": {\"geo\": {\"10.0.0.0/8\": {\"ipv4\": \"$\"}, \"11.0.0.0/8\": {\"ipv4\": \"$\"}, "
    "\"default\": "
    "{\"ipv4\": \"$\"}}}}",
    "{\"policy\": {\"geo\": {\"10.0.0.0/8\": \"$\", \"default\": {\"failover\": [\"$\", {\"ipv4\": "
    "\"$\"}]}}}}",
    "{\"policy\": {\"failover\": [{\"hostname\": \"$\"}, {\"failover\": [{\"hostname\": "
    "\"b.example.net\"}]}]}}",
    "{\"policy\": {\"failover\": [{\"hostname\": \"a.example.net\", \"capacity\": 5}, {\"failover\": "
    "[{\"hostname\": \"b.example.net\", \"capacity\": 7}]}]}}",
    "{\"policy\": {\"failover\": [\"$\", {\"round_robin\": [{\"ipv6\": \"$\"}, {\"ipv4\": \"$\"}]}]}, "
    "\"when_all_down\": {\"ipv4\": \"$\"}}",
    "{\"policy\": \"$\", \"ttl\": 60}",
};

static const char *const addresses[] = { "10.1.0.1", "10.1.0.2", "10.1.0.3" };
static const char *const targets[] = { "us", "names", "any" };
static const char *const hostnames[] = { "a.example.net", "b.example.net" };
static const char *const addresses6[] = { "2001:db8::1", "2001:db8::2" };

static const char *value_for(struct rng *rng, const char *form, const char *at)
{
    uint64_t random = rng_next(rng) >> 8;
    if (at - form > 9 && strncmp(at - 9, "\"ipv4\": \"", 9) == 0)
        return addresses[random % 3];
    if (at - form > 9 && strncmp(at - 9, "\"ipv6\": \"", 9) == 0)
        return addresses6[random % 2];
    if (at - form > 13 && strncmp(at - 13, "\"hostname\": \"", 13) == 0)
        return hostnames[random % 2];
    return targets[random % 3];
}

static char *make(struct rng *rng)
{
    struct text text = { 0 };
    const char *form = forms[rng_next(rng) % (sizeof forms / sizeof *forms)];
    for (const char *at = form; *at != '\0'; at++) {
        if (*at == '$')
            text_puts(&text, value_for(rng, form, at));
        else
            text_add(&text, at, 1);
    }
    return text_take(&text);
}

/* Some have records beside them, so that no CNAME is possible; one is the apex. */
static void set_up(struct bench *bench)
{
    struct text steering = { 0 };
    text_puts(
        &steering,
        "{\"pools\": {\"us\": {\"endpoints\": {\"us-1\": {\"ipv4\": \"192.0.2.1\"}}}, \"names\": "
        "{\"endpoints\": {\"n-1\": {\"hostname\": \"c.example.net\"}}}}, \"policies\": {\"any\": "
        "{\"failover\": [\"names\", \"us\"]}}, \"zones\": {\"example.com\": {\"records\": [\"@ 60 IN SOA ns "
        "hostmaster 1 60 60 60 60\", \"@ 60 IN NS ns.example.net.\"");
    for (int i = 1; i < SERVICES; i += 3)
        text_printf(&steering, ", \"s%d 60 IN TXT x\"", i);
    text_puts(&steering, "]}}}");
    bench_set_all(bench, steering.bytes);
    text_free(&steering);
}

static void name_of(int i, char out[32])
{
    if (i == 0)
        strcpy(out, "example.com/@");
    else
        snprintf(out, 32, "example.com/s%d", i);
}

/* What has the same plan, or state, in one has it in the other. */
static void assert_shared_alike(const struct bench *a, const struct bench *b)
{
    const struct node *left[SERVICES], *right[SERVICES];
    size_t count = 0;
    for (int i = 1; i < SERVICES; i++) {
        char name[32];
        snprintf(name, sizeof name, "s%d.example.com", i);
        const struct service *one = bench_service(a, name), *other = bench_service(b, name);
        if (one->root.kind != CHILD_NODE)
            continue;
        left[count] = one->root.node;
        right[count++] = other->root.node;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i; k++) {
            if ((left[i]->plan == left[k]->plan) != (right[i]->plan == right[k]->plan) ||
                (left[i]->steady == left[k]->steady) != (right[i]->steady == right[k]->steady) ||
                (left[i]->rules == left[k]->rules) != (right[i]->rules == right[k]->rules))
                fail_msg("%s and %s", left[i]->name, left[k]->name);
        }
    }
}

static void services_written_alike_are_compiled_as_each_for_itself(void **state)
{
    (void)state;
    uint64_t seed = 7;
    printf("seed %llu\n", (unsigned long long)seed);
    struct rng rng = { .state = seed };
    struct bench together = bench_new(), alone = bench_new();
    struct objects changes = { 0 };
    set_up(&together);
    set_up(&alone);
    for (int i = 0; i < SERVICES; i++) {
        char *text = make(&rng), name[32];
        name_of(i, name);
        objects_add(&changes, OBJECT_SERVICE, name, xstrdup(text), strlen(text));
        bench_set(&alone, OBJECT_SERVICE, name, text);
        free(text);
    }
    bench_must(&together, bench_apply(&together, &changes));
    bench_accept(&together);
    char *got = dataset_to_text(together.dataset), *expected = dataset_to_text(alone.dataset);
    assert_string_equal(got, expected);
    assert_shared_alike(&together, &alone);
    free(got);
    free(expected);
    objects_free(&changes);
    bench_free(&together);
    bench_free(&alone);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(
        services_written_alike_are_compiled_as_each_for_itself) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
