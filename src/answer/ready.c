/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer/ready.h"

/* True if all that the reply's OPT has to say is that it is there. */
static bool is_plain(const struct edns *edns)
{
    return !(edns->ecs.is_present | edns->cookie.is_present | edns->wants_nsid | edns->wants_keepalive);
}

size_t ready_answer(const struct answer_settings *settings, const struct dns_query *query,
                    const struct zone_match *match, uint8_t *out)
{
    if (match->outcome != ZONE_FOUND || query->qclass != DNS_IN || zone_allowed(match->zone) != NULL ||
        zone_node_service(match->node) != NULL || (query->edns.is_present && !is_plain(&query->edns)))
        return 0;
    const struct dns_rrset *rrset = zone_node_rrset(match->node, query->qtype);
    if (rrset == NULL || !dns_type_layout(rrset->type)->is_alone)
        return 0;
    return dns_response_copy(query, rrset, query->edns.is_present ? settings->udp_size : 0, out);
}
