/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pretty.h"

#include "json.h"

#define INLINE_MAX 90 /* bytes of an object or list that may stand on one line */

void pretty_line(struct text *out, unsigned depth)
{
    static const char spaces[] = "\n                                                                ";
    text_add(out, spaces, 1 + (depth < 32 ? depth : 32) * 2);
}

/* On one line; false (with `out` as far as it got) if it is too long or holds an object. */
static bool put_inline(struct text *out, const char *text, struct span value, unsigned depth)
{
    size_t from = out->size, at = 0;
    struct json_member member;
    struct span element;
    bool is_first = true;
    if (text[value.at] == '{') {
        text_add(out, "{", 1);
        for (; json_next_member(text, value, &at, &member); is_first = false) {
            text_puts(out, is_first ? " " : ", ");
            text_add(out, text + member.key.at, member.key.size);
            text_puts(out, ": ");
            if (text[member.value.at] == '{' || !put_inline(out, text, member.value, depth + 1) ||
                out->size - from > INLINE_MAX)
                return false;
        }
        text_puts(out, is_first ? "}" : " }");
    } else if (text[value.at] == '[') {
        text_add(out, "[", 1);
        for (; json_next_element(text, value, &at, &element); is_first = false) {
            text_puts(out, is_first ? "" : ", ");
            if (text[element.at] == '{' || !put_inline(out, text, element, depth + 1) ||
                out->size - from > INLINE_MAX)
                return false;
        }
        text_add(out, "]", 1);
    } else {
        text_add(out, text + value.at, value.size);
    }
    return true;
}

void pretty_members(struct text *out, const char *text, struct span object, unsigned depth, bool *is_first)
{
    struct json_member member;
    for (size_t at = 0; json_next_member(text, object, &at, &member); *is_first = false) {
        if (!*is_first)
            text_add(out, ",", 1);
        pretty_line(out, depth);
        text_add(out, text + member.key.at, member.key.size);
        text_puts(out, ": ");
        pretty_value(out, text, member.value, depth);
    }
}

void pretty_value(struct text *out, const char *text, struct span value, unsigned depth)
{
    size_t before = out->size, at = 0;
    struct span element;
    bool is_first = true;
    if (put_inline(out, text, value, 0))
        return;
    out->size = before;
    bool is_object = text[value.at] == '{';
    text_puts(out, is_object ? "{" : "[");
    if (is_object)
        pretty_members(out, text, value, depth + 1, &is_first);
    for (; !is_object && json_next_element(text, value, &at, &element); is_first = false) {
        if (!is_first)
            text_add(out, ",", 1);
        pretty_line(out, depth + 1);
        pretty_value(out, text, element, depth + 1);
    }
    pretty_line(out, depth);
    text_puts(out, is_object ? "}" : "]");
}
