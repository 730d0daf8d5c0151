/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/service_loop.h"

#include "base/memory.h"
#include "base/table.h"
#include "dns/type.h"
#include "snapshot/zone_set.h"

#include <stdlib.h>
#include <string.h>

enum {
    CNAMES_MOST = 16, /* as many as an answer follows */
    TOLD_MOST = 8,    /* services of a loop that are named */
};

/* A way from one service to the next. */
struct link {
    const struct service *to;
    const char *pool; /* that has its name; NULL: an inline endpoint */
};

/* A service on the path, with the ways that lead on. */
struct step {
    const struct service *service;
    struct link *links;
    size_t link_count, at;
};

struct search {
    struct build *build;
    struct table *seen; /* shared nodes of the walk under way */
    struct link *links; /* that it found */
    size_t link_count, link_room;
    struct table *visited; /* service's name → struct service, if it stands on the path or was left */
    struct table *left;    /* those that no loop goes through */
    struct step *path;
    size_t path_count, path_room;
};

/* ---- where a hostname leads ---- */

/* The service that answers with addresses or a CNAME at this name, or NULL. */
static const struct service *service_at(const struct build *build, const uint8_t *hostname)
{
    struct dns_name name;
    struct zone_match match;
    for (int i = 0; i < CNAMES_MOST; i++) {
        dns_name_from_wire(hostname, &name);
        const struct zone *zone = zone_set_find(build->zone_set, &name, false);
        if (zone == NULL)
            return NULL;
        zone_lookup(zone, &name, zone_hash(zone, &name), false, &match);
        if (match.outcome != ZONE_FOUND)
            return NULL;
        const struct service *service = zone_node_service(match.node);
        const struct dns_rrset *cname = zone_node_rrset(match.node, DNS_CNAME);
        if (service != NULL && !service->has_no_addresses)
            return service;
        if (cname == NULL)
            return NULL;
        hostname = dns_rr_rdata(cname->wire);
    }
    return NULL;
}

static void add_link(struct search *search, const struct service *to, const char *pool)
{
    if (search->link_count == search->link_room) {
        search->link_room = search->link_room == 0 ? 16 : search->link_room * 2;
        search->links = xrealloc(search->links, search->link_room, sizeof *search->links);
    }
    search->links[search->link_count++] = (struct link){ to, pool };
}

static void walk_child(struct search *search, const struct child *child, const char *pool);

static void walk_node(struct search *search, const struct node *node, const char *pool)
{
    for (uint16_t i = 0; node != NULL && i < node->child_count; i++)
        walk_child(search, &node->children[i], pool);
}

static void walk_shared(struct search *search, const struct node *node)
{
    if (node != NULL && table_put(search->seen, node->name, search) == NULL)
        walk_node(search, node, node->name);
}

static void walk_child(struct search *search, const struct child *child, const char *pool)
{
    if (child->kind == CHILD_NODE) {
        walk_node(search, child->node, pool);
    } else if (child->kind == CHILD_SHARED) {
        walk_shared(search, paged_edit_get(search->build->nodes, child->shared));
    } else if (endpoint_is_name(child->endpoint)) {
        const struct service *to = service_at(search->build, endpoint_more(child->endpoint)->hostname);
        if (to != NULL)
            add_link(search, to, pool);
    }
}

static void walk_service(struct search *search, const struct service *service)
{
    if (!service->has_no_addresses)
        walk_child(search, &service->root, NULL);
    if (service->when_all_down == ALL_DOWN_TARGET)
        walk_child(search, &service->more->sorry, NULL);
}

/* ---- where the change may have closed a circle: at services that something changed leads to ---- */

static void collect_starts(struct search *search)
{
    struct build *build = search->build;
    const char *name;
    void *value;
    search->seen = table_new_borrowing();
    for (size_t i = 0; i < build->draft_count; i++) {
        const struct item *item = build->drafts[i]->item;
        if ((item->whole_reach & REACH_HOSTNAME) != 0)
            walk_shared(search, item->node);
    }
    for (size_t at = 0; table_next(build->staged[OBJECT_SERVICE], &at, &name, &value);) {
        const struct item *item = value;
        if (!item->is_deleted && item->service != NULL && (item->whole_reach & REACH_HOSTNAME) != 0)
            walk_service(search, item->service);
    }
    table_free(search->seen);
}

/* ---- depth first, with a path of its own: a chain may be longer than any stack ---- */

static void path_push(struct search *search, const struct service *service)
{
    if (search->path_count == search->path_room) {
        search->path_room = search->path_room == 0 ? 16 : search->path_room * 2;
        search->path = xrealloc(search->path, search->path_room, sizeof *search->path);
    }
    table_put(search->visited, service->name, (void *)(uintptr_t)service);
    search->links = NULL;
    search->link_count = search->link_room = 0;
    search->seen = table_new_borrowing();
    walk_service(search, service);
    table_free(search->seen);
    search->path[search->path_count++] = (struct step){ service, search->links, search->link_count, 0 };
}

static void path_pop(struct search *search)
{
    struct step *step = &search->path[--search->path_count];
    table_put(search->left, step->service->name, step);
    free(step->links);
}

/* True if one step on leads back onto the path. */
static bool path_advance(struct search *search)
{
    struct step *step = &search->path[search->path_count - 1];
    if (step->at == step->link_count) {
        path_pop(search);
        return false;
    }
    const struct service *next = step->links[step->at++].to;
    if (table_find(search->left, next->name) == NULL && table_find(search->visited, next->name) != NULL)
        return true;
    if (table_find(search->visited, next->name) == NULL)
        path_push(search, next);
    return false;
}

/* ---- what to say ---- */

/* Finds the item of one of the services, preferably one that the change writes. */
struct circle {
    struct build *build;
    const struct step *steps;
    size_t count, first; /* where to begin */
    const struct item *item;
};

static void find_item(struct item *item, void *context)
{
    struct circle *circle = context;
    bool is_written = build_is_staged(circle->build, OBJECT_SERVICE, item->source->object.name);
    for (size_t i = 0; i < circle->count; i++) {
        if (circle->steps[i].service != item->service || (circle->item != NULL && !is_written))
            continue;
        circle->first = i;
        circle->item = item;
    }
}

static void say_step(struct text *out, const struct step *step)
{
    const struct link *link = &step->links[step->at - 1]; /* the one that was followed last */
    text_printf(out, "%s%s has \"%s\" as a hostname", link->pool != NULL ? "pool " : "an endpoint",
                link->pool != NULL ? link->pool : "", link->to->name);
}

static void say_circle(struct text *out, const struct circle *circle)
{
    say_step(out, &circle->steps[circle->first]);
    if (circle->count == 1)
        text_puts(out, ", whose addresses would be asked of this very service");
    for (size_t i = 1; i < circle->count && i < TOLD_MOST; i++) {
        const struct step *step = &circle->steps[(circle->first + i) % circle->count];
        text_printf(out, "; of %s ", step->service->name);
        say_step(out, step);
    }
    if (circle->count > TOLD_MOST)
        text_printf(out, "; and so on over %zu more", circle->count - TOLD_MOST);
}

/* The last step of the path leads back to one before it, or to itself. */
static void report(struct search *search)
{
    const struct step *last = &search->path[search->path_count - 1], *from = last;
    while (strcmp(from->service->name, last->links[last->at - 1].to->name) != 0)
        from--;
    struct circle circle = { .build = search->build, .steps = from, .count = (size_t)(last - from) + 1 };
    struct text words = { 0 };
    build_each(search->build, OBJECT_SERVICE, find_item, &circle);
    say_circle(&words, &circle);
    object_problem(&search->build->problems, item_said(circle.item), "", search->build->is_restored,
                   "leads to its own name: %s", words.bytes);
    text_free(&words);
}

static bool has_loop(struct search *search, const struct service *start)
{
    if (table_find(search->visited, start->name) != NULL)
        return false;
    path_push(search, start);
    while (search->path_count > 0)
        if (path_advance(search))
            return true;
    return false;
}

void service_check_loops(struct build *build)
{
    struct search search = { .build = build };
    collect_starts(&search);
    if (search.link_count == 0)
        return;
    struct link *starts = search.links;
    size_t start_count = search.link_count;
    search.visited = table_new_borrowing();
    search.left = table_new_borrowing();
    bool is_over = false;
    for (size_t i = 0; i < start_count && !is_over; i++) {
        is_over = has_loop(&search, starts[i].to);
        if (is_over)
            report(&search);
    }
    while (search.path_count > 0)
        path_pop(&search);
    table_free(search.visited);
    table_free(search.left);
    free(search.path);
    free(starts);
}
