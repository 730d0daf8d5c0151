/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Writes small MaxMind databases for tests: bytes first, so that they can be wrong on purpose. */
struct bytes {
    uint8_t at[65536];
    size_t size;
};

static inline void put(struct bytes *out, const void *bytes, size_t size)
{
    if (size > sizeof out->at - out->size)
        abort();
    memcpy(out->at + out->size, bytes, size);
    out->size += size;
}

static inline void put_byte(struct bytes *out, unsigned byte)
{
    uint8_t one = (uint8_t)byte;
    put(out, &one, 1);
}

static inline void put_big_endian(struct bytes *out, uint64_t number, unsigned size)
{
    while (size-- > 0)
        put_byte(out, (unsigned)(number >> 8 * size & 0xff));
}

/* Types above 7 are in a byte of their own; sizes from 29 on too. */
static inline void put_control(struct bytes *out, unsigned type, size_t size)
{
    unsigned low = size < 29 ? (unsigned)size : 29;
    put_byte(out, type <= 7 ? type << 5 | low : low);
    if (type > 7)
        put_byte(out, type - 7);
    if (size >= 29)
        put_byte(out, (unsigned)size - 29);
}

static inline void put_map(struct bytes *out, size_t pairs)
{
    put_control(out, 7, pairs);
}

static inline void put_text(struct bytes *out, const char *text)
{
    put_control(out, 2, strlen(text));
    put(out, text, strlen(text));
}

static inline void put_uint32(struct bytes *out, uint32_t number)
{
    put_control(out, 6, 4);
    put_big_endian(out, number, 4);
}

static inline void put_double(struct bytes *out, double real)
{
    uint64_t bits;
    memcpy(&bits, &real, sizeof bits);
    put_control(out, 3, 8);
    put_big_endian(out, bits, 8);
}

static inline void put_metadata(struct bytes *out, uint32_t node_count, unsigned record_bits,
                                unsigned ip_version)
{
    put(out, "\xab\xcd\xefMaxMind.com", 14);
    put_map(out, 8);
    put_text(out, "binary_format_major_version"), put_uint32(out, 2);
    put_text(out, "binary_format_minor_version"), put_uint32(out, 0);
    put_text(out, "build_epoch"), put_uint32(out, 1700000000);
    put_text(out, "database_type"), put_text(out, "Test");
    put_text(out, "languages"), put_control(out, 11, 0);
    put_text(out, "node_count"), put_uint32(out, node_count);
    put_text(out, "record_size"), put_uint32(out, record_bits);
    put_text(out, "ip_version"), put_uint32(out, ip_version);
}

/* An IPv4 database of one node: 0.0.0.0/1 has the record in `data`, 128.0.0.0/1 none. */
static inline void put_database(struct bytes *out, const struct bytes *data)
{
    static const uint8_t separator[16];
    put_big_endian(out, 1 + 16, 3);
    put_big_endian(out, 1, 3);
    put(out, separator, sizeof separator);
    put(out, data->at, data->size);
    put_metadata(out, 1, 24, 4);
}

/* An unnamed file with these bytes; `path` leads to it while the descriptor is open. */
static inline int file_of(const struct bytes *bytes, char path[64])
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes->at, bytes->size) != (ssize_t)bytes->size)
        abort();
    snprintf(path, 64, "/proc/self/fd/%d", fd);
    return fd;
}
