/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "snapshot/dataset.h"
#include "snapshot/service.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Who hangs on which node: the services whose availability is read from it, by its slot.  Looked up anew at
 * the first question after they have changed, which costs a walk over all of them; a change of weights,
 * endpoints or checks is none.
 *
 *     starts [ 0 | 3 | 3 | 5 | … ]  by slot  ->  services [ a b c | | d e | … ]
 */
struct service_uses;

struct service_uses *service_uses_new(void);
void service_uses_free(struct service_uses *uses);

/** `after` follows on `before` (NULL: nothing was there), which is still there. */
void service_uses_take(struct service_uses *uses, const struct dataset *before, const struct dataset *after);

/** The services that hang on the node with this slot; one may stand there twice, then next to itself.  They
 * are the uses', until the next call of take. */
const struct service *const *service_uses_of(struct service_uses *uses, const struct dataset *dataset,
                                             uint32_t slot, size_t *count);
