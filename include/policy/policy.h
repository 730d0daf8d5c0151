/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/error.h"
#include "policy/name_map.h"
#include "snapshot/dataset.h"
#include "snapshot/conditions.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A policy chooses among the children of a node.  It is a pure function of (candidates, client, draw): it
 * keeps no state, and what it needs ready made it compiles into a plan.  Health, overrides and "what if all
 * are down" are not its business.
 */

#define CHOICE_MAX 16    /* endpoints in one answer at most */
#define WHOLE      10000 /* parts of a share */

/* Whom the answer is for. */
struct client {
    struct address address; /* of the ECS option, or the source */
    uint8_t prefix_len;     /* bits of it that are known: the ECS source prefix length, or all */
    bool is_ecs;
    const struct geo *geo; /* where to look the location up; may be NULL */
};

/* Order and chance, handed in so that a test can replay them. */
struct draw {
    uint32_t ticket; /* counts the answers of this (service, node, query type) */
    uint64_t random;
};

/* What is there to choose from. */
struct candidates {
    const struct node *node;        /* declared children, plan */
    const struct node_state *state; /* of that node */
    const struct dataset *dataset;
    const struct conditions *conditions;
    enum view view;
    const struct candidate_list
        *list;                /* the available ones, in written order, with cumulative effective weights;
                                 NULL for a policy that is `by_rule`: it asks candidates_has */
    const uint16_t *excluded; /* children that turned out to have nothing for this client */
    uint16_t excluded_count;
    bool *has_missed; /* set when a child was asked for that is not available; may be NULL */
};

struct choice {
    uint16_t count; /* ordinals of children, best first; 0: nothing for this client */
    uint16_t index[CHOICE_MAX];
    uint8_t
        scope_len; /* the client prefix that this choice holds for (RFC 7871 §7.2.1); 0: it did not depend */
    bool depends_on_client;
    const char *reason; /* a static phrase for explain, or NULL */
};

/* A rule or weight of a node as the configuration wrote it, for policies that compile. */
struct policy_rule {
    const char *key; /* "country:US", "198.51.100.0/24", "default"; NULL if the policy takes a list */
    uint16_t child;  /* ordinal; rules with one target in common give the same one, which widens scopes */
};

struct policy_source {
    const struct policy_rule *rules;
    size_t count;
    const struct geo *geo; /* may be NULL */
    const void *common;    /* what compile_common made of it; NULL: the plan makes it for itself */
    const struct name_map *(*map_of)(const struct policy_source *source, const char *name); /* or NULL */
    const void *context;                                                                    /* for map_of */
};

struct policy {
    const char *name;
    bool is_by_rule;  /* children are chosen by rule: takes a map of rules, gets no list, the family is not
                         applied to it; plans begin with a struct first_rule */
    bool is_weighted; /* takes a map target → weight; lists leave out weight 0 while another candidate has
                         more */
    bool is_in_order; /* chooses the first of the list, whatever is drawn */
    bool takes_turns; /* of a ready list, chooses first whose turn the ticket says it is (policy/turn.h) */
    bool spreads;     /* all available children get their share of the answers; else they have an order */
    bool needs_ticket;
    uint16_t answers; /* default number of endpoints in an answer */

    /** One of `count` equal to what `choose` will be asked: at most `most` ordinals are wanted. Pure; any
     * thread. */
    void (*choose)(const struct candidates *from, const struct client *client, const struct draw *draw,
                   uint16_t most, struct choice *out);

    /* Optional: fetches ahead the memory that `choose` will read for a client at `address`, in steps that
     * follow what the one before has brought: 0, 1. */
    void (*fetch)(const struct node *node, const struct address *address, unsigned step);

    /* Optional, together: a table made on the compiler thread.  Plans of equal rules are shared by the
     * compiler. */
    bool (*compile)(const struct policy_source *source, void **plan, struct error *err);
    void (*plan_free)(void *plan);

    /* Optional, together: a part that plans of different rules may have in common, by a key that the caller
     * frees (NULL if the rules cannot be read).  A plan refers to it, so it must outlive the plan. */
    char *(*common_key)(const struct policy_source *source);
    bool (*compile_common)(const struct policy_source *source, void **common, struct error *err);
    void (*common_free)(void *common);

    /* Optional: checks one rule key when the configuration is validated. */
    bool (*check_key)(const char *key, struct error *err);

    /* Optional, for explain: of the children that lead where `chosen` leads, the one whose rule is about this
     * client.  What the rules alone cannot tell (operators' maps) is passed over while another one fits. */
    uint16_t (*rule_of)(const struct node *node, const struct client *client, uint16_t chosen);

    /* Optional, for explain: false if the rule of child `ordinal` is not about this client, as far as the
     * rules alone can tell. */
    bool (*concerns)(const struct node *node, const struct client *client, uint16_t ordinal);

    /* Optional, control thread: the child to favour, given the one favoured before (UINT16_MAX: none).
     * `latency_us` holds a figure per child, 0 where it is unknown or the child is unavailable. */
    uint16_t (*prefer)(const struct node *node, const uint32_t *latency_us, uint16_t before);
};

/** The policy of that name, or NULL. */
const struct policy *policy_find(const char *name);
/** Walks the registry: index from 0; NULL at the end. */
const struct policy *policy_at(size_t index);

/** A hash of the client's network: /24 or /56, or what is known of it; `length` gets its bits. */
uint64_t client_network_hash(const struct client *client, uint8_t *length);

/** True if an endpoint of this condition (NULL: without a slot) has something to give in this view. */
static inline bool endpoint_has(const struct endpoint_condition *condition, enum view view)
{
    if (condition == NULL || view == VIEW_EVERYTHING)
        return true;
    return view == VIEW_HEALTHY ? condition->is_available : !condition->is_held;
}

/** True if `child` has something to give in this view. */
static inline bool child_is_available(const struct child *child, const struct dataset *dataset,
                                      const struct conditions *conditions, enum view view)
{
    if (child->kind == CHILD_ENDPOINT)
        return endpoint_has(conditions_endpoint(conditions, child->endpoint), view);
    const struct node *node = dataset_node(dataset, child);
    return node != NULL && conditions_node(conditions, node)->is_available[view];
}

/** Effective weight: an override's over the declared one. */
uint32_t child_weight(const struct child *child, const struct conditions *conditions);
/** Parts of 10,000 of its share that go to its siblings: shed, or not yet grown to. */
uint32_t child_withheld(const struct child *child, const struct conditions *conditions);
/** What it can take, in the unit of weights; 0: not stated. */
uint32_t child_capacity(const struct child *child, const struct dataset *dataset,
                        const struct conditions *conditions);
/** Latency figure from the conditions, 0 if unknown: an endpoint's own, a node's best. */
uint32_t child_latency_us(const struct child *child, const struct dataset *dataset,
                          const struct conditions *conditions);

/** True if child `ordinal` has something to give in this view and is not excluded. */
static inline bool candidates_has(const struct candidates *from, uint16_t ordinal)
{
    for (uint16_t i = 0; i < from->excluded_count; i++) {
        if (from->excluded[i] == ordinal)
            return false;
    }
    bool is_available =
        child_is_available(&from->node->children[ordinal], from->dataset, from->conditions, from->view);
    if (!is_available && from->has_missed != NULL)
        *from->has_missed = true;
    return is_available;
}

/** Latency figure of a child from the conditions, 0 if unknown. */
uint32_t candidates_latency_us(const struct candidates *from, uint16_t ordinal);
/** Best-known coordinates of a child: an endpoint's, or of the nearest endpoint below it to `client_at`. */
struct coordinates candidates_coordinates(const struct candidates *from, uint16_t ordinal,
                                          const struct coordinates *client_at);

static inline void choice_add(struct choice *choice, uint16_t ordinal)
{
    if (choice->count < CHOICE_MAX)
        choice->index[choice->count++] = ordinal;
}
