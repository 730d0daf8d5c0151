/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/response.h"

#include <libknot/libknot.h>
#include <stdlib.h>

/*
 * The input: its size byte and a query; then RRsets of one record, each
 *     section | owner yes/no | type (2) | rdlength | rdata
 * The owner is the qname's last label.  What we write must be readable by another implementation.
 */
static void check(const uint8_t *bytes, size_t size)
{
    knot_pkt_t *packet = knot_pkt_new((void *)bytes, (uint16_t)size, NULL);
    if (knot_pkt_parse(packet, 0) != KNOT_EOK || packet->parsed != size)
        abort();
    knot_pkt_free(packet);
}

/* Types that the other implementation checks more strictly than we do are left out. */
static bool is_taken(uint16_t type, const uint8_t *rdata, size_t size)
{
    return ((type > 0 && type <= DNS_TXT) || type == DNS_AAAA || type == DNS_SRV) &&
           dns_rdata_is_valid(type, rdata, size) &&
           (dns_type_layout(type)->name_count > 0 || type == DNS_A || type == DNS_AAAA);
}

static void add_rrsets(struct dns_response *response, const struct dns_name *qname, const uint8_t *at,
                       const uint8_t *end)
{
    unsigned section = DNS_ANSWER;
    struct dns_name tld;
    dns_name_strip(qname, qname->label_count > 0 ? qname->label_count - 1u : 0, &tld);
    while (end - at >= 5 && at[4] <= end - at - 5) {
        uint16_t type = (uint16_t)(at[2] << 8 | at[3]), size = at[4];
        const uint8_t *rdata = at + 5;
        if (is_taken(type, rdata, size)) {
            struct dns_rrset *rrset = dns_rrset_new(type, 60, &rdata, &size, 1);
            section = at[0] % 3 > section ? at[0] % 3 : section;
            dns_response_add(response, (enum dns_section)section, at[1] & 1 ? tld.bytes : NULL, rrset, at[1],
                             at[1] & 2);
            free(rrset);
        }
        at = rdata + size;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dns_query query;
    struct dns_response response;
    const struct dns_reply_edns edns = { .udp_size = 1232, .nsid = "x", .ede = -1, .keepalive_ds = -1 };
    if (size < 1 || data[0] > size - 1 || size > UINT16_MAX ||
        dns_query_parse(data + 1, data[0], &query) != DNS_QUERY_ACCEPT)
        return 0;
    uint8_t *reply = malloc(512);
    dns_response_begin(&response, &query, reply, 512, &edns);
    add_rrsets(&response, &query.qname, data + 1 + data[0], data + size);
    size_t reply_size = dns_response_end(&response, &edns);
    if (reply_size > 512)
        abort();
    check(reply, reply_size);
    free(reply);
    return 0;
}
