/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/ready.h"
#include "dns/draft.h"

/* Answers that lead to other names, of RRsets that have an image (dns/image.h). */

/** Adds the image of `rrset` and the addresses of its targets as far as they are static.  False: others
 * belong to the reply, which is to be put together otherwise. */
bool leading_add(struct dns_draft *draft, enum dns_section section, const struct zone *zone,
                 const struct dns_rrset *rrset, const struct dns_image *image, unsigned shift);

/** Adds the image of the NS RRset of the cut that was found, and glue.  False: there is no image. */
bool leading_refer(struct dns_draft *draft, const struct zone_match *match);

/*
 * Whole replies to plain queries that all may ask, of class IN, whose name, in a zone of ours, has no
 * service. Each returns its size; 0: it is to be drafted or assembled.  `out` has room for DNS_READY_MOST.
 */

/** The referral at a cut. */
size_t leading_referral(const struct answerer *answerer, const struct dns_query *query,
                        const struct zone_match *match, uint8_t *out);

/** `rrset`, which is what was asked for, and addresses. */
size_t leading_records(const struct answerer *answerer, const struct dns_query *query,
                       const struct zone_match *match, const struct dns_rrset *rrset, uint8_t *out);

/** `cname`, which stands there instead, and what was asked for of the name it leads to. */
size_t leading_alias(const struct answerer *answerer, const struct snapshot *now,
                     const struct dns_query *query, const struct zone_match *match,
                     const struct dns_rrset *cname, uint8_t *out);
