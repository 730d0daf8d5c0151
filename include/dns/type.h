/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the data plane must know of RR types; all others are opaque bytes to it (RFC 3597). */
enum dns_type {
    DNS_A = 1,
    DNS_NS = 2,
    DNS_CNAME = 5,
    DNS_SOA = 6,
    DNS_PTR = 12,
    DNS_MX = 15,
    DNS_TXT = 16,
    DNS_AAAA = 28,
    DNS_SRV = 33,
    DNS_NAPTR = 35,
    DNS_DNAME = 39,
    DNS_OPT = 41,
    DNS_DS = 43,
    DNS_RRSIG = 46,
    DNS_NSEC = 47,
    DNS_DNSKEY = 48,
    DNS_NSEC3 = 50,
    DNS_SVCB = 64,
    DNS_HTTPS = 65,
    DNS_TSIG = 250,
    DNS_IXFR = 251,
    DNS_AXFR = 252,
    DNS_ANY = 255,
    DNS_CAA = 257,
};

enum dns_class { DNS_IN = 1, DNS_CH = 3, DNS_CLASS_NONE = 254, DNS_CLASS_ANY = 255 };

enum dns_opcode { DNS_OPCODE_QUERY = 0, DNS_OPCODE_NOTIFY = 4, DNS_OPCODE_UPDATE = 5 };

enum dns_rcode {
    DNS_NOERROR = 0,
    DNS_FORMERR = 1,
    DNS_SERVFAIL = 2,
    DNS_NXDOMAIN = 3,
    DNS_NOTIMP = 4,
    DNS_REFUSED = 5,
    DNS_BADVERS = 16,
    /* needs EDNS */ DNS_BADCOOKIE = 23,
};

/* Bits of the second header word (RFC 1035 §4.1.1, RFC 2535 §6.1). */
enum dns_flag {
    DNS_FLAG_QR = 0x8000,
    DNS_FLAG_AA = 0x0400,
    DNS_FLAG_TC = 0x0200,
    DNS_FLAG_RD = 0x0100,
    DNS_FLAG_CD = 0x0010
};

/** HTTPS and its like (RFC 9460). */
static inline bool dns_type_is_binding(uint16_t type)
{
    return type == DNS_SVCB || type == DNS_HTTPS;
}

#define DNS_TAIL_ANY 255

/* Where the domain names stand in the rdata of a type. */
struct dns_type_layout {
    uint16_t type;
    uint8_t name_at;       /* offset of the first name */
    uint8_t name_count;    /* names that follow each other from there; 0: none that we look at */
    uint8_t tail_size;     /* bytes behind the last name; DNS_TAIL_ANY */
    bool is_compressible;  /* RFC 3597 §4: only the types of RFC 1035 */
    bool wants_additional; /* addresses of the last name belong into the additional section */
    bool is_alone; /* neither this nor that: an RRset of it is copied as it is stored, and is all there is to
                      say */
};

/** The row of `type`; a row without names for types that have none. */
const struct dns_type_layout *dns_type_layout(uint16_t type);

/** "A", "TYPE65280"; for people.  `out` holds at least 16 bytes. */
void dns_type_format(uint16_t type, char out[16]);

/** Parses a mnemonic in any case or TYPEnnn (RFC 3597 §5). */
bool dns_type_parse(const char *text, uint16_t *out);

/** "NOERROR", "NXDOMAIN", …; for people and metrics. */
const char *dns_rcode_name(unsigned rcode);
