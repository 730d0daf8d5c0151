/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/rng.h"
#include "base/text.h"
#include "bench_steering.h"
#include "dns/edns.h"
#include "dns/name.h"
#include "dns/type.h"

#include <stdlib.h>
#include <string.h>

/* The kinds of queries, and how one is made. */
enum { WITH_OPT = 1, WITH_ECS = 2, WITH_COOKIE = 4, WITH_NSID = 8, WITH_KEEPALIVE = 16 };

struct kind {
    const char *name;
    const char *qname;                 /* of which the number is made up */
    enum { MANY, SOME, OF_FEW } count; /* as many as there are static names, services, or FEW */
    uint16_t qtype;
    unsigned options; /* WITH_… */
    bool is_limited;  /* by a generous rate limit */
    bool is_tcp;
    uint8_t damage;  /* percent of the queries of which a byte is another one */
    uint16_t qclass; /* 0: IN */
    uint8_t opcode;
};

static const struct kind kinds[] = {
    { "static", "h%06u.example.test.", MANY, DNS_A, .options = 0 },
    { "static-edns", "h%06u.example.test.", MANY, DNS_A, .options = WITH_OPT },
    { "nodata", "h%06u.example.test.", MANY, DNS_AAAA, .options = 0 },
    { "nxdomain", "x%06u.example.test.", MANY, DNS_A, .options = 0 },
    { "wildcard", "x.k%06u.example.test.", OF_FEW, DNS_A, .options = 0 },
    { "referral", "www.d%06u.example.test.", SOME, DNS_A, .options = 0 },
    { "geo", "g%06u.example.test.", SOME, DNS_A, .options = WITH_ECS },
    { "weighted", "w%06u.example.test.", SOME, DNS_A, .options = 0 },
    { "nested", "n%06u.example.test.", SOME, DNS_A, .options = WITH_ECS },
    { "refused", "h%06u.elsewhere.test.", MANY, DNS_A, .options = 0 },
    /* options, and what guards */
    { "nsid", "h%06u.example.test.", MANY, DNS_A, .options = WITH_NSID },
    { "cookie", "h%06u.example.test.", MANY, DNS_A, .options = WITH_COOKIE },
    { "keepalive", "h%06u.example.test.", MANY, DNS_A, .options = WITH_KEEPALIVE, .is_tcp = true },
    { "limited", "h%06u.example.test.", MANY, DNS_A, .is_limited = true },
    { "limited-nx", "x%06u.example.test.", MANY, DNS_A, .is_limited = true },
    { "limited-geo", "g%06u.example.test.", SOME, DNS_A, .options = WITH_ECS, .is_limited = true },
    /* records that lead on, and large ones */
    { "mx", "m%06u.example.test.", OF_FEW, DNS_MX, .options = WITH_OPT },
    { "srv", "_s._tcp.m%06u.example.test.", OF_FEW, DNS_SRV, .options = WITH_OPT },
    { "ns", "example.test.", OF_FEW, DNS_NS, .options = WITH_OPT },
    { "soa", "example.test.", OF_FEW, DNS_SOA, .options = WITH_OPT },
    { "https", "s%06u.example.test.", OF_FEW, DNS_HTTPS, .options = WITH_OPT },
    { "cname", "c%06u.example.test.", OF_FEW, DNS_A, .options = WITH_OPT },
    { "cname-chain", "cc%06u.example.test.", OF_FEW, DNS_A, .options = WITH_OPT },
    { "cname-away", "away%06u.example.test.", OF_FEW, DNS_A, .options = WITH_OPT },
    { "dname", "x.r%06u.example.test.", OF_FEW, DNS_A, .options = WITH_OPT },
    { "any", "h%06u.example.test.", MANY, DNS_ANY, .options = WITH_OPT },
    { "large", "t%06u.example.test.", OF_FEW, DNS_TXT, .options = WITH_OPT },
    { "truncated", "u%06u.example.test.", OF_FEW, DNS_TXT, .options = WITH_OPT },
    /* services beside plain addresses */
    { "svc-https", "b%06u.example.test.", OF_FEW, DNS_HTTPS, .options = WITH_OPT },
    { "svc-nodata", "b%06u.example.test.", OF_FEW, DNS_AAAA, .options = WITH_OPT },
    { "svc-cname", "cdn%06u.example.test.", OF_FEW, DNS_A, .options = WITH_OPT },
    { "svc-names", "both%06u.example.test.", OF_FEW, DNS_A, .options = WITH_OPT },
    { "svc-down", "dead%06u.example.test.", OF_FEW, DNS_A, .options = WITH_OPT },
    { "svc-mx", "mail%06u.example.test.", OF_FEW, DNS_MX, .options = WITH_OPT },
    /* what is refused, or no query at all */
    { "formerr", "h%06u.example.test.", MANY, DNS_A, .options = WITH_OPT, .damage = 101 },
    { "mutated", "h%06u.example.test.", MANY, DNS_A, .options = WITH_OPT, .damage = 100 },
    { "notimp", "h%06u.example.test.", MANY, DNS_SOA, .opcode = DNS_OPCODE_NOTIFY },
    { "chaos", "version.bind.", OF_FEW, DNS_TXT, .qclass = DNS_CH },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

struct query {
    uint8_t bytes[128];
    size_t size;
};

static inline void put(struct query *message, const void *bytes, size_t size)
{
    memcpy(message->bytes + message->size, bytes, size);
    message->size += size;
}

static inline void put_opt(struct query *message, unsigned options, uint64_t network)
{
    static const uint8_t opt[] = { 0, 0, DNS_OPT, 4, 208, 0, 0, 0, 0, 0, 0 };
    static const uint8_t ecs[] = { 0, EDNS_ECS, 0, 7, 0, 1, 24, 0 };
    static const uint8_t cookie[] = { 0, EDNS_COOKIE, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8 };
    static const uint8_t nsid[] = { 0, EDNS_NSID, 0, 0 }, keepalive[] = { 0, EDNS_KEEPALIVE, 0, 0 };
    message->bytes[11] = 1;
    put(message, opt, sizeof opt);
    const size_t options_at = message->size;
    if (options & WITH_ECS) {
        put(message, ecs, sizeof ecs);
        put(message, &network, 3);
    }
    if (options & WITH_COOKIE)
        put(message, cookie, sizeof cookie);
    if (options & WITH_NSID)
        put(message, nsid, sizeof nsid);
    if (options & WITH_KEEPALIVE)
        put(message, keepalive, sizeof keepalive);
    message->bytes[options_at - 1] = (uint8_t)(message->size - options_at);
}

static inline void put_question(struct query *message, const struct kind *kind, unsigned number)
{
    const uint8_t header[] = { 0x12, 0x34, (uint8_t)(1 | kind->opcode << 3), 0, 0, 1, 0, 0, 0, 0, 0, 0 };
    const uint8_t tail[] = { (uint8_t)(kind->qtype >> 8), (uint8_t)kind->qtype, 0,
                             (uint8_t)(kind->qclass ? kind->qclass : DNS_IN) };
    struct text text = { 0 };
    struct dns_name name;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    text_printf(&text, kind->qname, number);
#pragma GCC diagnostic pop
    char *qname = text_take(&text);
    if (!dns_name_parse(qname, NULL, &name))
        abort();
    put(message, header, sizeof header);
    put(message, name.bytes, name.size);
    put(message, tail, sizeof tail);
    free(qname);
}

static inline void make_query(const struct kind *kind, unsigned number, struct rng *rng, struct query *out)
{
    out->size = 0;
    put_question(out, kind, number);
    if (kind->options != 0)
        put_opt(out, kind->options, rng_next(rng));
    if (kind->damage > 100)
        out->size -= 3;
    else if (rng_next(rng) % 100 < kind->damage) /* the identifier is left alone: it is what it is found by */
        out->bytes[2 + rng_next(rng) % (out->size - 2)] = (uint8_t)rng_next(rng);
}
