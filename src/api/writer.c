/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/writer.h"

#include "base/clock.h"
#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Length of the well-formed UTF-8 sequence at `at` (Unicode table 3-7), 0 if there is none. */
static size_t sequence_size(const unsigned char *at)
{
    if (at[0] < 0x80)
        return 1;
    size_t size = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    if (at[0] < 0xc2 || at[0] > 0xf4)
        return 0;
    unsigned char low = at[0] == 0xe0 ? 0xa0 : at[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char high = at[0] == 0xed ? 0x9f : at[0] == 0xf4 ? 0x8f : 0xbf;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    return size;
}

static bool is_well_formed(const char *value)
{
    const unsigned char *at = (const unsigned char *)value;
    for (size_t size = 1; *at != '\0' && size > 0; at += size)
        size = sequence_size(at);
    return *at == '\0';
}

static void put_string(struct text *text, const char *value)
{
    struct text clean = { 0 };
    if (is_well_formed(value)) {
        text_put_json(text, value);
        return;
    }
    for (const unsigned char *at = (const unsigned char *)value; *at != '\0';) {
        size_t size = sequence_size(at);
        if (size == 0)
            text_puts(&clean, "\xef\xbf\xbd");
        else
            text_add(&clean, (const char *)at, size);
        at += size == 0 ? 1 : size;
    }
    text_put_json(text, clean.bytes != NULL ? clean.bytes : "");
    text_free(&clean);
}

static void begin_value(struct writer *json, const char *key)
{
    if (json->needs_comma)
        text_add(&json->text, ",", 1);
    json->needs_comma = true;
    if (key == NULL)
        return;
    put_string(&json->text, key);
    text_add(&json->text, ":", 1);
}

static void begin_container(struct writer *json, const char *key, bool is_object)
{
    assert(json->depth < 64);
    begin_value(json, key);
    text_add(&json->text, is_object ? "{" : "[", 1);
    uint64_t bit = UINT64_C(1) << json->depth++;
    json->is_object = is_object ? json->is_object | bit : json->is_object & ~bit;
    json->needs_comma = false;
}

void writer_object(struct writer *json, const char *key)
{
    begin_container(json, key, true);
}

void writer_array(struct writer *json, const char *key)
{
    begin_container(json, key, false);
}

void writer_end(struct writer *json)
{
    assert(json->depth > 0);
    bool is_object = (json->is_object >> --json->depth & 1) != 0;
    text_add(&json->text, is_object ? "}" : "]", 1);
    json->needs_comma = true;
}

void writer_string(struct writer *json, const char *key, const char *value)
{
    if (value == NULL) {
        writer_null(json, key);
        return;
    }
    begin_value(json, key);
    put_string(&json->text, value);
}

void writer_uint(struct writer *json, const char *key, uint64_t value)
{
    begin_value(json, key);
    text_put_number(&json->text, value);
}

void writer_int(struct writer *json, const char *key, int64_t value)
{
    begin_value(json, key);
    if (value < 0)
        text_add(&json->text, "-", 1);
    text_put_number(&json->text, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void writer_real(struct writer *json, const char *key, double value)
{
    if (!isfinite(value)) {
        writer_null(json, key);
        return;
    }
    begin_value(json, key);
    text_printf(&json->text, "%.6g", value);
}

void writer_bool(struct writer *json, const char *key, bool value)
{
    begin_value(json, key);
    text_puts(&json->text, value ? "true" : "false");
}

void writer_null(struct writer *json, const char *key)
{
    begin_value(json, key);
    text_puts(&json->text, "null");
}

void writer_time(struct writer *json, const char *key, int64_t wall_ms)
{
    char time[CLOCK_TEXT_SIZE];
    if (wall_ms != 0)
        clock_format(wall_ms, time);
    writer_string(json, key, wall_ms != 0 ? time : NULL);
}

void writer_raw(struct writer *json, const char *key, const char *value, size_t size)
{
    begin_value(json, key);
    text_add(&json->text, value, size);
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

void writer_members_of(struct writer *json, const char *object, size_t size)
{
    while (size > 0 && is_blank(object[size - 1]))
        size--;
    while (size > 0 && is_blank(object[0]))
        object++, size--;
    if (size < 2 || object[0] != '{' || object[size - 1] != '}')
        return;
    object++, size -= 2;
    while (size > 0 && is_blank(object[0]))
        object++, size--;
    if (size > 0)
        writer_raw(json, NULL, object, size);
}
