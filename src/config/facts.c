/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/build.h"

#include "base/memory.h"
#include "base/text.h"
#include "config/json.h"

#include <stdlib.h>
#include <string.h>

/* A declared tree being walked. */
struct facts {
    struct build *build;
    const struct object *said;
    struct source *source;
    struct reference_list references;
    bool are_for_names; /* not for addresses */
};

static uint8_t reach_of(const struct declared_endpoint *endpoint)
{
    return endpoint->families == 0 ? REACH_HOSTNAME : REACH_ADDRESS;
}

static void walk_node(struct facts *facts, const struct declared_node *node, const char *pointer,
                      unsigned depth);

/* `depth` counts the nodes above the target. */
static void walk_target(struct facts *facts, const struct declared_target *target, unsigned depth)
{
    struct build *build = facts->build;
    switch (target->kind) {
    case TARGET_NONE: break;
    case TARGET_NAME:
        if (build_find(build, OBJECT_POOL, target->name) == NULL &&
            build_find(build, OBJECT_POLICY, target->name) == NULL)
            build_unknown(build, facts->said, target->pointer, OBJECT_POOL, OBJECT_POLICY, target->name);
        else
            (facts->are_for_names ? reference_list_add_names : reference_list_add)(&facts->references,
                                                                                   target->name, depth);
        break;
    case TARGET_NODE: walk_node(facts, target->node, target->pointer, depth + 1); break;
    case TARGET_ENDPOINT:
        if (!facts->are_for_names)
            facts->source->reach |= reach_of(target->endpoint);
        break;
    }
}

static bool is_over_endpoints(const struct declared_node *node)
{
    for (size_t i = 0; i < node->count; i++) {
        if (node->children[i].to.kind != TARGET_ENDPOINT)
            return false;
    }
    return !node->policy->is_by_rule;
}

/* A rule about an operator's map uses it; a name that is not there is probably misspelt. */
static void walk_rule(struct facts *facts, const struct declared_node *node, size_t at, const char *pointer)
{
    struct build *build = facts->build;
    const char *rule = node->children[at].rule;
    char name[NAME_SIZE];
    uint32_t index;
    if (rule == NULL || !name_map_of_rule(rule, name))
        return;
    const struct item *item = build_find(build, OBJECT_MAP, name);
    if (item == NULL) {
        build_unknown(build, facts->said, pointer, OBJECT_MAP, OBJECT_MAP, name);
        return;
    }
    if (item->map != NULL && !name_map_find(item->map, strchr(rule, '/') + 1, &index))
        object_problem(&build->problems, facts->said, pointer, true,
                       "no network of the map \"%s\" is named \"%s\"", name, strchr(rule, '/') + 1);
    char *reference = build_map_reference(name);
    reference_list_add(&facts->references, reference, 0);
    free(reference);
}

static void walk_node(struct facts *facts, const struct declared_node *node, const char *pointer,
                      unsigned depth)
{
    size_t most = node->policy->is_by_rule || is_over_endpoints(node) ? UINT16_MAX : NODE_CHILDREN_MAX;
    if (node->count > most)
        object_problem(&facts->build->problems, facts->said, pointer, false,
                       "has %zu targets, at most %zu are possible: group them into pools or policies",
                       node->count, most);
    if (depth > facts->source->depth)
        facts->source->depth = depth > UINT8_MAX ? UINT8_MAX : (uint8_t)depth;
    facts->source->has_plan |= node->policy->compile != NULL;
    for (size_t i = 0; i < node->count; i++) {
        walk_rule(facts, node, i, pointer);
        walk_target(facts, &node->children[i].to, depth);
    }
}

void facts_of_policy(struct build *build, const struct object *said, const struct declared_node *node,
                     struct source *source)
{
    struct facts facts = { .build = build, .said = said, .source = source };
    walk_node(&facts, node, "", 1);
    reference_list_store(&facts.references, source);
    source->has_facts = true;
}

void facts_of_service(struct build *build, const struct object *said, const struct declared_service *service,
                      struct source *source)
{
    struct facts facts = { .build = build, .said = said, .source = source };
    const struct declared_target *const names[] = { &service->mx.policy, &service->srv.policy };
    source->failover_ms = service->failover_ms;
    source->ttl_s = service->says_ttl ? (int32_t)service->ttl_s : -1;
    if (service->policy.kind != TARGET_NONE)
        walk_target(&facts, &service->policy, 0);
    if (service->when_all_down == ALL_DOWN_TARGET)
        walk_target(&facts, &service->sorry, 0);
    facts.are_for_names = true;
    for (size_t i = 0; i < 2; i++) {
        if (names[i]->kind != TARGET_NONE)
            walk_target(&facts, names[i], 0);
    }
    reference_list_store(&facts.references, source);
    source->has_facts = true;
}

static void walk_checks(struct facts *facts, char *const *checks, size_t count, const char *pointer)
{
    for (size_t i = 0; i < count; i++) {
        if (build_find(facts->build, OBJECT_CHECK, checks[i]) == NULL)
            build_unknown(facts->build, facts->said, pointer, OBJECT_CHECK, OBJECT_CHECK, checks[i]);
        else
            reference_list_add(&facts->references, checks[i], 0);
    }
}

void facts_of_pool(struct build *build, const struct object *said, const struct declared_pool *pool,
                   struct source *source)
{
    struct facts facts = { .build = build, .said = said, .source = source };
    source->depth = 1;
    if (pool->count > UINT16_MAX)
        object_problem(&build->problems, said, "/endpoints", false,
                       "has %zu endpoints, at most %u are possible", pool->count, UINT16_MAX);
    walk_checks(&facts, pool->checks, pool->check_count, "/check");
    for (size_t i = 0; i < pool->count; i++) {
        const struct declared_endpoint *endpoint = &pool->endpoints[i];
        source->reach |= reach_of(endpoint);
        if (endpoint->check_count == 0)
            continue;
        struct text pointer = { 0 };
        text_puts(&pointer, "/endpoints");
        json_pointer_add(&pointer, endpoint->name);
        text_puts(&pointer, "/check");
        walk_checks(&facts, endpoint->checks, endpoint->check_count, pointer.bytes);
        text_free(&pointer);
    }
    reference_list_store(&facts.references, source);
    source->has_facts = true;
}
