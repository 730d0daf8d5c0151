/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health/grpc_message.h"

#include <string.h>

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

size_t grpc_request_write(const char *service, uint8_t out[GRPC_REQUEST_SIZE_MAX])
{
    size_t service_size = strnlen(service, GRPC_SERVICE_SIZE_MAX), size = 5;
    if (service_size > 0) { /* proto3 leaves out what is empty */
        out[size++] = 1 << 3 | WIRE_BYTES;
        if (service_size >= 0x80)
            out[size++] = (uint8_t)(service_size | 0x80);
        out[size++] = (uint8_t)(service_size >= 0x80 ? service_size >> 7 : service_size);
        memcpy(out + size, service, service_size);
        size += service_size;
    }
    memset(out, 0, 5); /* not compressed; the length in network order */
    out[3] = (uint8_t)((size - 5) >> 8);
    out[4] = (uint8_t)(size - 5);
    return size;
}

/* Sticky: after an overrun `at` is NULL and everything is 0. */
struct protobuf {
    const uint8_t *at, *end;
};

static uint64_t read_varint(struct protobuf *from)
{
    uint64_t value = 0;
    for (unsigned shift = 0; from->at != NULL && from->at < from->end && shift < 64; shift += 7) {
        uint8_t byte = *from->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    from->at = NULL;
    return 0;
}

static void pass_over(struct protobuf *from, unsigned wire)
{
    uint64_t size = 0;
    switch (wire) {
    case WIRE_VARINT: (void)read_varint(from); return;
    case WIRE_FIXED64: size = 8; break;
    case WIRE_FIXED32: size = 4; break;
    case WIRE_BYTES: size = read_varint(from); break;
    default: from->at = NULL; return;
    }
    if (from->at != NULL)
        from->at = size <= (uint64_t)(from->end - from->at) ? from->at + size : NULL;
}

bool grpc_reply_read(const uint8_t *bytes, size_t size, unsigned *out_status)
{
    unsigned status = 0;
    if (size < 5 || bytes[0] != 0 || bytes[1] != 0 || bytes[2] != 0 ||
        (size_t)(bytes[3] << 8 | bytes[4]) != size - 5)
        return false;
    struct protobuf from = { bytes + 5, bytes + size };
    while (from.at != NULL && from.at < from.end) {
        uint64_t key = read_varint(&from);
        if (key == (1 << 3 | WIRE_VARINT)) {
            uint64_t value = read_varint(&from);
            status = value < 1000 ? (unsigned)value : 1000;
        } else {
            pass_over(&from, (unsigned)key & 7);
        }
    }
    *out_status = status;
    return from.at != NULL;
}
