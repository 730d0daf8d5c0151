/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/base64.h"

#include <string.h>

static int value_of(char c)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(alphabet, c) : NULL;
    return at != NULL ? (int)(at - alphabet) : -1;
}

bool base64_decode(const char *text, uint8_t *out, size_t room, size_t *size)
{
    size_t length = strlen(text), written = 0;
    if (length % 4 != 0)
        return false;
    for (size_t at = 0; at < length; at += 4) {
        bool is_last = at + 4 == length;
        size_t padding = !is_last || text[at + 3] != '=' ? 0 : text[at + 2] != '=' ? 1 : 2;
        uint32_t bits = 0;
        for (size_t i = 0; i < 4; i++) {
            int value = i < 4 - padding ? value_of(text[at + i]) : 0;
            if (value < 0)
                return false;
            bits = bits << 6 | (uint32_t)value;
        }
        if ((bits & ((UINT32_C(1) << (8 * padding)) - 1)) != 0 || written + 3 - padding > room)
            return false; /* bits that no byte has */
        for (size_t i = 0; i < 3 - padding; i++)
            out[written++] = (uint8_t)(bits >> (16 - 8 * i));
    }
    *size = written;
    return true;
}
