/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/compression.h"

#include "dns/bytes.h"

/*
 * Every remembered offset is the start of a label, so a name is a suffix of the message's names if one entry
 * equals it.  The entries of the question are made at the first need: most replies write no name at all.
 */
#define POINTER_OFFSET_END 0x4000 /* a pointer has 14 bits */
#define QNAME_LABELS_MOST  (DNS_NAMES_REMEMBERED / 2)

static void remember(struct dns_response *response, size_t offset)
{
    if (offset < POINTER_OFFSET_END && response->name_count < DNS_NAMES_REMEMBERED)
        response->names[response->name_count++] = (uint16_t)offset;
}

static void remember_question(struct dns_response *response)
{
    const uint8_t *qname = response->bytes + DNS_HEADER_SIZE;
    unsigned label_count = 0, index = 0;
    if (get_u16(response->bytes + 4) == 0)
        return;
    for (const uint8_t *label = qname; *label != 0; label += 1 + *label)
        label_count++;
    for (const uint8_t *label = qname; *label != 0; label += 1 + *label, index++) {
        if (index + QNAME_LABELS_MOST >= label_count) /* the last ones: they are shared the most */
            remember(response, (size_t)(label - response->bytes));
    }
}

static bool is_equal_label(const uint8_t *a, const uint8_t *b)
{
    if (memcmp(a + 1, b + 1, *a) == 0)
        return true;
    for (unsigned i = 1; i <= *a; i++) {
        if (lowercase(a[i]) != lowercase(b[i]))
            return false;
    }
    return true;
}

/* Compares a name in the message, which we wrote ourselves, with an uncompressed one. */
static bool is_name_at(const uint8_t *bytes, size_t offset, const uint8_t *wire)
{
    for (;;) {
        const uint8_t *label = bytes + offset;
        if (*label >= 0xc0) {
            offset = get_u16(label) & 0x3fff;
            continue;
        }
        if (*label != *wire || !is_equal_label(label, wire))
            return false;
        if (*label == 0)
            return true;
        offset += 1 + (size_t)*label;
        wire += 1 + *wire;
    }
}

bool compression_put_name(struct dns_response *response, const uint8_t *wire)
{
    if (response->name_count == 0)
        remember_question(response);
    const unsigned known = response->name_count; /* entries behind belong to this name, not yet whole */
    for (; *wire != 0; wire += 1 + *wire) {
        for (unsigned i = 0; i < known; i++) {
            if (!is_name_at(response->bytes, response->names[i], wire))
                continue;
            if (response->limit - response->size < 2)
                return false;
            put_u16(response->bytes + response->size, 0xc000u | response->names[i]);
            response->size = (uint16_t)(response->size + 2);
            return true;
        }
        size_t size = 1 + (size_t)*wire;
        if (size > (size_t)(response->limit - response->size))
            return false;
        remember(response, response->size);
        memcpy(response->bytes + response->size, wire, size);
        response->size = (uint16_t)(response->size + size);
    }
    if (response->limit == response->size)
        return false;
    response->bytes[response->size++] = 0;
    return true;
}
