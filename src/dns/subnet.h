/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/inlined.h"
#include "dns/bytes.h"
#include "dns/edns.h"

/*
 * The client subnet as nearly all queries have it, alone in their OPT and of no more than 64 bits, as two
 * numbers (RFC 7871 §6):
 *
 *     OPTION-CODE 16 | OPTION-LENGTH 16 | FAMILY 16 | SOURCE 8 | SCOPE 8        address, of 1 to 8 bytes
 */
#define SUBNET_HEAD_SIZE 8

static inline uint64_t subnet_head(uint64_t address_size, uint64_t family, uint64_t source_len,
                                   uint64_t scope_len)
{
    return (uint64_t)EDNS_ECS << 48 | (address_size + 4) << 32 | family << 16 | source_len << 8 | scope_len;
}

/*
 * As resolvers send it (RFC 7871 §11.1): an IPv4 /24 or an IPv6 /56.  All but the address is one number then,
 * and no bit can stand behind the prefix.
 */
#define SUBNET4_LEN  24
#define SUBNET6_LEN  56
#define SUBNET4_SIZE (SUBNET_HEAD_SIZE + SUBNET4_LEN / 8)
#define SUBNET6_SIZE (SUBNET_HEAD_SIZE + SUBNET6_LEN / 8)

static inline void subnet_set(enum address_family family, unsigned source_len, uint64_t address,
                              struct edns_ecs *out)
{
    out->is_present = true;
    out->source_len = (uint8_t)source_len;
    out->address.family = (uint8_t)family;
    put_u64(out->address.bytes, address);
    put_u64(out->address.bytes + 8, 0);
}

/** Reads SUBNET4_SIZE bytes that are such a subnet.  False: they are none, and nothing is written. */
static INLINED bool subnet4_read(const uint8_t *option, struct edns_ecs *out)
{
    if (get_u64(option) != subnet_head(SUBNET4_LEN / 8, 1, SUBNET4_LEN, 0))
        return false;
    subnet_set(ADDRESS_V4, SUBNET4_LEN, (uint64_t)get_u32(option + SUBNET4_SIZE - 4) << 40, out);
    return true;
}

/** The same of SUBNET6_SIZE bytes. */
static INLINED bool subnet6_read(const uint8_t *option, struct edns_ecs *out)
{
    if (get_u64(option) != subnet_head(SUBNET6_LEN / 8, 2, SUBNET6_LEN, 0))
        return false;
    subnet_set(ADDRESS_V6, SUBNET6_LEN, get_u64(option + SUBNET6_SIZE - 8) << 8, out);
    return true;
}

/** Reads options that are one such subnet, of any length up to 64, and nothing else.  False for all others,
 * well-formed or not: then nothing is written. */
static inline bool subnet_read_alone(const uint8_t *options, size_t size, struct edns_ecs *out)
{
    if (size <= SUBNET_HEAD_SIZE || size > 2 * SUBNET_HEAD_SIZE)
        return false;
    const uint64_t head = get_u64(options), address_size = size - SUBNET_HEAD_SIZE;
    const unsigned family = (uint16_t)(head >> 16), source_len = (uint8_t)(head >> 8);
    const bool is_v4 = family == 1;
    if (head != subnet_head(address_size, is_v4 ? 1 : 2, source_len, 0) || source_len > (is_v4 ? 32 : 64) ||
        (source_len + 7) / 8 != address_size)
        return false;
    /* the eight bytes in front of the end are there: what is not of the address goes to the left */
    const uint64_t address = get_u64(options + address_size) << (8 * (SUBNET_HEAD_SIZE - address_size));
    if (address << (source_len - 1) << 1 != 0) /* a bit behind the prefix */
        return false;
    subnet_set(is_v4 ? ADDRESS_V4 : ADDRESS_V6, source_len, address, out);
    return true;
}

/** The bytes of the option; 0: there is none. */
static inline size_t subnet_size(const struct edns_ecs *ecs)
{
    return ecs->is_present ? SUBNET_HEAD_SIZE + (ecs->source_len + 7u) / 8 : 0;
}

/** Writes the option with its scope; there is room for an address of 16 bytes.  Returns where it ends. */
static inline uint8_t *subnet_write(const struct edns_ecs *ecs, uint8_t scope_len, uint8_t *at)
{
    const size_t address_size = (ecs->source_len + 7u) / 8;
    const unsigned family = ecs->address.family == ADDRESS_V4 ? 1 : ecs->address.family == ADDRESS_V6 ? 2 : 0;
    put_u64(at, subnet_head(address_size, family, ecs->source_len, scope_len));
    memcpy(at + SUBNET_HEAD_SIZE, ecs->address.bytes, sizeof ecs->address.bytes);
    return at + SUBNET_HEAD_SIZE + address_size;
}
