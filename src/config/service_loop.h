/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/build.h"

/** An error if an endpoint that the service, just written, reaches is the service's own name: to answer it we
 * would have to ask ourselves. */
void service_check_loops(struct build *build, const struct item *item, const struct dns_name *owner);

/** Services whose name is a hostname of this pool are compiled again, so that they are checked. */
void service_restage_named(struct build *build, const struct declared_pool *pool);
