/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PACKET_ROOM 1024

/* Header words of a query with RD, by the counts of its sections. */
#define HEADER(qd, an, ns, ar) "1234 0100 00" qd " 00" an " 00" ns " 00" ar " "
#define WWW_EXAMPLE            "03777777 076578616d706c65 00 " /* www.example. */
#define A_IN                   "0001 0001 "

/*
 * Bytes from text: pairs of hexadecimal digits, with spaces between them as one likes.  The result is a block
 * of exactly that size, so that the sanitizer sees each byte read behind it.
 */
static inline uint8_t *packet_of(const char *hex, size_t *size)
{
    uint8_t bytes[PACKET_ROOM];
    *size = 0;
    for (; *hex != '\0'; hex++) {
        if (*hex == ' ')
            continue;
        const char digits[] = { hex[0], hex[1], '\0' };
        bytes[(*size)++] = (uint8_t)strtoul(digits, NULL, 16);
        hex++;
    }
    uint8_t *copy = malloc(*size > 0 ? *size : 1);
    memcpy(copy, bytes, *size);
    return copy;
}
