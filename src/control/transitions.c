/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/transitions.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERVICES_TOLD_MOST = 1000 }; /* at a time; the events of their nodes say it of all */

/* A node with a slot that a service's answers hang on. */
struct use {
    uint32_t slot;
    const struct service *service;
};

/* A node that is available now and was not before, or the other way round. */
struct turned {
    uint32_t slot;
    bool was_available;
};

struct transitions {
    struct chronicle *chronicle;
    struct use *uses; /* by slot and service; of the current dataset */
    size_t use_count, use_room;
    bool has_uses;
    struct turned *turned; /* by slot, since services were told */
    size_t turned_count, turned_room;
};

struct transitions *transitions_new(struct chronicle *chronicle)
{
    struct transitions *transitions = xcalloc(1, sizeof *transitions);
    transitions->chronicle = chronicle;
    return transitions;
}

void transitions_free(struct transitions *transitions)
{
    if (transitions == NULL)
        return;
    free(transitions->uses);
    free(transitions->turned);
    free(transitions);
}

void transitions_forget_services(struct transitions *transitions)
{
    if (transitions != NULL)
        transitions->has_uses = false;
}

/* ---- endpoints ---- */

static const char *verdict_word(uint8_t verdict)
{
    static const char *const words[] = { [HEALTH_UNKNOWN] = "unknown",
                                         [HEALTH_UP] = "up",
                                         [HEALTH_DOWN] = "down",
                                         [HEALTH_UNCHECKED] = "unchecked" };
    return words[verdict <= HEALTH_UNCHECKED ? verdict : HEALTH_UNKNOWN];
}

static void note(struct transitions *transitions, enum event_kind kind, const char *subject, const char *was,
                 const char *state, const struct evidence *evidence)
{
    /* events_add copies: the event's strings are not written through */
    chronicle_note(transitions->chronicle,
                   &(struct event){ .kind = kind,
                                    .subject = (char *)(uintptr_t)subject,
                                    .was = (char *)(uintptr_t)was,
                                    .state = (char *)(uintptr_t)state,
                                    .check = evidence != NULL ? (char *)(uintptr_t)evidence->check : NULL,
                                    .text = evidence != NULL ? (char *)(uintptr_t)evidence->text : NULL });
}

void transitions_endpoint(struct transitions *transitions, const char *key,
                          const struct endpoint_condition *before, const struct endpoint_condition *after)
{
    if (transitions == NULL || before == NULL || before->verdict == after->verdict ||
        before->verdict == HEALTH_UNCHECKED || after->verdict == HEALTH_UNCHECKED)
        return;
    note(transitions, EVENT_ENDPOINT, key, verdict_word(before->verdict), verdict_word(after->verdict),
         after->evidence);
}

void transitions_check(struct transitions *transitions, const char *key, uint8_t before, uint8_t after,
                       const struct evidence *evidence)
{
    if (transitions != NULL && before != after)
        note(transitions, EVENT_CHECK, key, verdict_word(before), verdict_word(after), evidence);
}

/* ---- pools and policies ---- */

static void note_availability(struct transitions *transitions, enum event_kind kind, const char *subject,
                              bool is_available, const char *why)
{
    struct evidence evidence = { 0 };
    snprintf(evidence.text, sizeof evidence.text, "%s", why);
    note(transitions, kind, subject, is_available ? "unavailable" : "available",
         is_available ? "available" : "unavailable", &evidence);
}

static void add_turned(struct transitions *transitions, uint32_t slot, bool was_available)
{
    if (transitions->turned_count == transitions->turned_room) {
        transitions->turned_room = transitions->turned_room == 0 ? 16 : 2 * transitions->turned_room;
        transitions->turned =
            xrealloc(transitions->turned, transitions->turned_room, sizeof *transitions->turned);
    }
    transitions->turned[transitions->turned_count++] = (struct turned){ slot, was_available };
}

void transitions_node(struct transitions *transitions, const struct dataset *dataset, const struct node *node,
                      const struct node_state *state)
{
    char why[64];
    if (transitions == NULL)
        return;
    bool is_available = state->is_available[VIEW_HEALTHY];
    add_turned(transitions, node->slot, !is_available);
    if (paged_get(&dataset->nodes, node->id) != node)
        return; /* a part of one service */
    bool is_pool = node->children[0].kind == CHILD_ENDPOINT && node->children[0].endpoint->slot != SLOT_NONE;
    snprintf(why, sizeof why, "%u of %u are available", state->available_count, node->child_count);
    note_availability(transitions, is_pool ? EVENT_POOL : EVENT_POLICY, node->name, is_available, why);
}

/* ---- services ---- */

static void add_use(struct transitions *transitions, uint32_t slot, const struct service *service)
{
    if (transitions->use_count == transitions->use_room) {
        transitions->use_room = transitions->use_room == 0 ? 64 : 2 * transitions->use_room;
        transitions->uses = xrealloc(transitions->uses, transitions->use_room, sizeof *transitions->uses);
    }
    transitions->uses[transitions->use_count++] = (struct use){ slot, service };
}

/* What a root's availability is read from: its own state, or, where it has none, its children's. */
static void add_uses(struct transitions *transitions, const struct dataset *dataset,
                     const struct service *service, const struct child *from)
{
    if (from->kind == CHILD_ENDPOINT)
        return;
    const struct node *root = dataset_node(dataset, from);
    if (root->slot != SLOT_NONE) {
        add_use(transitions, root->slot, service);
        return;
    }
    for (uint16_t i = 0; i < root->child_count; i++) {
        const struct child *child = &root->children[i];
        const struct node *node = child->kind != CHILD_ENDPOINT ? dataset_node(dataset, child) : NULL;
        if (node != NULL && node->slot != SLOT_NONE)
            add_use(transitions, node->slot, service);
    }
}

struct service_walk {
    struct transitions *transitions;
    const struct dataset *dataset;
};

static void visit_name(const struct dns_name *owner, const struct zone_node *node, void *context)
{
    const struct service_walk *walk = context;
    const struct service *service = zone_node_service(node);
    (void)owner;
    if (service == NULL)
        return;
    add_uses(walk->transitions, walk->dataset, service, &service->root);
    if (service->when_all_down == ALL_DOWN_TARGET)
        add_uses(walk->transitions, walk->dataset, service, &service->more->sorry);
}

static int compare_uses(const void *a, const void *b)
{
    const struct use *left = a, *right = b;
    if (left->slot != right->slot)
        return left->slot < right->slot ? -1 : 1;
    return (left->service->id > right->service->id) - (left->service->id < right->service->id);
}

/* Who hangs on which node: looked up anew at its first use after the configuration has changed. */
static void index_uses(struct transitions *transitions, const struct dataset *dataset)
{
    struct service_walk walk = { transitions, dataset };
    if (transitions->has_uses)
        return;
    transitions->has_uses = true;
    transitions->use_count = 0;
    for (size_t i = 0; i < zone_set_count(dataset->zones); i++)
        zone_walk(zone_set_at(dataset->zones, i), visit_name, &walk);
    if (transitions->use_count > 0)
        qsort(transitions->uses, transitions->use_count, sizeof *transitions->uses, compare_uses);
}

static int compare_turned(const void *a, const void *b)
{
    const struct turned *left = a, *right = b;
    return (left->slot > right->slot) - (left->slot < right->slot);
}

/* Availability of a node now, or before the turns. */
static bool is_available(const struct transitions *transitions, const struct conditions *conditions,
                         const struct node *node, bool before)
{
    const struct turned key = { .slot = node->slot };
    const struct turned *turned = NULL;
    if (before && node->slot != SLOT_NONE)
        turned = bsearch(&key, transitions->turned, transitions->turned_count, sizeof key, compare_turned);
    if (turned != NULL)
        return turned->was_available;
    const struct node_state *state = conditions_node(conditions, node);
    return state == NULL || state->is_available[VIEW_HEALTHY];
}

static bool service_is_available(const struct transitions *transitions, const struct dataset *dataset,
                                 const struct conditions *conditions, const struct service *service,
                                 bool before)
{
    const struct node *root = dataset_node(dataset, &service->root);
    if (root->slot != SLOT_NONE)
        return is_available(transitions, conditions, root, before);
    for (uint16_t i = 0; i < root->child_count; i++) {
        const struct child *child = &root->children[i];
        if (child->kind == CHILD_ENDPOINT ||
            is_available(transitions, conditions, dataset_node(dataset, child), before))
            return true;
    }
    return false;
}

static void tell_service(struct transitions *transitions, const struct dataset *dataset,
                         const struct conditions *conditions, const struct service *service)
{
    static const char *const degraded[] = {
        [ALL_DOWN_SERVE_ALL] = "nothing is available: all endpoints are served",
        [ALL_DOWN_NODATA] = "nothing is available: NODATA is answered",
        [ALL_DOWN_SERVFAIL] = "nothing is available: SERVFAIL is answered",
        [ALL_DOWN_TARGET] = "nothing is available: the sorry server is answered",
    };
    if (service->root.kind == CHILD_ENDPOINT)
        return; /* only its sorry server hangs on a node */
    bool before = service_is_available(transitions, dataset, conditions, service, true);
    bool now = service_is_available(transitions, dataset, conditions, service, false);
    if (before != now)
        note_availability(transitions, EVENT_SERVICE, service->name, now,
                          now ? "" : degraded[service->when_all_down]);
}

/* The first use of a turned slot; a service that hangs on several is told with the first of them. */
static bool is_first_use(const struct transitions *transitions, const struct dataset *dataset,
                         const struct use *use)
{
    if (use->service->root.kind == CHILD_ENDPOINT)
        return false;
    const struct node *root = dataset_node(dataset, &use->service->root);
    if (root->slot != SLOT_NONE)
        return root->slot == use->slot;
    uint32_t first = SLOT_NONE;
    for (uint16_t i = 0; i < root->child_count; i++) {
        const struct child *child = &root->children[i];
        const struct node *node = child->kind != CHILD_ENDPOINT ? dataset_node(dataset, child) : NULL;
        const struct turned key = { .slot = node != NULL ? node->slot : SLOT_NONE };
        if (key.slot < first &&
            bsearch(&key, transitions->turned, transitions->turned_count, sizeof key, compare_turned) != NULL)
            first = key.slot;
    }
    return first == use->slot;
}

static const struct use *first_use(const struct transitions *transitions, uint32_t slot)
{
    size_t low = 0, high = transitions->use_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (transitions->uses[middle].slot < slot)
            low = middle + 1;
        else
            high = middle;
    }
    return &transitions->uses[low];
}

void transitions_services(struct transitions *transitions, const struct dataset *dataset,
                          const struct conditions *conditions)
{
    if (transitions == NULL || transitions->turned_count == 0)
        return;
    size_t told = 0;
    index_uses(transitions, dataset);
    qsort(transitions->turned, transitions->turned_count, sizeof *transitions->turned, compare_turned);
    for (size_t i = 0; i < transitions->turned_count && transitions->use_count > 0; i++) {
        uint32_t slot = transitions->turned[i].slot;
        const struct use *end = transitions->uses + transitions->use_count;
        const struct service *last = NULL; /* the same pool twice under one root */
        for (const struct use *use = first_use(transitions, slot); use < end && use->slot == slot; use++) {
            if (told >= SERVICES_TOLD_MOST || use->service == last ||
                !is_first_use(transitions, dataset, use))
                continue;
            last = use->service;
            told++;
            tell_service(transitions, dataset, conditions, use->service);
        }
    }
    transitions->turned_count = 0;
}

int64_t transitions_cached_until_ms(struct transitions *transitions, const struct dataset *dataset,
                                    const uint32_t *slots, size_t count, int64_t now_ms)
{
    int64_t until_ms = now_ms;
    index_uses(transitions, dataset);
    for (size_t i = 0; i < count && transitions->use_count > 0; i++) {
        const struct use *end = transitions->uses + transitions->use_count;
        for (const struct use *use = first_use(transitions, slots[i]); use < end && use->slot == slots[i];
             use++) {
            int64_t now_until_ms = now_ms + (int64_t)use->service->ttl_s * 1000;
            int64_t before_until_ms = use->service->more->higher_ttl_until_ms;
            int64_t last_ms = now_until_ms > before_until_ms ? now_until_ms : before_until_ms;
            until_ms = last_ms > until_ms ? last_ms : until_ms;
        }
    }
    return until_ms;
}
