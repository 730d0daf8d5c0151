/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_NAME_SIZE_MAX   255 /* RFC 1035 §2.3.4, with the root label */
#define DNS_LABEL_SIZE_MAX  63
#define DNS_LABEL_COUNT_MAX 127
#define DNS_NAME_TEXT_SIZE  1016 /* every byte as \DDD, dots, NUL */

/*
 * An owner name or qname in wire form (uncompressed), in lowercase, with its labels found:
 *
 *     bytes     3 w w w 7 e x a m p l e 3 c o m 0        size = 17
 *     label_at  0       4               12               label_count = 3; the root label is not counted
 *
 * The root is size 1, label_count 0.  The suffix with k labels starts at label_at[label_count - k].
 */
struct dns_name {
    uint8_t size;
    uint8_t label_count;
    uint8_t label_at[DNS_LABEL_COUNT_MAX];
    uint8_t bytes[DNS_NAME_SIZE_MAX + 9]; /* the spare bytes let it be read by eights; the first is zero */
};

/**
 * Reads an uncompressed wire-form name at `bytes`, lowercasing it (RFC 4343).  A compression pointer, a
 * label type of RFC 6891 §5, or an overrun is a failure.  Returns the bytes consumed, 0 on failure
 * (`out` is then undefined).
 */
size_t dns_name_read(const uint8_t *bytes, size_t size, struct dns_name *out);

/** Takes the first `size` bytes, which are a valid wire-form name; lowercases. */
void dns_name_from_wire(const uint8_t *wire, struct dns_name *out);

/**
 * Parses presentation format (RFC 1035 §5.1: \. and \DDD).  A name without a final dot is taken as
 * relative to `origin`; with `origin` NULL it is taken as absolute.  "@" is the origin.  False if it is not a
 * name.
 */
bool dns_name_parse(const char *text, const struct dns_name *origin, struct dns_name *out);

/** Writes presentation format with the final dot; "." for the root. */
void dns_name_format(const struct dns_name *name, char out[DNS_NAME_TEXT_SIZE]);
/** The same from wire bytes, without lowercasing. */
void dns_name_format_wire(const uint8_t *wire, char out[DNS_NAME_TEXT_SIZE]);

bool dns_name_equal(const struct dns_name *a, const struct dns_name *b);

/** True if `name` is at or below `apex` (RFC 9499: in-domain). */
bool dns_name_is_within(const struct dns_name *name, const struct dns_name *apex);

/** The name that is left when the first `count` labels are taken off; count <= label_count. */
void dns_name_strip(const struct dns_name *name, unsigned count, struct dns_name *out);

/** Wire length of an uncompressed, already validated name. */
size_t dns_name_wire_size(const uint8_t *wire);

#define DNS_HASH_ROOT UINT64_C(0x243f6a8885a308d3)

/* Eight bytes as a number, the first one lowest; the same on every machine. */
static inline uint64_t dns_name_word(const uint8_t *at)
{
    uint64_t word;
    __builtin_memcpy(&word, at, sizeof word);
    return le64toh(word);
}

static inline uint64_t dns_name_mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9fb21c651e98df25);
    return hash ^ (hash >> 32);
}

/**
 * The hash of the name "label.parent" from the parent's hash and the label (length byte first, lowercase): so
 * that the hashes of a name and of all its ancestors cost one walk from the right.
 */
static inline uint64_t dns_name_hash_label(uint64_t parent, const uint8_t *label)
{
    uint64_t hash = parent ^ (uint64_t)label[0], tail = 0;
    size_t left = label[0];
    const uint8_t *at = label + 1;
    for (; left >= 8; left -= 8, at += 8)
        hash = dns_name_mix(hash, dns_name_word(at));
    for (size_t i = 0; i < left; i++)
        tail |= (uint64_t)at[i] << (8 * i);
    return dns_name_mix(hash, tail);
}

/**
 * hashes[k] is the hash of the suffix with k labels, k = 0 … label_count.  Reads eight bytes at a time, which
 * is why a dns_name has spare ones.
 */
static inline void dns_name_hash_suffixes(const struct dns_name *name,
                                          uint64_t hashes[DNS_LABEL_COUNT_MAX + 1])
{
    uint64_t hash = hashes[0] = DNS_HASH_ROOT;
    for (unsigned k = 1; k <= name->label_count; k++) {
        const uint8_t *label = name->bytes + name->label_at[name->label_count - k];
        unsigned left = label[0];
        hash ^= left;
        for (label++; left >= 8; left -= 8, label += 8)
            hash = dns_name_mix(hash, dns_name_word(label));
        hash = dns_name_mix(hash, dns_name_word(label) & ((UINT64_C(1) << (8 * left)) - 1));
        hashes[k] = hash;
    }
}
