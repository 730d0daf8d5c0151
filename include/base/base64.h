/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Decodes base64 with its padding and without blanks (RFC 4648 §4).  False if it is not that, or longer than
 * `room` bytes. */
bool base64_decode(const char *text, uint8_t *out, size_t room, size_t *size);
