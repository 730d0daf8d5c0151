/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "health/checker.h"

/* What somebody says of one endpoint. */
struct pushed_report {
    char *endpoint; /* "pool/endpoint"; owned */
    struct check_report said;
};

#define PUSHED_REPORTS_MOST 10000 /* in one batch */
