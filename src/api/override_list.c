/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All that operators say now. */
#include "api/endpoint_view.h"
#include "api/page.h"
#include "api/reader.h"
#include "api/resources.h"
#include "api/tally.h"

#include <string.h>

struct listing {
    struct page page;
    const char *pool; /* NULL: all */
};

static void list_one(void *context, const struct node *pool, const struct endpoint *endpoint,
                     const struct endpoint_condition *condition)
{
    struct listing *listing = context;
    struct writer *json = &listing->page.json;
    if (condition == NULL || condition->override == NULL ||
        (listing->pool != NULL && strcmp(pool->name, listing->pool) != 0) || !page_wants(&listing->page))
        return;
    writer_object(json, NULL);
    writer_string(json, "pool", pool->name);
    writer_string(json, "endpoint", endpoint_more(endpoint)->name);
    endpoint_view_override(json, "override", condition->override);
    writer_end(json);
}

void override_list(struct request *request)
{
    struct listing listing = { .pool = target_param(&request->target, "pool") };
    if (!page_begin(request, &listing.page))
        return;
    const struct snapshot *now = reader_acquire();
    uint64_t generation = now != NULL ? now->dataset->generation : 0;
    if (now != NULL)
        tally_walk(now, request->scope, list_one, &listing);
    reader_release();
    page_reply(request, &listing.page, generation);
}
