/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/compose.h"

/**
 * Decides about a plain query of a name with a service, as far as it can be seen at a glance.  True if the
 * answer is one address, as most are: `way` has led to it.  Else `begun` says how far it has led.
 */
bool single_decide(const struct snapshot *now, const struct asked *asked, const struct service *service,
                   const struct message *message, struct straight *way, struct begun *begun);

/** Writes the reply with that address, and counts it; returns its size. */
size_t single_reply(struct answerer *answerer, const struct asked *asked, const struct message *message,
                    const struct straight *way);
