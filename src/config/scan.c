/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scan.h"

#include "base/memory.h"
#include "json.h"
#include "scan_keys.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NESTING_MAX     64
#define NUMBER_SIZE_MAX 63  /* cJSON reads no longer ones */
#define LARGE_SIZE      256 /* of objects and lists whose end is written down */
#define ERRORS_MAX      100 /* a position costs a walk over the document */

struct scan {
    const char *file;
    char *text; /* NUL-terminated */
    size_t size, at;
    struct problems *problems;
    unsigned depth;
    unsigned error_count;
    struct scan_keys keys; /* of all open objects, the innermost on top */
    struct json_ends ends;
    size_t ends_room;
};

void json_position(const char *text, size_t at, unsigned *line, unsigned *column)
{
    size_t start = 0;
    unsigned lines = 1;
    const char *found;
    while (start < at && (found = memchr(text + start, '\n', at - start)) != NULL) {
        start = (size_t)(found - text) + 1;
        lines++;
    }
    *line = lines;
    *column = (unsigned)(at - start) + 1;
}

/* Notes an error; false, so that a check is one line. */
static bool refuse(struct scan *scan, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool refuse(struct scan *scan, size_t at, const char *format, ...)
{
    char message[256];
    unsigned line, column;
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    json_position(scan->text, at, &line, &column);
    problems_add(scan->problems, scan->file, line, column, "", "%s", message);
    scan->error_count++;
    return false;
}

/* Blanks a comment, keeping its line ends, so that lines and columns stay. */
static void blank(struct scan *scan, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (scan->text[i] != '\n' && scan->text[i] != '\r')
            scan->text[i] = ' ';
    }
}

static bool skip_comment(struct scan *scan)
{
    size_t from = scan->at;
    const char *start = scan->text + from;
    if (start[1] == '/') {
        const char *end = memchr(start, '\n', scan->size - from);
        scan->at = end != NULL ? (size_t)(end - scan->text) : scan->size;
    } else if (start[1] == '*') {
        const char *end = memmem(start + 2, scan->size - from - 2, "*/", 2);
        if (end == NULL)
            return refuse(scan, from, "comment without an end: \"*/\" is missing");
        scan->at = (size_t)(end - scan->text) + 2;
    } else {
        return refuse(scan, from, "unexpected \"/\": a comment starts with \"//\" or \"/*\"");
    }
    blank(scan, from, scan->at);
    return true;
}

static bool skip_more_space(struct scan *scan)
{
    for (;;) {
        char byte = scan->text[scan->at];
        if (byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r')
            scan->at++;
        else if (byte != '/')
            return true;
        else if (!skip_comment(scan))
            return false;
    }
}

/* To the next byte that counts; at the end there is the NUL.  Mostly there is one blank or none. */
static inline bool skip_space(struct scan *scan)
{
    scan->at += scan->text[scan->at] == ' ';
    unsigned char byte = (unsigned char)scan->text[scan->at];
    return (byte > ' ' && byte != '/') || skip_more_space(scan);
}

/* What stands at `at`, for messages: "}", or a word, or the end. */
static const char *describe_here(const struct scan *scan, char out[48])
{
    const char *here = scan->text + scan->at;
    if (scan->at >= scan->size)
        return "the end of the document";
    size_t size = 0;
    while (size < 24 && (isalnum((unsigned char)here[size]) || here[size] == '_'))
        size++;
    if (size == 0) {
        size = 1;
        while (size < 4 && ((unsigned char)here[size] & 0xc0) == 0x80)
            size++;
    }
    snprintf(out, 48, "\"%.*s\"", (int)size, here);
    return out;
}

static bool scan_hex4(struct scan *scan, size_t at, unsigned *out)
{
    *out = 0;
    for (size_t i = at; i < at + 4; i++) {
        unsigned char digit = (unsigned char)scan->text[i];
        if (!isxdigit(digit))
            return refuse(scan, at - 2, "\"\\u\" needs four hexadecimal digits");
        *out = *out << 4 | (isdigit(digit) ? digit - (unsigned)'0' : (digit | 32u) - 'a' + 10u);
    }
    return true;
}

/* At the backslash of \uXXXX; a pair of surrogates is read as one. */
static bool scan_unicode_escape(struct scan *scan)
{
    unsigned high, low;
    size_t at = scan->at;
    if (!scan_hex4(scan, at + 2, &high))
        return false;
    if (high == 0)
        return refuse(scan, at, "NUL (\\u0000) is not allowed in a string");
    scan->at += 6;
    if (high < 0xd800 || high > 0xdfff)
        return true;
    bool is_pair = high < 0xdc00 && scan->text[at + 6] == '\\' && scan->text[at + 7] == 'u';
    if (is_pair && !scan_hex4(scan, at + 8, &low))
        return false;
    if (!is_pair || low < 0xdc00 || low > 0xdfff)
        return refuse(scan, at, "half of a surrogate pair alone: \\u%04x", high);
    scan->at += 6;
    return true;
}

static bool scan_escape(struct scan *scan)
{
    char escaped = scan->text[scan->at + 1];
    if (escaped == 'u')
        return scan_unicode_escape(scan);
    if (escaped == '\0' || strchr("\"\\/bfnrt", escaped) == NULL)
        return refuse(scan, scan->at, "unknown escape: a backslash itself is written \"\\\\\"");
    scan->at += 2;
    return true;
}

/* Bytes that may stand in a string as they are. */
static const bool is_literal[256] = {
    [0x20] = true,
    true,
    [0x23 ... 0x5b] = true,
    [0x5d ... 0xff] = true,
};

/* At the opening quote. */
static bool scan_string(struct scan *scan)
{
    size_t from = scan->at++;
    for (;;) {
        const unsigned char *at = (const unsigned char *)scan->text + scan->at;
        while (is_literal[*at])
            at++;
        scan->at = (size_t)((const char *)at - scan->text);
        unsigned char byte = *at;
        if (byte == '"') {
            scan->at++;
            return true;
        }
        if (byte == '\\') {
            if (!scan_escape(scan))
                return false;
        } else if (byte == '\0' || byte == '\n' || byte == '\r') {
            return refuse(scan, from, "string without an end: its closing quote is missing");
        } else {
            return refuse(scan, scan->at, "control character in a string: write \\u%04x", byte);
        }
    }
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static void skip_digits(struct scan *scan)
{
    while (is_digit(scan->text[scan->at]))
        scan->at++;
}

static bool scan_number(struct scan *scan)
{
    size_t from = scan->at;
    const char *text = scan->text;
    scan->at += text[from] == '-';
    if (text[scan->at] == '0' && is_digit(text[scan->at + 1]))
        return refuse(scan, from, "a number has no leading zeros");
    if (!is_digit(text[scan->at]))
        return refuse(scan, from, "a number needs a digit behind \"-\"");
    skip_digits(scan);
    if (text[scan->at] == '.') {
        if (!is_digit(text[++scan->at]))
            return refuse(scan, from, "a number needs a digit behind its point");
        skip_digits(scan);
    }
    bool has_exponent = (text[scan->at] | 32) == 'e';
    if (has_exponent) {
        scan->at++;
        scan->at += text[scan->at] == '+' || text[scan->at] == '-';
        if (!is_digit(text[scan->at]))
            return refuse(scan, from, "a number needs a digit in its exponent");
        skip_digits(scan);
    }
    if (scan->at - from > NUMBER_SIZE_MAX)
        return refuse(scan, from, "a number has at most %d characters", NUMBER_SIZE_MAX);
    if (has_exponent && !isfinite(strtod(text + from, NULL)))
        return refuse(scan, from, "number out of range: %.*s", (int)(scan->at - from), text + from);
    return true;
}

static bool scan_word(struct scan *scan)
{
    static const char *const words[] = { "true", "false", "null" };
    for (size_t i = 0; i < 3; i++) {
        size_t size = strlen(words[i]);
        unsigned char behind;
        if (strncmp(scan->text + scan->at, words[i], size) != 0)
            continue;
        behind = (unsigned char)scan->text[scan->at + size];
        if (isalnum(behind) || behind == '_')
            break;
        scan->at += size;
        return true;
    }
    char here[48];
    const char *what = describe_here(scan, here);
    if (scan->text[scan->at] == '\'')
        return refuse(scan, scan->at, "a string stands in double quotes");
    if (isalpha((unsigned char)scan->text[scan->at]))
        return refuse(scan, scan->at, "unknown word %s: a string stands in double quotes", what);
    return refuse(scan, scan->at, "expected a value, got %s", what);
}

/* ---- containers ---- */

static void refuse_duplicate(void *context, struct span first, struct span again)
{
    struct scan *scan = context;
    unsigned line, column;
    if (scan->error_count >= ERRORS_MAX)
        return;
    json_position(scan->text, first.at, &line, &column);
    int size = again.size > 80 ? 80 : (int)again.size;
    refuse(scan, again.at, "duplicate key %.*s: the first is at line %u, column %u (case does not count)",
           size, scan->text + again.at, line, column);
}

static bool scan_value(struct scan *scan);

static bool scan_key(struct scan *scan)
{
    size_t from = scan->at;
    char here[48];
    if (scan->text[from] != '"') {
        const char *what = describe_here(scan, here);
        return refuse(scan, from, "expected a key in double quotes, got %s", what);
    }
    if (!scan_string(scan))
        return false;
    scan_keys_add(&scan->keys, (struct span){ from, scan->at - from });
    if (!skip_space(scan))
        return false;
    if (scan->text[scan->at] != ':')
        return refuse(scan, scan->at, "expected \":\" behind the key, got %s", describe_here(scan, here));
    scan->at++;
    return true;
}

/* Behind an item: a comma (true), or `close` (true, with `is_last`). */
static bool scan_separator(struct scan *scan, char close, bool *is_last)
{
    char here[48];
    if (!skip_space(scan))
        return false;
    size_t at = scan->at;
    *is_last = scan->text[at] == close;
    if (*is_last) {
        scan->at++;
        return true;
    }
    if (scan->text[at] != ',')
        return refuse(scan, at, "expected \",\" or \"%c\", got %s", close, describe_here(scan, here));
    scan->at++;
    if (!skip_space(scan))
        return false;
    if (scan->text[scan->at] == close)
        return refuse(scan, at, "trailing comma: none may stand in front of \"%c\"", close);
    return true;
}

/* Notes where a container starts; its place, so that those inside come behind it. */
static size_t note_start(struct scan *scan)
{
    struct json_ends *ends = &scan->ends;
    if (ends->count == scan->ends_room) {
        scan->ends_room = scan->ends_room > 0 ? scan->ends_room * 2 : 16;
        ends->spans = xrealloc(ends->spans, scan->ends_room, sizeof *ends->spans);
    }
    ends->spans[ends->count] = (struct span){ .at = scan->at };
    return ends->count++;
}

/* A small one is forgotten: then nothing inside is large, and it is the last. */
static void note_end(struct scan *scan, size_t place)
{
    struct span *span = &scan->ends.spans[place];
    span->size = scan->at - span->at;
    if (span->size < LARGE_SIZE)
        scan->ends.count = place;
}

/* At "{" or "[". */
static bool scan_container(struct scan *scan)
{
    size_t place = note_start(scan);
    bool is_object = scan->text[scan->at] == '{';
    char close = is_object ? '}' : ']';
    size_t keys_from = scan->keys.count;
    if (++scan->depth > NESTING_MAX)
        return refuse(scan, scan->at, "nested deeper than %d levels", NESTING_MAX);
    scan->at++;
    if (!skip_space(scan))
        return false;
    bool is_last = scan->text[scan->at] == close;
    if (is_last)
        scan->at++;
    while (!is_last) {
        if ((is_object && !scan_key(scan)) || !scan_value(scan) || !scan_separator(scan, close, &is_last))
            return false;
    }
    scan_keys_end(&scan->keys, keys_from, scan->text, refuse_duplicate, scan);
    note_end(scan, place);
    scan->depth--;
    return true;
}

static bool scan_value(struct scan *scan)
{
    if (!skip_space(scan))
        return false;
    char byte = scan->text[scan->at];
    if (byte == '"')
        return scan_string(scan);
    if (byte == '{' || byte == '[')
        return scan_container(scan);
    if (byte == '-' || is_digit(byte))
        return scan_number(scan);
    return scan_word(scan);
}

/* ---- bytes ---- */

static bool check_bytes(struct scan *scan)
{
    const unsigned char *bytes = (const unsigned char *)scan->text;
    for (size_t at = 0; at < scan->size;) {
        uint64_t word;
        if (scan->size - at >= sizeof word) {
            memcpy(&word, bytes + at, sizeof word);
            if ((word & UINT64_C(0x8080808080808080)) == 0) {
                at += sizeof word;
                continue;
            }
        }
        size_t size = json_utf8_size(bytes + at, scan->size - at);
        if (size == 0)
            return refuse(scan, at, "byte 0x%02x is not UTF-8", bytes[at]);
        at += size;
    }
    const unsigned char *nul = memchr(bytes, '\0', scan->size);
    return nul == NULL || refuse(scan, (size_t)(nul - bytes), "NUL is not allowed");
}

bool json_scan(const char *file, char *text, size_t size, struct problems *problems, struct json_ends *ends)
{
    struct scan scan = { .file = file, .text = text, .size = size, .problems = problems };
    char here[48];
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        blank(&scan, 0, 3); /* a byte order mark may be ignored, RFC 8259 §8.1 */
    bool is_read = check_bytes(&scan) && skip_space(&scan);
    if (is_read && scan.at == size)
        is_read = refuse(&scan, 0, "the document is empty: write at least {}");
    is_read = is_read && scan_value(&scan) && skip_space(&scan);
    if (is_read && scan.at < size)
        refuse(&scan, scan.at, "%s behind the end of the document", describe_here(&scan, here));
    free(scan.keys.items);
    if (scan.error_count > 0) {
        free(scan.ends.spans);
        return false;
    }
    *ends = scan.ends;
    return true;
}
