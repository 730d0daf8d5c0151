/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/query_line.h"

#include "base/clock.h"
#include "dns/query.h"
#include "dns/type.h"

#include <inttypes.h>

static uint16_t read16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static size_t lesser(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void write_client(const struct observation *seen, struct text *out)
{
    char time[CLOCK_TEXT_SIZE], address[ADDRESS_TEXT_SIZE];
    clock_format(seen->wall_ms, time);
    address_format(&seen->client, address);
    text_printf(out, "{\"time\":\"%s\",\"client\":\"%s\"", time, address);
    if (seen->port != 0)
        text_printf(out, ",\"port\":%u", seen->port);
    text_printf(out, ",\"transport\":\"%s\",\"query_size\":%" PRIu32,
                seen->transport == TRANSPORT_UDP ? "udp" : "tcp", seen->query_size);
}

/* Also of a query that was refused, as far as it has a question. */
static void write_question(const uint8_t *query, size_t size, struct text *out)
{
    struct dns_name qname;
    char text[DNS_NAME_TEXT_SIZE], type[16];
    if (size < DNS_HEADER_SIZE || read16(query + 4) == 0)
        return;
    size_t name_size = dns_name_read(query + DNS_HEADER_SIZE, size - DNS_HEADER_SIZE, &qname);
    const uint8_t *behind = query + DNS_HEADER_SIZE + name_size;
    if (name_size == 0 || size - DNS_HEADER_SIZE - name_size < 4)
        return;
    dns_name_format(&qname, text);
    dns_type_format(read16(behind), type);
    text_puts(out, ",\"qname\":");
    text_put_json(out, text);
    text_printf(out, ",\"qtype\":\"%s\"", type);
    if (read16(behind + 2) != DNS_IN)
        text_printf(out, ",\"qclass\":%u", read16(behind + 2));
}

static void write_ecs(const uint8_t *query, size_t size, struct text *out)
{
    struct dns_query parsed;
    char address[ADDRESS_TEXT_SIZE];
    if (dns_query_parse(query, size, &parsed) != DNS_QUERY_ACCEPT || !parsed.edns.ecs.is_present ||
        parsed.edns.ecs.address.family == ADDRESS_NONE)
        return;
    address_format(&parsed.edns.ecs.address, address);
    text_printf(out, ",\"ecs\":\"%s/%u\"", address, parsed.edns.ecs.source_len);
}

/* Bytes of a name that may end in a pointer; 0: it does not end here. */
static size_t name_span(const uint8_t *at, size_t size)
{
    size_t span = 0;
    while (span < size && at[span] != 0 && at[span] < 0xc0)
        span += (size_t)at[span] + 1;
    if (span >= size)
        return 0;
    return span + (at[span] == 0 ? 1 : 2);
}

/* The upper bits of the rcode, which stand in the OPT record (RFC 6891 §6.1.3). */
static unsigned extended_rcode(const uint8_t *reply, size_t size)
{
    unsigned questions = read16(reply + 4);
    unsigned records = (unsigned)read16(reply + 6) + read16(reply + 8) + read16(reply + 10);
    size_t at = DNS_HEADER_SIZE;
    for (unsigned i = 0; i < questions + records; i++) {
        size_t span = at < size ? name_span(reply + at, size - at) : 0;
        at += span;
        if (span == 0 || at + (i < questions ? 4 : 10) > size)
            return 0;
        if (i >= questions && read16(reply + at) == DNS_OPT)
            return (unsigned)reply[at + 4] << 4;
        at += i < questions ? 4 : 10 + (size_t)read16(reply + at + 8);
    }
    return 0;
}

static void write_reply(const struct observation *seen, struct text *out)
{
    size_t here = lesser(seen->reply_size, sizeof seen->reply);
    if (here < DNS_HEADER_SIZE) {
        text_puts(out, ",\"rcode\":null");
        return;
    }
    unsigned rcode = (seen->reply[3] & 15u) | extended_rcode(seen->reply, here);
    text_printf(out, ",\"rcode\":\"%s\",\"answers\":%u,\"truncated\":%s,\"size\":%" PRIu32,
                dns_rcode_name(rcode), read16(seen->reply + 6),
                (read16(seen->reply + 2) & DNS_FLAG_TC) != 0 ? "true" : "false", seen->reply_size);
}

void query_line_write(const struct observation *seen, struct text *out)
{
    size_t here = lesser(seen->query_size, sizeof seen->query);
    write_client(seen, out);
    write_question(seen->query, here, out);
    if (here == seen->query_size)
        write_ecs(seen->query, here, out);
    write_reply(seen, out);
    text_puts(out, "}\n");
}
