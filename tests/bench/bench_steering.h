/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/memory.h"
#include "base/rng.h"
#include "base/text.h"
#include "snapshot/geo.h"

#include <string.h>

/* The configuration that bench_answer asks: zone example.test with names of every kind. */
enum { NETWORKS = 20000, FEW = 100 /* names of the kinds that need not be many */ };

static inline struct geo *make_geo(struct rng *rng)
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

static inline void put_pools(struct text *out)
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
    text_puts(
        out,
        ", \"dead\": {\"check\": \"c\", \"endpoints\": {\"dead-0\": {\"ipv4\": \"192.0.2.101\"}, "
        "\"dead-1\": {\"ipv4\": \"192.0.2.102\"}}}, \"mail\": {\"policy\": \"failover\", \"endpoints\": {"
        "\"mx-1\": {\"hostname\": \"mx1.example.test\", \"ipv4\": \"192.0.2.111\"}, "
        "\"mx-2\": {\"hostname\": \"mx2.example.test\", \"ipv4\": \"192.0.2.112\"}}}, \"names\": "
        "{\"policy\": \"weighted\", \"endpoints\": {\"name-1\": {\"hostname\": \"a.cdn.test\", "
        "\"weight\": 3}, \"name-2\": {\"hostname\": \"b.cdn.test\"}}}, \"mixed\": {\"endpoints\": {"
        "\"address\": {\"ipv4\": \"192.0.2.121\"}, \"name\": {\"hostname\": \"a.cdn.test\"}}}");
    text_puts(out, "}, ");
}

static inline bool is_wanted(const char *kind, const char *wanted)
{
    return wanted == NULL || strstr(wanted, kind) != NULL;
}

static inline void put_geo_service(struct text *out, unsigned i)
{
    static const char *const continents[] = { "AF", "AS", "EU", "NA", "OC", "SA" };
    text_printf(out, ", \"g%06u\": {\"ttl\": 60, \"policy\": {\"geo\": {", i);
    for (unsigned k = 0; k < 6; k++)
        text_printf(out, "\"continent:%s\": {\"ipv4\": \"10.%u.%u.%u\"}, ", continents[k], k, i / 256 % 256,
                    i % 256);
    text_printf(out, "\"default\": {\"ipv4\": \"10.3.%u.%u\"}}}}", i / 256 % 256, i % 256);
}

static inline void put_weighted_service(struct text *out, unsigned i)
{
    text_printf(
        out,
        ", \"w%06u\": {\"policy\": {\"weighted\": [{\"to\": {\"ipv4\": \"10.7.%u.%u\"}, \"weight\": 3}, "
        "{\"to\": {\"ipv4\": \"10.8.%u.%u\"}, \"weight\": 1}]}}",
        i, i / 256 % 256, i % 256, i / 256 % 256, i % 256);
}

static inline void put_nested_service(struct text *out, unsigned i)
{
    text_printf(
        out,
        ", \"n%06u\": {\"policy\": {\"geo\": {\"continent:EU\": {\"failover\": [\"eu-0\", \"eu-1\"]}, "
        "\"default\": {\"weighted\": {\"us-0\": 3, \"us-1\": 1}}}}}",
        i);
}

/* With `wanted` only those of that kind, as a site has them that has one kind only. */
static inline void put_services(struct text *out, unsigned services, const char *wanted)
{
    for (unsigned i = 0; i < services; i++) {
        if (is_wanted("geo", wanted))
            put_geo_service(out, i);
        if (is_wanted("weighted", wanted))
            put_weighted_service(out, i);
        if (is_wanted("nested", wanted))
            put_nested_service(out, i);
    }
}

/* What is no plain address. */
static inline void put_few_records(struct text *out)
{
    text_puts(out, ", \"mx1 300 A 192.0.2.61\", \"mx2 300 A 192.0.2.62\", \"mx1 300 AAAA 2001:db8::61\", "
                   "\"x.t 300 A 192.0.2.71\"");
    for (unsigned i = 0; i < FEW; i++) {
        text_printf(out,
                    ", \"m%06u 300 MX 10 mx1\", \"m%06u 300 MX 20 mx2\", \"m%06u 300 MX 30 mx.example.net.\"",
                    i, i, i);
        text_printf(out, ", \"_s._tcp.m%06u 300 SRV 1 2 443 mx1\", \"_s._tcp.m%06u 300 SRV 1 2 443 mx2\"", i,
                    i);
        text_printf(out, ", \"c%06u 300 CNAME h%06u\", \"cc%06u 300 CNAME c%06u\"", i, i, i, i);
        text_printf(out, ", \"away%06u 300 CNAME www.example.net.\"", i);
        text_printf(out, ", \"r%06u 300 DNAME t\", \"*.k%06u 300 A 192.0.2.72\"", i, i);
        text_printf(out, ", \"s%06u 300 HTTPS 1 . alpn=h2,h3\"", i);
        text_printf(out, ", \"t%06u 300 TXT", i);
        for (unsigned k = 0; k < 4; k++)
            text_printf(out, " %0240u", k);
        text_printf(out, "\", \"u%06u 300 TXT", i);
        for (unsigned k = 0; k < 12; k++)
            text_printf(out, " %0240u", k);
        text_puts(out, "\"");
    }
}

static inline void put_few_services(struct text *out)
{
    for (unsigned i = 0; i < FEW; i++) {
        text_printf(out, "%s\"b%06u\": {\"policy\": \"eu-0\", \"https\": {\"alpn\": [\"h2\", \"h3\"]}}",
                    i > 0 ? ", " : "", i);
        text_printf(out, ", \"cdn%06u\": {\"policy\": \"names\"}, \"both%06u\": {\"policy\": \"mixed\"}", i,
                    i);
        text_printf(out,
                    ", \"dead%06u\": {\"policy\": \"dead\"}, \"mail%06u\": {\"mx\": {\"policy\": \"mail\"}}",
                    i, i);
    }
}

/* `wanted`: the only kind of services; NULL: all. */
static inline char *steering(unsigned names, unsigned services, const char *wanted)
{
    struct text out = { 0 };
    put_pools(&out);
    text_puts(
        &out,
        "\"zones\": {\"example.test\": {\"records\": [\"@ 3600 SOA ns1 hostmaster 1 3600 900 604800 60\", "
        "\"@ 3600 NS ns1\", \"ns1 3600 A 192.0.2.53\"");
    for (unsigned i = 0; i < names; i++)
        text_printf(&out, ", \"h%06u 300 A 10.%u.%u.%u\"", i, i / 65536, i / 256 % 256, i % 256);
    for (unsigned i = 0; i < services && is_wanted("referral", wanted); i++)
        text_printf(&out, ", \"d%06u 300 NS ns.d%06u\", \"d%06u 300 NS ns1\", \"ns.d%06u 300 A 192.0.2.1\"",
                    i, i, i, i);
    put_few_records(&out);
    text_puts(&out, "], \"services\": {");
    put_few_services(&out);
    put_services(&out, services, wanted);
    text_puts(&out, "}}}}");
    return text_take(&out);
}
