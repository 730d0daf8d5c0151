/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "api/api.h"
#include "base/text.h"
#include "snapshot/snapshot.h"

/** Writes how many answers each endpoint of a pool led, and what share of its pool it should have and has. */
void metrics_write_shares(struct text *out, const struct snapshot *now,
                          const struct api_data_plane *data_plane);
