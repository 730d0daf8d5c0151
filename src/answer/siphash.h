/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <endian.h>
#include <stdint.h>
#include <string.h>

/*
 * SipHash-2-4 (Aumasson and Bernstein 2012) of a message that comes in words of eight bytes, the first byte
 * lowest.  The last word has what is left of the message and, in its highest byte, the message's size.
 */
struct siphash {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t siphash_word(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return le64toh(word);
}

static inline struct siphash siphash_begin(const uint8_t key[16])
{
    const uint64_t k0 = siphash_word(key), k1 = siphash_word(key + 8);
    return (struct siphash){ .v0 = k0 ^ UINT64_C(0x736f6d6570736575),
                             .v1 = k1 ^ UINT64_C(0x646f72616e646f6d),
                             .v2 = k0 ^ UINT64_C(0x6c7967656e657261),
                             .v3 = k1 ^ UINT64_C(0x7465646279746573) };
}

static inline uint64_t siphash_rotate(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static inline struct siphash siphash_round(struct siphash s)
{
    s.v0 += s.v1;
    s.v2 += s.v3;
    s.v1 = siphash_rotate(s.v1, 13) ^ s.v0;
    s.v3 = siphash_rotate(s.v3, 16) ^ s.v2;
    s.v0 = siphash_rotate(s.v0, 32) + s.v3;
    s.v2 += s.v1;
    s.v3 = siphash_rotate(s.v3, 21) ^ s.v0;
    s.v1 = siphash_rotate(s.v1, 17) ^ s.v2;
    s.v2 = siphash_rotate(s.v2, 32);
    return s;
}

static inline struct siphash siphash_add(struct siphash s, uint64_t word)
{
    s.v3 ^= word;
    s = siphash_round(siphash_round(s));
    s.v0 ^= word;
    return s;
}

static inline uint64_t siphash_end(struct siphash s, uint64_t last)
{
    s = siphash_add(s, last);
    s.v2 ^= 0xff;
    s = siphash_round(siphash_round(siphash_round(siphash_round(s))));
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
