/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config/document.h"
#include "config/problems.h"

/** Notes what is wrong with member `key` ("" for the whole) of what stands at `pointer` ("" or "/reports/3")
 * in a request's body. */
void body_complain(const struct document *body, struct problems *problems, const char *pointer,
                   const char *key, const char *what);
