/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* A growing NUL-terminated string.  Zero-initialised is empty.  One owner, one thread. */
struct text {
    char *bytes; /* NULL while empty */
    size_t size; /* without the NUL */
    size_t room;
};

void text_add(struct text *text, const char *bytes, size_t size);
void text_puts(struct text *text, const char *string);
/** In decimal; for what is too frequent for text_printf. */
void text_put_number(struct text *text, uint64_t number);
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Appends `string` as a JSON string with its quotes (RFC 8259 §7). */
void text_put_json(struct text *text, const char *string);

/** Appends `string` with its control characters as \u000a: it can neither begin a line nor command a
 * terminal. */
void text_put_visible(struct text *text, const char *string);

/** Hands the string to the caller, who frees it ("" when nothing was added), and empties `text`. */
char *text_take(struct text *text);
void text_free(struct text *text);
