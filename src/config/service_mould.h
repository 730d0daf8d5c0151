/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/model.h"
#include "config/packed.h"

/*
 * Services written alike, parsed once.  What texts of one form have in common is parsed and checked with the
 * first of them, which becomes the mould of the form; of the next ones only the values are read that may
 * differ, addresses and names of targets, and put in their places.  A text with anything else of its own, or
 * with a value that is not right, is parsed: then it is the mould, or the parser says what is wrong and
 * where.
 */
struct service_moulds;

struct service_moulds *service_moulds_new(void);
void service_moulds_free(struct service_moulds *moulds);

/**
 * What declared_service_parse makes of `object`, whose text is also `packed` or, with NULL, has a form of its
 * own.  `is_named` says that the object's name is a good one; otherwise it is parsed.  NULL with problems
 * noted. It belongs to the moulds and is good until the next call; the caller may change its TTLs.
 */
struct declared_service *service_moulds_take(struct service_moulds *moulds, const struct object *object,
                                             const struct packed *packed, bool is_named,
                                             struct problems *problems);
