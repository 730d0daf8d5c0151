/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "snapshot/zone_stage.h"

/** Writes the images of the RRsets that a staged name will have, as they stand in front of its node, and
 * returns their size; 0: there are none.  With `out` NULL says the size only. */
size_t zone_images_write(const struct stage *stage, const struct stage_name *at, uint8_t *out);
