/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "control/chronicle.h"
#include "snapshot/snapshot.h"

/* Puts into words what has changed in the world, for the chronicle. */
struct transitions;

struct transitions *transitions_new(struct chronicle *chronicle);
void transitions_free(struct transitions *transitions);

/** There is another dataset; the one before it, or NULL, is still there. */
void transitions_take(struct transitions *transitions, const struct dataset *before,
                      const struct dataset *after);

/** The verdict on "pool/endpoint" is another one; `before` NULL: the endpoint is new, which is no event. */
void transitions_endpoint(struct transitions *transitions, const char *key,
                          const struct endpoint_condition *before, const struct endpoint_condition *after);

/** The verdict of one of several checks is another one. */
void transitions_check(struct transitions *transitions, const char *key, uint8_t before, uint8_t after,
                       const struct evidence *evidence);

/** A pool, a policy or a node below a service is available now, or not any more. */
void transitions_node(struct transitions *transitions, const struct dataset *dataset, const struct node *node,
                      const struct node_state *state);

/** Tells what the nodes that turned mean for the services above them. */
void transitions_services(struct transitions *transitions, const struct dataset *dataset,
                          const struct conditions *conditions);

/** When the last answer of the services that hang on one of these nodes expires in caches, by the TTLs that
 * they have and had; `now_ms` (wall time) if none does. */
int64_t transitions_cached_until_ms(struct transitions *transitions, const struct dataset *dataset,
                                    const uint32_t *slots, size_t count, int64_t now_ms);
