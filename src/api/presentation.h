/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdint.h>

/** One record's data in presentation format, names absolute; what is not known or broken in the form of
 * RFC 3597.  The caller frees it. */
char *presentation_of(uint16_t type, const uint8_t *rdata, uint16_t size);
