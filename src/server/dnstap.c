/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/dnstap.h"

#include <assert.h>
#include <string.h>

/* Wire types of protocol buffers. */
enum { WIRE_VARINT = 0, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

/* Field numbers and values of dnstap.proto. */
enum { DNSTAP_IDENTITY = 1, DNSTAP_VERSION = 2, DNSTAP_MESSAGE = 14, DNSTAP_TYPE = 15 };
enum { TYPE_MESSAGE = 1, TYPE_AUTH_QUERY = 1, TYPE_AUTH_RESPONSE = 2 };
enum {
    MESSAGE_TYPE = 1,
    MESSAGE_FAMILY = 2,   /* 1: IPv4, 2: IPv6 */
    MESSAGE_PROTOCOL = 3, /* 1: UDP, 2: TCP */
    MESSAGE_QUERY_ADDRESS = 4,
    MESSAGE_QUERY_PORT = 6,
    MESSAGE_QUERY_SECONDS = 8,
    MESSAGE_QUERY_NANOSECONDS = 9,
    MESSAGE_QUERY = 10,
    MESSAGE_RESPONSE_SECONDS = 12,
    MESSAGE_RESPONSE_NANOSECONDS = 13,
    MESSAGE_RESPONSE = 14
};

/* Fields are appended; all of them fit, by the rooms that are known. */
struct wire {
    uint8_t *at;
};

static void put_varint(struct wire *wire, uint64_t value)
{
    for (; value > 127; value >>= 7)
        *wire->at++ = (uint8_t)(value | 128);
    *wire->at++ = (uint8_t)value;
}

static void put_number(struct wire *wire, unsigned field, uint64_t value)
{
    put_varint(wire, field << 3 | WIRE_VARINT);
    put_varint(wire, value);
}

static void put_fixed32(struct wire *wire, unsigned field, uint32_t value)
{
    put_varint(wire, field << 3 | WIRE_FIXED32);
    for (unsigned i = 0; i < 4; i++)
        *wire->at++ = (uint8_t)(value >> 8 * i);
}

static void put_bytes(struct wire *wire, unsigned field, const void *bytes, size_t size)
{
    put_varint(wire, field << 3 | WIRE_BYTES);
    put_varint(wire, size);
    memcpy(wire->at, bytes, size);
    wire->at += size;
}

static void put_time(struct wire *wire, unsigned seconds, unsigned nanoseconds, int64_t wall_ms)
{
    put_number(wire, seconds, (uint64_t)(wall_ms / 1000));
    put_fixed32(wire, nanoseconds, (uint32_t)(wall_ms % 1000) * 1000000);
}

static size_t write_message(const struct observation *seen, uint8_t *out)
{
    struct wire wire = { out };
    bool has_reply = seen->reply_size > 0, is_v4 = seen->client.family == ADDRESS_V4;
    put_number(&wire, MESSAGE_TYPE, has_reply ? TYPE_AUTH_RESPONSE : TYPE_AUTH_QUERY);
    put_number(&wire, MESSAGE_FAMILY, is_v4 ? 1 : 2);
    put_number(&wire, MESSAGE_PROTOCOL, seen->transport == TRANSPORT_UDP ? 1 : 2);
    put_bytes(&wire, MESSAGE_QUERY_ADDRESS, seen->client.bytes, is_v4 ? 4 : 16);
    if (seen->port != 0)
        put_number(&wire, MESSAGE_QUERY_PORT, seen->port);
    put_time(&wire, MESSAGE_QUERY_SECONDS, MESSAGE_QUERY_NANOSECONDS, seen->wall_ms);
    if (seen->query_size <= sizeof seen->query)
        put_bytes(&wire, MESSAGE_QUERY, seen->query, seen->query_size);
    if (has_reply)
        put_time(&wire, MESSAGE_RESPONSE_SECONDS, MESSAGE_RESPONSE_NANOSECONDS, seen->wall_ms);
    if (has_reply && seen->reply_size <= sizeof seen->reply)
        put_bytes(&wire, MESSAGE_RESPONSE, seen->reply, seen->reply_size);
    return (size_t)(wire.at - out);
}

size_t dnstap_write(const struct observation *seen, const char *identity, uint8_t out[DNSTAP_SIZE_MAX])
{
    static const char version[] = "steerd " STEERD_VERSION;
    uint8_t message[OBSERVED_QUERY_ROOM + OBSERVED_REPLY_ROOM + 128];
    struct wire wire = { out };
    if (identity != NULL)
        put_bytes(&wire, DNSTAP_IDENTITY, identity, strnlen(identity, 255));
    put_bytes(&wire, DNSTAP_VERSION, version, sizeof version - 1);
    put_bytes(&wire, DNSTAP_MESSAGE, message, write_message(seen, message));
    put_number(&wire, DNSTAP_TYPE, TYPE_MESSAGE);
    size_t size = (size_t)(wire.at - out);
    assert(size <= DNSTAP_SIZE_MAX);
    return size;
}
