/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/address.h"
#include "dns/name.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The policy tree, compiled: immutable, part of the dataset.
 *
 *     service ──▶ node ──▶ child ──▶ endpoint                         a pool or an inline node
 *                          child ──▶ node                             private to the service
 *                          child ──▶ id in dataset.nodes ──▶ node     a pool or policy with a name, shared
 */
struct policy; /* policy/policy.h */

#define SLOT_NONE UINT32_MAX

/* Degrees, and whether they are known. */
struct coordinates {
    float latitude, longitude;
    bool is_known;
};

enum { FAMILY_V4 = 1, FAMILY_V6 = 2 }; /* bits of endpoint.families */

/* What few endpoints have, apart from those that do not: a hundred thousand services of inline addresses
 * shall fit in little memory. */
struct endpoint_more {
    uint8_t ipv6[16];
    struct coordinates at;
    uint32_t capacity;       /* in the unit of weights; 0: not stated */
    const char *name;        /* "us-east-1"; NULL: inline, its address is its name */
    const uint8_t *hostname; /* wire form, or NULL */
};
extern const struct endpoint_more endpoint_plain; /* of those with an IPv4 address alone */

/* Five of them fit into a cache line. */
struct endpoint {
    uint32_t slot;   /* in conditions.endpoints; SLOT_NONE: inline, nobody checks or overrides it */
    uint16_t weight; /* declared */
    uint8_t families;
    bool is_whole; /* it is that of a struct whole_endpoint */
    union {
        uint8_t ipv4[4];
        uint32_t name_id; /* of a hostname: in conditions.names; 0: it is not resolved */
    };
};

struct whole_endpoint {
    struct endpoint endpoint;
    struct endpoint_more more;
};

/** What it has beside an IPv4 address; never NULL. */
static inline const struct endpoint_more *endpoint_more(const struct endpoint *endpoint)
{
    return endpoint->is_whole ? &((const struct whole_endpoint *)(const void *)endpoint)->more
                              : &endpoint_plain;
}

#define ENDPOINT_NAME_SIZE DNS_NAME_TEXT_SIZE
/** "us-east-1", or the address or hostname of an inline one, written to `room` if need be. */
const char *endpoint_name(const struct endpoint *endpoint, char room[ENDPOINT_NAME_SIZE]);

/** True if its hostname is all that it has; beside addresses that is only its name for MX and SRV. */
static inline bool endpoint_is_name(const struct endpoint *endpoint)
{
    return endpoint->families == 0 && endpoint_more(endpoint)->hostname != NULL;
}

enum child_kind { CHILD_ENDPOINT, CHILD_NODE, CHILD_SHARED };

struct child {
    uint32_t weight; /* declared; of an endpoint of a pool the endpoint's */
    int8_t bias;     /* −99…+99, `nearest` */
    uint8_t kind;
    uint8_t shed; /* percent of its share that goes to its siblings */
    union {
        const struct endpoint *endpoint;
        const struct node *node;
        uint32_t shared; /* index in dataset.nodes */
    };
};

struct node {
    const struct policy *policy;
    const void *plan;                /* what the policy compiled: geo's tables; NULL for most */
    const struct node_state *steady; /* its state for ever, where slot is SLOT_NONE */
    uint32_t id;   /* identity for tickets: unique among shared nodes, and within a service */
    uint32_t slot; /* in conditions.nodes, stable across datasets; SLOT_NONE: nothing below can change */
    uint16_t child_count; /* >= 1 */
    uint16_t answers;     /* endpoints in one answer, >= 1 */
    uint16_t min_healthy; /* children or, with is_percent, percent of them; >= 1 */
    uint32_t capacity;    /* of a pool, in the unit of weights; 0: that of its endpoints */
    bool is_percent;
    bool is_over_endpoints; /* all children are endpoints and the policy does not choose by rule: family
                               applies */
    const char
        *name; /* "us", "anywhere", or the place in its service: "www.example.com/policy/geo/default" */
    const char *const *rules; /* keys as written, by child, where the policy chooses by rule; else NULL */
    struct child children[];
};

/** The key of a child's rule, or NULL. */
static inline const char *node_rule(const struct node *node, uint16_t ordinal)
{
    return node->rules != NULL ? node->rules[ordinal] : NULL;
}

#define NODE_CHILDREN_MAX \
    256 /* of a node that is neither over endpoints only nor by rule: a query looks at each child */
#define NODE_DEPTH_MAX 16 /* nesting beyond is refused by the compiler */
