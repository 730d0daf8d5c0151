/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDRESS_TEXT_SIZE 64 /* an address, a prefix, or [address]:port, with its NUL */

enum address_family { ADDRESS_NONE = 0, ADDRESS_V4 = 4, ADDRESS_V6 = 6 };

/* An IP address; IPv4 uses the first 4 bytes and the rest are zero.  Bytes are in network order. */
struct address {
    uint8_t family; /* enum address_family */
    uint8_t bytes[16];
};

/* An address with the bits behind `length` zero. */
struct prefix {
    struct address address;
    uint8_t length; /* 0..32 or 0..128 */
};

static inline uint8_t address_bits(const struct address *address)
{
    return address->family == ADDRESS_V4 ? 32 : 128;
}

/** Parses dotted decimal or RFC 4291 text; nothing may follow.  Writes `out` only on success. */
bool address_parse(const char *text, struct address *out);

/** Parses "192.0.2.0/24"; host bits behind the length are refused.  A bare address is a full prefix. */
bool prefix_parse(const char *text, struct prefix *out);

void address_format(const struct address *address, char out[ADDRESS_TEXT_SIZE]);
void prefix_format(const struct prefix *prefix, char out[ADDRESS_TEXT_SIZE]);

bool address_equal(const struct address *a, const struct address *b);

/** Clears the bits behind `length`. */
void address_mask(struct address *address, uint8_t length);

bool prefix_contains(const struct prefix *prefix, const struct address *address);

/** Takes the address out of a socket address; an IPv4-mapped one becomes IPv4. */
void address_of_sockaddr(const struct sockaddr_storage *from, struct address *out);

/** Returns the size to give to bind or connect. */
socklen_t address_to_sockaddr(const struct address *address, uint16_t port, struct sockaddr_storage *out);

/** Parses "192.0.2.1:53" or "[::1]:53"; the port is required. */
bool address_parse_with_port(const char *text, struct address *out, uint16_t *port);

/** True for 127.0.0.0/8 and ::1. */
bool address_is_loopback(const struct address *address);

/** Walks the prefixes whose addresses have no place on the map: private, loopback, link-local, documentation,
 * benchmarking, shared, multicast, … (IANA special-purpose registries, RFC 6890).  `index` from 0; false at
 * the end. */
bool address_special_purpose_at(size_t index, struct prefix *out);

/** What to look at when bind failed so, in brackets after a blank; "" if there is nothing to add. */
const char *address_bind_hint(int error_number);
