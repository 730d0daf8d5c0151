/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/forest.h"

#include "answer/steer.h"
#include "dns/type.h"
#include "policy/stride.h"
#include "snapshot/service.h"

#include <math.h>

/*
 * The whole decision once more: slow, obvious, from what is declared and what is true of each endpoint.  It
 * knows no slots, no states, no lists, no plans; it recurses, filters and sorts.
 */
enum { POINTS_MOST = 4 * (PLACES + NODES * CHILDREN_MOST), QTYPES = 3 };

struct chain {
    uint16_t child[CHILDREN_MOST];
    size_t length;
};

struct reference {
    const struct forest *forest;
    struct address points[POINTS_MOST]; /* the location or a rule may change at one of them, nowhere else */
    size_t point_count;
    struct chain *chains[NODES]; /* by node id and point: what geo rules say there */
    uint16_t favourite[NODES];   /* of latency nodes */
    uint32_t tickets[NODES][QTYPES], gifts[NODES][QTYPES];
    /* of the question */
    const struct steering *steering;
    uint64_t random, client_hash;
    struct decision decision;
    enum view view;
    uint32_t cap_s;
    bool has_met_down;
};

/* ---- places ---- */

static inline uint32_t naive_location(const struct forest *forest, const struct address *at)
{
    uint32_t found = PREFIX_MAP_NONE;
    int longest = -1;
    for (int i = 0; i < PLACES; i++) {
        if (prefix_contains(&forest->places[i], at) && forest->places[i].length >= longest) {
            longest = forest->places[i].length;
            found = forest->place_location[i];
        }
    }
    return found;
}

static inline bool naive_rule_is_about(const struct forest_rule *rule, int kind,
                                       const struct location *location)
{
    struct geo_rule parsed;
    struct error err;
    char key[GEO_KEY_SIZE];
    static const struct location nowhere;
    if (!geo_rule_parse(rule->key, &parsed, &err) || (int)parsed.kind != kind)
        return false;
    return kind == GEO_DEFAULT ||
           (geo_rule_key_of(parsed.kind, location != NULL ? location : &nowhere, key) &&
            strcmp(key, parsed.key) == 0);
}

static inline void chain_append(struct chain *chain, uint16_t child)
{
    for (size_t i = 0; i < chain->length; i++)
        if (chain->child[i] == child)
            return;
    chain->child[chain->length++] = child;
}

static inline struct chain naive_chain(const struct forest *forest, uint32_t id, const struct address *at)
{
    struct chain chain = { .length = 0 };
    const struct forest_rule *rules = forest->rules[id];
    for (int length = 128; length >= 0; length--)
        for (size_t i = 0; i < forest->rule_count[id]; i++)
            if (rules[i].prefix.address.family != ADDRESS_NONE && rules[i].prefix.length == length &&
                prefix_contains(&rules[i].prefix, at))
                chain_append(&chain, rules[i].child);
    uint32_t index = naive_location(forest, at);
    const struct location *location = index < LOCATIONS ? &forest_locations[index] : NULL;
    for (int kind = GEO_ASN; kind < GEO_KINDS; kind++)
        for (size_t i = 0; i < forest->rule_count[id]; i++)
            if (rules[i].prefix.address.family == ADDRESS_NONE &&
                naive_rule_is_about(&rules[i], kind, location))
                chain_append(&chain, rules[i].child);
    return chain;
}

static inline void step_address(struct address *address, int by)
{
    for (int i = address->family == ADDRESS_V4 ? 3 : 15; i >= 0; i--) {
        address->bytes[i] = (uint8_t)(address->bytes[i] + by);
        if (address->bytes[i] != (by > 0 ? 0 : 255))
            return;
    }
}

static inline void add_points(struct reference *reference, const struct prefix *prefix)
{
    struct address first = prefix->address, last = prefix->address;
    for (int bit = prefix->length; bit < address_bits(&last); bit++)
        last.bytes[bit / 8] = (uint8_t)(last.bytes[bit / 8] | 0x80 >> bit % 8);
    struct address points[4] = { first, first, last, last };
    step_address(&points[1], -1);
    step_address(&points[3], 1);
    for (int i = 0; i < 4; i++)
        reference->points[reference->point_count++] = points[i];
}

static inline uint8_t common_bits(const struct address *a, const struct address *b)
{
    uint8_t bits = 0;
    while (bits < address_bits(a) && ((a->bytes[bits / 8] ^ b->bytes[bits / 8]) & 0x80 >> bits % 8) == 0)
        bits++;
    return bits;
}

/* The widest prefix around the client without one of the points that differ. */
static inline uint8_t naive_scope(const struct reference *reference, const struct address *client,
                                  bool (*differs)(const struct reference *, size_t point, const void *),
                                  const void *context)
{
    uint8_t scope = 0;
    for (size_t i = 0; i < reference->point_count; i++) {
        const struct address *point = &reference->points[i];
        if (point->family != client->family || !differs(reference, i, context))
            continue;
        uint8_t bits = (uint8_t)(common_bits(point, client) + 1);
        if (bits > scope)
            scope = bits;
    }
    return scope > address_bits(client) ? address_bits(client) : scope;
}

/* ---- health ---- */

static inline const struct endpoint_condition *fact_of(const struct reference *reference,
                                                       const struct endpoint *endpoint)
{
    if (endpoint->slot == SLOT_NONE)
        return NULL;
    return paged_get(&reference->forest->tree.conditions.endpoints, endpoint->slot);
}

static inline const struct node *node_below(const struct reference *reference, const struct child *child)
{
    return reference->forest->tree.nodes[child->shared];
}

static inline bool naive_has(const struct reference *reference, const struct child *child, enum view view)
{
    if (child->kind == CHILD_ENDPOINT) {
        const struct endpoint_condition *fact = fact_of(reference, child->endpoint);
        if (fact == NULL || view == VIEW_EVERYTHING)
            return true;
        return view == VIEW_UNHELD ? !fact->is_held : fact->is_available;
    }
    const struct node *node = node_below(reference, child);
    unsigned count = 0;
    for (uint16_t i = 0; i < node->child_count; i++)
        count += naive_has(reference, &node->children[i], view);
    if (view == VIEW_EVERYTHING)
        return true;
    if (view == VIEW_UNHELD)
        return count > 0;
    return node->is_percent ? count > 0 && count * 100 >= (unsigned)node->min_healthy * node->child_count
                            : count >= node->min_healthy;
}

static inline uint32_t naive_cap(const struct reference *reference, const struct child *child)
{
    uint32_t cap_s = TTL_CAP_NONE;
    if (child->kind == CHILD_ENDPOINT) {
        const struct endpoint_condition *fact = fact_of(reference, child->endpoint);
        return fact != NULL ? fact->ttl_cap_s : cap_s;
    }
    const struct node *node = node_below(reference, child);
    for (uint16_t i = 0; i < node->child_count; i++) {
        uint32_t below = naive_cap(reference, &node->children[i]);
        if (below < cap_s)
            cap_s = below;
    }
    return cap_s;
}

static inline uint32_t naive_latency(const struct reference *reference, const struct child *child)
{
    uint32_t best = 0;
    if (child->kind == CHILD_ENDPOINT) {
        const struct endpoint_condition *fact = fact_of(reference, child->endpoint);
        return fact != NULL ? fact->latency_us : 0;
    }
    const struct node *node = node_below(reference, child);
    for (uint16_t i = 0; i < node->child_count; i++) {
        uint32_t below = naive_latency(reference, &node->children[i]);
        if (naive_has(reference, &node->children[i], VIEW_HEALTHY) && below != 0 &&
            (best == 0 || below < best))
            best = below;
    }
    return best;
}

static inline uint32_t naive_weight(const struct reference *reference, const struct child *child)
{
    const struct endpoint_condition *fact =
        child->kind == CHILD_ENDPOINT ? fact_of(reference, child->endpoint) : NULL;
    return fact != NULL ? fact->weight : child->weight;
}

/* After each change: the favourite stays unless it lost its figure or another beats it by the margin. */
static inline void reference_settle(struct reference *reference)
{
    for (uint32_t id = 0; id < NODES; id++) {
        const struct node *node = reference->forest->tree.nodes[id];
        uint32_t figure[CHILDREN_MOST], margin;
        uint16_t best = UINT16_MAX, before = reference->favourite[id];
        for (uint16_t i = 0; i < node->child_count; i++) {
            bool has = naive_has(reference, &node->children[i], VIEW_HEALTHY);
            figure[i] = has ? naive_latency(reference, &node->children[i]) : 0;
            if (figure[i] != 0 && (best == UINT16_MAX || figure[i] < figure[best]))
                best = i;
        }
        if (best != UINT16_MAX && before != UINT16_MAX && figure[before] != 0) {
            margin = figure[before] / 10 > 1000 ? figure[before] / 10 : 1000;
            if (figure[best] + margin >= figure[before])
                best = before;
        }
        reference->favourite[id] = best;
    }
}

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
        const char *name =
            child->kind == CHILD_ENDPOINT ? child->endpoint->name : node_below(reference, child)->name;
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
        return child->endpoint->at.is_known ? naive_way(client, &child->endpoint->at, bias) : 1e9;
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
    if (node->policy->needs_ticket)
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

/* ---- the walk ---- */

static inline bool naive_family(const struct reference *reference, const struct endpoint *endpoint)
{
    uint16_t qtype = reference->steering->service->is_cname ? DNS_CNAME : reference->steering->qtype;
    if (qtype == DNS_A)
        return (endpoint->families & FAMILY_V4) != 0;
    return qtype != DNS_AAAA || (endpoint->families & FAMILY_V6) != 0;
}

static inline void naive_give(struct reference *reference, const struct endpoint *endpoint)
{
    uint16_t qtype = reference->steering->qtype;
    uint8_t wanted = qtype == DNS_A ? FAMILY_V4 : qtype == DNS_AAAA ? FAMILY_V6 : FAMILY_V4 | FAMILY_V6;
    if (endpoint->hostname != NULL || (endpoint->families & wanted) != 0)
        reference->decision.endpoints[reference->decision.count++] = endpoint;
}

/* Who is there, of this family or of any; a weight of 0 counts only when there is no other. */
static inline struct naive_list naive_candidates(const struct reference *reference, const struct node *node,
                                                 bool by_family, const bool *is_excluded)
{
    struct naive_list list = { .count = 0 };
    bool has_weight = false;
    for (uint16_t i = 0; i < node->child_count; i++) {
        const struct child *child = &node->children[i];
        if (is_excluded[i] || !naive_has(reference, child, reference->view) ||
            (by_family && !naive_family(reference, child->endpoint)))
            continue;
        uint32_t weight = node->policy->is_weighted ? naive_weight(reference, child) : 1;
        has_weight |= weight > 0;
        list.ordinal[list.count] = i;
        list.weight[list.count++] = weight;
    }
    for (size_t i = list.count; i-- > 0;) {
        if (list.weight[i] == 0 && has_weight)
            naive_remove(&list, i);
        else if (list.weight[i] == 0)
            list.weight[i] = 1;
    }
    return list;
}

static inline bool naive_walk(struct reference *reference, const struct child *child);

static inline bool naive_pool(struct reference *reference, const struct node *node)
{
    static const bool nobody[CHILDREN_MOST];
    struct naive_list list = naive_candidates(reference, node, true, nobody);
    if (naive_candidates(reference, node, false, nobody).count == 0) {
        reference->has_met_down = true;
        return false;
    }
    if (list.count == 0)
        return true; /* it stands, but has nothing of the family */
    if (reference->steering->service->has_affinity) {
        struct naive_list all = naive_candidates(reference, node, false, nobody);
        naive_order(reference, node, &all, true);
        for (size_t i = 0; i < all.count && i < node->answers; i++)
            naive_give(reference, node->children[all.ordinal[i]].endpoint);
        uint16_t qtype = reference->steering->qtype;
        bool is_any = reference->steering->service->is_cname || (qtype != DNS_A && qtype != DNS_AAAA);
        if (reference->decision.count > 0 || is_any)
            return true;
    }
    naive_order(reference, node, &list, true);
    for (size_t i = 0; i < list.count && i < node->answers; i++)
        naive_give(reference, node->children[list.ordinal[i]].endpoint);
    return true;
}

struct chain_level {
    const struct reference *reference;
    const struct chain *chain, *of_points;
    size_t level;
};

static inline bool chain_differs(const struct reference *reference, size_t point, const void *context)
{
    const struct chain_level *level = context;
    const struct chain *other = &level->of_points[point];
    (void)reference;
    size_t mine = level->chain->length < level->level + 1 ? level->chain->length : level->level + 1;
    size_t its = other->length < level->level + 1 ? other->length : level->level + 1;
    return mine != its || memcmp(level->chain->child, other->child, mine * sizeof *other->child) != 0;
}

/* The first level from `level` on whose child is there. */
static inline size_t naive_level(struct reference *reference, const struct node *node,
                                 const struct chain *chain, const bool *is_excluded, size_t level)
{
    while (level < chain->length &&
           (is_excluded[chain->child[level]] ||
            !naive_has(reference, &node->children[chain->child[level]], reference->view))) {
        reference->has_met_down |= !is_excluded[chain->child[level]];
        level++;
    }
    return level;
}

static inline void naive_geo_scope(struct reference *reference, const struct node *node,
                                   const struct chain *chain, size_t level)
{
    struct chain_level at = { reference, chain, reference->chains[node->id], level };
    if (level == chain->length && level > 0) {
        /* the end of a chain is seen one level further, if any address has one there */
        at.level = level - 1;
        for (size_t i = 0; i < reference->point_count; i++)
            if (at.of_points[i].length > level)
                at.level = level;
    }
    naive_depends(reference,
                  naive_scope(reference, &reference->steering->client->address, chain_differs, &at));
}

static inline bool naive_geo(struct reference *reference, const struct node *node)
{
    struct chain chain = naive_chain(reference->forest, node->id, &reference->steering->client->address);
    bool is_excluded[CHILDREN_MOST] = { false };
    for (;;) {
        size_t level = naive_level(reference, node, &chain, is_excluded, 0);
        reference->random = reference->random * UINT64_C(0x9e3779b97f4a7c15) + 1;
        naive_geo_scope(reference, node, &chain, level);
        if (level == chain.length)
            return false;
        uint32_t ticket =
            naive_is_giving(reference, node) ? naive_ticket(reference, reference->gifts, node) : 0;
        if (naive_is_giving(reference, node) && naive_gives(node, chain.child[level], ticket)) {
            bool has_met_down = reference->has_met_down;
            size_t next = naive_level(reference, node, &chain, is_excluded, level + 1);
            reference->has_met_down = has_met_down;
            if (next < chain.length) {
                level = next;
                naive_geo_scope(reference, node, &chain, level);
            }
        }
        if (naive_walk(reference, &node->children[chain.child[level]]))
            return true;
        is_excluded[chain.child[level]] = true;
    }
}

static inline bool naive_walk(struct reference *reference, const struct child *child)
{
    if (child->kind == CHILD_ENDPOINT) {
        naive_give(reference, child->endpoint);
        return true;
    }
    const struct node *node = node_below(reference, child);
    bool is_excluded[CHILDREN_MOST] = { false };
    if (!naive_has(reference, child, reference->view)) {
        reference->has_met_down = true;
        return false;
    }
    if (!node->policy->is_by_rule) {
        uint32_t cap_s = naive_cap(reference, child);
        reference->cap_s = cap_s < reference->cap_s ? cap_s : reference->cap_s;
    }
    if (node->is_over_endpoints)
        return naive_pool(reference, node);
    if (node->policy->is_by_rule)
        return naive_geo(reference, node);
    for (uint16_t tries = 0; tries <= node->child_count; tries++) {
        struct naive_list list = naive_candidates(reference, node, false, is_excluded);
        if (list.count == 0) {
            reference->has_met_down |= tries < node->child_count;
            return false;
        }
        naive_order(reference, node, &list, tries == 0);
        if (naive_walk(reference, &node->children[list.ordinal[0]]))
            return true;
        is_excluded[list.ordinal[0]] = true;
    }
    return false;
}

static inline bool naive_try(struct reference *reference, const struct child *root, int view)
{
    for (; view < VIEW_COUNT; view++) {
        reference->view = reference->decision.view = (enum view)view;
        reference->decision.count = 0;
        if (naive_walk(reference, root))
            return true;
    }
    return false;
}

static inline struct decision reference_decide(struct reference *reference, const struct steering *steering)
{
    const struct service *service = steering->service;
    struct decision *decision = &reference->decision;
    reference->steering = steering;
    reference->random = steering->random;
    reference->cap_s = TTL_CAP_NONE;
    reference->has_met_down = false;
    *decision = (struct decision){ .outcome = STEER_NODATA };
    if (service->has_affinity) {
        uint8_t length;
        reference->client_hash = reference->random = naive_network(steering->client, &length);
        naive_depends(reference, length);
    }
    reference->view = VIEW_HEALTHY;
    bool is_found = naive_walk(reference, &service->root);
    if (!is_found && reference->has_met_down) {
        decision->is_all_down = true;
        if (service->when_all_down == ALL_DOWN_SERVFAIL)
            decision->outcome = STEER_SERVFAIL;
        else if (service->when_all_down == ALL_DOWN_SERVE_ALL)
            is_found = naive_try(reference, &service->root, VIEW_UNHELD);
        else if (service->when_all_down == ALL_DOWN_TARGET)
            is_found = naive_try(reference, &service->sorry, VIEW_HEALTHY);
    }
    if (!is_found)
        decision->count = 0;
    if (decision->count > 0)
        decision->outcome = STEER_ENDPOINTS;
    decision->ttl_s = service->ttl_s;
    if (reference->cap_s < service->ttl_s)
        decision->ttl_s = reference->cap_s > service->min_ttl_s ? reference->cap_s : service->min_ttl_s;
    return *decision;
}

static inline void reference_open(struct reference *reference, const struct forest *forest)
{
    *reference = (struct reference){ .forest = forest };
    for (int i = 0; i < PLACES; i++)
        add_points(reference, &forest->places[i]);
    for (uint32_t id = 0; id < NODES; id++)
        for (size_t i = 0; i < forest->rule_count[id]; i++)
            if (forest->rules[id][i].prefix.address.family != ADDRESS_NONE)
                add_points(reference, &forest->rules[id][i].prefix);
    for (uint32_t id = 0; id < NODES; id++) {
        reference->favourite[id] = UINT16_MAX;
        if (forest->rule_count[id] == 0)
            continue;
        reference->chains[id] = xcalloc(reference->point_count, sizeof *reference->chains[id]);
        for (size_t i = 0; i < reference->point_count; i++)
            reference->chains[id][i] = naive_chain(forest, id, &reference->points[i]);
    }
    reference_settle(reference);
}

static inline void reference_close(struct reference *reference)
{
    for (uint32_t id = 0; id < NODES; id++)
        free(reference->chains[id]);
}
