/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/ready.h"
#include "dns/draft.h"

/* A reply being drafted; lives on the worker's stack. */
#define DRAFT_TARGETS 8 /* names that the answer leads to; what has more is assembled */

struct drafting {
    struct ready *ready;
    struct dns_reply_edns *edns;
    struct dns_draft draft;
    unsigned flags; /* AA and rcode */
    /* the name being resolved: the qname, then each CNAME target */
    const struct dns_name *name;
    unsigned owner; /* a pointer to it */
    unsigned chain_length;
    struct zone_match match; /* of it */
    struct dns_name targets[DRAFT_TARGETS];
    unsigned target_count;
};

/* Where the reply goes after a step. */
enum draft_step { DRAFT_DONE, DRAFT_ON, DRAFT_ASSEMBLE };

/** The place of one more name; NULL: there are too many. */
static inline struct dns_name *drafting_next_target(struct drafting *drafting)
{
    return drafting->target_count < DRAFT_TARGETS ? &drafting->targets[drafting->target_count++] : NULL;
}

/** Adds an RRset whose rdata leads to other names, and what is known of those. */
enum draft_step drafting_add_targets(struct drafting *drafting, const struct dns_rrset *rrset);

/** Adds the NS RRset of the cut that was found, and glue (RFC 9471). */
enum draft_step drafting_refer(struct drafting *drafting);
