/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A thousand services with a thousand distinct geo maps: 20 shapes of countries and continents, the rest with
 * prefixes of their own.  Prints what they cost in memory, how long they take to compile, and the user time
 * of one decision for a random client subnet.
 *
 *     bench_geo_maps geoip/country.mmdb
 */
#include "answer/steer.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/text.h"
#include "bench_world.h"
#include "config/mmdb.h"
#include "dns/type.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    SERVICES = 1000,
    SHAPES = 20,
    PREFIXES = 12,
    POOLS = 6,
    CLIENTS = 1 << 16,
    DECISIONS = 500000,
    ROUNDS = 8
};

struct bench {
    struct bench_world world;
    struct rng rng;
    const struct service *services[SERVICES];
};

static double user_s(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6;
}

static double resident_mib(void)
{
    unsigned long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%lu %lu", &pages, &resident) != 2)
        resident = 0;
    if (file != NULL)
        fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

static void report(const char *what, double before_s, double before_mib)
{
    printf("%-44s %7.2f s %8.1f MiB\n", what, user_s() - before_s, resident_mib() - before_mib);
}

/* ---- the configuration ---- */

static void put_shape(struct text *out, unsigned shape)
{
    static const char *const countries[] = { "US", "CA", "BR", "GB", "DE", "FR", "ES", "IT", "PL", "NL",
                                             "IN", "JP", "CN", "KR", "AU", "ZA", "NG", "EG", "MX", "AR" };
    static const char *const continents[] = { "AF", "AS", "EU", "NA", "OC", "SA" };
    for (unsigned i = 0; i < 6; i++)
        text_printf(out, "\"continent:%s\": \"p%u\", ", continents[i], (i + shape) % POOLS);
    for (unsigned i = 0; i < 20; i++)
        if ((i + shape) % 3 != 0)
            text_printf(out, "\"country:%s\": \"p%u\", ", countries[i], (i * 7 + shape) % POOLS);
    text_printf(out, "\"default\": \"p%u\"", shape % POOLS);
}

static void put_prefixes(struct text *out, struct rng *rng, unsigned service)
{
    for (unsigned i = 0; i < PREFIXES; i++) {
        uint64_t bits = rng_next(rng);
        if (i % 3 == 2)
            text_printf(out, ", \"2a%02x:%x::/32\": \"p%u\"", i, service + 1, (unsigned)bits % POOLS);
        else
            text_printf(out, ", \"%u.%u.%u.0/24\": \"p%u\"", 1 + i * 16, service % 256, service / 256,
                        (unsigned)bits % POOLS);
    }
}

static char *steering(struct bench *bench)
{
    struct text out = { 0 };
    text_puts(&out, "{\"pools\": {");
    for (unsigned i = 0; i < POOLS; i++)
        text_printf(&out, "%s\"p%u\": {\"endpoints\": {\"a\": {\"ipv4\": \"192.0.2.%u\"}}}",
                    i > 0 ? ", " : "", i, i + 1);
    text_puts(&out, "}, \"zones\": {\"example.com\": {\"records\": [\"@ 60 SOA a b 1 2 3 4 5\", "
                    "\"@ 60 NS ns.example.net.\"], \"services\": {");
    for (unsigned i = 0; i < SERVICES; i++) {
        text_printf(&out, "%s\"s%u\": {\"policy\": {\"geo\": {", i > 0 ? ", " : "", i);
        put_shape(&out, i % SHAPES);
        if (i >= SHAPES)
            put_prefixes(&out, &bench->rng, i);
        text_puts(&out, "}}}");
    }
    text_puts(&out, "}}}}");
    return text_take(&out);
}

/* ---- the snapshot ---- */

static struct endpoint_condition is_up(const struct endpoint *endpoint)
{
    return (struct endpoint_condition){ .weight = endpoint->weight,
                                        .ttl_cap_s = TTL_CAP_NONE,
                                        .is_available = true };
}

static void compile(struct bench *bench)
{
    char *text = steering(bench);
    bench_world_steer(&bench->world, text, is_up);
    free(text);
}

static void find_services(struct bench *bench)
{
    const struct zone *zone = zone_set_at(bench->world.now.dataset->zones, 0);
    for (unsigned i = 0; i < SERVICES; i++) {
        char *text = xasprintf("s%u.example.com.", i);
        struct dns_name name;
        if (!dns_name_parse(text, NULL, &name))
            abort();
        bench->services[i] = zone_node_service(zone_find_exact(zone, &name));
        free(text);
    }
}

/* ---- decisions ---- */

static struct client random_client(struct bench *bench, enum address_family family)
{
    uint64_t bits = rng_next(&bench->rng);
    struct client client = { .is_ecs = true, .geo = bench->world.now.dataset->geo };
    client.address.family = (uint8_t)family;
    memcpy(client.address.bytes, &bits, family == ADDRESS_V4 ? 3 : 6);
    if (family == ADDRESS_V6)
        client.address.bytes[0] = 0x2a; /* where addresses are given out */
    client.prefix_len = family == ADDRESS_V4 ? 24 : 48;
    return client;
}

/* Asks CLIENTS of them, of as many services; returns the user time. */
static double decide_all(struct bench *bench, const struct client *clients, size_t services, uint64_t *scopes)
{
    double before_s = user_s();
    for (size_t i = 0; i < DECISIONS; i++) {
        const struct steering steering = { .now = &bench->world.now,
                                           .service = bench->services[(i * 2654435761u >> 8) % services],
                                           .client = &clients[i % CLIENTS],
                                           .qtype = DNS_A,
                                           .random = i };
        struct decision decision;
        steer_query(&steering, &decision);
        *scopes += decision.scope_len;
    }
    return user_s() - before_s;
}

/* The best of some rounds: others use the caches of this machine, too. */
static void decide(struct bench *bench, enum address_family family, size_t services, const char *what)
{
    struct client *clients = xcalloc(CLIENTS, sizeof *clients);
    uint64_t scopes = 0;
    double best_s = 1e9;
    for (size_t i = 0; i < CLIENTS; i++)
        clients[i] = random_client(bench, family);
    for (int round = 0; round < ROUNDS; round++) {
        double took_s = decide_all(bench, clients, services, &scopes);
        best_s = took_s < best_s ? took_s : best_s;
    }
    printf("%-44s %7.0f ns, scope /%.1f on average\n", what, best_s * 1e9 / DECISIONS,
           (double)scopes / DECISIONS / ROUNDS);
    free(clients);
}

int main(int argc, char **argv)
{
    struct bench bench = { .rng = { 1 } };
    struct geo *geo;
    struct error err;
    double start_mib = resident_mib(), before_s = user_s(), before_mib = start_mib;
    if (argc != 2 || !mmdb_load(&argv[1], 1, &geo, &err)) {
        fprintf(stderr, "%s\n", argc == 2 ? err.text : "usage: bench_geo_maps country.mmdb");
        return 1;
    }
    report("the table of locations", before_s, before_mib);
    bench_world_set_geo(&bench.world, geo);
    before_s = user_s();
    before_mib = resident_mib();
    compile(&bench);
    report("1,000 services with 1,000 geo maps", before_s, before_mib);
    report("in all", 0, start_mib);
    find_services(&bench);
    decide(&bench, ADDRESS_V4, SHAPES, "a decision, IPv4, one of 20 shapes");
    decide(&bench, ADDRESS_V6, SHAPES, "a decision, IPv6, one of 20 shapes");
    decide(&bench, ADDRESS_V4, SERVICES, "a decision, IPv4, any service");
    decide(&bench, ADDRESS_V6, SERVICES, "a decision, IPv6, any service");
    return 0; /* all goes with the process */
}
