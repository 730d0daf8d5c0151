/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "api/api.h"

/* What the counters said a while ago, for rates: one for all who ask. */
struct traffic;

struct traffic *traffic_new(void);
void traffic_free(struct traffic *traffic);
