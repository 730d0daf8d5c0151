/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "json.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

static size_t skip_space(const char *text, size_t at, size_t end)
{
    while (at < end && is_space(text[at]))
        at++;
    return at;
}

struct span json_trim(const char *text, struct span within)
{
    size_t end = within.at + within.size;
    size_t at = skip_space(text, within.at, end);
    while (end > at && is_space(text[end - 1]))
        end--;
    return (struct span){ at, end - at };
}

/* From the opening quote to behind the closing one. */
static size_t skip_string(const char *text, size_t at, size_t end)
{
    for (at++; at < end; at++) {
        if (text[at] == '"')
            return at + 1;
        at += text[at] == '\\'; /* what is escaped does not end it */
    }
    return end;
}

static size_t skip_container(const char *text, size_t at, size_t end)
{
    size_t depth = 0;
    while (at < end) {
        char byte = text[at];
        if (byte == '"') {
            at = skip_string(text, at, end);
            continue;
        }
        at++;
        if ((byte | 0x20) == '{') /* of ASCII "{" and "[" alone */
            depth++;
        else if ((byte | 0x20) == '}' && --depth == 0)
            return at;
    }
    return end;
}

static size_t skip_value(const char *text, size_t at, size_t end)
{
    if (at >= end)
        return end;
    if (text[at] == '"')
        return skip_string(text, at, end);
    if (text[at] == '{' || text[at] == '[')
        return skip_container(text, at, end);
    while (at < end && !is_space(text[at]) && strchr(",:]}", text[at]) == NULL)
        at++;
    return at;
}

/* Goes to the next item of a container that opens with `open`; false behind the last. */
static bool next_item(const char *text, struct span container, char open, size_t *at, size_t end)
{
    size_t from = *at;
    if (from == 0) {
        from = skip_space(text, container.at, end);
        if (from >= end || text[from] != open)
            return false;
        from = skip_space(text, from + 1, end);
    } else {
        from = skip_space(text, from, end);
        if (from >= end || text[from] != ',')
            return false;
        from = skip_space(text, from + 1, end);
    }
    *at = from;
    return from < end && text[from] != '}' && text[from] != ']' && text[from] != ',';
}

/* Those that take long to walk through have their end written down. */
static size_t skip_over(const char *text, const struct json_ends *ends, size_t at, size_t end)
{
    size_t low = 0, high = ends->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ends->spans[middle].at < at)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_known = low < ends->count && ends->spans[low].at == at;
    return is_known ? at + ends->spans[low].size : skip_value(text, at, end);
}

bool json_next_member_over(const char *text, const struct json_ends *ends, struct span object, size_t *at,
                           struct json_member *out)
{
    size_t end = object.at + object.size;
    if (!next_item(text, object, '{', at, end) || text[*at] != '"')
        return false;
    out->key.at = *at;
    out->key.size = skip_string(text, *at, end) - *at;
    size_t colon = skip_space(text, out->key.at + out->key.size, end);
    if (colon >= end || text[colon] != ':' || out->key.size < 2)
        return false;
    out->value.at = skip_space(text, colon + 1, end);
    *at = skip_over(text, ends, out->value.at, end);
    out->value.size = *at - out->value.at;
    return out->value.size > 0;
}

bool json_next_member(const char *text, struct span object, size_t *at, struct json_member *out)
{
    static const struct json_ends none;
    return json_next_member_over(text, &none, object, at, out);
}

bool json_next_element(const char *text, struct span array, size_t *at, struct span *value)
{
    size_t end = array.at + array.size;
    if (!next_item(text, array, '[', at, end))
        return false;
    value->at = *at;
    *at = skip_value(text, *at, end);
    value->size = *at - value->at;
    return value->size > 0;
}

static unsigned hex4(const char *digits)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        char digit = digits[i];
        unsigned nibble = digit >= 'a'
                              ? (unsigned)(digit - 'a') + 10
                              : (digit >= 'A' ? (unsigned)(digit - 'A') + 10 : (unsigned)(digit - '0'));
        value = value << 4 | (nibble & 15);
    }
    return value;
}

static size_t put_utf8(char *out, unsigned point)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    size_t size = point < 0x800 ? 2 : (point < 0x10000 ? 3 : 4);
    for (size_t i = size - 1; i > 0; i--, point >>= 6)
        out[i] = (char)(0x80 | (point & 0x3f));
    static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    out[0] = (char)(lead[size] | point);
    return size;
}

/* One escape at `from` (its backslash), `left` bytes to the end; returns the bytes read. */
static size_t unescape_one(const char *from, size_t left, char **out)
{
    static const char plain[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
    if (left >= 6 && from[1] == 'u') {
        unsigned point = hex4(from + 2);
        bool is_pair = point >= 0xd800 && point < 0xdc00 && left >= 12 && from[6] == '\\' && from[7] == 'u';
        if (is_pair)
            point = 0x10000 + ((point - 0xd800) << 10) + ((hex4(from + 8) - 0xdc00) & 0x3ff);
        *out += put_utf8(*out, point);
        return is_pair ? 12 : 6;
    }
    const char *which = left >= 2 && from[1] != '\0' ? strchr(plain, from[1]) : NULL;
    *(*out)++ = which != NULL ? means[which - plain] : from[0];
    return which != NULL ? 2 : 1;
}

size_t json_unescape_to(const char *text, struct span string, char *room)
{
    const char *from = text + string.at + 1, *end = text + string.at + string.size - 1;
    char *out = room;
    while (from < end) {
        if (*from == '\\')
            from += unescape_one(from, (size_t)(end - from), &out);
        else
            *out++ = *from++;
    }
    *out = '\0';
    return (size_t)(out - room);
}

char *json_unescape(const char *text, struct span string, size_t *size)
{
    char *bytes = xcalloc(1, string.size); /* an escape is never shorter than what it means */
    size_t plain_size = json_unescape_to(text, string, bytes);
    if (size != NULL)
        *size = plain_size;
    return bytes;
}

bool json_string_is(const char *text, struct span string, const char *word)
{
    const char *bytes = text + string.at + 1;
    size_t size = string.size - 2;
    if (memchr(bytes, '\\', size) == NULL)
        return strlen(word) == size && memcmp(bytes, word, size) == 0;
    char *plain = json_unescape(text, string, NULL);
    bool is_same = strcmp(plain, word) == 0;
    free(plain);
    return is_same;
}

void json_pointer_add(struct text *pointer, const char *key)
{
    text_add(pointer, "/", 1);
    for (;;) {
        size_t plain = strcspn(key, "~/");
        text_add(pointer, key, plain);
        key += plain;
        if (*key == '\0')
            return;
        text_puts(pointer, *key++ == '~' ? "~0" : "~1");
    }
}

size_t json_utf8_size(const unsigned char *at, size_t left)
{
    unsigned char lead = at[0];
    size_t size = lead < 0x80 ? 1 : (lead < 0xc2 ? 0 : (lead < 0xe0 ? 2 : (lead < 0xf0 ? 3 : 4)));
    if (size <= 1 || lead > 0xf4)
        return lead < 0x80 ? 1 : 0;
    if (left < size)
        return 0;
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    bool is_overlong = (lead == 0xe0 && at[1] < 0xa0) || (lead == 0xf0 && at[1] < 0x90);
    bool is_surrogate = lead == 0xed && at[1] > 0x9f;
    bool is_beyond = lead == 0xf4 && at[1] > 0x8f;
    return is_overlong || is_surrogate || is_beyond ? 0 : size;
}
