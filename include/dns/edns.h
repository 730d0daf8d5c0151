/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* EDNS(0), RFC 6891, and the options that we know. */
enum edns_option {
    EDNS_NSID = 3,
    EDNS_ECS = 8,
    EDNS_COOKIE = 10,
    EDNS_KEEPALIVE = 11,
    EDNS_PADDING = 12,
    EDNS_EDE = 15,
    EDNS_LOCAL_FIRST = 65001, /* reserved for local use */
    EDNS_LOCAL_LAST = 65534
};

/* INFO-CODEs of Extended DNS Errors that we give, RFC 8914 §4. */
enum ede_code {
    EDE_NONE = -1,
    EDE_OTHER = 0,
    EDE_PROHIBITED = 18,
    EDE_NOT_AUTHORITATIVE = 20,
    EDE_NOT_SUPPORTED = 21
};

/* EDNS Client Subnet, RFC 7871. */
struct edns_ecs {
    bool is_present;
    struct address address; /* family NONE for FAMILY 0 with source length 0 (RFC 7871 §7.1.2 via erratum) */
    uint8_t source_len;     /* bits */
};

struct edns_cookie {
    bool is_present;
    uint8_t client[8];
    uint8_t server[32];
    uint8_t server_size; /* 0, or 8..32 */
};

/* What the OPT record of a query said. */
struct edns {
    bool is_present;
    bool dnssec_ok;
    bool wants_nsid;
    bool wants_keepalive;
    uint8_t version;
    uint8_t usual_size;    /* bytes of an OPT right behind the question, of this version and without options
                              but a client subnet of at most 64 bits, alone; 0: it is another one, or none */
    uint16_t local_option; /* the first one for local use; 0: none */
    uint16_t udp_size;     /* as sent; below 512 counts as 512 (RFC 6891 §6.2.3) */
    struct edns_ecs ecs;
    struct edns_cookie cookie;
};

/**
 * Reads the OPT record's options.  False if they are malformed (FORMERR): an option that overruns, an ECS
 * with a bad family, length or bits behind the prefix (RFC 7871 §7.1.2), a cookie of a bad size (RFC 7873
 * §5.2.2). Unknown options are passed over; of a repeated one the first counts.
 */
bool edns_read_options(const uint8_t *rdata, size_t size, struct edns *out);
