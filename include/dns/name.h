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
    uint8_t label_at[DNS_LABEL_COUNT_MAX + 1]; /* the last one only while a name is read */
    uint8_t bytes[DNS_NAME_SIZE_MAX];
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

/** Writes presentation format with the final dot, as a master file may have it; "." for the root. */
void dns_name_format(const struct dns_name *name, char out[DNS_NAME_TEXT_SIZE]);
/** The same from wire bytes, without lowercasing. */
void dns_name_format_wire(const uint8_t *wire, char out[DNS_NAME_TEXT_SIZE]);

bool dns_name_equal(const struct dns_name *a, const struct dns_name *b);

/** The name that is left when the first `count` labels are taken off; count <= label_count. */
void dns_name_strip(const struct dns_name *name, unsigned count, struct dns_name *out);

/** Wire length of an uncompressed, already validated name. */
size_t dns_name_wire_size(const uint8_t *wire);

/** Where the suffix of `label_count` labels starts; the root's is the last byte. */
static inline const uint8_t *dns_name_suffix(const struct dns_name *name, unsigned label_count)
{
    return label_count == 0 ? name->bytes + name->size - 1
                            : name->bytes + name->label_at[name->label_count - label_count];
}

/** The size of the suffix that starts at `suffix`. */
static inline size_t dns_name_suffix_size(const struct dns_name *name, const uint8_t *suffix)
{
    return (size_t)(name->bytes + name->size - suffix);
}

/* Bytes as a number, the first one lowest; the same on every machine. */
static inline uint64_t dns_name_eight(const uint8_t *at)
{
    uint64_t word;
    __builtin_memcpy(&word, at, sizeof word);
    return le64toh(word);
}

static inline uint32_t dns_name_four(const uint8_t *at)
{
    uint32_t word;
    __builtin_memcpy(&word, at, sizeof word);
    return le32toh(word);
}

static inline uint64_t dns_name_difference(const uint8_t *a, const uint8_t *b)
{
    return dns_name_eight(a) ^ dns_name_eight(b);
}

/* Of more than 16 bytes, out of the way of the usual ones. */
bool dns_name_long_bytes_equal(const uint8_t *a, const uint8_t *b, size_t size);
uint64_t dns_name_long_hash(const uint8_t *at, size_t size);

/** True if both have the same `size` bytes: whole words, the last of which may overlap the one before. */
static inline bool dns_name_bytes_equal(const uint8_t *a, const uint8_t *b, size_t size)
{
    if (size > 16)
        return dns_name_long_bytes_equal(a, b, size);
    if (size >= 8)
        return (dns_name_difference(a, b) | dns_name_difference(a + size - 8, b + size - 8)) == 0;
    if (size >= 4)
        return ((dns_name_four(a) ^ dns_name_four(b)) |
                (dns_name_four(a + size - 4) ^ dns_name_four(b + size - 4))) == 0;
    return size == 0 || ((a[0] ^ b[0]) | (a[size / 2] ^ b[size / 2]) | (a[size - 1] ^ b[size - 1])) == 0;
}

/** True if `name` is at or below `apex` (RFC 9499: in-domain). */
static inline bool dns_name_is_within(const struct dns_name *name, const struct dns_name *apex)
{
    if (name->label_count < apex->label_count)
        return false;
    const uint8_t *suffix = dns_name_suffix(name, apex->label_count);
    return dns_name_suffix_size(name, suffix) == apex->size &&
           dns_name_bytes_equal(suffix, apex->bytes, apex->size);
}

#define DNS_NAME_HASH_SEED UINT64_C(0x243f6a8885a308d3)

/* High bits of the product depend on all bits; so do the low ones, once the high ones are laid over them. */
static inline uint64_t dns_name_mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9fb21c651e98df25);
    return hash ^ (hash >> 32);
}

/**
 * The hash of some labels in wire form, lowercase: a name, or what is left of it without a suffix.  Eight
 * bytes at a time, the last of which may overlap those before.  Low bits are as good as high ones.
 */
static inline uint64_t dns_name_hash(const uint8_t *at, size_t size)
{
    uint64_t hash = DNS_NAME_HASH_SEED ^ size, last = 0;
    if (size > 16)
        return dns_name_long_hash(at, size);
    if (size >= 8) {
        hash = dns_name_mix(hash, dns_name_eight(at));
        last = dns_name_eight(at + size - 8);
    } else if (size >= 4) {
        last = dns_name_four(at) | (uint64_t)dns_name_four(at + size - 4) << 32;
    } else if (size > 0) {
        last = (uint64_t)at[0] << 16 | (uint64_t)at[size / 2] << 8 | at[size - 1];
    }
    return dns_name_mix(dns_name_mix(hash, last), 0);
}
