/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dns/response.h"

/**
 * Appends a name of `wire_size` bytes, its end as a pointer to where the same labels stand already (RFC 1035
 * §4.1.4), and remembers where its own labels stand.  False if it does not fit: then undo with the mark.
 */
bool compression_put_name(struct dns_response *response, const uint8_t *wire, size_t wire_size);

/* A place in the message to go back to. */
struct compression_mark {
    uint16_t size;
    uint8_t name_count;
};

static inline struct compression_mark compression_mark(const struct dns_response *response)
{
    return (struct compression_mark){ .size = response->size, .name_count = response->name_count };
}

static inline void compression_undo(struct dns_response *response, struct compression_mark mark)
{
    response->size = mark.size;
    response->name_count = mark.name_count;
}
