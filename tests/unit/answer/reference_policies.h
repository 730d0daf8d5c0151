/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/reference_facts.h"

/* The naive decision, its middle: each policy orders candidates, best first. */

/* ---- policies: from the ordinals in `from` to those in `out`, best first ---- */

struct naive_list {
    uint16_t ordinal[CHILDREN_MOST];
    uint32_t weight[CHILDREN_MOST];
    size_t count;
};

static inline void naive_remove(struct naive_list *list, size_t at)
{
    list->count--;
    for (size_t i = at; i < list->count; i++) {
        list->ordinal[i] = list->ordinal[i + 1];
        list->weight[i] = list->weight[i + 1];
    }
}

static inline size_t naive_place_at(const struct naive_list *list, uint64_t point)
{
    size_t place = 0;
    while (point >= list->weight[place])
        point -= list->weight[place++];
    return place;
}

/* Of weights without a common factor ticket n meets the point n·s mod their sum. */
static inline size_t naive_turn(const struct naive_list *list, uint32_t ticket)
{
    uint64_t total = 0, factor = 1;
    for (size_t i = 0; i < list->count; i++)
        total += list->weight[i];
    for (uint64_t f = 2; f <= total; f++) {
        bool divides = true;
        for (size_t i = 0; i < list->count; i++)
            divides &= list->weight[i] % f == 0;
        if (divides)
            factor = f;
    }
    uint64_t sum = total / factor;
    uint64_t step = (uint64_t)(((unsigned __int128)stride_of((uint32_t)sum) * sum + (UINT64_MAX / 2)) >> 64);
    return naive_place_at(list, ticket % sum * step % sum * factor);
}

static inline size_t naive_place(const struct naive_list *list, uint64_t fraction)
{
    uint32_t total = 0;
    for (size_t i = 0; i < list->count; i++)
        total += list->weight[i];
    return naive_place_at(list, (uint64_t)(((unsigned __int128)fraction * total) >> 64));
}

/* Best scores first; equals in the order they came. */
static inline void naive_sort(struct naive_list *list, double *score)
{
    for (size_t i = 1; i < list->count; i++) {
        for (size_t k = i; k > 0 && score[k] > score[k - 1]; k--) {
            double swap = score[k];
            uint16_t ordinal = list->ordinal[k];
            score[k] = score[k - 1];
            score[k - 1] = swap;
            list->ordinal[k] = list->ordinal[k - 1];
            list->ordinal[k - 1] = ordinal;
        }
    }
}

/* When a child turned out to have nothing, the others are drawn from evenly, but in no exact order. */
static inline void naive_weighted(struct naive_list *list, uint32_t ticket, uint64_t random, bool is_exact)
{
    struct naive_list rest = *list;
    uint64_t fraction = ticket * UINT64_C(0x9e3779b97f4a7c15) + (UINT64_C(1) << 31);
    for (size_t i = 0; i < list->count; i++) {
        size_t place = i == 0 && is_exact ? naive_turn(&rest, ticket) : naive_place(&rest, fraction);
        list->ordinal[i] = rest.ordinal[place];
        naive_remove(&rest, place);
        fraction = random;
        if (i > 0)
            fraction = random = (random ^ (random >> 29)) * UINT64_C(0x9e3779b97f4a7c15) + i;
    }
}

static inline uint64_t naive_mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9fb21c651e98df25);
    return hash ^ (hash >> 32);
}

static inline void naive_depends(struct reference *reference, uint8_t scope_len)
{
    reference->decision.depends_on_client = true;
    if (scope_len > reference->decision.scope_len)
        reference->decision.scope_len = scope_len;
}

static inline uint64_t naive_network(const struct client *client, uint8_t *length)
{
    struct address network = client->address;
    uint64_t words[2];
    *length = network.family == ADDRESS_V4 ? 24 : 56;
    if (client->prefix_len < *length)
        *length = client->prefix_len;
    address_mask(&network, *length);
    memcpy(words, network.bytes, sizeof words);
    return naive_mix(naive_mix(network.family, words[0]), words[1]);
}

static inline void naive_sticky(struct reference *reference, const struct node *node, struct naive_list *list)
{
    double score[CHILDREN_MOST];
    uint8_t length;
    uint64_t seed = naive_network(reference->steering->client, &length);
    naive_depends(reference, length);
    for (size_t i = 0; i < list->count; i++) {
        const struct child *child = &node->children[list->ordinal[i]];
        const char *name = child->kind == CHILD_ENDPOINT ? endpoint_more(child->endpoint)->name
                                                         : node_below(reference, child)->name;
        uint64_t hash = UINT64_C(0xcbf29ce484222325);
        for (; *name != '\0'; name++)
            hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
        hash = naive_mix(naive_mix(seed, hash), 0x5eed);
        score[i] = -(double)list->weight[i] / log(((double)(hash >> 11) + 0.5) / 9007199254740992.0);
    }
    naive_sort(list, score);
}

static inline double naive_way(const struct coordinates *a, const struct coordinates *b, int bias)
{
    const double radian = 3.14159265358979323846 / 180;
    double turn = fabs((double)a->longitude - (double)b->longitude); /* all places are on the equator */
    double way = 6371 * radian * (turn > 180 ? 360 - turn : turn);
    return bias >= 0 ? way * (1 - bias / 100.0) : way / (1 + bias / 100.0);
}

/* To the nearest endpoint below the child that is there in this view. */
static inline double naive_way_to(const struct reference *reference, const struct child *child,
                                  const struct coordinates *client, int bias)
{
    if (child->kind == CHILD_ENDPOINT)
        return endpoint_more(child->endpoint)->at.is_known
                   ? naive_way(client, &endpoint_more(child->endpoint)->at, bias)
                   : 1e9;
    const struct node *node = node_below(reference, child);
    double best = 1e9;
    for (uint16_t i = 0; i < node->child_count; i++) {
        if (!naive_has(reference, &node->children[i], reference->view))
            continue;
        double way = naive_way_to(reference, &node->children[i], client, bias);
        if (way < best)
            best = way;
    }
    return best;
}

static inline bool location_differs(const struct reference *reference, size_t point, const void *context)
{
    return naive_location(reference->forest, &reference->points[point]) != *(const uint32_t *)context;
}

static inline void naive_nearest(struct reference *reference, const struct node *node,
                                 struct naive_list *list)
{
    const struct client *client = reference->steering->client;
    uint32_t index = naive_location(reference->forest, &client->address);
    double score[CHILDREN_MOST];
    naive_depends(reference, naive_scope(reference, &client->address, location_differs, &index));
    if (index >= LOCATIONS || !forest_locations[index].at.is_known)
        return;
    for (size_t i = 0; i < list->count; i++) {
        const struct child *child = &node->children[list->ordinal[i]];
        score[i] = -naive_way_to(reference, child, &forest_locations[index].at, child->bias);
    }
    naive_sort(list, score);
}

static inline void naive_latency_order(struct reference *reference, const struct node *node,
                                       struct naive_list *list)
{
    struct naive_list known = { .count = 0 };
    double score[CHILDREN_MOST];
    for (size_t i = 0; i < list->count; i++) {
        uint32_t figure = naive_latency(reference, &node->children[list->ordinal[i]]);
        bool is_favourite =
            reference->view == VIEW_HEALTHY && reference->favourite[node->id] == list->ordinal[i];
        if (figure == 0 && !is_favourite)
            continue;
        score[known.count] = is_favourite ? 1 : -(double)figure;
        known.ordinal[known.count++] = list->ordinal[i];
    }
    if (known.count == 0) {
        naive_nearest(reference, node, list);
        return;
    }
    naive_sort(&known, score);
    *list = known;
}

static inline uint32_t naive_ticket(struct reference *reference, uint32_t (*tickets)[QTYPES],
                                    const struct node *node)
{
    uint16_t qtype = reference->steering->qtype;
    if (reference->steering->service->has_affinity) {
        uint32_t drawn = (uint32_t)((reference->client_hash ^ node->id) * UINT64_C(0xd6e8feb86659fd93) >> 32);
        return tickets == reference->gifts ? ~drawn : drawn;
    }
    return tickets[node->id][qtype == DNS_A ? 0 : qtype == DNS_AAAA ? 1 : 2]++;
}

/* Of 100 answers that would be its, a child gives as many away as it sheds. */
static inline bool naive_gives(const struct node *node, uint16_t ordinal, uint32_t ticket)
{
    uint64_t fraction = ticket * UINT64_C(0x9e3779b97f4a7c15) + ordinal * UINT64_C(0xc2b2ae3d27d4eb4f);
    return (double)(fraction >> 32) / 4294967296.0 < node->children[ordinal].shed / 100.0;
}

static inline bool naive_is_giving(const struct reference *reference, const struct node *node)
{
    bool sheds = false;
    for (uint16_t i = 0; i < node->child_count; i++)
        sheds |= node->children[i].shed > 0;
    return sheds && reference->view == VIEW_HEALTHY;
}

static inline void naive_give_away(struct reference *reference, const struct node *node,
                                   struct naive_list *list)
{
    struct naive_list kept = { .count = 0 };
    if (!naive_is_giving(reference, node) || list->count == 0)
        return;
    uint32_t ticket = naive_ticket(reference, reference->gifts, node);
    for (size_t i = 0; i < list->count; i++)
        if (!naive_gives(node, list->ordinal[i], ticket))
            kept.ordinal[kept.count++] = list->ordinal[i];
    if (kept.count > 0)
        *list = kept;
}

static inline void naive_order(struct reference *reference, const struct node *node, struct naive_list *list,
                               bool is_exact)
{
    const char *name = node->policy->name;
    uint64_t random = reference->random;
    uint32_t ticket = 0;
    reference->random = reference->random * UINT64_C(0x9e3779b97f4a7c15) + 1;
    if (node->policy->needs_ticket && list->count > 1)
        ticket = naive_ticket(reference, reference->tickets, node);
    if (strcmp(name, "round_robin") == 0) {
        struct naive_list turned = *list;
        for (size_t i = 0; i < list->count; i++)
            turned.ordinal[i] = list->ordinal[(ticket + i) % list->count];
        *list = turned;
    } else if (strcmp(name, "weighted") == 0) {
        naive_weighted(list, ticket, random, is_exact);
    } else if (strcmp(name, "sticky") == 0) {
        naive_sticky(reference, node, list);
    } else if (strcmp(name, "nearest") == 0) {
        naive_nearest(reference, node, list);
    } else if (strcmp(name, "latency") == 0) {
        naive_latency_order(reference, node, list);
    }
    naive_give_away(reference, node, list);
}
