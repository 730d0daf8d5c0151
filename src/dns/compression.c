/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/compression.h"

#include "dns/bytes.h"

/*
 * Every remembered offset is the start of a label, so a name is a suffix of the message's names if one entry
 * equals it.  The entries of the question are made at the first need: most replies write no name at all.
 */
#define POINTER_OFFSET_END 0x4000 /* a pointer has 14 bits */
#define POINTER_HOPS_MOST  8      /* from pointer to pointer: some readers give up at 16 */
#define QNAME_LABELS_MOST  16

/* Length and first letter of a label that is not the root. */
static uint16_t key_of(const uint8_t *label)
{
    return (uint16_t)(label[0] << 8 | lowercase(label[1]));
}

static void remember(struct dns_response *response, size_t offset, uint16_t key)
{
    if (offset >= POINTER_OFFSET_END || response->name_count == DNS_NAMES_REMEMBERED)
        return;
    response->names[response->name_count] = (uint16_t)offset;
    response->name_keys[response->name_count] = key;
    response->name_count++;
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
            remember(response, (size_t)(label - response->bytes), key_of(label));
    }
}

static bool is_equal_label(const uint8_t *a, const uint8_t *b)
{
    const size_t size = *a;
    for (size_t i = 1; i <= size; i++) {
        if (a[i] != b[i] && lowercase(a[i]) != lowercase(b[i]))
            return false;
    }
    return true;
}

/* Compares a name in the message, which we wrote ourselves, with an uncompressed one.  False if another
 * pointer to it would make the way too long. */
static bool is_name_at(const uint8_t *bytes, size_t offset, const uint8_t *wire)
{
    for (unsigned hops = 1;;) {
        const uint8_t *label = bytes + offset;
        if (*label >= 0xc0) {
            if (++hops > POINTER_HOPS_MOST)
                return false;
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

/* A place where the name of `size` bytes stands already, among the first `known` entries; 0: none. */
static unsigned find(const struct dns_response *response, unsigned known, const uint8_t *wire, size_t size,
                     uint16_t key)
{
    for (unsigned i = 0; i < known; i++) {
        if (response->name_keys[i] != key)
            continue;
        size_t offset = response->names[i];
        bool is_same = offset + size <= response->size && memcmp(response->bytes + offset, wire, size) == 0;
        if (is_same || is_name_at(response->bytes, offset, wire)) /* mostly the first says it */
            return response->names[i];
    }
    return 0;
}

bool compression_put_name(struct dns_response *response, const uint8_t *wire, size_t wire_size)
{
    const uint8_t *end = wire + wire_size;
    if (response->name_count == 0)
        remember_question(response);
    const unsigned known = response->name_count; /* entries behind belong to this name, not yet whole */
    for (; *wire != 0; wire += 1 + *wire) {
        size_t room = (size_t)(response->limit - response->size);
        uint8_t *at = response->bytes + response->size;
        uint16_t key = key_of(wire);
        unsigned offset = find(response, known, wire, (size_t)(end - wire), key);
        size_t size = offset != 0 ? 2 : 1 + (size_t)*wire;
        if (size > room)
            return false;
        response->size = (uint16_t)(response->size + size);
        if (offset != 0) {
            put_u16(at, 0xc000 | offset);
            return true;
        }
        remember(response, (size_t)(at - response->bytes), key);
        copy_bytes(at, wire, size);
    }
    if (response->limit == response->size)
        return false;
    response->bytes[response->size++] = 0;
    return true;
}
