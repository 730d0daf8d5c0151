/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Hashes that tell things apart, but no forgeries: FNV-1a, of 64 bits.  They go on from the hash of what was
 * before; HASH_START is that of nothing.  hash_bytes gives the same on every machine and for ever, for
 * `sticky` rests on it, and digests are stored.
 */
#define HASH_START UINT64_C(0xcbf29ce484222325)

static inline uint64_t hash_byte(uint64_t hash, uint8_t byte)
{
    return (hash ^ byte) * UINT64_C(0x100000001b3);
}

static inline uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    for (; size > 0; at++, size--)
        hash = hash_byte(hash, *at);
    return hash;
}

/** For much: eight bytes at a time, as the machine orders them. */
static inline uint64_t hash_words(uint64_t hash, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    uint64_t word;
    for (; size >= sizeof word; at += sizeof word, size -= sizeof word) {
        memcpy(&word, at, sizeof word);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return hash_bytes(hash, at, size);
}
