/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/page.h"

#include "api/problem.h"

#include <inttypes.h>
#include <stdio.h>

#define LIMIT_MOST 10000

bool page_limit(struct request *request, uint64_t *limit)
{
    return request_number(request, "limit", 1, LIMIT_MOST, PAGE_LIMIT_USUAL, limit);
}

bool page_bounds(struct request *request, uint64_t *first, uint64_t *limit)
{
    return page_limit(request, limit) && request_number(request, "after", 0, UINT32_MAX, 0, first);
}

bool page_begin(struct request *request, struct page *page)
{
    *page = (struct page){ 0 };
    if (!page_bounds(request, &page->first, &page->limit))
        return false;
    writer_object(&page->json, NULL);
    writer_array(&page->json, "items");
    return true;
}

bool page_wants(struct page *page)
{
    uint64_t at = page->at++;
    if (at < page->first || page->written == page->limit)
        return false;
    page->written++;
    return true;
}

bool page_is_full(const struct page *page)
{
    return page->at > page->first + page->limit;
}

void page_reply(struct request *request, struct page *page, uint64_t generation)
{
    char next[24];
    bool has_more = page->at > page->first + page->written && page->written == page->limit;
    snprintf(next, sizeof next, "%" PRIu64, page->first + page->written);
    writer_end(&page->json);
    writer_string(&page->json, "next", has_more ? next : NULL);
    writer_end(&page->json);
    reply_resource(request, &page->json, generation);
}
