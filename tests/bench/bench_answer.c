/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What one answer costs in user time, from the bytes of the query to the bytes of the reply, by kind of
 * query.
 *
 *     bench_answer [NAMES]    nanoseconds an answer in batches of 64, the best of some rounds; of a zone with
 *                             so many static names, and a tenth as many services of each kind
 *     bench_answer --once     each kind once and alone, for callgrind: tests/bench/instructions.py
 */
#include "answer/answer.h"
#include "base/rng.h"
#include "base/text.h"
#include "bench_world.h"
#include "dns/type.h"

#include <sys/resource.h>

enum { NAMES = 10000, QUERIES = 1 << 16, ROUNDS = 20, ONCE = 8192, BATCH = 64, NETWORKS = 20000 };

struct query {
    uint8_t bytes[128];
    size_t size;
};

struct bench {
    struct bench_world world;
    struct rng rng;
    struct answer_settings settings;
    struct answer_counters counters;
    struct answerer answerer;
    struct address source;
    unsigned names, services;
    struct query queries[QUERIES];
    struct message batch[BATCH];
    uint8_t replies[BATCH][4096 + 64];
    size_t reply_bytes; /* of all replies */
};

/* ---- the configuration ---- */

static struct geo *make_geo(struct rng *rng)
{
    static const char *const continents[] = { "AF", "AS", "EU", "NA", "OC", "SA" };
    struct geo *geo = xcalloc(1, sizeof *geo);
    struct prefix_map_builder *builder = prefix_map_builder_new();
    geo->count = 250;
    geo->locations = xcalloc(geo->count, sizeof *geo->locations);
    for (size_t i = 0; i < geo->count; i++) {
        memcpy(geo->locations[i].continent, continents[i % 6], 2);
        geo->locations[i].country[0] = (char)('A' + i % 26);
        geo->locations[i].country[1] = (char)('A' + i / 26);
    }
    for (size_t i = 0; i < NETWORKS; i++) {
        uint64_t bits = rng_next(rng);
        struct prefix prefix = { .address.family = ADDRESS_V4, .length = (uint8_t)(12 + bits % 13) };
        memcpy(prefix.address.bytes, &bits, 4);
        address_mask(&prefix.address, prefix.length);
        prefix_map_builder_add(builder, &prefix, (uint32_t)(bits >> 32) % (uint32_t)geo->count);
    }
    geo->map = prefix_map_build(builder);
    geo->source = xstrdup("made up");
    geo->number = 1;
    return geo;
}

static void put_pools(struct text *out)
{
    static const char *const places[] = { "eu", "us" };
    text_puts(out, "{\"checks\": {\"c\": {\"type\": \"tcp\", \"port\": 80}}, \"pools\": {");
    for (unsigned pool = 0; pool < 4; pool++) {
        text_printf(out, "%s\"%s-%u\": {\"policy\": \"weighted\", \"check\": \"c\", \"endpoints\": {",
                    pool ? "," : "", places[pool / 2], pool % 2);
        for (unsigned i = 0; i < 4; i++)
            text_printf(out, "%s\"e%u\": {\"ipv4\": \"192.0.2.%u\", \"weight\": %u}", i ? "," : "", i,
                        pool * 4 + i + 1, i + 1);
        text_puts(out, "}}");
    }
    text_puts(out, "}, ");
}

static void put_services(struct text *out, unsigned services)
{
    static const char *const continents[] = { "AF", "AS", "EU", "NA", "OC", "SA" };
    for (unsigned i = 0; i < services; i++) {
        text_printf(out, "%s\"g%06u\": {\"ttl\": 60, \"policy\": {\"geo\": {", i ? "," : "", i);
        for (unsigned k = 0; k < 6; k++)
            text_printf(out, "\"continent:%s\": {\"ipv4\": \"10.%u.%u.%u\"}, ", continents[k], k,
                        i / 256 % 256, i % 256);
        text_printf(out, "\"default\": {\"ipv4\": \"10.9.%u.%u\"}}}}, ", i / 256 % 256, i % 256);
        text_printf(
            out,
            "\"w%06u\": {\"policy\": {\"weighted\": [{\"to\": {\"ipv4\": \"10.7.%u.%u\"}, \"weight\": 3}, "
            "{\"to\": {\"ipv4\": \"10.8.%u.%u\"}, \"weight\": 1}]}}, ",
            i, i / 256 % 256, i % 256, i / 256 % 256, i % 256);
        text_printf(
            out,
            "\"n%06u\": {\"policy\": {\"geo\": {\"continent:EU\": {\"failover\": [\"eu-0\", \"eu-1\"]}, "
            "\"default\": {\"weighted\": {\"us-0\": 3, \"us-1\": 1}}}}}",
            i);
    }
}

static char *steering(unsigned names, unsigned services)
{
    struct text out = { 0 };
    put_pools(&out);
    text_puts(
        &out,
        "\"zones\": {\"example.test\": {\"records\": [\"@ 3600 SOA ns1 hostmaster 1 3600 900 604800 60\", "
        "\"@ 3600 NS ns1\", \"ns1 3600 A 192.0.2.53\"");
    for (unsigned i = 0; i < names; i++)
        text_printf(&out, ", \"h%06u 300 A 10.%u.%u.%u\"", i, i / 65536, i / 256 % 256, i % 256);
    for (unsigned i = 0; i < services; i++)
        text_printf(&out, ", \"d%06u 300 NS ns.d%06u\", \"d%06u 300 NS ns1\", \"ns.d%06u 300 A 192.0.2.1\"",
                    i, i, i, i);
    text_puts(&out, "], \"services\": {");
    put_services(&out, services);
    text_puts(&out, "}}}}");
    return text_take(&out);
}

/* Every second endpoint is down. */
static struct endpoint_condition condition_of(const struct endpoint *endpoint)
{
    return (struct endpoint_condition){ .weight = endpoint->weight,
                                        .ttl_cap_s = TTL_CAP_NONE,
                                        .verdict = endpoint->slot % 2 ? HEALTH_UP : HEALTH_DOWN,
                                        .is_available = endpoint->slot % 2 != 0 };
}

/* ---- the queries ---- */

enum { WITH_OPT = 1, WITH_ECS = 2 };

struct kind {
    const char *name;
    const char *qname; /* of which the number is made up */
    bool is_service;   /* there are fewer of them */
    uint16_t qtype;
    unsigned edns;
};

static const struct kind kinds[] = {
    { "static", "h%06u.example.test.", false, DNS_A, 0 },
    { "static-edns", "h%06u.example.test.", false, DNS_A, WITH_OPT },
    { "nodata", "h%06u.example.test.", false, DNS_AAAA, 0 },
    { "nxdomain", "x%06u.example.test.", false, DNS_A, 0 },
    { "referral", "www.d%06u.example.test.", true, DNS_A, 0 },
    { "geo", "g%06u.example.test.", true, DNS_A, WITH_OPT | WITH_ECS },
    { "weighted", "w%06u.example.test.", true, DNS_A, 0 },
    { "nested", "n%06u.example.test.", true, DNS_A, WITH_OPT | WITH_ECS },
    { "refused", "h%06u.elsewhere.test.", false, DNS_A, 0 },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void put(struct query *message, const void *bytes, size_t size)
{
    memcpy(message->bytes + message->size, bytes, size);
    message->size += size;
}

static void put_opt(struct query *message, unsigned edns, uint64_t network)
{
    static const uint8_t opt[] = { 0, 0, DNS_OPT, 4, 208, 0, 0, 0, 0, 0 };
    static const uint8_t ecs[] = { 0, EDNS_ECS, 0, 7, 0, 1, 24, 0 };
    const uint8_t size = edns & WITH_ECS ? sizeof ecs + 3 : 0;
    message->bytes[11] = 1;
    put(message, opt, sizeof opt);
    put(message, &size, 1);
    if (edns & WITH_ECS) {
        put(message, ecs, sizeof ecs);
        put(message, &network, 3);
    }
}

static void make_queries(struct bench *bench, const struct kind *kind)
{
    const unsigned names = kind->is_service ? bench->services : bench->names;
    static const uint8_t header[] = { 0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0 };
    const uint8_t tail[] = { (uint8_t)(kind->qtype >> 8), (uint8_t)kind->qtype, 0, DNS_IN };
    for (size_t i = 0; i < QUERIES; i++) {
        struct query *message = &bench->queries[i];
        struct text text = { 0 };
        struct dns_name name;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        text_printf(&text, kind->qname, (unsigned)(rng_next(&bench->rng) % names));
#pragma GCC diagnostic pop
        char *qname = text_take(&text);
        if (!dns_name_parse(qname, NULL, &name))
            abort();
        message->size = 0;
        put(message, header, sizeof header);
        put(message, name.bytes, name.size);
        put(message, tail, sizeof tail);
        if (kind->edns != 0)
            put_opt(message, kind->edns, rng_next(&bench->rng));
        free(qname);
    }
}

/* ---- answering ---- */

static void set_message(struct bench *bench, size_t index, size_t query)
{
    bench->batch[index] = (struct message){ .packet = bench->queries[query].bytes,
                                            .size = bench->queries[query].size,
                                            .source = bench->source,
                                            .out = bench->replies[index],
                                            .out_size = sizeof bench->replies[index] };
}

/* What callgrind counts. */
static __attribute__((noinline)) void answer_all(struct bench *bench)
{
    for (size_t i = 0; i < ONCE; i++) {
        set_message(bench, 0, i);
        answer_batch(&bench->answerer, &bench->world.now, bench->batch, 1);
        bench->reply_bytes += bench->batch[0].reply_size;
    }
}

static void answer_in_batches(struct bench *bench)
{
    for (size_t first = 0; first < QUERIES; first += BATCH) {
        for (size_t i = 0; i < BATCH; i++)
            set_message(bench, i, first + i);
        answer_batch(&bench->answerer, &bench->world.now, bench->batch, BATCH);
    }
}

static double user_s(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6;
}

static void time_kind(struct bench *bench, const struct kind *kind)
{
    double best_s = 1e9;
    make_queries(bench, kind);
    for (int round = 0; round < ROUNDS; round++) {
        double before_s = user_s();
        answer_in_batches(bench);
        double took_s = user_s() - before_s;
        best_s = took_s < best_s ? took_s : best_s;
    }
    bench->reply_bytes = 0;
    answer_all(bench);
    printf("%-12s %6.0f ns an answer of %zu bytes\n", kind->name, best_s * 1e9 / QUERIES,
           bench->reply_bytes / ONCE);
}

static void open_bench(struct bench *bench)
{
    bench->rng.state = 1;
    bench_world_set_geo(&bench->world, make_geo(&bench->rng));
    char *text = steering(bench->names, bench->services);
    bench_world_steer(&bench->world, text, condition_of);
    free(text);
    bench->settings.udp_size = DNS_UDP_SIZE_DEFAULT;
    bench->answerer.settings = &bench->settings;
    bench->answerer.counters = &bench->counters;
    bench->source = (struct address){ .family = ADDRESS_V4, .bytes = { 127, 0, 0, 1 } };
}

static void once(struct bench *bench, const struct kind *kind)
{
    make_queries(bench, kind);
    answer_all(bench);
    printf("%s %d\n", kind->name, ONCE);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    bool is_once = argc == 2 && strcmp(argv[1], "--once") == 0;
    bench.names = argc == 2 && !is_once ? (unsigned)strtoul(argv[1], NULL, 10) : NAMES;
    bench.services = bench.names / 10;
    if (argc > 2 || bench.services == 0) {
        fprintf(stderr, "usage: bench_answer [--once | NAMES]\n");
        return 2;
    }
    open_bench(&bench);
    for (size_t i = 0; i < KINDS; i++)
        (is_once ? once : time_kind)(&bench, &kinds[i]);
    return 0; /* all goes with the process */
}
