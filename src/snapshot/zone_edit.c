/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/zone.h"

#include "base/memory.h"
#include "dns/type.h"
#include "snapshot/zone_build.h"
#include "snapshot/zone_images.h"

#include <assert.h>
#include <stdlib.h>

/* What the changes come to. */
struct outcome {
    size_t name_count;
    bool is_changed;
    bool hides_differently; /* a name that is not staged becomes occluded, or visible */
};

struct zone_edit {
    struct stage stage;
    struct edition *edition;
    bool is_settled; /* nothing was changed since `outcome` was found */
    struct outcome outcome;
};

struct zone_edit *zone_edit_begin(const struct dns_name *apex, const struct zone *base,
                                  struct edition *edition)
{
    struct zone_edit *edit = xcalloc(1, sizeof *edit);
    stage_init(&edit->stage, apex, base);
    edit->edition = edition;
    return edit;
}

void zone_edit_abandon(struct zone_edit *edit)
{
    if (edit == NULL)
        return;
    stage_free(&edit->stage);
    free(edit);
}

/* ---- changing ---- */

void zone_edit_put(struct zone_edit *edit, const struct dns_name *owner, const struct dns_rrset *rrset)
{
    assert(rrset->type != 0 && rrset->count > 0); /* type 0 is reserved, RFC 6895 §3.1 */
    edit->is_settled = false;
    size_t size = rrset_size(rrset);
    memcpy(stage_put(&edit->stage, stage_owner(&edit->stage, owner), rrset->type, size), rrset, size);
}

struct dns_rrset *zone_edit_put_at(struct zone_edit *edit, uint32_t number, uint16_t type, size_t size)
{
    assert(type != 0 && number < edit->stage.count);
    edit->is_settled = false;
    return stage_put(&edit->stage, &edit->stage.names[number], type, sizeof(struct dns_rrset) + size);
}

void zone_edit_remove(struct zone_edit *edit, const struct dns_name *owner, uint16_t type)
{
    edit->is_settled = false;
    stage_remove(&edit->stage, stage_owner(&edit->stage, owner), type);
}

void zone_edit_set_service(struct zone_edit *edit, const struct dns_name *owner,
                           const struct service *service)
{
    edit->is_settled = false;
    stage_set_service(&edit->stage, stage_owner(&edit->stage, owner), service);
}

void zone_edit_set_allowed(struct zone_edit *edit, const struct prefix_map *allowed)
{
    edit->stage.allowed = allowed;
    edit->is_settled = false;
}

uint32_t zone_edit_owner(struct zone_edit *edit, const struct dns_name *owner)
{
    uint32_t count = edit->stage.count;
    const struct stage_name *at = stage_owner(&edit->stage, owner);
    edit->is_settled &= edit->stage.count == count;
    return (uint32_t)(at - edit->stage.names);
}

void zone_edit_expect(struct zone_edit *edit, uint32_t owner_count)
{
    stage_expect(&edit->stage, owner_count);
}

void zone_edit_fetch(const struct zone_edit *edit, uint64_t hash)
{
    __builtin_prefetch(&edit->stage.slots[hash & edit->stage.slot_mask]);
}

uint32_t zone_edit_owner_at(struct zone_edit *edit, uint64_t hash, const uint8_t *name, size_t size)
{
    uint32_t count = edit->stage.count;
    uint32_t number = stage_name_index(&edit->stage, hash, name, size);
    edit->is_settled &= edit->stage.count == count;
    return number;
}

void zone_edit_owner_name(struct zone_edit *edit, uint32_t number, struct dns_name *out)
{
    assert(number < edit->stage.count);
    edit->stage.last = number;
    stage_name_owner(&edit->stage, &edit->stage.names[number], out);
}

/* ---- reading ---- */

static const struct zone_node *base_node(const struct zone_edit *edit, const struct dns_name *owner)
{
    return edit->stage.base != NULL ? zone_find_exact(edit->stage.base, owner) : NULL;
}

static const struct dns_rrset *staged_rrset(const struct stage *stage, const struct stage_name *at,
                                            uint16_t type)
{
    const struct stage_change *change = stage_change_of(at, type);
    if (change != NULL)
        return stage_change_rrset(change);
    const struct zone_node *node = stage_base_node(stage, at);
    return node != NULL ? zone_node_rrset(node, type) : NULL;
}

const struct dns_rrset *zone_edit_find(const struct zone_edit *edit, const struct dns_name *owner,
                                       uint16_t type)
{
    if (!dns_name_is_within(owner, &edit->stage.apex))
        return NULL;
    const struct stage_name *at = stage_find(&edit->stage, owner);
    if (at != NULL)
        return staged_rrset(&edit->stage, at, type);
    const struct zone_node *node = base_node(edit, owner);
    return node != NULL ? zone_node_rrset(node, type) : NULL;
}

const struct dns_rrset *zone_edit_find_at(const struct zone_edit *edit, uint32_t number, uint16_t type)
{
    assert(number < edit->stage.count);
    return staged_rrset(&edit->stage, &edit->stage.names[number], type);
}

const struct dns_rrset *zone_edit_next_at(const struct zone_edit *edit, uint32_t number, uint16_t after)
{
    assert(number < edit->stage.count);
    struct stage_walk walk = stage_walk_begin(&edit->stage, &edit->stage.names[number]);
    const struct dns_rrset *rrset = stage_walk_next(&walk);
    while (rrset != NULL && rrset->type <= after)
        rrset = stage_walk_next(&walk);
    return rrset;
}

const struct dns_rrset *zone_edit_next(const struct zone_edit *edit, const struct dns_name *owner,
                                       uint16_t after)
{
    if (!dns_name_is_within(owner, &edit->stage.apex))
        return NULL;
    const struct stage_name *at = stage_find(&edit->stage, owner);
    if (at != NULL)
        return zone_edit_next_at(edit, (uint32_t)(at - edit->stage.names), after);
    const struct zone_node *node = base_node(edit, owner);
    const struct dns_rrset *rrset = NULL;
    while (node != NULL && (rrset = zone_node_next(node, rrset)) != NULL && rrset->type <= after)
        ;
    return rrset;
}

const struct service *zone_edit_service(const struct zone_edit *edit, const struct dns_name *owner)
{
    if (!dns_name_is_within(owner, &edit->stage.apex))
        return NULL;
    const struct stage_name *at = stage_find(&edit->stage, owner);
    if (at != NULL)
        return stage_service(&edit->stage, at);
    const struct zone_node *node = base_node(edit, owner);
    return node != NULL ? zone_node_service(node) : NULL;
}

/* ---- settling: what the changes mean for names, their ancestors and descendants ---- */

static bool is_wildcard(const struct stage_name *at)
{
    return at->name_size >= 2 && at->name[0] == 1 && at->name[1] == '*';
}

/* Parents come first: whoever has a parent finds it initialised. */
static void start_from_base(struct stage *stage)
{
    for (uint32_t i = 0; i < stage->count; i++) {
        struct stage_name *at = &stage->names[i];
        const struct zone_node *base = stage_base_node(stage, at);
        at->child_count = base != NULL ? base->child_count : 0;
        at->flags = base != NULL ? base->flags & NODE_HAS_WILDCARD : 0;
        if (stage->bases == NULL)
            continue;
        stage->bases[i].staged_children = 0;
        if (base != NULL && i > 0)
            stage->bases[at->parent].staged_children++;
    }
}

/* The size and the flags that follow from what the name itself holds; true if that is anything. */
static bool settle_data(const struct stage *stage, struct stage_name *at)
{
    bool has_service = stage_service(stage, at) != NULL, is_apex = at == stage->names, has_data = has_service;
    bool may_have_images = false;
    size_t size = zone_node_room(at->name_size, has_service);
    struct stage_walk walk = stage_walk_begin(stage, at);
    const struct dns_rrset *rrset;
    at->flags |= has_service ? NODE_HAS_SERVICE : 0;
    while ((rrset = stage_walk_next(&walk)) != NULL) {
        has_data = true;
        may_have_images |= dns_image_is_of(rrset->type);
        size += zone_rrset_room(rrset);
        if (rrset->type == DNS_NS && !is_apex && !is_wildcard(at))
            at->flags |= NODE_IS_CUT;
        if (rrset->type == DNS_DNAME && !is_wildcard(at))
            at->flags |= NODE_IS_DNAME;
    }
    const size_t images_size = may_have_images ? zone_images_write(stage, at, NULL) : 0;
    at->flags |= images_size > 0 ? NODE_HAS_IMAGES : 0;
    at->node_size = (uint32_t)(images_size + size);
    return has_data;
}

static void tell_parent(struct stage_name *parent, const struct stage_name *child)
{
    if (child->exists)
        parent->child_count++;
    else
        parent->child_count--;
    if (!is_wildcard(child))
        return;
    if (child->exists)
        parent->flags |= NODE_HAS_WILDCARD;
    else
        parent->flags &= (uint8_t)~NODE_HAS_WILDCARD;
}

/* Backward, children first: a name exists if it holds something or something exists below it. */
static void settle_existence(struct stage *stage)
{
    for (uint32_t i = stage->count; i-- > 0;) {
        struct stage_name *at = &stage->names[i];
        bool is_apex = i == 0, has_data = settle_data(stage, at);
        at->exists = is_apex || has_data || at->child_count > 0;
        if (!is_apex && at->exists != (stage_base_node(stage, at) != NULL))
            tell_parent(&stage->names[at->parent], at);
    }
}

static bool rrsets_equal(const struct dns_rrset *a, const struct dns_rrset *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return a->size == b->size && memcmp(a, b, rrset_size(a)) == 0;
}

/* `base` may be NULL. */
static bool rrsets_differ(const struct stage_name *at, const struct zone_node *base)
{
    for (const struct stage_change *change = stage_changes(at); change != NULL; change = change->next) {
        const struct dns_rrset *before = base != NULL ? zone_node_rrset(base, change->type) : NULL;
        if (!rrsets_equal(stage_change_rrset(change), before))
            return true;
    }
    return false;
}

static bool differs_from_base(const struct stage *stage, const struct stage_name *at)
{
    const struct zone_node *base = stage_base_node(stage, at);
    if (at->exists != (base != NULL))
        return true;
    if (!at->exists)
        return false;
    return at->flags != base->flags || at->child_count != base->child_count ||
           stage_service(stage, at) != zone_node_service(base) || rrsets_differ(at, base);
}

/* Forward, parents first: occlusion is inherited. */
static struct outcome settle_occlusion(struct stage *stage)
{
    struct outcome out = { 0 };
    if (stage->base != NULL) {
        out.name_count = stage->base->name_count;
        out.is_changed = stage->allowed != stage->base->allowed;
    }
    for (uint32_t i = 0; i < stage->count; i++) {
        struct stage_name *at = &stage->names[i];
        const struct stage_name *parent = &stage->names[at->parent];
        at->is_below_dname = false;
        if (i > 0 && parent->flags & NODE_OCCLUDES) {
            at->flags |= NODE_IS_OCCLUDED;
            at->is_below_dname =
                parent->flags & NODE_IS_OCCLUDED ? parent->is_below_dname : !(parent->flags & NODE_IS_CUT);
        }
        at->is_changed = differs_from_base(stage, at);
        out.is_changed |= at->is_changed;
        out.name_count += at->exists;
        const struct zone_node *base = stage_base_node(stage, at);
        if (base == NULL)
            continue;
        out.name_count--;
        bool hid = base->flags & NODE_OCCLUDES, hides = at->flags & NODE_OCCLUDES;
        out.hides_differently |= hid != hides && base->child_count > stage->bases[i].staged_children;
    }
    return out;
}

static struct outcome settle_stage(struct stage *stage)
{
    start_from_base(stage);
    settle_existence(stage);
    return settle_occlusion(stage);
}

static void settle(struct zone_edit *edit)
{
    if (edit->is_settled)
        return;
    edit->outcome = settle_stage(&edit->stage);
    if (edit->outcome.hides_differently) { /* rare: a cut or DNAME put above names that stood there before */
        stage_everything(&edit->stage);
        edit->outcome = settle_stage(&edit->stage);
    }
    edit->is_settled = true;
}

/* ---- asking before the end ---- */

bool zone_edit_changes_records(const struct zone_edit *edit)
{
    for (uint32_t i = 0; i < edit->stage.count; i++) {
        const struct stage_name *at = &edit->stage.names[i];
        if (rrsets_differ(at, stage_base_node(&edit->stage, at)))
            return true;
    }
    return false;
}

static bool is_address(uint16_t type)
{
    return type == DNS_A || type == DNS_AAAA;
}

/* What is shown in spite of a cut: the delegation, its parent side (RFC 4035 §2.6, §3.1.4.1) and glue. */
static bool is_shown(const struct stage_name *at, uint16_t type)
{
    if (at->flags & NODE_IS_OCCLUDED)
        return is_address(type) && !at->is_below_dname;
    return is_address(type) || type == DNS_NS || type == DNS_DS || type == DNS_NSEC || type == DNS_RRSIG;
}

/* The lowest type that is hidden, 0 if there is none. */
static uint16_t hidden_type(const struct stage *stage, const struct stage_name *at)
{
    if (!at->exists || !(at->flags & (NODE_IS_OCCLUDED | NODE_IS_CUT)))
        return 0;
    struct stage_walk walk = stage_walk_begin(stage, at);
    const struct dns_rrset *rrset;
    while ((rrset = stage_walk_next(&walk)) != NULL) {
        if (!is_shown(at, rrset->type))
            return rrset->type;
    }
    return 0;
}

void zone_edit_walk_hidden(struct zone_edit *edit,
                           void (*visit)(const struct dns_name *owner, uint16_t type, void *context),
                           void *context)
{
    struct stage *stage = &edit->stage;
    settle(edit);
    for (uint32_t i = 1; i < stage->count; i++) { /* nothing hides the apex */
        const struct stage_name *at = &stage->names[i];
        uint16_t type = at->is_changed ? hidden_type(stage, at) : 0;
        struct dns_name owner;
        if (type == 0)
            continue;
        stage_name_owner(stage, at, &owner);
        visit(&owner, type, context);
    }
}

const struct zone *zone_edit_end(struct zone_edit *edit)
{
    struct stage *stage = &edit->stage;
    settle(edit);
    struct outcome outcome = edit->outcome;
    const struct zone *zone = stage->base;
    if (zone == NULL || !zone_fits(zone, outcome.name_count) || !zone_changes_fit(stage))
        zone = zone_build_all(stage, outcome.name_count, edit->edition);
    else if (outcome.is_changed)
        zone = zone_build_changed(stage, outcome.name_count, edit->edition);
    zone_edit_abandon(edit);
    return zone;
}
