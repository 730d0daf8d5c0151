/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/transitions.h"

#include "base/memory.h"
#include "control/service_uses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERVICES_TOLD_MOST = 1000 }; /* at a time; the events of their nodes say it of all */

/* A node that is available now and was not before, or the other way round. */
struct turned {
    uint32_t slot;
    bool was_available;
};

struct transitions {
    struct chronicle *chronicle;
    struct service_uses *uses; /* of the current dataset */
    struct turned *turned;     /* by slot, since services were told */
    size_t turned_count, turned_room;
};

struct transitions *transitions_new(struct chronicle *chronicle)
{
    struct transitions *transitions = xcalloc(1, sizeof *transitions);
    transitions->chronicle = chronicle;
    transitions->uses = service_uses_new();
    return transitions;
}

void transitions_free(struct transitions *transitions)
{
    if (transitions == NULL)
        return;
    service_uses_free(transitions->uses);
    free(transitions->turned);
    free(transitions);
}

void transitions_take(struct transitions *transitions, const struct dataset *before,
                      const struct dataset *after)
{
    if (transitions != NULL)
        service_uses_take(transitions->uses, before, after);
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

/* A service that hangs on several turned nodes is told with the first of them. */
static bool is_told_with(const struct transitions *transitions, const struct dataset *dataset,
                         const struct service *service, uint32_t slot)
{
    if (service->root.kind == CHILD_ENDPOINT)
        return false;
    const struct node *root = dataset_node(dataset, &service->root);
    if (root->slot != SLOT_NONE)
        return root->slot == slot;
    uint32_t first = SLOT_NONE;
    for (uint16_t i = 0; i < root->child_count; i++) {
        const struct child *child = &root->children[i];
        const struct node *node = child->kind != CHILD_ENDPOINT ? dataset_node(dataset, child) : NULL;
        const struct turned key = { .slot = node != NULL ? node->slot : SLOT_NONE };
        if (key.slot < first &&
            bsearch(&key, transitions->turned, transitions->turned_count, sizeof key, compare_turned) != NULL)
            first = key.slot;
    }
    return first == slot;
}

void transitions_services(struct transitions *transitions, const struct dataset *dataset,
                          const struct conditions *conditions)
{
    if (transitions == NULL || transitions->turned_count == 0)
        return;
    size_t told = 0;
    qsort(transitions->turned, transitions->turned_count, sizeof *transitions->turned, compare_turned);
    for (size_t i = 0; i < transitions->turned_count; i++) {
        uint32_t slot = transitions->turned[i].slot;
        size_t count;
        const struct service *const *services = service_uses_of(transitions->uses, dataset, slot, &count);
        for (size_t of = 0; of < count && told < SERVICES_TOLD_MOST; of++) {
            bool is_same =
                of > 0 && services[of] == services[of - 1]; /* the same pool twice under one root */
            if (is_same || !is_told_with(transitions, dataset, services[of], slot))
                continue;
            told++;
            tell_service(transitions, dataset, conditions, services[of]);
        }
    }
    transitions->turned_count = 0;
}

int64_t transitions_cached_until_ms(struct transitions *transitions, const struct dataset *dataset,
                                    const uint32_t *slots, size_t count, int64_t now_ms)
{
    int64_t until_ms = now_ms;
    for (size_t i = 0; i < count; i++) {
        size_t use_count;
        const struct service *const *services =
            service_uses_of(transitions->uses, dataset, slots[i], &use_count);
        for (size_t of = 0; of < use_count; of++) {
            int64_t now_until_ms = now_ms + (int64_t)services[of]->ttl_s * 1000;
            int64_t before_until_ms = services[of]->more->higher_ttl_until_ms;
            int64_t last_ms = now_until_ms > before_until_ms ? now_until_ms : before_until_ms;
            until_ms = last_ms > until_ms ? last_ms : until_ms;
        }
    }
    return until_ms;
}
