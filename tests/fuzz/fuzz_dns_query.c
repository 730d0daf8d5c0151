/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/query.h"

#include <stdlib.h>
#include <string.h>

/* What is read at a glance and has labels is accepted, and read as by a closer look. */
static void check_glance(const uint8_t *data, size_t size, enum dns_query_outcome outcome,
                         const struct dns_query *query)
{
    struct dns_query glanced;
    if (!dns_query_glance(data, size, &glanced) || !dns_query_read_labels(&glanced))
        return;
    if (outcome != DNS_QUERY_ACCEPT || glanced.question_size != query->question_size ||
        glanced.qtype != query->qtype || glanced.qclass != query->qclass ||
        glanced.edns.is_present != query->edns.is_present || !dns_name_equal(&glanced.qname, &query->qname) ||
        memcmp(glanced.qname.label_at, query->qname.label_at, query->qname.label_count) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dns_query query;
    if (size > UINT16_MAX)
        return 0;
    enum dns_query_outcome outcome = dns_query_parse(data, size, &query);
    check_glance(data, size, outcome, &query);
    if (outcome == DNS_QUERY_ACCEPT && query.question_size != query.qname.size + 4)
        abort();
    if (outcome == DNS_QUERY_REFUSE && query.question_size > size - DNS_HEADER_SIZE)
        abort();
    if (outcome == DNS_QUERY_REFUSE && query.rcode == 0 && !query.edns.cookie.is_present)
        abort();
    return 0;
}
