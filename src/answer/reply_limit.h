/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/answer.h"

#define UDP_SIZE_LEAST 512 /* RFC 1035 §4.2.1, and the floor of RFC 6891 §6.2.3 */

/** The bytes of a reply at most.  `is_proven`: the client gets what is sent to its address. */
static inline size_t reply_limit(const struct answer_settings *settings, const struct edns *edns,
                                 enum transport transport, bool is_proven, size_t out_size)
{
    if (transport == TRANSPORT_TCP)
        return out_size < 65535 ? out_size : 65535;
    size_t asked = edns->is_present && edns->udp_size > UDP_SIZE_LEAST ? edns->udp_size : UDP_SIZE_LEAST;
    size_t limit = asked < settings->udp_size ? asked : settings->udp_size;
    if (settings->udp_size_unproven > 0 && !is_proven && limit > settings->udp_size_unproven)
        limit = settings->udp_size_unproven;
    return limit < out_size ? limit : out_size;
}
