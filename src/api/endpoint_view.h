/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "api/writer.h"
#include "control/control.h"
#include "snapshot/snapshot.h"

#define ENDPOINT_WHY_SIZE 640

/* What is in force for an endpoint, in words. */
struct endpoint_state {
    bool is_available;
    uint32_t weight;
    const char *word;            /* "up", "down", "drain", "hold" */
    char why[ENDPOINT_WHY_SIZE]; /* one sentence */
};

/** `condition` NULL: nobody checks, weighs or overrides it. */
void endpoint_state_of(const struct endpoint *endpoint, const struct endpoint_condition *condition,
                       struct endpoint_state *out);

/** "unknown", "up", "down", "unchecked". */
const char *endpoint_verdict_name(uint8_t verdict);

/**
 * Writes the members of an endpoint's resource into the innermost object: pool, name, what is declared
 * (`declared`, JSON, `size` bytes), effective, health, override.  `endpoint` NULL: the snapshot does not know
 * it yet.  `control` tells how long its checks take; NULL: nobody checks.
 */
void endpoint_view_write(struct writer *json, const char *pool, const char *name, const char *declared,
                         size_t size, const struct snapshot *now, const struct endpoint *endpoint,
                         const struct control *control);

/** Writes `override` as an object, or null. */
void endpoint_view_override(struct writer *json, const char *key, const struct override *override);
