/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/build.h"

/** Lists the endpoints of the pool whose node is `out->after`, with what is to be measured of each. */
void bindings_of_pool(struct build *build, const struct declared_pool *pool, struct compiled_node *out);

/** Notes pools that did not change themselves, but a check they use did. */
void bindings_of_changed_checks(struct build *build);
