/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "support/cmocka_all.h"

#include "answer/answer.h"
#include "base/memory.h"
#include "dns/type.h"

#include <stdlib.h>
#include <string.h>

/*
 * Whole messages to a small world, and what comes back.  Zone "example" has www (A), a wildcard *.wild (A), a
 * cut at sub, a chain to outside, and big with 1,000 bytes of text; zone "closed" is for 192.0.2.0/24 only.
 */
struct asking {
    struct answer_settings settings;
    struct answer_counters counters;
    struct answerer answerer;
    struct server_keys keys;
    struct dataset dataset;
    struct snapshot now;
    const struct zone *zones[2];
    struct zone_set *set;
    struct prefix_map *allowed;
    struct address source;
    uint8_t query[1024];
    size_t query_size;
    uint8_t reply[65535];
    size_t reply_size;
};

#define WALL_S 1559731985u

static inline void asking_put(struct zone_edit *edit, const char *owner, uint16_t type, const void *rdata,
                              size_t size)
{
    struct dns_name name;
    const uint8_t *rdatas[] = { rdata };
    const uint16_t sizes[] = { (uint16_t)size };
    assert_true(dns_name_parse(owner, NULL, &name));
    struct dns_rrset *rrset = dns_rrset_new(type, 60, rdatas, sizes, 1);
    zone_edit_put(edit, &name, rrset);
    free(rrset);
}

static inline struct zone_edit *asking_zone(const char *apex, struct edition *edition)
{
    struct dns_name name;
    static const uint8_t soa[22];
    assert_true(dns_name_parse(apex, NULL, &name));
    struct zone_edit *edit = zone_edit_begin(&name, NULL, edition);
    asking_put(edit, apex, DNS_SOA, soa, sizeof soa);
    asking_put(edit, apex, DNS_NS, "\2ns", 4);
    return edit;
}

static inline void asking_open(struct asking *asking)
{
    struct edition edition = { 0 };
    struct prefix network;
    static const uint8_t address[] = { 192, 0, 2, 7 };
    uint8_t text[4 * 251];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 251 == 0 ? 250 : 'x';
    memset(asking, 0, offsetof(struct asking, query));
    struct zone_edit *edit = asking_zone("example", &edition);
    asking_put(edit, "www.example", DNS_A, address, sizeof address);
    asking_put(edit, "*.wild.example", DNS_A, address, sizeof address);
    asking_put(edit, "sub.example", DNS_NS, "\2ns", 4);
    asking_put(edit, "away.example", DNS_CNAME, "\1x\6closed", 10);
    asking_put(edit, "big.example", DNS_TXT, text, sizeof text);
    asking->zones[0] = zone_edit_end(edit);
    edit = asking_zone("closed", &edition);
    asking_put(edit, "x.closed", DNS_A, address, sizeof address);
    struct prefix_map_builder *builder = prefix_map_builder_new();
    assert_true(prefix_parse("192.0.2.0/24", &network));
    prefix_map_builder_add(builder, &network, 1);
    asking->allowed = prefix_map_build(builder);
    zone_edit_set_allowed(edit, asking->allowed);
    asking->zones[1] = zone_edit_end(edit);
    edition_free_replaced(&edition);
    asking->set = zone_set_new(asking->zones, 2);
    asking->dataset.zones = asking->set;
    asking->now.dataset = &asking->dataset;
    asking->settings.udp_size = 1232;
    asking->answerer = (struct answerer){
        .settings = &asking->settings, .counters = &asking->counters, .now_wall_s = WALL_S, .now_us = 1
    };
    assert_true(address_parse("198.51.100.100", &asking->source));
}

static inline void asking_close(struct asking *asking)
{
    for (size_t i = 0; i < 2; i++)
        zone_free((void *)(uintptr_t)asking->zones[i]);
    prefix_map_free(asking->allowed);
    free(asking->set);
}

static inline uint8_t nibble(char digit)
{
    return (uint8_t)(digit <= '9' ? digit - '0' : (digit | 32) - 'a' + 10);
}

/* Appends bytes to the query from pairs of hexadecimal digits. */
static inline void asking_hex(struct asking *asking, const char *hex)
{
    for (; *hex != '\0'; hex++) {
        if (*hex == ' ')
            continue;
        asking->query[asking->query_size++] = (uint8_t)(nibble(hex[0]) << 4 | nibble(hex[1]));
        hex++;
    }
}

/* A query with the question alone. */
static inline void asking_question(struct asking *asking, const char *name, uint16_t type, uint16_t class)
{
    struct dns_name qname;
    assert_true(dns_name_parse(name, NULL, &qname));
    asking->query_size = 0;
    asking_hex(asking, "1234 0000 0001 0000 0000 0000");
    memcpy(asking->query + asking->query_size, qname.bytes, qname.size);
    asking->query_size += qname.size;
    const uint8_t tail[] = { (uint8_t)(type >> 8), (uint8_t)type, (uint8_t)(class >> 8), (uint8_t) class };
    memcpy(asking->query + asking->query_size, tail, sizeof tail);
    asking->query_size += sizeof tail;
}

/* Appends an OPT of 1232 bytes with these options; `ttl` is extended rcode, version, flags. */
static inline void asking_opt(struct asking *asking, const char *ttl, const char *options)
{
    asking->query[11] = 1;
    asking_hex(asking, "00 0029 04d0");
    asking_hex(asking, ttl);
    size_t size_at = asking->query_size;
    asking_hex(asking, "0000");
    asking_hex(asking, options);
    size_t size = asking->query_size - size_at - 2;
    asking->query[size_at] = (uint8_t)(size >> 8);
    asking->query[size_at + 1] = (uint8_t)size;
}

#define NO_FLAGS "00000000"

/* What came back: sections skipped to the OPT. */
static inline const uint8_t *reply_opt(const struct asking *asking)
{
    const uint8_t *reply = asking->reply, *at = reply + 12, *end = reply + asking->reply_size;
    unsigned questions = reply[5], records = (unsigned)reply[7] + reply[9] + reply[11];
    assert_true(asking->reply_size >= 12);
    for (unsigned i = 0; i < questions + records; i++) {
        const uint8_t *owner = at;
        while (*at != 0 && *at < 0xc0)
            at += 1 + *at;
        at += *at == 0 ? 1 : 2;
        if (i < questions) {
            at += 4;
            continue;
        }
        if (*owner == 0 && at[1] == DNS_OPT) {
            assert_ptr_equal(at + 10 + (at[8] << 8 | at[9]), end); /* it is the last */
            return at;
        }
        at += 10 + (at[8] << 8 | at[9]);
        assert_true(at <= end);
    }
    assert_ptr_equal(at, end);
    return NULL;
}

static inline unsigned reply_rcode(const struct asking *asking)
{
    const uint8_t *opt = reply_opt(asking);
    return (opt != NULL ? (unsigned)opt[4] << 4 : 0) | (asking->reply[3] & 15);
}

static inline bool reply_is_truncated(const struct asking *asking)
{
    return asking->reply[2] & 2;
}

/* The data of an option, or NULL; each may be there once. */
static inline const uint8_t *reply_option(const struct asking *asking, unsigned code, size_t *size)
{
    const uint8_t *opt = reply_opt(asking), *found = NULL;
    if (opt == NULL)
        return NULL;
    const uint8_t *at = opt + 10, *end = at + (opt[8] << 8 | opt[9]);
    while (at < end) {
        size_t option_size = (size_t)(at[2] << 8 | at[3]);
        if ((unsigned)(at[0] << 8 | at[1]) == code) {
            assert_null(found);
            found = at + 4;
            *size = option_size;
        }
        at += 4 + option_size;
    }
    assert_ptr_equal(at, end);
    return found;
}

/* The INFO-CODE of the Extended DNS Error, or -1. */
static inline int reply_ede(const struct asking *asking)
{
    size_t size;
    const uint8_t *ede = reply_option(asking, EDNS_EDE, &size);
    return ede != NULL ? ede[0] << 8 | ede[1] : -1;
}

/* Returns the size of the reply, which is also kept. */
static inline size_t asking_send(struct asking *asking, enum transport transport)
{
    size_t room = transport == TRANSPORT_UDP ? 4096 : sizeof asking->reply;
    uint8_t *query = malloc(asking->query_size); /* the sanitizer sees reads behind it */
    memcpy(query, asking->query, asking->query_size);
    asking->reply_size = answer_message(&asking->answerer, &asking->now, transport, query, asking->query_size,
                                        &asking->source, asking->reply, room);
    free(query);
    return asking->reply_size;
}

/* A UDP query of class IN with these options, or without OPT. */
static inline unsigned asking_for(struct asking *asking, const char *name, uint16_t type, const char *options)
{
    asking_question(asking, name, type, DNS_IN);
    if (options != NULL)
        asking_opt(asking, NO_FLAGS, options);
    assert_true(asking_send(asking, TRANSPORT_UDP) > 0);
    return reply_rcode(asking);
}
