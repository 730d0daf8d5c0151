/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/explain.h"

#include "base/memory.h"

#include <libknot/libknot.h>

#include <stdlib.h>

static void write_record(struct writer *json, const knot_rrset_t *rrset, uint16_t at, struct text *summary)
{
    knot_dump_style_t style = KNOT_DUMP_STYLE_DEFAULT;
    char data[4096], type[16] = "";
    style.wrap = false;
    style.now = 0;
    if (knot_rrset_txt_dump_data(rrset, at, data, sizeof data, &style) < 0)
        data[0] = '\0';
    knot_rrtype_to_string(rrset->type, type, sizeof type);
    char *owner = knot_dname_to_str_alloc(rrset->owner);
    writer_object(json, NULL);
    writer_string(json, "name", owner);
    writer_string(json, "type", type);
    writer_uint(json, "ttl", rrset->ttl);
    writer_string(json, "data", data);
    writer_end(json);
    if (summary != NULL)
        text_printf(summary, "answer: %s %u %s %s\n", owner != NULL ? owner : "", (unsigned)rrset->ttl, type,
                    data);
    free(owner);
}

static void write_section(struct writer *json, const char *key, const knot_pkt_t *packet,
                          knot_section_t which, struct text *summary)
{
    const knot_pktsection_t *section = knot_pkt_section(packet, which);
    writer_array(json, key);
    for (uint16_t i = 0; i < section->count; i++) {
        const knot_rrset_t *rrset = knot_pkt_rr(section, i);
        for (uint16_t k = 0; k < rrset->rrs.count; k++)
            write_record(json, rrset, k, summary);
    }
    writer_end(json);
}

void explain_write_records(struct writer *json, const uint8_t *message, size_t size, struct text *summary)
{
    uint8_t *copy = xmemdup(message, size); /* libknot wants to own what it reads */
    knot_pkt_t *packet = knot_pkt_new(copy, (uint16_t)size, NULL);
    if (packet != NULL && knot_pkt_parse(packet, 0) == KNOT_EOK) {
        write_section(json, "answers", packet, KNOT_ANSWER, summary);
        write_section(json, "authority", packet, KNOT_AUTHORITY, NULL);
    }
    knot_pkt_free(packet);
    free(copy);
}
