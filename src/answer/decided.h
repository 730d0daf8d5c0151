/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "answer/ready.h"

/*
 * Whole replies of names with a service, where it gives more than plain addresses (those are
 * ready_steered's): aliases, addresses of hostnames, HTTPS and SVCB, nothing at all, or anything while all is
 * down; and of the types that it leaves to static records.
 */

/** Writes the reply to a plain query, without cookie and EDE, and returns its size; 0: it is to be drafted or
 * assembled.  Should the service answer with aliases, the labels of the qname are known. */
size_t decided_answer(struct ready *ready, const struct service *service, struct ready_room room);

/** Appends to a reply of `size` bytes why it is what it is, if there is anything to say about the service.
 * Returns the new size. */
size_t decided_add_error(const struct ready *ready, uint8_t *out, size_t size);
