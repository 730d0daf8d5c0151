/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/query.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dns_query query;
    if (size > UINT16_MAX)
        return 0;
    enum dns_query_outcome outcome = dns_query_parse(data, size, &query);
    if (outcome == DNS_QUERY_ACCEPT && query.question_size != query.qname.size + 4)
        abort();
    if (outcome == DNS_QUERY_REFUSE && query.question_size > size - DNS_HEADER_SIZE)
        abort();
    if (outcome == DNS_QUERY_REFUSE && query.rcode == 0 && !query.edns.cookie.is_present)
        abort();
    return 0;
}
