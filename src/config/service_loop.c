/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/service_loop.h"

#include "base/memory.h"
#include "base/table.h"

#include <stdlib.h>
#include <string.h>

/* One search for the service's own name below it; a shared node is looked at once. */
struct search {
    struct build *build;
    const struct dns_name *owner;
    struct table *seen; /* names of shared nodes */
    const char *pool;   /* where it was found; NULL: in the service itself */
    bool is_found;
};

static bool is_own_name(const struct search *search, const struct endpoint *endpoint)
{
    struct dns_name name, parent;
    const struct dns_name *owner = search->owner;
    if (!endpoint_is_name(endpoint))
        return false;
    dns_name_from_wire(endpoint->more->hostname, &name);
    if (owner->bytes[0] != 1 || owner->bytes[1] != '*')
        return dns_name_equal(&name, owner);
    dns_name_strip(owner, 1, &parent);
    return name.label_count > parent.label_count && dns_name_is_within(&name, &parent);
}

static void search_child(struct search *search, const struct child *child, const char *pool);

static void search_node(struct search *search, const struct node *node, const char *pool)
{
    for (uint16_t i = 0; node != NULL && i < node->child_count && !search->is_found; i++)
        search_child(search, &node->children[i], pool);
}

static void search_child(struct search *search, const struct child *child, const char *pool)
{
    if (child->kind == CHILD_ENDPOINT) {
        search->is_found = is_own_name(search, child->endpoint);
        search->pool = pool;
        return;
    }
    if (child->kind == CHILD_NODE) {
        search_node(search, child->node, pool);
        return;
    }
    const struct node *node = paged_edit_get(search->build->nodes, child->shared);
    if (node != NULL && table_put(search->seen, node->name, search) == NULL)
        search_node(search, node, node->name);
}

void service_check_loops(struct build *build, const struct item *item, const struct dns_name *owner)
{
    struct search search = { .build = build, .owner = owner, .seen = table_new() };
    const struct service *service = item->service;
    search_child(&search, &service->root, NULL);
    if (service->when_all_down == ALL_DOWN_TARGET && !search.is_found)
        search_child(&search, &service->more->sorry, NULL);
    table_free(search.seen);
    if (!search.is_found)
        return;
    object_problem(&build->problems, item_said(item), "", false,
                   "leads to its own name: %s%s has \"%s\" as a hostname, whose addresses would be asked of "
                   "this very service",
                   search.pool != NULL ? "pool " : "an endpoint", search.pool != NULL ? search.pool : "",
                   service->name);
}

/* ---- services that a pool's hostnames are ---- */

static void restage_named(struct build *build, const char *name)
{
    size_t size = strlen(name) - 1; /* without the final dot */
    for (const char *zone = name; zone != NULL && *zone != '\0';) {
        size_t owner_size = (size_t)(zone - name);
        char *apex = xstrndup(zone, size - owner_size);
        char *key =
            owner_size == 0 ? xasprintf("%s/@", apex) : xasprintf("%s/%.*s", apex, (int)owner_size - 1, name);
        struct item *service = build_before(build, OBJECT_SERVICE, key);
        if (service != NULL && service->service->has_names)
            build_restage(build, service);
        free(apex);
        free(key);
        const char *dot = strchr(zone, '.');
        zone = dot != NULL ? dot + 1 : NULL;
    }
}

void service_restage_named(struct build *build, const struct declared_pool *pool)
{
    for (size_t i = 0; i < pool->count; i++) {
        if (pool->endpoints[i].hostname != NULL)
            restage_named(build, pool->endpoints[i].hostname);
    }
}
