/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/service_uses.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct use {
    uint32_t slot;
    const struct service *service;
};

struct service_uses {
    bool is_known;
    const struct service **services; /* by slot */
    uint32_t *starts;                /* of slot i in `services`; one more says where the last one ends */
    uint32_t slot_count;
};

/* What a walk gathers. */
struct gathering {
    const struct dataset *dataset;
    struct use *uses;
    size_t count, room;
    uint32_t slot_count;
};

struct service_uses *service_uses_new(void)
{
    return xcalloc(1, sizeof(struct service_uses));
}

static void forget(struct service_uses *uses)
{
    free(uses->services);
    free(uses->starts);
    *uses = (struct service_uses){ 0 };
}

void service_uses_free(struct service_uses *uses)
{
    if (uses == NULL)
        return;
    forget(uses);
    free(uses);
}

/* ---- what changes them ---- */

/* Pools and policies that differ are looked at only: a node that keeps its slot is read as before. */
static bool is_page_as_used(const struct dataset *before, const struct dataset *after, uint32_t page)
{
    uint32_t first = page * PAGED_PAGE_SIZE;
    for (uint32_t id = first; id < first + PAGED_PAGE_SIZE; id++) {
        const struct node *old = paged_get(&before->nodes, id), *new = paged_get(&after->nodes, id);
        if (old != new && (old == NULL || new == NULL || old->slot != new->slot || new->slot == SLOT_NONE))
            return false;
    }
    return true;
}

static const void *page_of(const struct paged *paged, uint32_t page)
{
    return page < paged->page_count ? paged->pages[page] : NULL;
}

static bool are_as_used(const struct dataset *before, const struct dataset *after)
{
    const struct paged *old = &before->nodes, *new = &after->nodes;
    if (before->zones != after->zones)
        return false;
    for (uint32_t page = 0; page < old->page_count || page < new->page_count; page++)
        if (page_of(old, page) != page_of(new, page) && !is_page_as_used(before, after, page))
            return false;
    return true;
}

void service_uses_take(struct service_uses *uses, const struct dataset *before, const struct dataset *after)
{
    if (uses->is_known && (before == NULL || !are_as_used(before, after)))
        forget(uses);
}

/* ---- the walk ---- */

static void add_use(struct gathering *into, uint32_t slot, const struct service *service)
{
    if (into->count == into->room) {
        into->room = into->room == 0 ? 64 : 2 * into->room;
        into->uses = xrealloc(into->uses, into->room, sizeof *into->uses);
    }
    into->uses[into->count++] = (struct use){ slot, service };
    if (slot >= into->slot_count)
        into->slot_count = slot + 1;
}

/* What a root's availability is read from: its own state, or, where it has none, its children's. */
static void add_uses(struct gathering *into, const struct service *service, const struct child *from)
{
    if (from->kind == CHILD_ENDPOINT)
        return;
    const struct node *root = dataset_node(into->dataset, from);
    if (root->slot != SLOT_NONE) {
        add_use(into, root->slot, service);
        return;
    }
    for (uint16_t i = 0; i < root->child_count; i++) {
        const struct child *child = &root->children[i];
        const struct node *node = child->kind != CHILD_ENDPOINT ? dataset_node(into->dataset, child) : NULL;
        if (node != NULL && node->slot != SLOT_NONE)
            add_use(into, node->slot, service);
    }
}

static void visit_name(const struct dns_name *owner, const struct zone_node *node, void *context)
{
    struct gathering *into = context;
    const struct service *service = zone_node_service(node);
    (void)owner;
    if (service == NULL)
        return;
    add_uses(into, service, &service->root);
    if (service->when_all_down == ALL_DOWN_TARGET)
        add_uses(into, service, &service->more->sorry);
}

/* Counted first, then each to its slot's place: those of one slot stay in the order of the walk. */
static void sort_by_slot(struct service_uses *uses, const struct gathering *from)
{
    uses->slot_count = from->slot_count;
    uses->starts = xcalloc((size_t)from->slot_count + 2, sizeof *uses->starts);
    uses->services = from->count > 0 ? xcalloc(from->count, sizeof *uses->services) : NULL;
    uint32_t *ends = uses->starts + 1; /* of slot i; while they are placed: where its next one goes */
    for (size_t i = 0; i < from->count; i++)
        ends[from->uses[i].slot + 1]++;
    for (uint32_t slot = 0; slot < from->slot_count; slot++)
        ends[slot + 1] += ends[slot];
    for (size_t i = 0; i < from->count; i++)
        uses->services[ends[from->uses[i].slot]++] = from->uses[i].service;
}

static void look_up(struct service_uses *uses, const struct dataset *dataset)
{
    struct gathering into = { .dataset = dataset };
    for (size_t i = 0; i < zone_set_count(dataset->zones); i++)
        zone_walk(zone_set_at(dataset->zones, i), visit_name, &into);
    sort_by_slot(uses, &into);
    free(into.uses);
    uses->is_known = true;
}

const struct service *const *service_uses_of(struct service_uses *uses, const struct dataset *dataset,
                                             uint32_t slot, size_t *count)
{
    if (!uses->is_known)
        look_up(uses, dataset);
    *count = slot < uses->slot_count ? uses->starts[slot + 1] - uses->starts[slot] : 0;
    return *count > 0 ? uses->services + uses->starts[slot] : NULL;
}
