/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/declared.h"
#include "api/endpoint_view.h"
#include "api/exchange.h"
#include "api/page.h"
#include "api/problem.h"
#include "api/reader.h"
#include "api/resources.h"
#include "api/state.h"
#include "base/memory.h"
#include "base/table.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ---- one ---- */

/* Inside a read section, so without a wait. */
static void write_endpoint(struct request *request, struct writer *json, const char *declared, size_t size)
{
    const char *pool = request->arguments[0], *name = request->arguments[1];
    const struct snapshot *now = reader_acquire();
    const struct node *node =
        now != NULL ? reader_find_pool(now->dataset, pool, request->command->pool_id) : NULL;
    writer_object(json, NULL);
    endpoint_view_write(json, pool, name, declared, size, now,
                        node != NULL ? reader_find_endpoint(node, name) : NULL, request->api->control);
    writer_end(json);
    reader_release();
}

void endpoint_reply(struct request *request)
{
    struct document document;
    const char *pool = request->arguments[0], *name = request->arguments[1];
    if (!exchange_succeeded(request) || !declared_scan(request, &document))
        return;
    struct span endpoints = declared_member(&document, declared_whole(&document), "endpoints");
    struct span declared = declared_member(&document, endpoints, name);
    if (declared.size == 0) {
        problem_reply(request, 404, "pool \"%s\" has no endpoint \"%s\"", pool, name);
    } else {
        struct writer json = { 0 };
        write_endpoint(request, &json, document.text + declared.at, declared.size);
        reply_resource(request, &json, request->command->generation);
    }
    document_free(&document);
}

void endpoint_get(struct request *request)
{
    exchange_send(request, exchange_read_object(OBJECT_POOL, request->arguments[0]), endpoint_reply);
}

/* Shows the endpoint as this very change made it: the next may be on its way. */
static void reply_patched(struct request *request)
{
    struct command *command = request->command;
    if (command->is_dry_run || !exchange_succeeded(request)) {
        exchange_reply_written(request);
        return;
    }
    free(command->body);
    command->body = command->outcome;
    command->body_size = strlen(command->body);
    command->outcome = NULL;
    endpoint_reply(request);
}

void endpoint_patch(struct request *request)
{
    struct command *command = command_new(COMMAND_OBJECT_PATCH);
    command->object_kind = OBJECT_POOL;
    command->name = xstrdup(request->arguments[0]);
    command->pointer = declared_endpoint_pointer(request->arguments[1]);
    if (!exchange_prepare_write(request, command) || !exchange_give_body(request, command)) {
        command_free(command);
        return;
    }
    exchange_send(request, command, reply_patched);
}

/* ---- all ---- */

struct listing {
    struct page page;
    const struct document *document;
    const struct snapshot *now;
    const struct control *control;
    struct table *nodes; /* name → const struct node, of `now` */
};

static struct table *index_nodes(const struct snapshot *now)
{
    struct table *nodes = table_new();
    uint32_t at = 0;
    const struct node *node;
    while (now != NULL && (node = reader_next_node(now->dataset, &at)) != NULL)
        table_put(nodes, node->name, (void *)(uintptr_t)node);
    return nodes;
}

static void list_pool(struct listing *listing, const char *pool, struct span declared_pool)
{
    const struct document *document = listing->document;
    struct span endpoints = declared_member(document, declared_pool, "endpoints");
    const struct node *node = table_find(listing->nodes, pool);
    size_t at = 0;
    char *name;
    struct span declared;
    while (endpoints.size > 0 && document_next_member(document, endpoints, &at, &name, &declared)) {
        if (page_wants(&listing->page)) {
            writer_object(&listing->page.json, NULL);
            endpoint_view_write(&listing->page.json, pool, name, document->text + declared.at, declared.size,
                                listing->now, node != NULL ? reader_find_endpoint(node, name) : NULL,
                                listing->control);
            writer_end(&listing->page.json);
        }
        free(name);
    }
}

static void list_pools(struct listing *listing)
{
    const struct document *document = listing->document;
    struct span pools = declared_whole(document);
    size_t at = 0;
    char *pool;
    struct span declared;
    while (pools.size > 0 && !page_is_full(&listing->page) &&
           document_next_member(document, pools, &at, &pool, &declared)) {
        list_pool(listing, pool, declared);
        free(pool);
    }
}

/* What came back are all pools, or the one that the parameter names. */
static void reply_listing(struct request *request)
{
    struct document document;
    struct listing listing = { .document = &document, .control = request->api->control };
    const char *pool = target_param(&request->target, "pool");
    if (!exchange_succeeded(request) || !page_begin(request, &listing.page))
        return;
    if (!declared_scan(request, &document)) {
        text_free(&listing.page.json.text);
        return;
    }
    listing.now = reader_acquire();
    listing.nodes = index_nodes(listing.now);
    if (pool != NULL)
        list_pool(&listing, pool, declared_whole(&document));
    else
        list_pools(&listing);
    reader_release();
    table_free(listing.nodes);
    page_reply(request, &listing.page, request->command->generation);
    document_free(&document);
}

void endpoint_list(struct request *request)
{
    const char *pool = target_param(&request->target, "pool");
    struct command *command =
        pool != NULL ? exchange_read_object(OBJECT_POOL, pool) : command_new(COMMAND_OBJECT_LIST);
    command->object_kind = OBJECT_POOL;
    command->most = UINT_MAX;
    exchange_send(request, command, reply_listing);
}
