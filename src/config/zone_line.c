/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/zone_line.h"

#include "dns/type.h"

#include <arpa/inet.h>
#include <string.h>

#define TTL_DIGITS 9 /* so that any number is below 2^31 */
#define IPV6_TEXT  45

/* Each of these takes what it reads off the text; none accepts a line end, so none passes the last one. */

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static bool read_blanks(const char **at)
{
    const char *start = *at;
    while (is_blank(**at))
        (*at)++;
    return *at > start;
}

/* The characters that a label may have without a backslash, in lowercase; 0 for others. */
static uint8_t label_byte(char byte)
{
    uint8_t lower = (uint8_t)byte | 0x20;
    if (lower >= 'a' && lower <= 'z')
        return lower;
    bool is_other = (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' || byte == '*' || byte == '/';
    return is_other ? (uint8_t)byte : 0;
}

/* The labels of one name; false unless something follows that can end it. */
static bool read_name(const char **at, struct zone_line *out)
{
    size_t size = 0;
    for (;;) {
        size_t label_at = size++;
        uint8_t byte;
        while ((byte = label_byte(**at)) != 0 && size < DNS_NAME_SIZE_MAX) {
            out->name[size++] = byte;
            (*at)++;
        }
        size_t label_size = size - label_at - 1;
        if (label_size == 0 || label_size > DNS_LABEL_SIZE_MAX || size >= DNS_NAME_SIZE_MAX)
            return false;
        out->name[label_at] = (uint8_t)label_size;
        out->is_absolute = **at == '.';
        *at += out->is_absolute;
        if (!out->is_absolute || is_blank(**at))
            break;
    }
    out->name_size = (uint8_t)size;
    return is_blank(**at);
}

/* A number of at most `digits` digits; returns how many it has, 0 if it is none or longer. */
static unsigned read_number(const char **at, unsigned digits, uint32_t *out)
{
    const char *start = *at;
    uint32_t number = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        if (*at == start + digits)
            return 0;
        number = number * 10 + (uint32_t)(**at - '0');
    }
    *out = number;
    return (unsigned)(*at - start);
}

/* [TTL] [IN], each with blanks behind it. */
static bool read_options(const char **at, struct zone_line *out)
{
    out->has_ttl = **at >= '0' && **at <= '9';
    if (out->has_ttl && (read_number(at, TTL_DIGITS, &out->ttl_s) == 0 || !read_blanks(at)))
        return false;
    bool has_class = ((*at)[0] | 0x20) == 'i' && ((*at)[1] | 0x20) == 'n';
    *at += has_class ? 2 : 0;
    return !has_class || read_blanks(at);
}

static bool read_type(const char **at, struct zone_line *out)
{
    unsigned letters = 0;
    for (; (**at | 0x20) == 'a'; (*at)++)
        letters++;
    out->type = letters == 1 ? DNS_A : DNS_AAAA;
    return (letters == 1 || letters == 4) && read_blanks(at);
}

static bool read_ipv4(const char **at, struct zone_line *out)
{
    for (unsigned i = 0; i < 4; i++) {
        uint32_t number;
        const char *start = *at;
        unsigned digits = read_number(at, 3, &number);
        if (digits == 0 || number > UINT8_MAX || (digits > 1 && *start == '0'))
            return false;
        if (i < 3 && *(*at)++ != '.')
            return false;
        out->rdata[i] = (uint8_t)number;
    }
    out->rdata_size = 4;
    return true;
}

static bool is_ipv6_byte(char byte)
{
    return (byte >= '0' && byte <= ':') || byte == '.' || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
}

static bool read_ipv6(const char **at, struct zone_line *out)
{
    char text[IPV6_TEXT + 1];
    size_t size = 0;
    for (; is_ipv6_byte(**at) && size < IPV6_TEXT; (*at)++)
        text[size++] = **at;
    text[size] = '\0';
    out->rdata_size = 16;
    return inet_pton(AF_INET6, text, out->rdata) == 1;
}

size_t zone_line_read(const char *at, struct zone_line *out)
{
    const char *start = at;
    if (!read_name(&at, out) || !read_blanks(&at) || !read_options(&at, out) || !read_type(&at, out))
        return 0;
    if (!(out->type == DNS_A ? read_ipv4(&at, out) : read_ipv6(&at, out)))
        return 0;
    read_blanks(&at);
    return *at == '\n' ? (size_t)(at - start) + 1 : 0;
}
