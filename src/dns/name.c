/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns/name.h"

#include "dns/name_read.h"

#include <assert.h>

size_t dns_name_read(const uint8_t *bytes, size_t size, struct dns_name *out)
{
    return name_read(bytes, size, out);
}

void dns_name_from_wire(const uint8_t *wire, struct dns_name *out)
{
    size_t size = dns_name_read(wire, DNS_NAME_SIZE_MAX, out);
    assert(size > 0);
    (void)size;
}

/* Reads one character of a label with its escape.  Returns the characters consumed, 0 if it is none. */
static size_t read_character(const char *text, uint8_t *out)
{
    if (text[0] != '\\') {
        *out = (uint8_t)text[0];
        return text[0] > ' ' && text[0] < 0x7f; /* others have to be written as \DDD */
    }
    if (text[1] < '0' || text[1] > '9') {
        *out = (uint8_t)text[1];
        return text[1] >= ' ' && text[1] < 0x7f ? 2 : 0;
    }
    unsigned value = 0;
    for (unsigned i = 1; i <= 3; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    *out = (uint8_t)value;
    return value <= 255 ? 4 : 0;
}

/* Reads labels into `wire` (DNS_NAME_SIZE_MAX bytes) up to the end of the text, without the root label.
 * Returns their size; -1 if it is not a name. */
static int read_labels(const char *text, uint8_t *wire, bool *is_absolute)
{
    size_t label = 0, at = 1; /* where the label's length byte stands; where its next byte goes */
    *is_absolute = false;
    while (*text != '\0') {
        bool is_end = *text == '.';
        if (is_end && at == label + 1)
            return -1; /* an empty label */
        size_t used = 1;
        if (is_end) {
            wire[label] = (uint8_t)(at - label - 1);
            label = at;
        } else {
            used = read_character(text, &wire[at]);
            if (used == 0 || at - label > DNS_LABEL_SIZE_MAX)
                return -1;
        }
        if (++at > DNS_NAME_SIZE_MAX)
            return -1;
        text += used;
        *is_absolute = is_end;
    }
    if (*is_absolute)
        return (int)label;
    wire[label] = (uint8_t)(at - label - 1);
    return (int)at;
}

bool dns_name_parse(const char *text, const struct dns_name *origin, struct dns_name *out)
{
    uint8_t wire[DNS_NAME_SIZE_MAX + 1];
    bool is_absolute = true;
    size_t used = 0;
    if (strcmp(text, "@") == 0) {
        if (origin == NULL)
            return false;
        is_absolute = false;
    } else if (strcmp(text, ".") != 0) {
        int size = text[0] == '\0' ? -1 : read_labels(text, wire, &is_absolute);
        if (size < 0)
            return false;
        used = (size_t)size;
    }
    static const uint8_t root[] = { 0 };
    const uint8_t *tail = is_absolute || origin == NULL ? root : origin->bytes;
    size_t tail_size = tail == root ? 1 : origin->size;
    if (used + tail_size > DNS_NAME_SIZE_MAX)
        return false;
    memcpy(wire + used, tail, tail_size);
    return dns_name_read(wire, used + tail_size, out) > 0;
}

static bool is_one_of(uint8_t byte, const char *characters)
{
    return byte != 0 && strchr(characters, byte) != NULL;
}

static bool is_letter_or_digit(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}

/* Readers of master files differ in what else they take as it is: "+" or "," are safe as \DDD only. */
static char *format_byte(uint8_t byte, char *out)
{
    bool is_special = is_one_of(byte, ".\\\"();@$");
    if (is_special)
        *out++ = '\\';
    if (is_special || is_letter_or_digit(byte) || is_one_of(byte, "-_*/")) {
        *out++ = (char)byte;
        return out;
    }
    *out++ = '\\';
    *out++ = (char)('0' + byte / 100);
    *out++ = (char)('0' + byte / 10 % 10);
    *out++ = (char)('0' + byte % 10);
    return out;
}

void dns_name_format_wire(const uint8_t *wire, char out[DNS_NAME_TEXT_SIZE])
{
    if (wire[0] == 0)
        *out++ = '.';
    for (const uint8_t *label = wire; *label != 0; label += 1 + *label) {
        for (unsigned i = 1; i <= *label; i++)
            out = format_byte(label[i], out);
        *out++ = '.';
    }
    *out = '\0';
}

void dns_name_format(const struct dns_name *name, char out[DNS_NAME_TEXT_SIZE])
{
    dns_name_format_wire(name->bytes, out);
}

bool dns_name_long_bytes_equal(const uint8_t *a, const uint8_t *b, size_t size)
{
    uint64_t difference =
        dns_name_difference(a + size - 16, b + size - 16) | dns_name_difference(a + size - 8, b + size - 8);
    for (; size > 16; size -= 16, a += 16, b += 16)
        difference |= dns_name_difference(a, b) | dns_name_difference(a + 8, b + 8);
    return difference == 0;
}

uint64_t dns_name_long_hash(const uint8_t *at, size_t size)
{
    uint64_t hash = DNS_NAME_HASH_SEED ^ size;
    for (; size > 16; size -= 16, at += 16)
        hash = dns_name_mix(dns_name_mix(hash, dns_name_eight(at)), dns_name_eight(at + 8));
    hash = dns_name_mix(hash, dns_name_eight(at + size - 16));
    hash = dns_name_mix(hash, dns_name_eight(at + size - 8));
    return dns_name_mix(hash, 0);
}

bool dns_name_equal(const struct dns_name *a, const struct dns_name *b)
{
    return a->size == b->size && dns_name_bytes_equal(a->bytes, b->bytes, a->size);
}

/* Where the name starts that is left when `count` labels are taken off. */
static size_t suffix_at(const struct dns_name *name, unsigned count)
{
    return (size_t)(dns_name_suffix(name, name->label_count - count) - name->bytes);
}

void dns_name_strip(const struct dns_name *name, unsigned count, struct dns_name *out)
{
    assert(count <= name->label_count);
    size_t at = suffix_at(name, count);
    unsigned left = name->label_count - count;
    size_t size = name->size - at;
    for (unsigned i = 0; i < left; i++)
        out->label_at[i] = (uint8_t)(name->label_at[i + count] - at);
    memmove(out->bytes, name->bytes + at, size);
    out->size = (uint8_t)size;
    out->label_count = (uint8_t)left;
}

size_t dns_name_wire_size(const uint8_t *wire)
{
    const uint8_t *label = wire;
    while (*label != 0)
        label += 1 + *label;
    return (size_t)(label - wire) + 1;
}
