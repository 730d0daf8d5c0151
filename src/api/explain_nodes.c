/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nodes and their candidates, in JSON and in sentences. */
#include "api/explain.h"

#include "api/endpoint_view.h"
#include "api/resolved_view.h"
#include "dns/type.h"

#include <stdio.h>
#include <string.h>

#define NESTED_MOST 3 /* levels of unavailable nodes that are taken apart */

/* One child as the policy saw it. */
struct option {
    const char *name, *kind;
    char room[ENDPOINT_NAME_SIZE]; /* for the name */
    const char *rule;              /* that leads to it, or NULL */
    const struct node *node;       /* NULL: an endpoint */
    uint32_t weight;
    bool is_available, is_chosen, has_share;
    double share; /* in force, among weighted siblings */
    char why[ENDPOINT_WHY_SIZE];
};

static void say_node_state(const struct candidates *from, const struct node *node, bool is_available,
                           char why[ENDPOINT_WHY_SIZE])
{
    const struct node_state *state = conditions_node(from->conditions, node);
    const char *word = from->view == VIEW_HEALTHY ? "available" : "healthy";
    if (is_available)
        snprintf(why, ENDPOINT_WHY_SIZE, "%u of %u %s", state->available_count, node->child_count, word);
    else if (state->is_available[from->view])
        snprintf(why, ENDPOINT_WHY_SIZE, "it has nothing for this client");
    else
        snprintf(why, ENDPOINT_WHY_SIZE, "%u of %u %s, %u%s needed", state->available_count,
                 node->child_count, word, node->min_healthy, node->is_percent ? " %" : "");
}

/* The families that it can answer this service with. */
static uint8_t families_of(const struct explain_steps *steps, const struct endpoint *endpoint)
{
    bool is_cname = steps->service == NULL || steps->service->is_cname;
    if (endpoint_is_name(endpoint) && is_cname)
        return FAMILY_V4 | FAMILY_V6;
    return conditions_families(steps->now->conditions, endpoint);
}

/* Its hostname, where the addresses are answered. */
static void say_name(const struct explain_steps *steps, const struct endpoint *endpoint, char *why,
                     size_t size)
{
    struct text words = { 0 };
    if (!endpoint_is_name(endpoint) || steps->service == NULL || !steps->service->has_names)
        return;
    resolved_view_say(endpoint, conditions_resolved(steps->now->conditions, endpoint), &words);
    size_t used = strlen(why);
    snprintf(why + used, size - used, "; %s", words.bytes);
    text_free(&words);
}

static void describe_endpoint(const struct explain_steps *steps, const struct candidates *from,
                              const struct child *child, struct option *out)
{
    struct endpoint_state state;
    uint8_t families = families_of(steps, child->endpoint), wanted = FAMILY_V4 | FAMILY_V6;
    endpoint_state_of(child->endpoint, conditions_endpoint(from->conditions, child->endpoint), &state);
    out->name = endpoint_name(child->endpoint, out->room);
    out->kind = "endpoint";
    out->weight = state.weight;
    memcpy(out->why, state.why, sizeof out->why);
    if (steps->qtype == DNS_A || steps->qtype == DNS_AAAA)
        wanted = steps->qtype == DNS_A ? FAMILY_V4 : FAMILY_V6;
    if (steps->qtype == DNS_MX || steps->qtype == DNS_SRV) {
        if (endpoint_more(child->endpoint)->hostname != NULL ||
            (steps->service != NULL && steps->service->is_cname))
            return;
        out->is_available = false;
        snprintf(out->why, sizeof out->why, "it has no hostname to be a target");
        return;
    }
    if (out->is_available && from->node->is_over_endpoints && (families & wanted) == 0) {
        out->is_available = false;
        if (families != 0)
            snprintf(out->why, sizeof out->why, "it has no address of the type asked for");
    }
    say_name(steps, child->endpoint, out->why, sizeof out->why);
}

static bool is_chosen(const struct choice *choice, uint16_t ordinal)
{
    for (uint16_t i = 0; choice != NULL && i < choice->count; i++) {
        if (choice->index[i] == ordinal)
            return true;
    }
    return false;
}

/* It is outside of what its rule names, whatever its state is. */
static void say_outside(const struct explain_steps *steps, const struct candidates *from, uint16_t ordinal,
                        char why[ENDPOINT_WHY_SIZE])
{
    const struct policy *policy = from->node->policy;
    if (policy->concerns != NULL && steps->client != NULL &&
        !policy->concerns(from->node, steps->client, ordinal))
        snprintf(why, ENDPOINT_WHY_SIZE, "its rule is not about this client");
}

static void describe(const struct explain_steps *steps, const struct candidates *from, uint16_t ordinal,
                     const struct choice *choice, struct option *out)
{
    const struct child *child = &from->node->children[ordinal];
    out->node = NULL;
    out->weight = child->weight;
    out->is_available = candidates_has(from, ordinal);
    out->is_chosen = from->node->policy->is_by_rule ? choice != NULL && ordinal == steps->rule
                                                    : is_chosen(choice, ordinal);
    out->rule = node_rule(from->node, ordinal);
    out->has_share = explain_share(from, ordinal, &out->share);
    if (child->kind == CHILD_ENDPOINT) {
        describe_endpoint(steps, from, child, out);
        explain_say_share(from, ordinal, out->why, sizeof out->why);
        say_outside(steps, from, ordinal, out->why);
        return;
    }
    out->node = dataset_node(from->dataset, child);
    out->name = out->node->name;
    out->kind = child->kind == CHILD_SHARED ? "shared" : "inline";
    say_node_state(from, out->node, out->is_available, out->why);
    explain_say_share(from, ordinal, out->why, sizeof out->why);
    say_outside(steps, from, ordinal, out->why);
}

static struct candidates candidates_of(const struct explain_steps *steps, const struct node *node,
                                       enum view view)
{
    const struct snapshot *now = steps->now;
    return (struct candidates){
        .node = node,
        .state = conditions_node(now->conditions, node),
        .dataset = now->dataset,
        .conditions = now->conditions,
        .view = view,
    };
}

static void tell_options(struct explain_steps *steps, const struct candidates *from,
                         const struct choice *choice, unsigned indent, unsigned level);

/* A node that cannot be chosen is taken apart: its own candidates say why. */
static void tell_option(struct explain_steps *steps, const struct candidates *from,
                        const struct option *option, unsigned indent, unsigned level)
{
    struct writer *json = steps->json;
    writer_object(json, NULL);
    writer_string(json, "name", option->name);
    writer_string(json, "kind", option->kind);
    if (option->rule != NULL)
        writer_string(json, "rule", option->rule);
    writer_uint(json, "weight", option->weight);
    if (option->has_share)
        writer_real(json, "share", option->share);
    writer_bool(json, "available", option->is_available);
    writer_bool(json, "chosen", option->is_chosen);
    writer_string(json, "why", option->why);
    if (!option->is_available)
        text_printf(steps->summary, "%*snot %s: %s\n", (int)indent, "", option->name, option->why);
    if (option->node != NULL && !option->is_available && level < NESTED_MOST) {
        struct candidates below = candidates_of(steps, option->node, from->view);
        tell_options(steps, &below, NULL, indent + 2, level + 1);
    }
    writer_end(json);
}

static void tell_options(struct explain_steps *steps, const struct candidates *from,
                         const struct choice *choice, unsigned indent, unsigned level)
{
    struct option option;
    writer_array(steps->json, "candidates");
    for (uint16_t i = 0; i < from->node->child_count; i++) {
        describe(steps, from, i, choice, &option);
        tell_option(steps, from, &option, indent, level);
    }
    writer_end(steps->json);
}

const char *explain_child_name(const struct candidates *from, uint16_t ordinal, char room[ENDPOINT_NAME_SIZE])
{
    const struct child *child = &from->node->children[ordinal];
    if (child->kind == CHILD_ENDPOINT)
        return endpoint_name(child->endpoint, room);
    return dataset_node(from->dataset, child)->name;
}

/* Rules that lead to the same place have one child between them: which one was it? */
static void find_rule(struct explain_steps *steps, const struct trace_step *step)
{
    const struct node *node = step->candidates->node;
    bool has_choice = step->choice != NULL && step->choice->count > 0;
    steps->rule = UINT16_MAX;
    if (!node->policy->is_by_rule || !has_choice)
        return;
    steps->rule = step->choice->index[0];
    if (node->policy->rule_of != NULL && steps->client != NULL)
        steps->rule = node->policy->rule_of(node, steps->client, steps->rule);
}

static const char *rule_key(const struct explain_steps *steps, const struct node *node)
{
    return steps->rule < node->child_count ? node_rule(node, steps->rule) : NULL;
}

static void say_choice(struct explain_steps *steps, const struct trace_step *step)
{
    const struct choice *choice = step->choice;
    const struct node *node = step->candidates->node;
    char room[ENDPOINT_NAME_SIZE];
    text_printf(steps->summary, "%*s%s (%s): ", (int)step->depth * 2 + 2, "", node->name, node->policy->name);
    for (uint16_t i = 0; choice != NULL && i < choice->count; i++)
        text_printf(steps->summary, "%s%s", i > 0 ? ", " : "",
                    explain_child_name(step->candidates, choice->index[i], room));
    if (choice == NULL || choice->count == 0)
        text_puts(steps->summary, "nothing for this client");
    else if (rule_key(steps, node) != NULL)
        text_printf(steps->summary, " by %s", rule_key(steps, node));
    if (choice != NULL && choice->reason != NULL)
        text_printf(steps->summary, ": %s", choice->reason);
    text_puts(steps->summary, "\n");
}

static void tell_choice(struct explain_steps *steps, const struct trace_step *step)
{
    const struct choice *choice = step->choice;
    char room[ENDPOINT_NAME_SIZE];
    writer_array(steps->json, "chosen");
    for (uint16_t i = 0; choice != NULL && i < choice->count; i++)
        writer_string(steps->json, NULL, explain_child_name(step->candidates, choice->index[i], room));
    writer_end(steps->json);
    writer_string(steps->json, "reason", choice != NULL ? choice->reason : NULL);
    if (choice != NULL && choice->depends_on_client)
        writer_uint(steps->json, "scope", choice->scope_len);
}

void explain_tell_node(struct explain_steps *steps, const struct trace_step *step)
{
    const struct node *node = step->candidates->node;
    writer_string(steps->json, "node", node->name);
    writer_uint(steps->json, "depth", step->depth);
    writer_string(steps->json, "policy", node->policy->name);
    writer_uint(steps->json, "answers", node->answers);
    if (node->policy->needs_ticket && step->draw != NULL)
        writer_uint(steps->json, "draw", step->draw->ticket);
    find_rule(steps, step);
    if (node->policy->is_by_rule)
        writer_string(steps->json, "rule", rule_key(steps, node));
    tell_choice(steps, step);
    say_choice(steps, step);
    explain_tell_latency(steps, step->candidates, step->depth * 2 + 4);
    tell_options(steps, step->candidates, step->choice, step->depth * 2 + 4, 0);
}

void explain_tell_unavailable(struct explain_steps *steps, const struct node *node, enum view view)
{
    struct candidates from = candidates_of(steps, node, view);
    char why[ENDPOINT_WHY_SIZE];
    if (from.state->is_available[view])
        return;
    say_node_state(&from, node, false, why);
    writer_string(steps->json, "node", node->name);
    writer_string(steps->json, "why", why);
    text_printf(steps->summary, "  not %s: %s\n", node->name, why);
    tell_options(steps, &from, NULL, 4, 0);
}
