/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Frames to whoever listens on a unix socket (Frame Streams, by libfstrm).  Connects by itself, and again
 * when the reader was gone; a reader that takes nothing for a second is gone.  One thread.
 */
struct tap;

/** `path` is borrowed. */
struct tap *tap_new(const char *path);
void tap_free(struct tap *tap); /* tells the reader that this was all */

/** False: there is no reader. */
bool tap_write(struct tap *tap, const uint8_t *frame, size_t size);
