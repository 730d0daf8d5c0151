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

/** The whole reply to a plain query that all may ask, of class IN, to which there is a referral, or whose
 * name has no service; its labels need not be known.  Returns its size; 0: it is to be drafted or assembled.
 */
size_t leading_answer(const struct ready *ready, struct ready_room room);
