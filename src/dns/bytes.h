/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Numbers in network byte order, and ASCII letters of domain names. */

static inline uint16_t get_u16(const uint8_t *at)
{
    uint16_t word;
    memcpy(&word, at, sizeof word);
    return be16toh(word);
}

static inline uint32_t get_u32(const uint8_t *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return be32toh(word);
}

static inline uint64_t get_u64(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return be64toh(word);
}

static inline void put_u16(uint8_t *at, unsigned value)
{
    uint16_t word = htobe16((uint16_t)value);
    memcpy(at, &word, sizeof word);
}

static inline void put_u32(uint8_t *at, uint32_t value)
{
    uint32_t word = htobe32(value);
    memcpy(at, &word, sizeof word);
}

static inline void put_u64(uint8_t *at, uint64_t value)
{
    uint64_t word = htobe64(value);
    memcpy(at, &word, sizeof word);
}

/** Copies at most 32 bytes without a call: by two pieces of one size that may overlap. */
static inline void copy_short(uint8_t *to, const uint8_t *from, size_t size)
{
    if (size >= 16) {
        uint8_t first[16], last[16];
        memcpy(first, from, 16);
        memcpy(last, from + size - 16, 16);
        memcpy(to, first, 16);
        memcpy(to + size - 16, last, 16);
    } else if (size >= 4) {
        size_t half = size / 8 * 4; /* where the second four of the first half start: 0 or 4 */
        uint32_t words[4];
        memcpy(&words[0], from, 4);
        memcpy(&words[1], from + half, 4);
        memcpy(&words[2], from + size - half - 4, 4);
        memcpy(&words[3], from + size - 4, 4);
        memcpy(to, &words[0], 4);
        memcpy(to + half, &words[1], 4);
        memcpy(to + size - half - 4, &words[2], 4);
        memcpy(to + size - 4, &words[3], 4);
    } else if (size > 0) {
        to[0] = from[0];
        to[size / 2] = from[size / 2];
        to[size - 1] = from[size - 1];
    }
}

/** memcpy for what is mostly short. */
static inline void copy_bytes(uint8_t *to, const uint8_t *from, size_t size)
{
    if (__builtin_expect(size <= 32, 1))
        copy_short(to, from, size);
    else
        memcpy(to, from, size);
}

/* As many bytes as the machine takes at once. */
typedef uint8_t byte_block __attribute__((vector_size(16)));

/** Copies from `piece` to twice as many bytes, `piece` being constant: two pieces that may overlap. */
static inline __attribute__((always_inline)) void copy_pieces(uint8_t *to, const uint8_t *from, size_t size,
                                                              size_t piece)
{
    byte_block first, last;
    memcpy(&first, from, piece);
    memcpy(&last, from + size - piece, piece);
    memcpy(to, &first, piece);
    memcpy(to + size - piece, &last, piece);
}

/** Copies more than 16 bytes, mostly few, without a call: the last block may overlap the one before. */
static inline void copy_blocks(uint8_t *to, const uint8_t *from, size_t size)
{
    byte_block block;
    size_t at = 0;
    do {
        memcpy(&block, from + at, sizeof block);
        memcpy(to + at, &block, sizeof block);
        at += sizeof block;
    } while (at + sizeof block < size);
    memcpy(&block, from + size - sizeof block, sizeof block);
    memcpy(to + size - sizeof block, &block, sizeof block);
}

static inline uint8_t lowercase(uint8_t byte)
{
    return (uint8_t)(byte - 'A') < 26 ? byte | 0x20 : byte;
}

/** Lowercases the ASCII letters among eight bytes. */
static inline uint64_t lowercase_eight(uint64_t bytes)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t low = bytes & ones * 0x7f; /* so that no sum carries into the next byte */
    uint64_t is_upper = (low + ones * (0x80 - 'A')) & ~(low + ones * (0x7f - 'Z')) & ~bytes & ones * 0x80;
    return bytes | is_upper >> 2;
}

/** Lowercases the ASCII letters among sixteen bytes. */
static inline void copy_lowercase_block(uint8_t *to, const uint8_t *from)
{
    byte_block block;
    memcpy(&block, from, sizeof block);
    byte_block is_upper = (byte_block)((byte_block)(block - 'A') < 26);
    block |= is_upper & 0x20;
    memcpy(to, &block, sizeof block);
}

/* Of fewer than sixteen bytes: two pieces that may overlap. */
static inline __attribute__((always_inline)) void copy_lowercase_short(uint8_t *to, const uint8_t *from,
                                                                       size_t size)
{
    if (size < 8) { /* a top-level domain */
        for (size_t i = 0; i < size; i++)
            to[i] = lowercase(from[i]);
        return;
    }
    uint64_t first, last;
    memcpy(&first, from, 8);
    memcpy(&last, from + size - 8, 8);
    first = lowercase_eight(first);
    last = lowercase_eight(last);
    memcpy(to, &first, 8);
    memcpy(to + size - 8, &last, 8);
}

/**
 * Copies a wire-form name, lowercased.  Label lengths are below 'A', so the copy need not know where they
 * stand.  Touches exactly `size` bytes on both sides.
 */
static inline __attribute__((always_inline)) void copy_lowercase(uint8_t *to, const uint8_t *from,
                                                                 size_t size)
{
    if (size < 16) {
        copy_lowercase_short(to, from, size);
        return;
    }
    size_t at = 0;
    do {
        copy_lowercase_block(to + at, from + at);
        at += 16;
    } while (at + 16 < size);
    copy_lowercase_block(to + size - 16, from + size - 16); /* may overlap the one before */
}
