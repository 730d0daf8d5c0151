/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Texts in little room.  A hundred thousand services are written alike but for their addresses, so what texts
 * have in common is kept once: their form, which is the text with a mark in place of each plain value.
 *
 *     text    { "ttl": 60, "policy": { "geo": { "continent:NA": { "ipv4": "10.16.0.0" }, …
 *     form    { "ttl": ·, "policy": { "geo": { "continent:NA": { "ipv4": "·" }, …
 *     values  2 "60", address 10 16 0 0, …
 *
 * Every text comes back as it was, byte by byte.  One thread.
 */
struct forms;
struct form;

struct packed {
    struct form *form;
    unsigned char values[]; /* each behind its size; an IPv4 address in its one spelling as four bytes */
};

/* A text about to be packed. */
struct packing {
    struct form *form;
    size_t size; /* of the struct packed */
};

struct forms *forms_new(void);
void forms_free(struct forms *forms); /* when no text is packed any more */

/** Packs a text if others of its form were seen before: packing_write makes the struct, before the next text
 * is packed.  False: it had better stay as it is. */
bool forms_pack(struct forms *forms, const char *text, size_t size, struct packing *out);
void packing_write(const struct forms *forms, const struct packing *packing, struct packed *out);
/** The struct goes; its room is the caller's. */
void packed_drop(struct packed *packed);

#define PACKED_VALUE_SIZE 256 /* of any value's text, with a NUL */

/* A value of a packed text: a string without its quotes, or the digits of a number. */
struct packed_value {
    const unsigned char *at; /* packed */
    size_t number;           /* the first is 0 */
    size_t left;             /* so many follow */
};
/** Walks the values in their order.  False: there is none (any more). */
bool packed_first(const struct packed *packed, struct packed_value *out);
bool packed_next(struct packed_value *value);
bool packed_value_is_same(const struct packed_value *a, const struct packed_value *b);
/** Its text, with a NUL behind; returns the size. */
size_t packed_value_text(const struct packed_value *value, char out[PACKED_VALUE_SIZE]);
/** The four bytes of an IPv4 address; NULL: it is none, or not in its one spelling. */
const uint8_t *packed_value_ipv4(const struct packed_value *value);

/** Writes the text, whose size the caller knows. */
void packed_unpack(const struct packed *packed, char *out);
