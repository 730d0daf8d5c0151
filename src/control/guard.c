/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/guard.h"

#include "base/memory.h"
#include "base/text.h"
#include "policy/node_state.h"
#include "policy/policy.h"
#include "snapshot/dataset.h"

#include <stdlib.h>
#include <string.h>

enum { NAMED_MOST = 5 }; /* services, and endpoints, that the message names */

/* ---- what would be available ---- */

enum answer { ANSWER_NONE, ANSWER_YES, ANSWER_NO };

/* A scene with what was worked out already of pools and policies that have a name. */
struct stage {
    const struct scene *scene;
    uint8_t *answers; /* enum answer, by index in dataset.nodes */
    uint32_t room;
};

static struct stage stage_of(const struct scene *scene)
{
    uint32_t room = scene->dataset->nodes.page_count * PAGED_PAGE_SIZE;
    return (struct stage){ .scene = scene, .answers = xcalloc(room > 0 ? room : 1, 1), .room = room };
}

static bool has_gone(const struct scene *scene, uint32_t slot)
{
    for (size_t i = 0; i < scene->gone_count; i++) {
        if (scene->gone[i] == slot)
            return true;
    }
    return false;
}

static bool node_is_there(struct stage *stage, const struct node *node);

static bool child_is_there(struct stage *stage, const struct child *child)
{
    const struct scene *scene = stage->scene;
    if (child->kind != CHILD_ENDPOINT)
        return node_is_there(stage, dataset_node(scene->dataset, child));
    if (child->endpoint->slot == SLOT_NONE)
        return true;
    return !has_gone(scene, child->endpoint->slot) &&
           child_is_available(child, scene->dataset, scene->conditions, VIEW_HEALTHY);
}

static uint16_t count_there(struct stage *stage, const struct node *node)
{
    uint16_t count = 0;
    for (uint16_t i = 0; i < node->child_count; i++)
        count = (uint16_t)(count + child_is_there(stage, &node->children[i]));
    return count;
}

/* Depth is bounded, and each node that several refer to is looked at once. */
static bool node_is_there(struct stage *stage, const struct node *node)
{
    if (node == NULL || node->slot == SLOT_NONE)
        return node != NULL; /* nothing below it can change */
    bool is_shared = paged_get(&stage->scene->dataset->nodes, node->id) == node;
    if (is_shared && node->id < stage->room && stage->answers[node->id] != ANSWER_NONE)
        return stage->answers[node->id] == ANSWER_YES;
    bool is_there = count_there(stage, node) >= node_needs(node);
    if (is_shared && node->id < stage->room)
        stage->answers[node->id] = is_there ? ANSWER_YES : ANSWER_NO;
    return is_there;
}

/* ---- services ---- */

struct search {
    struct stage before, after;
    struct text services; /* that would lack */
    size_t count;
};

static const struct service *find_service(const struct dataset *dataset, const struct dns_name *owner)
{
    const struct zone *zone = zone_set_find(dataset->zones, owner, false);
    const struct zone_node *node = zone != NULL ? zone_find_exact(zone, owner) : NULL;
    return node != NULL ? zone_node_service(node) : NULL;
}

static void look_at(const struct dns_name *owner, const struct zone_node *node, void *context)
{
    struct search *search = context;
    const struct service *after = zone_node_service(node);
    if (after == NULL || child_is_there(&search->after, &after->root))
        return;
    const struct service *before = find_service(search->before.scene->dataset, owner);
    if (before == NULL || !child_is_there(&search->before, &before->root))
        return;
    if (search->count++ < NAMED_MOST)
        text_printf(&search->services, "%s%s", search->count > 1 ? ", " : "", after->name);
}

static void look_at_all(struct search *search)
{
    const struct zone_set *zones = search->after.scene->dataset->zones;
    for (size_t i = 0; i < zone_set_count(zones); i++)
        zone_walk(zone_set_at(zones, i), look_at, search);
}

static void look_at_changed(struct search *search, const struct objects *changes)
{
    for (size_t i = 0; i < changes->count; i++) {
        const struct object *change = &changes->items[i];
        struct dns_name apex, owner;
        if (change->kind != OBJECT_SERVICE || change->text == NULL)
            continue;
        const char *slash = strchr(change->name, '/');
        char *zone = xstrndup(change->name, strcspn(change->name, "/"));
        if (slash != NULL && dns_name_parse(zone, NULL, &apex) && dns_name_parse(slash + 1, &apex, &owner)) {
            const struct dataset *dataset = search->after.scene->dataset;
            const struct zone *at = zone_set_find(dataset->zones, &owner, false);
            const struct zone_node *node = at != NULL ? zone_find_exact(at, &owner) : NULL;
            if (node != NULL)
                look_at(&owner, node, search);
        }
        free(zone);
    }
}

/* ---- why ---- */

static const char *word_for(const struct scene *scene, const struct endpoint *endpoint)
{
    const struct endpoint_condition *condition = conditions_endpoint(scene->conditions, endpoint);
    if (has_gone(scene, endpoint->slot))
        return "would be held";
    return condition != NULL && condition->is_held ? "is held" : "is down";
}

static void tell_pool(struct stage *stage, const struct node *node, struct text *out)
{
    char room[ENDPOINT_NAME_SIZE];
    size_t told = 0;
    text_printf(out, "; of \"%s\" %u of %u would be available, and %u needed", node->name,
                count_there(stage, node), node->child_count, node_needs(node));
    for (uint16_t i = 0; i < node->child_count && told < NAMED_MOST; i++) {
        const struct child *child = &node->children[i];
        if (child_is_there(stage, child) || child->kind != CHILD_ENDPOINT)
            continue;
        text_printf(out, "%s%s %s", told++ > 0 ? ", " : " (", endpoint_name(child->endpoint, room),
                    word_for(stage->scene, child->endpoint));
    }
    text_puts(out, told > 0 ? ")" : "");
}

/* `lost`: a pool or policy that would not be available any more, or NULL. */
static bool conclude(struct search *search, const struct node *lost, struct error *why)
{
    bool is_fine = search->count == 0;
    struct text text = { 0 };
    if (!is_fine) {
        if (search->count > NAMED_MOST)
            text_printf(&search->services, " and %zu more", search->count - NAMED_MOST);
        if (lost != NULL)
            tell_pool(&search->after, lost, &text);
        error_set(why, "without a healthy endpoint would be: %s%s", search->services.bytes,
                  text.bytes != NULL ? text.bytes : "");
    }
    text_free(&text);
    text_free(&search->services);
    free(search->before.answers);
    free(search->after.answers);
    return is_fine;
}

static bool is_lost(struct search *search, const struct node *before, const struct node *after)
{
    return before != NULL && after != NULL && !node_is_there(&search->after, after) &&
           node_is_there(&search->before, before);
}

bool guard_advise(struct error *why)
{
    struct error reason = *why;
    return error_set(why, "%s; to do it even so, repeat it with force=true", reason.text);
}

bool guard_change(const struct scene *before, const struct scene *after, const struct compiled_node *nodes,
                  size_t node_count, const struct objects *changes, struct error *why)
{
    if (zone_set_count(before->dataset->zones) == 0) /* nobody can lose what nobody had */
        return true;
    struct search search = { .before = stage_of(before), .after = stage_of(after) };
    const struct node *lost = NULL;
    for (size_t i = 0; i < node_count && lost == NULL; i++) {
        if (is_lost(&search, nodes[i].before, nodes[i].after))
            lost = nodes[i].after;
    }
    if (lost != NULL)
        look_at_all(&search);
    else
        look_at_changed(&search, changes);
    return conclude(&search, lost, why);
}

bool guard_pool(const struct scene *before, const struct scene *after, const struct node *pool,
                struct error *why)
{
    struct search search = { .before = stage_of(before), .after = stage_of(after) };
    bool is_gone = is_lost(&search, pool, pool);
    if (is_gone)
        look_at_all(&search);
    return conclude(&search, is_gone ? pool : NULL, why);
}
