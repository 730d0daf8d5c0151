/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dns/name.h"

#define DNS_MESSAGE_QUERY_SIZE_MAX (12 + DNS_NAME_SIZE_MAX + 4)

/** Writes a query with one question and recursion desired.  Returns its size. */
size_t dns_message_write_query(uint16_t id, const struct dns_name *name, uint16_t type,
                               uint8_t out[DNS_MESSAGE_QUERY_SIZE_MAX]);

/* What is wanted of a reply, and what it was. */
struct dns_expectation {
    uint16_t id;
    const struct dns_name *name;
    uint16_t type;
    const uint8_t *rdata; /* that must be among the answers of that type, names uncompressed and in lowercase;
                             NULL: none has to */
    size_t rdata_size;
};

struct dns_reply {
    unsigned rcode;
    bool is_truncated;
    unsigned answers; /* of the type asked for */
    bool has_rdata;   /* the one that was expected is among them */
};

/** False if it is no reply to that question: to be passed over.  A reply that is malformed further down ends
 *  there. */
bool dns_message_read_reply(const uint8_t *bytes, size_t size, const struct dns_expectation *expected,
                            struct dns_reply *out);
