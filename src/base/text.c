/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"

#include "base/memory.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void text_reserve(struct text *text, size_t more)
{
    size_t need = text->size + more + 1;
    if (need <= text->room)
        return;
    size_t room = text->room ? text->room : 64;
    while (room < need)
        room *= 2;
    text->bytes = xrealloc(text->bytes, room, 1);
    text->room = room;
}

void text_add(struct text *text, const char *bytes, size_t size)
{
    text_reserve(text, size);
    if (size > 0)
        memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    text->bytes[text->size] = '\0';
}

void text_puts(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_put_number(struct text *text, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    text_add(text, digits + at, sizeof digits - at);
}

void text_printf(struct text *text, const char *format, ...)
{
    va_list args;
    text_reserve(text, 0);
    size_t room = text->room - text->size;
    va_start(args, format);
    int size = vsnprintf(text->bytes + text->size, room, format, args);
    va_end(args);
    if (size < 0)
        return;
    if ((size_t)size >= room) {
        text_reserve(text, (size_t)size);
        va_start(args, format);
        vsnprintf(text->bytes + text->size, (size_t)size + 1, format, args);
        va_end(args);
    }
    text->size += (size_t)size;
}

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte != '"' && byte != '\\';
}

static void put_json_escape(struct text *text, unsigned char byte)
{
    switch (byte) {
    case '"': text_add(text, "\\\"", 2); return;
    case '\\': text_add(text, "\\\\", 2); return;
    case '\n': text_add(text, "\\n", 2); return;
    case '\r': text_add(text, "\\r", 2); return;
    case '\t': text_add(text, "\\t", 2); return;
    default: text_printf(text, "\\u%04x", byte);
    }
}

void text_put_json(struct text *text, const char *string)
{
    const char *at = string, *run = at; /* of what stands as it is */
    text_add(text, "\"", 1);
    for (; *at != '\0'; at++) {
        if (is_plain((unsigned char)*at))
            continue;
        text_add(text, run, (size_t)(at - run));
        put_json_escape(text, (unsigned char)*at);
        run = at + 1;
    }
    text_add(text, run, (size_t)(at - run));
    text_add(text, "\"", 1);
}

void text_put_visible(struct text *text, const char *string)
{
    const unsigned char *at = (const unsigned char *)string, *run = at;
    for (; *at != '\0'; at++) {
        bool is_c1 = at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f; /* in UTF-8 */
        if (!is_c1 && at[0] >= 0x20 && at[0] != 0x7f)
            continue;
        text_add(text, (const char *)run, (size_t)(at - run));
        text_printf(text, "\\u%04x", is_c1 ? at[1] : at[0]);
        at += is_c1;
        run = at + 1;
    }
    text_add(text, (const char *)run, (size_t)(at - run));
}

char *text_take(struct text *text)
{
    char *bytes = text->bytes != NULL ? text->bytes : xstrdup("");
    *text = (struct text){ 0 };
    return bytes;
}

void text_free(struct text *text)
{
    free(text->bytes);
    *text = (struct text){ 0 };
}
