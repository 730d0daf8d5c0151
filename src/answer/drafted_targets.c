/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drafts of records that lead to other names: referrals, MX, SRV and their like. */
#include "answer/drafting.h"

#include "answer/assembly.h"

/* A name in the rdata, and where it stands in the reply. */
struct target {
    const struct dns_name *name;
    unsigned owner; /* a pointer to it; 0: it stands nowhere that a pointer may lead to */
};

struct targets {
    struct target items[DRAFT_TARGETS];
    unsigned count;
};

/* ---- the RRset itself ---- */

static bool take_target(struct drafting *drafting, const uint8_t *wire, struct targets *out)
{
    struct dns_name *name = drafting_next_target(drafting);
    if (name == NULL)
        return false;
    dns_name_from_wire(wire, name);
    out->items[out->count++] = (struct target){ .name = name };
    return true;
}

/* NS and MX: one name in each rdata, which is compressed.  False: there are too many. */
static bool add_compressed(struct drafting *drafting, enum dns_section section, unsigned owner,
                           const struct dns_rrset *rrset, struct targets *out)
{
    const size_t head_size = dns_type_layout(rrset->type)->name_at;
    for (const uint8_t *rr = NULL; (rr = dns_rrset_next(rrset, rr)) != NULL;) {
        const uint8_t *rdata = dns_rr_rdata(rr);
        if (!take_target(drafting, rdata + head_size, out))
            return false;
        struct target *target = &out->items[out->count - 1];
        target->owner = dns_draft_add_name(&drafting->draft, section, owner, rrset->type, rrset->ttl_s, rdata,
                                           head_size, rdata + head_size, target->name);
    }
    return true;
}

/* SRV, HTTPS and others: copied as they are stored. */
static bool add_copied(struct drafting *drafting, const struct dns_rrset *rrset, struct targets *out)
{
    const struct dns_type_layout *layout = dns_type_layout(rrset->type);
    const bool is_svcb = dns_type_is_binding(rrset->type);
    dns_draft_add(&drafting->draft, DNS_ANSWER, drafting->owner, rrset);
    for (const uint8_t *rr = NULL; (rr = dns_rrset_next(rrset, rr)) != NULL;) {
        const uint8_t *rdata = dns_rr_rdata(rr), *wire = rdata + layout->name_at;
        const bool is_alias = is_svcb && rdata[0] == 0 && rdata[1] == 0;
        if (is_svcb && *wire == 0 && out->count < DRAFT_TARGETS) {
            if (!is_alias) /* RFC 9460 §2.5: "." is the owner */
                out->items[out->count++] = (struct target){ drafting->name, drafting->owner };
        } else if (out->count == DRAFT_TARGETS || !take_target(drafting, wire, out)) {
            return false;
        }
    }
    return true;
}

/* ---- what is known of the targets ---- */

static void add_type(struct drafting *drafting, struct target *target, const struct zone_node *node,
                     uint16_t type)
{
    const struct dns_rrset *rrset = zone_node_rrset(node, type);
    if (rrset != NULL)
        dns_draft_add_owned(&drafting->draft, DNS_ADDITIONAL, target->name, &target->owner, rrset);
}

static bool is_repeated(const struct targets *targets, unsigned index)
{
    for (unsigned i = 0; i < index; i++) {
        if (dns_name_equal(targets->items[i].name, targets->items[index].name))
            return true;
    }
    return false;
}

enum draft_step drafting_add_targets(struct drafting *drafting, const struct dns_rrset *rrset)
{
    const bool is_svcb = dns_type_is_binding(rrset->type);
    const bool is_compressed = rrset->type == DNS_NS || rrset->type == DNS_MX;
    const struct zone *zone = drafting->match.zone;
    struct targets targets = { .count = 0 };
    if (is_compressed ? !add_compressed(drafting, DNS_ANSWER, drafting->owner, rrset, &targets)
                      : !add_copied(drafting, rrset, &targets))
        return DRAFT_ASSEMBLE;
    for (unsigned i = 0; i < targets.count; i++) {
        struct target *target = &targets.items[i];
        uint64_t hash;
        const struct zone_node *node = assembly_find_target(zone, target->name, &hash);
        if (node == NULL || is_repeated(&targets, i))
            continue;
        if (zone_node_service(node) != NULL)
            return DRAFT_ASSEMBLE;
        add_type(drafting, target, node, DNS_A);
        add_type(drafting, target, node, DNS_AAAA);
        if (is_svcb && !dns_name_equal(target->name, drafting->name)) /* RFC 9460 §4.1 */
            add_type(drafting, target, node, rrset->type);
    }
    return DRAFT_DONE;
}

/* ---- referrals ---- */

/* True if the name is at or below the cut, which is a suffix of the qname. */
static bool is_in_domain(const struct drafting *drafting, const struct dns_name *name, const uint8_t *cut,
                         size_t cut_size)
{
    const unsigned labels = drafting->match.owner_labels;
    if (name->label_count < labels)
        return false;
    const uint8_t *suffix = dns_name_suffix(name, labels);
    return dns_name_suffix_size(name, suffix) == cut_size && dns_name_bytes_equal(suffix, cut, cut_size);
}

/* Glue below the cut comes first (RFC 9471 §3). */
enum draft_step drafting_refer(struct drafting *drafting)
{
    const struct dns_name *qname = drafting->name;
    const struct zone *zone = drafting->match.zone;
    const uint8_t *cut = dns_name_suffix(qname, drafting->match.owner_labels);
    const unsigned owner = 0xc000u | (unsigned)(DNS_HEADER_SIZE + (cut - qname->bytes));
    struct targets targets = { .count = 0 };
    if (drafting->chain_length > 0 ||
        !add_compressed(drafting, DNS_AUTHORITY, owner, zone_node_rrset(drafting->match.node, DNS_NS),
                        &targets))
        return DRAFT_ASSEMBLE;
    drafting->flags &= ~(unsigned)DNS_FLAG_AA;
    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < targets.count; i++) {
            struct target *target = &targets.items[i];
            const bool is_below = is_in_domain(drafting, target->name, cut, dns_name_suffix_size(qname, cut));
            if (is_below != (pass == 0))
                continue;
            uint64_t hash;
            const struct zone_node *node = is_below ? zone_find_exact(zone, target->name)
                                                    : assembly_find_target(zone, target->name, &hash);
            if (node == NULL)
                continue;
            add_type(drafting, target, node, DNS_A);
            add_type(drafting, target, node, DNS_AAAA);
        }
    }
    return DRAFT_DONE;
}
