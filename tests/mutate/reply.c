/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reply.h"

#define REPLY_MOST   1232 /* what the server under test sends at most over UDP */
#define POINTER_HOPS 16

struct reader {
    const uint8_t *bytes;
    size_t size, at;
    const char *mistake; /* the first; everything after it does nothing */
};

static unsigned take_u16(struct reader *reader)
{
    if (reader->at + 2 > reader->size) {
        if (reader->mistake == NULL)
            reader->mistake = "the reply is cut";
        return 0;
    }
    reader->at += 2;
    return (unsigned)reader->bytes[reader->at - 2] << 8 | reader->bytes[reader->at - 1];
}

static unsigned u16_at(const uint8_t *bytes)
{
    return (unsigned)bytes[0] << 8 | bytes[1];
}

/* Where the pointers lead does not move the reader; each must go back before where the last one led. */
static const char *check_name(const struct reader *reader, bool may_point, size_t *end)
{
    size_t at = reader->at, floor = at, length = 1;
    unsigned hops = 0;
    *end = 0;
    while (at < reader->size) {
        uint8_t label = reader->bytes[at];
        if (label >= 0xc0) {
            if (!may_point)
                return "a compressed name where none may be";
            if (at + 2 > reader->size || ++hops > POINTER_HOPS)
                return "a pointer is cut or one of too many";
            if (*end == 0)
                *end = at + 2;
            at = u16_at(reader->bytes + at) & 0x3fff;
            if (at >= floor || at < 12)
                return "a pointer that does not go back";
            floor = at;
            continue;
        }
        if (label > 63)
            return "a label of an unknown type";
        at += 1 + (size_t)label;
        length += label == 0 ? 0 : 1 + (size_t)label;
        if (length > 255)
            return "a name of more than 255 bytes";
        if (label == 0) {
            if (*end == 0)
                *end = at;
            return NULL;
        }
    }
    return "a name runs over the end";
}

static void take_name(struct reader *reader, bool may_point)
{
    size_t end;
    if (reader->mistake != NULL)
        return;
    reader->mistake = check_name(reader, may_point, &end);
    reader->at = end;
}

/* Bytes before the names in the rdata of a type, and their number; compressed only in the types of RFC 1035.
 */
struct layout {
    unsigned type, skip, names;
    bool may_point;
};

static const struct layout layouts[] = { { 2, 0, 1, true },   { 5, 0, 1, true },  { 6, 0, 2, true },
                                         { 12, 0, 1, true },  { 15, 2, 1, true }, { 33, 6, 1, false },
                                         { 39, 0, 1, false }, { 1, 4, 0, false }, { 28, 16, 0, false } };

static void check_rdata(struct reader *reader, unsigned type, size_t end)
{
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        if (layouts[i].type != type)
            continue;
        reader->at += layouts[i].skip;
        for (unsigned k = 0; k < layouts[i].names && reader->mistake == NULL; k++)
            take_name(reader, layouts[i].may_point);
        if (type == 6)
            reader->at += 20;
        if (reader->mistake == NULL && reader->at != end)
            reader->mistake = "rdata of another size than its type has";
    }
    reader->at = end;
}

static void check_options(struct reader *reader, size_t end)
{
    while (reader->mistake == NULL && reader->at < end) {
        take_u16(reader);
        reader->at += take_u16(reader);
    }
    if (reader->mistake == NULL && reader->at != end)
        reader->mistake = "an option that runs over";
}

#define TYPE_OPT 41

/* Returns true if the record is an OPT. */
static bool check_record(struct reader *reader, bool is_additional)
{
    const uint8_t owner = reader->at < reader->size ? reader->bytes[reader->at] : 1;
    take_name(reader, true);
    unsigned type = take_u16(reader), class = take_u16(reader);
    take_u16(reader); /* TTL */
    take_u16(reader);
    size_t rdlength = take_u16(reader), end = reader->at + rdlength;
    if (reader->mistake == NULL && end > reader->size)
        reader->mistake = "rdata runs over the end";
    if (reader->mistake != NULL)
        return false;
    if (type != TYPE_OPT) {
        if (class != 1 && class != 3)
            reader->mistake = "a record of a class that nobody asked for";
        check_rdata(reader, type, end);
        return false;
    }
    if (!is_additional || owner != 0)
        reader->mistake = "an OPT that is out of place";
    check_options(reader, end);
    return true;
}

static const char *check_header(const uint8_t *query, size_t query_size, const uint8_t *reply, size_t size)
{
    if (query_size < 12)
        return "a reply to less than a header";
    if (query[2] & 0x80)
        return "a reply to a reply";
    if (size > REPLY_MOST)
        return "a reply that is too long";
    if (!(reply[2] & 0x80))
        return "a reply that says it is a query";
    if ((reply[2] ^ query[2]) & 0x79)
        return "another opcode or RD than the query's";
    if (reply[3] & 0xf0)
        return "RA, Z, AD or CD";
    if ((reply[3] & 15) > 7) /* 7: the low bits of BADCOOKIE */
        return "an rcode that we never send";
    return u16_at(reply + 4) > 1 ? "more than one question" : NULL;
}

const char *reply_judge(const uint8_t *query, size_t query_size, const uint8_t *reply, size_t size)
{
    struct reader reader = { .bytes = reply, .size = size, .at = 12 };
    reader.mistake = check_header(query, query_size, reply, size);
    if (reader.mistake == NULL && u16_at(reply + 4) == 1) {
        take_name(&reader, false);
        take_u16(&reader);
        take_u16(&reader);
        if (reader.mistake == NULL &&
            (reader.at > query_size || memcmp(query + 12, reply + 12, reader.at - 12) != 0))
            return "another question than was asked";
    }
    unsigned opt_count = 0, record_count = 0;
    for (unsigned section = 0; section < 3; section++) {
        for (unsigned left = u16_at(reply + 6 + 2 * section); left > 0 && reader.mistake == NULL; left--) {
            opt_count += check_record(&reader, section == 2);
            record_count++;
        }
    }
    if (reader.mistake != NULL)
        return reader.mistake;
    if (opt_count > 1)
        return "more than one OPT";
    unsigned rcode = reply[3] & 15;
    if (record_count > opt_count && (rcode == 1 || rcode == 4 || rcode == 5))
        return "records with an error";
    return reader.at != size ? "bytes behind the last record" : NULL;
}
