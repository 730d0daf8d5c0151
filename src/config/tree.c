/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/tree.h"

#include "base/memory.h"
#include "config/plans.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define STRUCT_ALIGN 8

_Static_assert(sizeof(struct node) % STRUCT_ALIGN == 0 && sizeof(struct child) % STRUCT_ALIGN == 0 &&
                   sizeof(struct whole_endpoint) % STRUCT_ALIGN == 0,
               "structs follow each other in the block");

/* ---- measuring ---- */

void tree_measure_string(const char *string, struct tree_size *size)
{
    size->strings += strlen(string) + 1;
}

/* True if the endpoint is more than an IPv4 address. */
static bool has_more(const struct declared_endpoint *endpoint, const char *name)
{
    return name != NULL || endpoint->hostname != NULL || (endpoint->families & FAMILY_V6) != 0 ||
           endpoint->at.is_known || endpoint->capacity > 0;
}

void tree_measure_endpoint(const struct declared_endpoint *endpoint, const char *name, struct tree_size *size)
{
    if (has_more(endpoint, name))
        size->structs += sizeof(struct whole_endpoint);
    else
        size->endpoints += sizeof(struct endpoint);
    if (name != NULL)
        tree_measure_string(name, size);
}

#define LOOK_BACK 16 /* for one alike: a map may have thousands of rules */

static bool is_plain(const struct declared_target *target)
{
    return target->kind == TARGET_ENDPOINT && !has_more(target->endpoint, NULL);
}

/* Of near siblings with one address the first, whose endpoint they share: a map's default mostly is another
 * rule's target. */
static size_t first_alike(const struct declared_node *node, size_t at)
{
    const struct declared_child *child = &node->children[at];
    if (!is_plain(&child->to))
        return at;
    for (size_t i = at > LOOK_BACK ? at - LOOK_BACK : 0; i < at; i++) {
        const struct declared_child *before = &node->children[i];
        if (before->weight == child->weight && is_plain(&before->to) &&
            memcmp(before->to.endpoint->ipv4, child->to.endpoint->ipv4, sizeof child->to.endpoint->ipv4) == 0)
            return first_alike(node, i);
    }
    return at;
}

void tree_measure_node(const struct declared_node *node, const char *pointer, size_t prefix_size,
                       struct tree_size *size)
{
    size->structs += tree_node_size(node->count);
    size->strings += prefix_size + strlen(pointer) + 1;
    for (size_t i = 0; i < node->count; i++) {
        if (first_alike(node, i) == i)
            tree_measure_target(&node->children[i].to, prefix_size, size);
    }
}

void tree_measure_target(const struct declared_target *target, size_t prefix_size, struct tree_size *size)
{
    if (target->kind == TARGET_NODE)
        tree_measure_node(target->node, target->pointer, prefix_size, size);
    else if (target->kind == TARGET_ENDPOINT)
        tree_measure_endpoint(target->endpoint, NULL, size);
}

/* ---- writing ---- */

void *tree_begin(struct tree *tree, const struct tree_size *size, size_t head_size)
{
    char *block = blocks_take_at_line(&tree->build->blocks, size->structs + size->endpoints + size->strings);
    edition_made(&tree->build->edition, block, block_free);
    tree->structs = block + head_size;
    tree->endpoints = (struct endpoint *)(void *)(block + size->structs);
    tree->strings = block + size->structs + size->endpoints;
    return block;
}

static void *take_struct(struct tree *tree, size_t size)
{
    void *at = tree->structs;
    tree->structs += size;
    return at;
}

static char *take_string(struct tree *tree, size_t size)
{
    char *at = tree->strings;
    tree->strings += size;
    return at;
}

void *tree_write_struct(struct tree *tree, size_t size)
{
    return take_struct(tree, size);
}

const char *tree_write_string(struct tree *tree, const char *string)
{
    size_t size = strlen(string) + 1;
    return memcpy(take_string(tree, size), string, size);
}

static const char *write_name(struct tree *tree, const char *pointer)
{
    size_t prefix_size = strlen(tree->prefix), size = strlen(pointer) + 1;
    char *name = take_string(tree, prefix_size + size);
    memcpy(name, tree->prefix, prefix_size);
    memcpy(name + prefix_size, pointer, size);
    return name;
}

/* The hostname in wire form, and what its addresses are found by. */
static void write_hostname(struct tree *tree, const struct declared_endpoint *declared,
                           struct whole_endpoint *whole)
{
    struct dns_name hostname;
    uint32_t id = 0;
    bool is_resolved = declared->families == 0 && !tree->needs_no_addresses;
    if (!dns_name_parse(declared->hostname, NULL, &hostname))
        return;
    whole->more.hostname = build_name(tree->build, tree->item, &hostname, is_resolved ? &id : NULL);
    if (is_resolved)
        whole->endpoint.name_id = id; /* in the place of an address */
}

/* An endpoint that has more than an IPv4 address. */
static struct endpoint *write_whole(struct tree *tree, const struct declared_endpoint *declared,
                                    const char *name)
{
    struct whole_endpoint *whole = take_struct(tree, sizeof *whole);
    whole->endpoint.is_whole = true;
    whole->more.at = declared->at;
    whole->more.capacity = declared->capacity;
    if (name != NULL)
        whole->more.name = tree_write_string(tree, name);
    memcpy(whole->more.ipv6, declared->ipv6, sizeof whole->more.ipv6);
    memcpy(whole->endpoint.ipv4, declared->ipv4, sizeof whole->endpoint.ipv4);
    if (declared->hostname != NULL)
        write_hostname(tree, declared, whole);
    return &whole->endpoint;
}

static struct endpoint *write_plain(struct tree *tree, const struct declared_endpoint *declared)
{
    struct endpoint *endpoint = tree->endpoints++;
    memcpy(endpoint->ipv4, declared->ipv4, sizeof endpoint->ipv4);
    return endpoint;
}

const struct endpoint *tree_write_endpoint(struct tree *tree, const struct declared_endpoint *declared,
                                           const char *name, uint32_t weight, uint32_t slot)
{
    struct endpoint *endpoint =
        has_more(declared, name) ? write_whole(tree, declared, name) : write_plain(tree, declared);
    endpoint->slot = slot;
    endpoint->weight = (uint16_t)weight;
    endpoint->families = declared->families;
    return endpoint;
}

static const struct node *write_private(struct tree *tree, const struct declared_node *declared,
                                        const char *pointer, bool is_root, bool *is_dynamic);

/* True if something below the target can change. */
static bool write_target(struct tree *tree, const struct declared_target *target, bool is_root,
                         struct child *out)
{
    bool is_dynamic = false;
    switch (target->kind) {
    case TARGET_NONE: break;
    case TARGET_NAME:
        out->kind = CHILD_SHARED;
        out->shared = node_after(tree->build, target->name)->id;
        return true;
    case TARGET_ENDPOINT:
        out->kind = CHILD_ENDPOINT;
        out->endpoint = tree_write_endpoint(tree, target->endpoint, NULL, out->weight, SLOT_NONE);
        return endpoint_is_name(out->endpoint) && out->endpoint->name_id != 0; /* its addresses change */
    case TARGET_NODE:
        out->kind = CHILD_NODE;
        out->node = write_private(tree, target->node, target->pointer, is_root, &is_dynamic);
        return is_dynamic;
    }
    return false;
}

/* Everything but name, numbers and state.  True if something below can change. */
static bool fill_node(struct tree *tree, struct node *node, const struct declared_node *declared,
                      const char *pointer)
{
    node->policy = declared->policy;
    node->child_count = (uint16_t)declared->count;
    node->answers = declared->answers > 0 ? declared->answers : declared->policy->answers;
    node->min_healthy = declared->min_healthy.value > 0 ? declared->min_healthy.value : 1;
    node->is_percent = declared->min_healthy.is_percent;
    node->is_over_endpoints = !declared->policy->is_by_rule;
    node->slot = SLOT_NONE;
    bool is_dynamic = false;
    for (size_t i = 0; i < declared->count; i++) {
        const struct declared_child *from = &declared->children[i];
        struct child *child = &node->children[i];
        *child = (struct child){ .weight = from->weight, .bias = from->bias, .shed = from->shed };
        size_t alike = first_alike(declared, i);
        if (alike < i) {
            child->kind = CHILD_ENDPOINT;
            child->endpoint = node->children[alike].endpoint;
        } else {
            is_dynamic |= write_target(tree, &from->to, false, child);
        }
        node->is_over_endpoints &= child->kind == CHILD_ENDPOINT;
    }
    node->plan = plan_get(tree->build, tree->item, declared, pointer);
    if (declared->policy->is_by_rule)
        rules_share(tree->build, tree->item, declared, node);
    return is_dynamic;
}

/*
 * Who asks for the availability of a private node?  Its parent; and, of a root, whoever counts its children
 * (min_healthy) or favours one of them.  Weights need their lists made, and who sheds a mark of it.  A root
 * that nobody asks needs no slot: its children's bits are read.
 */
static bool sheds(const struct node *node)
{
    for (uint16_t i = 0; i < node->child_count; i++) {
        if (node->children[i].shed > 0)
            return true;
    }
    return false;
}

static bool needs_slot(const struct node *node, bool is_root)
{
    return !is_root || node->is_percent || node->min_healthy > 1 || node->policy->prefer != NULL ||
           node->policy->is_weighted || node->is_over_endpoints || sheds(node);
}

static const struct node *write_private(struct tree *tree, const struct declared_node *declared,
                                        const char *pointer, bool is_root, bool *is_dynamic)
{
    struct node *node = take_struct(tree, tree_node_size(declared->count));
    node->name = write_name(tree, pointer);
    *is_dynamic = fill_node(tree, node, declared, pointer);
    bool has_slot = *is_dynamic && needs_slot(node, is_root);
    if (!has_slot)
        node->steady = state_get(tree, declared, node, !*is_dynamic);
    tree_number_private(tree, node, has_slot);
    return node;
}

void tree_write_root(struct tree *tree, const struct declared_target *target, struct child *out)
{
    *out = (struct child){ .weight = 1 };
    write_target(tree, target, true, out);
}

void tree_write_policy(struct tree *tree, const struct declared_node *declared, struct node *node)
{
    node->name = write_name(tree, "");
    fill_node(tree, node, declared, "");
    node->id = tree->item->id;
    node->slot = tree->item->slot;
}
