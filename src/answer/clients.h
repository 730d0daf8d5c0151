/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dns/query.h"
#include "policy/policy.h"

/* Whom an answer is for. */

static inline void client_of_source(const struct address *source, const struct geo *geo, struct client *out)
{
    out->address = *source;
    out->prefix_len = address_bits(source);
    out->is_ecs = false;
    out->geo = geo;
}

/** The address that a service which uses the client's subnet goes by. */
static inline const struct address *client_address(const struct dns_query *query,
                                                   const struct address *source)
{
    const struct edns_ecs *ecs = &query->edns.ecs;
    bool has_subnet = query->edns.is_present && ecs->is_present && ecs->source_len > 0;
    return has_subnet ? &ecs->address : source;
}

/** False if the option says nothing.  RFC 7871 §7.1.2: source length 0 asks that the address be left out of
 * it. */
static inline bool client_of_subnet(const struct edns_ecs *ecs, const struct geo *geo, struct client *out)
{
    if (!ecs->is_present || ecs->source_len == 0 || ecs->address.family == ADDRESS_NONE)
        return false;
    out->address = ecs->address;
    out->prefix_len = ecs->source_len;
    out->is_ecs = true;
    out->geo = geo;
    return true;
}
