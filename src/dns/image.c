/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/image.h"

#include "dns/bytes.h"
#include "dns/draft.h"

#define QUESTION_TAIL 4 /* type and class */

/* An image in the making: a draft of the reply that it will stand in. */
struct making {
    const struct dns_name *apex;
    const struct dns_rrset *rrset;
    bool is_cut;
    struct dns_query query;
    struct dns_draft draft;
    struct dns_name names[DNS_IMAGE_RECORDS];
    struct dns_image_target targets[DNS_IMAGE_RECORDS];
    uint16_t offsets[2 * DNS_IMAGE_RECORDS];
    unsigned name_count, target_count, pointer_count;
    uint8_t packet[DNS_HEADER_SIZE + DNS_NAME_SIZE_MAX + QUESTION_TAIL];
    uint8_t reply[DNS_HEADER_SIZE + DNS_NAME_SIZE_MAX + QUESTION_TAIL + DNS_IMAGE_SIZE];
};

static void begin(struct making *making, const struct dns_name *owner)
{
    static const struct dns_reply_edns no_edns = { .ede = EDE_NONE, .keepalive_ds = -1 };
    making->query = (struct dns_query){ .packet = making->packet, .qname = *owner };
    making->query.question_size = (uint16_t)(owner->size + QUESTION_TAIL);
    memset(making->packet, 0, sizeof making->packet);
    memcpy(making->packet + DNS_HEADER_SIZE, owner->bytes, owner->size);
    dns_draft_begin(&making->draft, &making->query, making->reply, sizeof making->reply, &no_edns);
}

/* ---- targets ---- */

static bool is_repeated(const struct making *making, const struct dns_name *name)
{
    for (const struct dns_name *other = making->names; other < name; other++) {
        if (dns_name_equal(other, name))
            return true;
    }
    return false;
}

/* Notes a target that `pointer` leads to; 0: it is to be written when something is known of it.  It stands at
 * `wire`; NULL: nowhere.  False: how to write it depends on other targets' being written, or there can be no
 * pointer to it. */
static bool add_target(struct making *making, const struct dns_name *name, const uint8_t *wire,
                       unsigned pointer)
{
    const struct dns_name *apex = making->apex, *owner = &making->query.qname;
    const bool leads_on =
        dns_type_layout(making->rrset->type)->wants_additional || making->rrset->type == DNS_CNAME;
    if (!leads_on || !dns_name_is_within(name, apex) || is_repeated(making, name))
        return true;
    if (wire != NULL && memcmp(wire, name->bytes, name->size) != 0)
        return false;
    size_t own_size = 0;
    if (pointer == 0) {
        unsigned at = 0, labels = dns_draft_find_suffix(&making->draft, name, &at);
        if (labels == 0 || at >= DNS_HEADER_SIZE + (unsigned)owner->size)
            return false;
        own_size = (size_t)(dns_name_suffix(name, labels) - name->bytes);
        pointer = 0xc000 | at;
        dns_draft_note_name(&making->draft, name);
    }
    struct dns_image_target *target = &making->targets[making->target_count++];
    *target = (struct dns_image_target){
        .name_at = wire != NULL ? (uint16_t)(wire - making->rrset->wire) : 0,
        .pointer = (uint16_t)pointer,
        .size = (uint8_t)(name->size - apex->size),
        .own_size = (uint8_t)own_size,
        .is_below = making->is_cut && dns_name_is_within(name, owner),
        .is_owner = dns_name_equal(name, owner),
    };
    const uint64_t hash = dns_name_hash(name->bytes, target->size);
    memcpy(target->hash, &hash, sizeof hash);
    return true;
}

/* Those below the cut first. */
static void order_targets(struct making *making)
{
    struct dns_image_target ordered[DNS_IMAGE_RECORDS];
    unsigned count = 0;
    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < making->target_count; i++) {
            if (making->targets[i].is_below == (pass == 0))
                ordered[count++] = making->targets[i];
        }
    }
    memcpy(making->targets, ordered, count * sizeof *ordered);
}

/* ---- bytes ---- */

static void add_offset(struct making *making, size_t offset)
{
    making->offsets[making->pointer_count++] = (uint16_t)offset;
}

/* Notes the pointers of the RR that was written last. */
static void add_offsets(struct making *making, const uint8_t *begin, const uint8_t *name)
{
    const uint8_t *bytes = making->reply + DNS_HEADER_SIZE + making->query.question_size;
    add_offset(making, (size_t)(begin - bytes));
    while (name != NULL && *name != 0 && *name < 0xc0)
        name += 1 + *name;
    if (name != NULL && *name != 0)
        add_offset(making, (size_t)(name - bytes));
}

static bool add_compressed(struct making *making, const struct dns_type_layout *layout)
{
    const struct dns_rrset *rrset = making->rrset;
    for (const uint8_t *rr = NULL; (rr = dns_rrset_next(rrset, rr)) != NULL;) {
        const uint8_t *rdata = dns_rr_rdata(rr), *wire = rdata + layout->name_at;
        const uint8_t *begin = making->draft.at;
        struct dns_name *name = &making->names[making->name_count++];
        dns_name_from_wire(wire, name);
        unsigned pointer = dns_draft_add_name(&making->draft, DNS_ANSWER, DNS_DRAFT_QNAME, rrset->type,
                                              rrset->ttl_s, rdata, layout->name_at, wire, name);
        if (making->draft.is_full)
            return false;
        add_offsets(making, begin, begin + DNS_RR_HEADER_SIZE + layout->name_at);
        if (pointer == 0 ? making->apex->size == 1 : !add_target(making, name, wire, pointer))
            return false; /* of the root nobody can be sure */
    }
    return true;
}

/* Notes the target of an RR that is copied.  Of SVCB "." is the owner, or nothing where the RR is an alias
 * (RFC 9460 §2.5). */
static bool add_copied_target(struct making *making, const uint8_t *rdata, const uint8_t *wire)
{
    const bool is_itself = dns_type_is_binding(making->rrset->type) && *wire == 0;
    if (is_itself && rdata[0] == 0 && rdata[1] == 0)
        return true;
    struct dns_name *name = &making->names[making->name_count++];
    if (is_itself)
        *name = making->query.qname;
    else
        dns_name_from_wire(wire, name);
    return add_target(making, name, is_itself ? NULL : wire, 0);
}

static bool add_copied(struct making *making, const struct dns_type_layout *layout)
{
    const struct dns_rrset *rrset = making->rrset;
    const uint8_t *place = making->draft.at;
    dns_draft_add(&making->draft, DNS_ANSWER, DNS_DRAFT_QNAME, rrset);
    if (making->draft.is_full)
        return false;
    for (const uint8_t *rr = NULL; (rr = dns_rrset_next(rrset, rr)) != NULL;) {
        const uint8_t *rdata = dns_rr_rdata(rr);
        add_offsets(making, place + (rr - rrset->wire), NULL);
        if (!add_copied_target(making, rdata, rdata + layout->name_at))
            return false;
    }
    return true;
}

static size_t write_image(const struct making *making, struct dns_image *out)
{
    const uint8_t *bytes = making->reply + DNS_HEADER_SIZE + making->query.question_size;
    const bool is_rrset = !dns_type_layout(making->rrset->type)->is_compressible;
    const size_t size = is_rrset ? 0 : (size_t)(making->draft.at - bytes),
                 targets_size = making->target_count * sizeof *making->targets,
                 offsets_size = making->pointer_count * sizeof *making->offsets;
    const size_t room = (sizeof *out + targets_size + offsets_size + size + 3) & ~(size_t)3;
    *out = (struct dns_image){ .type = making->rrset->type,
                               .room = (uint16_t)room,
                               .size = (uint16_t)size,
                               .target_count = (uint8_t)making->target_count,
                               .pointer_count = (uint8_t)making->pointer_count };
    uint8_t *at = (uint8_t *)out->targets;
    memcpy(at, making->targets, targets_size);
    memcpy(at + targets_size, making->offsets, offsets_size);
    memcpy(at + targets_size + offsets_size, bytes, size);
    memset(at + targets_size + offsets_size + size, 0,
           room - sizeof *out - targets_size - offsets_size - size);
    return room;
}

size_t dns_image_make(const struct dns_name *owner, const struct dns_name *apex, bool is_cut,
                      const struct dns_rrset *rrset, struct dns_image *out)
{
    const struct dns_type_layout *layout = dns_type_layout(rrset->type);
    const bool is_wildcard = owner->bytes[0] == 1 && owner->bytes[1] == '*';
    struct making making;
    if (is_wildcard || rrset->count > DNS_IMAGE_RECORDS || rrset->size > DNS_IMAGE_SIZE)
        return 0;
    making.apex = apex;
    making.rrset = rrset;
    making.is_cut = is_cut;
    making.name_count = making.target_count = making.pointer_count = 0;
    begin(&making, owner);
    if (layout->is_compressible ? !add_compressed(&making, layout) : !add_copied(&making, layout))
        return 0;
    if (making.draft.is_full)
        return 0;
    if (is_cut)
        order_targets(&making);
    return write_image(&making, out);
}
