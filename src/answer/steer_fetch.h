/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/answer.h"

/*
 * What the decision of a service reads is spread over memory, and of a hundred thousand services nothing is
 * in the caches.  So while others are on their way, it is fetched in steps, each of which finds its way
 * through what the one before has brought.
 *
 *     0  the service's block: itself, its private nodes, children and endpoints
 *     1  of the root: its ticket, its state, the index of its table of places; what counts the service
 *     2  the table of places itself
 */
#define STEER_FETCHES 3

/** `address` is the client's.  Reads nothing that was not there to be read anyway; decides nothing. */
void steer_fetch(const struct answerer *answerer, const struct snapshot *now, const struct service *service,
                 const struct address *address, uint16_t qtype, unsigned fetch);
