/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/packed.h"

#include "base/hash.h"
#include "base/memory.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MARK       '\x01' /* stands in no sound JSON */
#define VALUE_MOST (PACKED_VALUE_SIZE - 2)
#define IPV4       UINT8_MAX /* instead of a size: an address follows */
#define SEEN_ROOM  1024

struct form {
    struct form *next; /* of the same bucket */
    struct forms *owner;
    uint64_t hash;
    uint32_t users;
    uint32_t size;
    uint32_t value_count;
    char bytes[];
};

struct forms {
    struct form **buckets;
    size_t room, count;       /* room: a power of two */
    struct form *last;        /* of the text packed last, NULL: it is gone */
    uint64_t seen[SEEN_ROOM]; /* hashes of forms that one text had */
    char *form;               /* of the text being packed, */
    unsigned char *values;    /* and what stands in it */
    size_t form_size, values_size, part_room;
    uint32_t value_count;
};

struct forms *forms_new(void)
{
    struct forms *forms = xcalloc(1, sizeof *forms);
    forms->room = 64;
    forms->buckets = xcalloc(forms->room, sizeof *forms->buckets);
    return forms;
}

void forms_free(struct forms *forms)
{
    if (forms == NULL)
        return;
    assert(forms->count == 0);
    free(forms->form);
    free(forms->values);
    free(forms->buckets);
    free(forms);
}

/* ---- taking a text apart ---- */

/* Neither part gets longer than twice the text. */
static void reserve(struct forms *forms, size_t size)
{
    if (forms->part_room < 2 * size) {
        forms->part_room = 2 * size;
        forms->form = xrealloc(forms->form, forms->part_room, 1);
        forms->values = xrealloc(forms->values, forms->part_room, 1);
    }
    forms->form_size = forms->values_size = 0;
    forms->value_count = 0;
}

static void add_plain(struct forms *forms, const char *bytes, size_t size)
{
    memcpy(forms->form + forms->form_size, bytes, size);
    forms->form_size += size;
}

/* One of an address's four numbers, without leading zeros; its size, 0: it is none. */
static size_t read_octet(const char *text, size_t left, uint8_t *out)
{
    unsigned number = 0;
    size_t size = 0;
    while (size < left && size < 3 && text[size] >= '0' && text[size] <= '9')
        number = number * 10 + (unsigned)(text[size++] - '0');
    if (number > UINT8_MAX || (size > 1 && text[0] == '0'))
        return 0;
    *out = (uint8_t)number;
    return size;
}

/* True if write_ipv4 would write just that. */
static bool read_ipv4(const char *text, size_t size, uint8_t out[4])
{
    size_t at = 0;
    for (unsigned i = 0; i < 4; i++) {
        if (i > 0 && (at == size || text[at++] != '.'))
            return false;
        size_t octet = read_octet(text + at, size - at, &out[i]);
        if (octet == 0)
            return false;
        at += octet;
    }
    return at == size;
}

static size_t write_ipv4(const unsigned char bytes[4], char *out)
{
    char *at = out;
    for (unsigned i = 0; i < 4; i++) {
        if (i > 0)
            *at++ = '.';
        if (bytes[i] >= 100)
            *at++ = (char)('0' + bytes[i] / 100);
        if (bytes[i] >= 10)
            *at++ = (char)('0' + bytes[i] / 10 % 10);
        *at++ = (char)('0' + bytes[i] % 10);
    }
    return (size_t)(at - out);
}

static void put_value(struct forms *forms, const char *bytes, size_t size)
{
    unsigned char *at = forms->values + forms->values_size;
    bool is_ipv4 = size >= 7 && read_ipv4(bytes, size, at + 1);
    *at = is_ipv4 ? IPV4 : (unsigned char)size;
    if (!is_ipv4)
        memcpy(at + 1, bytes, size);
    forms->values_size += 1 + (is_ipv4 ? 4 : size);
    forms->value_count++;
}

/* Bytes of a packed value, with what stands in front. */
static size_t packed_size(const unsigned char *at)
{
    return 1 + (*at == IPV4 ? 4 : (size_t)*at);
}

static size_t put_text(const unsigned char *at, char *out)
{
    if (*at == IPV4)
        return write_ipv4(at + 1, out);
    memcpy(out, at + 1, *at);
    return *at;
}

static void add_value(struct forms *forms, const char *bytes, size_t size)
{
    if (size > VALUE_MOST) {
        add_plain(forms, bytes, size);
        return;
    }
    forms->form[forms->form_size++] = MARK;
    put_value(forms, bytes, size);
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r';
}

/* Behind the string that starts at `at`; the end, if it has none. */
static size_t behind_string(const char *text, size_t at, size_t end)
{
    for (at++; at < end && text[at] != '"'; at++)
        at += text[at] == '\\';
    return at < end ? at + 1 : end;
}

/* A key is part of the form, any other string a value. */
static size_t add_string(struct forms *forms, const char *text, size_t at, size_t end)
{
    size_t behind = behind_string(text, at, end), next = behind;
    while (next < end && is_blank(text[next]))
        next++;
    bool is_whole = behind - at >= 2 && text[behind - 1] == '"';
    if (!is_whole || (next < end && text[next] == ':')) {
        add_plain(forms, text + at, behind - at);
        return behind;
    }
    add_plain(forms, "\"", 1);
    add_value(forms, text + at + 1, behind - at - 2);
    add_plain(forms, "\"", 1);
    return behind;
}

static size_t add_number(struct forms *forms, const char *text, size_t at, size_t end)
{
    size_t from = at;
    while (at < end && ((text[at] >= '0' && text[at] <= '9') || text[at] == '.'))
        at++;
    add_value(forms, text + from, at - from);
    return at;
}

static void take_apart(struct forms *forms, const char *text, size_t size)
{
    reserve(forms, size);
    for (size_t at = 0; at < size;) {
        if (text[at] == '"')
            at = add_string(forms, text, at, size);
        else if (text[at] >= '0' && text[at] <= '9')
            at = add_number(forms, text, at, size);
        else
            forms->form[forms->form_size++] = text[at++];
    }
}

/* ---- a text like the one before ---- */

/* Size of the value that stands where the form has its mark; 0: it has to be taken apart. */
static size_t value_size(const char *text, size_t left, bool is_string)
{
    size_t size = 0;
    if (is_string) {
        const char *end = memchr(text, '"', left);
        size = end != NULL ? (size_t)(end - text) : 0;
        return size > 0 && memchr(text, '\\', size) == NULL ? size : 0;
    }
    while (size < left && ((text[size] >= '0' && text[size] <= '9') || text[size] == '.'))
        size++;
    return size;
}

/* Takes the values out of a text that has all that the form has.  Of one that has not nothing is lost. */
static bool take_values(struct forms *forms, const struct form *form, const char *text, size_t size)
{
    const char *at = form->bytes, *end = at + form->size, *text_end = text + size;
    reserve(forms, size);
    for (;;) {
        const char *mark = memchr(at, MARK, (size_t)(end - at));
        size_t plain = (size_t)((mark != NULL ? mark : end) - at), left = (size_t)(text_end - text);
        if (left < plain || memcmp(text, at, plain) != 0)
            return false;
        text += plain;
        if (mark == NULL)
            return text == text_end;
        size_t value = value_size(text, left - plain, mark > form->bytes && mark[-1] == '"');
        if (value == 0 || value > VALUE_MOST)
            return false;
        put_value(forms, text, value);
        text += value;
        at = mark + 1;
    }
}

/* ---- forms ---- */

static uint64_t hash_of(const char *bytes, size_t size)
{
    uint64_t hash = hash_words(HASH_START ^ size, bytes, size);
    return hash ^ hash >> 29;
}

static struct form **bucket_of(const struct forms *forms, uint64_t hash)
{
    return &forms->buckets[hash & (forms->room - 1)];
}

static struct form *find_form(const struct forms *forms, uint64_t hash)
{
    struct form *form = *bucket_of(forms, hash);
    while (form != NULL && (form->hash != hash || form->size != forms->form_size ||
                            memcmp(form->bytes, forms->form, form->size) != 0))
        form = form->next;
    return form;
}

static void enter(struct forms *forms, struct form *form)
{
    struct form **bucket = bucket_of(forms, form->hash);
    form->next = *bucket;
    *bucket = form;
}

static void make_room(struct forms *forms)
{
    struct form **old = forms->buckets, *next;
    size_t old_room = forms->room;
    if (forms->count < forms->room)
        return;
    forms->room *= 2;
    forms->buckets = xcalloc(forms->room, sizeof *forms->buckets);
    for (size_t i = 0; i < old_room; i++) {
        for (struct form *form = old[i]; form != NULL; form = next) {
            next = form->next;
            enter(forms, form);
        }
    }
    free(old);
}

static struct form *make_form(struct forms *forms, uint64_t hash)
{
    make_room(forms);
    struct form *form = xcalloc(1, sizeof *form + forms->form_size);
    form->owner = forms;
    form->hash = hash;
    form->size = (uint32_t)forms->form_size;
    form->value_count = forms->value_count;
    memcpy(form->bytes, forms->form, form->size);
    enter(forms, form);
    forms->count++;
    return form;
}

/* What only one text has is no form: that would take twice the room. */
static bool was_seen(struct forms *forms, uint64_t hash)
{
    uint64_t *seen = &forms->seen[hash % SEEN_ROOM];
    bool was = *seen == hash;
    *seen = hash;
    return was;
}

/* NULL: the text is the first of its form. */
static struct form *form_of(struct forms *forms, const char *text, size_t size)
{
    if (forms->last != NULL && take_values(forms, forms->last, text, size))
        return forms->last;
    if (memchr(text, MARK, size) != NULL)
        return NULL;
    take_apart(forms, text, size);
    uint64_t hash = hash_of(forms->form, forms->form_size);
    struct form *form = find_form(forms, hash);
    return form == NULL && was_seen(forms, hash) ? make_form(forms, hash) : form;
}

bool forms_pack(struct forms *forms, const char *text, size_t size, struct packing *out)
{
    struct form *form = size > 0 && size <= UINT32_MAX / 2 ? form_of(forms, text, size) : NULL;
    if (form == NULL)
        return false;
    forms->last = form;
    form->users++;
    *out = (struct packing){ .form = form, .size = sizeof(struct packed) + forms->values_size };
    return true;
}

void packing_write(const struct forms *forms, const struct packing *packing, struct packed *out)
{
    out->form = packing->form;
    if (forms->values_size > 0)
        memcpy(out->values, forms->values, forms->values_size);
}

void packed_drop(struct packed *packed)
{
    struct form *form = packed->form;
    if (--form->users > 0)
        return;
    if (form->owner->last == form)
        form->owner->last = NULL;
    struct form **place = bucket_of(form->owner, form->hash);
    while (*place != form)
        place = &(*place)->next;
    *place = form->next;
    form->owner->count--;
    free(form);
}

bool packed_first(const struct packed *packed, struct packed_value *out)
{
    size_t count = packed->form->value_count;
    *out = (struct packed_value){ .at = packed->values, .left = count - (count > 0) };
    return count > 0;
}

bool packed_next(struct packed_value *value)
{
    if (value->left == 0)
        return false;
    value->left--;
    value->number++;
    value->at += packed_size(value->at);
    return true;
}

bool packed_value_is_same(const struct packed_value *a, const struct packed_value *b)
{
    return *a->at == *b->at && memcmp(a->at, b->at, packed_size(a->at)) == 0;
}

size_t packed_value_text(const struct packed_value *value, char out[PACKED_VALUE_SIZE])
{
    size_t size = put_text(value->at, out);
    out[size] = '\0';
    return size;
}

const uint8_t *packed_value_ipv4(const struct packed_value *value)
{
    return *value->at == IPV4 ? value->at + 1 : NULL;
}

void packed_unpack(const struct packed *packed, char *out)
{
    const char *at = packed->form->bytes, *end = at + packed->form->size;
    const unsigned char *value = packed->values;
    while (at < end) {
        const char *mark = memchr(at, MARK, (size_t)(end - at));
        size_t plain = (size_t)((mark != NULL ? mark : end) - at);
        memcpy(out, at, plain);
        out += plain;
        at += plain;
        if (mark == NULL)
            return;
        out += put_text(value, out);
        value += packed_size(value);
        at++;
    }
}
