/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "api/router.h"

/**
 * The OpenAPI 3.1 document of these routes, to be freed: paths from the rows, parameters from parameter.c,
 * bodies from forms.c and from config's tables.  What a row names and nobody describes ends the process:
 * tests see every row.
 */
char *openapi_print(const struct route *rows, size_t count);
