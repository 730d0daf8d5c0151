/* SPDX-License-Identifier: GPL-3.0-or-later */
/* version.bind and id.server (RFC 4892). */
#include "answer/chaos.h"

#include "dns/type.h"

#include <string.h>

#define TEXT_MAX 255 /* of one character string */

static bool is_name(const struct dns_query *query, const char *wire, size_t size)
{
    return query->qname.size == size && memcmp(query->qname.bytes, wire, size) == 0;
}

#define IS_NAME(query, wire) is_name((query), (wire), sizeof(wire))

/* NULL: there is no such name, or it is nobody's business. */
static const char *told_about(const struct answer_settings *settings, const struct dns_query *query)
{
    if (IS_NAME(query, "\7version\4bind") || IS_NAME(query, "\7version\6server"))
        return settings->version;
    if (IS_NAME(query, "\2id\6server") || IS_NAME(query, "\10hostname\4bind"))
        return settings->identity;
    return NULL;
}

static void add_text(struct dns_response *response, const char *text)
{
    uint8_t rdata[1 + TEXT_MAX];
    const uint8_t *rdatas[] = { rdata };
    size_t size = strnlen(text, TEXT_MAX);
    rdata[0] = (uint8_t)size;
    memcpy(rdata + 1, text, size);
    uint8_t *rr = response->bytes + response->size;
    dns_response_add_made(response, DNS_ANSWER, NULL, DNS_TXT, 0, rdatas, (uint16_t)(1 + size), 1);
    if (response->counts[DNS_ANSWER] == 1)
        rr[5] = DNS_CH; /* behind a pointer and the type: all that the writer writes is of class IN */
}

size_t chaos_answer(const struct answer_settings *settings, const struct dns_query *query,
                    struct dns_reply_edns *edns, uint8_t *out, size_t limit)
{
    struct dns_response response;
    const char *text = told_about(settings, query);
    if (text != NULL)
        edns->ede = EDE_NONE; /* of this name of the class we do know something */
    dns_response_begin(&response, query, out, limit, edns);
    if (text == NULL) {
        response.rcode = DNS_REFUSED;
    } else {
        response.flags |= DNS_FLAG_AA;
        if (query->qtype == DNS_TXT || query->qtype == DNS_ANY)
            add_text(&response, text);
    }
    return dns_response_end(&response, edns);
}
