/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "api/request.h"

/*
 * One page of a list: {"items": […], "next": cursor or null}.  The cursor counts items from the start, so a
 * change between two pages may show an item twice or not at all.
 */
struct page {
    struct writer json;
    uint64_t at, first, limit, written;
};

#define PAGE_LIMIT_USUAL 1000 /* items */

/** `limit` of the parameters, PAGE_LIMIT_USUAL by default.  False with a 400 replied. */
bool page_limit(struct request *request, uint64_t *limit);

/** By the parameters `limit` and `after`.  False with a 400 replied. */
bool page_begin(struct request *request, struct page *page);
/** The parameters alone: how many items are passed over, and how many are on the page. */
bool page_bounds(struct request *request, uint64_t *first, uint64_t *limit);
/** Asked once for every item, in order: true if it belongs on this page. */
bool page_wants(struct page *page);
/** The page is full: what else there is only matters for `next`, which is known. */
bool page_is_full(const struct page *page);
void page_reply(struct request *request, struct page *page, uint64_t generation);
