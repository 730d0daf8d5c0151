/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sticky: weighted rendezvous hashing of the client's network.  Every candidate gets the score −w / ln(u), u
 * being a hash in (0, 1) of (client prefix, candidate's name); the highest wins.  A candidate that leaves or
 * changes its weight moves only the clients it must.
 */
#include "base/hash.h"
#include "policy/policy.h"

#include <math.h>
#include <string.h>

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9fb21c651e98df25);
    return hash ^ (hash >> 32);
}

/* By what a child is known from one version of the configuration to the next: its name, or where it leads. */
static uint64_t hash_child(const struct candidates *from, uint16_t ordinal)
{
    uint64_t hash = HASH_START;
    const struct child *child = &from->node->children[ordinal];
    if (child->kind != CHILD_ENDPOINT) {
        const char *name = dataset_node(from->dataset, child)->name;
        return hash_bytes(hash, name, strlen(name));
    }
    const struct endpoint_more *more = endpoint_more(child->endpoint);
    if (more->name != NULL)
        return hash_bytes(hash, more->name, strlen(more->name));
    if (more->hostname != NULL)
        return hash_bytes(hash, more->hostname, dns_name_wire_size(more->hostname));
    hash = hash_bytes(hash, child->endpoint->ipv4, sizeof child->endpoint->ipv4);
    return hash_bytes(hash, more->ipv6, sizeof more->ipv6);
}

static double score_of(const struct candidates *from, uint16_t place, uint64_t client_hash)
{
    const struct candidate_list *list = from->list;
    uint32_t weight = list->cumulative[place] - (place > 0 ? list->cumulative[place - 1] : 0);
    uint64_t hash = mix(mix(client_hash, hash_child(from, list->index[place])), 0x5eed);
    double u = ((double)(hash >> 11) + 0.5) / 9007199254740992.0; /* 2^53: strictly between 0 and 1 */
    return -(double)weight / log(u);
}

static void sticky_choose(const struct candidates *from, const struct client *client, const struct draw *draw,
                          uint16_t most, struct choice *out)
{
    (void)draw;
    uint8_t length;
    uint64_t client_hash = client_network_hash(client, &length);
    double scores[CHOICE_MAX];
    for (uint16_t place = 0; place < from->list->count; place++) {
        double score = score_of(from, place, client_hash);
        uint16_t at = out->count;
        while (at > 0 && scores[at - 1] < score)
            at--;
        if (at >= most || at >= CHOICE_MAX)
            continue;
        if (out->count < most && out->count < CHOICE_MAX)
            out->count++;
        for (uint16_t i = (uint16_t)(out->count - 1); i > at; i--) {
            scores[i] = scores[i - 1];
            out->index[i] = out->index[i - 1];
        }
        scores[at] = score;
        out->index[at] = from->list->index[place];
    }
    out->depends_on_client = true;
    out->scope_len = length;
    out->reason = "the hash of the client's network";
}

const struct policy policy_sticky = {
    .name = "sticky",
    .is_weighted = true,
    .answers = 1,
    .choose = sticky_choose,
};
