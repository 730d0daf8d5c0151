/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/zone_scan.h"

#include "base/memory.h"
#include "config/zone_escape.h"
#include "config/zone_line.h"
#include "dns/rrset.h"
#include "dns/type.h"

#include <libzscanner/scanner.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What may still be included in the whole zone: a text from outside may include itself over and over. */
struct budget {
    unsigned count;
    size_t size; /* bytes */
};

/* One text being read. */
struct scan {
    struct zone_records *records;
    const struct dns_name *apex;
    zs_scanner_t *scanner;
    const struct zone_data *data;
    const struct zone_data_part *part;
    uint32_t origin;
    unsigned depth;
    struct budget *budget;
    const char *lines_end;            /* behind the last line end of the text */
    uint8_t below[DNS_NAME_SIZE_MAX]; /* what the scanner's origin has in front of the apex */
    size_t below_size;
};

/* Type and class words stand where the scanner also takes numbers, so its own words mislead. */
static const char *advice_of(int code)
{
    switch (code) {
    case ZS_BAD_NUMBER:
    case ZS_UNSUPPORTED_TYPE:
        return ": expected [TTL] [IN] TYPE RDATA with a known type (or TYPEnnn \\# …), and the class IN";
    case ZS_BAD_DNAME_CHAR: return ": write other characters as \\DDD";
    case ZS_BAD_IPV4: return ": write four numbers, 192.0.2.1";
    case ZS_BAD_IPV6: return ": write it like 2001:db8::1";
    case ZS_UNCLOSED_MULTILINE: return ": a closing parenthesis is missing before the end";
    case ZS_BAD_TEXT_CHAR:
    case ZS_BAD_TEXT: return ": put texts with spaces or ; into \"quotes\" on one line";
    case ZS_TEXT_OVERFLOW: return ": a string has at most 255 bytes, split it into several";
    case ZS_BAD_DIRECTIVE: return ": known are $ORIGIN, $TTL and $INCLUDE";
    case ZS_BAD_PREVIOUS_OWNER: return ": the first record needs an owner name";
    case ZS_DOS_NEWLINE: return ": convert the line ends to LF";
    case ZS_BAD_ORIGIN:
    case ZS_BAD_INCLUDE_ORIGIN: return ": it needs an absolute name, with a final dot";
    default: return "";
    }
}

static void scan_problem(struct scan *scan)
{
    const zs_scanner_t *scanner = scan->scanner;
    zone_records_problem(scan->records, scan->origin, scanner->line_counter, false, "%s%s%s",
                         zs_strerror(scanner->error.code), advice_of(scanner->error.code),
                         scanner->error.fatal ? " (reading ends here)" : "");
}

/* Types that stand only in messages, and the pseudo types of queries (RFC 6895 §3.1). */
static bool is_meta_type(uint16_t type)
{
    return type == 0 || type == DNS_OPT || (type >= 128 && type <= 255);
}

static bool record_is_good(const struct scan *scan, const struct dns_name *owner)
{
    const zs_scanner_t *scanner = scan->scanner;
    return dns_name_is_within(owner, scan->apex) && scanner->r_class == DNS_IN &&
           !is_meta_type(scanner->r_type) && scanner->r_ttl <= INT32_MAX &&
           dns_rdata_is_valid(scanner->r_type, scanner->r_data, scanner->r_data_length);
}

static void refuse_record(struct scan *scan, const struct dns_name *owner)
{
    const zs_scanner_t *scanner = scan->scanner;
    uint64_t line = scanner->line_counter;
    char text[DNS_NAME_TEXT_SIZE], type[16];
    dns_name_format(owner, text);
    dns_type_format(scanner->r_type, type);
    if (!dns_name_is_within(owner, scan->apex))
        zone_records_problem(scan->records, scan->origin, line, false,
                             "%s is not in this zone: remove it, or leave out the final dot", text);
    else if (scanner->r_class != DNS_IN)
        zone_records_problem(scan->records, scan->origin, line, false, "%s: the class must be IN", text);
    else if (is_meta_type(scanner->r_type))
        zone_records_problem(scan->records, scan->origin, line, false, "%s: %s cannot stand in a zone", text,
                             type);
    else if (scanner->r_ttl > INT32_MAX)
        zone_records_problem(scan->records, scan->origin, line, false,
                             "%s: the TTL %u is above 2147483647 (RFC 2181 §8)", text, scanner->r_ttl);
    else
        zone_records_problem(scan->records, scan->origin, line, false,
                             "%s: the rdata is not what a %s holds: write it in the type's own form", text,
                             type);
}

/* Where the scanner has come to: what it reads behind the text is a line end of its own. */
static const char *place_of(const struct scan *scan)
{
    const char *at = scan->scanner->input.current, *end = scan->part->text + scan->part->size;
    return at >= scan->part->text && at < end ? at : end;
}

/* `from`: where the scanner began to read it. */
static void scan_record(struct scan *scan, const char *from)
{
    const zs_scanner_t *scanner = scan->scanner;
    const char *wrong = zone_escape_find_wrong(from, place_of(scan));
    struct dns_name owner;
    if (wrong != NULL) {
        zone_records_problem(scan->records, scan->origin, scanner->line_counter, false,
                             "%.4s is no octet: \\DDD goes from \\000 to \\255", wrong);
        return;
    }
    if (dns_name_read(scanner->r_owner, scanner->r_owner_length, &owner) == 0)
        zone_records_problem(scan->records, scan->origin, scanner->line_counter, false,
                             "the owner is not a domain name");
    else if (!record_is_good(scan, &owner))
        refuse_record(scan, &owner);
    else
        memcpy(zone_records_add(scan->records, owner.bytes, (size_t)owner.size - scan->apex->size,
                                scanner->r_type, scanner->r_ttl, (uint16_t)scanner->r_data_length,
                                scan->origin, scanner->line_counter),
               scanner->r_data, scanner->r_data_length);
}

/* What $INCLUDE says: the scanner has put its own base directory in front of a relative name. */
static const char *written_name(const zs_scanner_t *scanner)
{
    const char *name = scanner->include_filename;
    size_t base = strlen(scanner->path);
    bool has_base = scanner->path[0] != '\0' && strncmp(name, scanner->path, base) == 0 && name[base] == '/';
    return has_base ? name + base + 1 : name;
}

/* When its caller does the including, libzscanner 3.2 leaves behind what it set for the directive: a flag
 * that would end the reading, and a return address in its automaton's stack, which has room for 16 and no
 * end. */
static void finish_include(zs_scanner_t *scanner)
{
    scanner->error.fatal = false;
    scanner->top = 0;
}

static void scan_part(const struct scan *by, struct zone_records *records, const struct zone_data_part *part,
                      const char *origin_name, uint32_t ttl_s, uint32_t origin);

static void include_part(struct scan *scan, const struct zone_data_part *part)
{
    const zs_scanner_t *scanner = scan->scanner;
    struct budget *budget = scan->budget;
    if (scan->depth == ZONE_INCLUDE_DEPTH_MAX || budget->count == 0 || budget->size < part->size) {
        zone_records_problem(scan->records, scan->origin, scanner->line_counter, false,
                             "$INCLUDE: %s is nested too deep, or one file too many", part->file);
        return;
    }
    budget->count--;
    budget->size -= part->size;
    uint32_t origin = zone_records_origin(scan->records, part->file, 1);
    scan_part(scan, scan->records, part, (const char *)scanner->buffer, scanner->default_ttl, origin);
}

static void scan_include(struct scan *scan)
{
    zs_scanner_t *scanner = scan->scanner;
    finish_include(scanner);
    const char *written = written_name(scanner);
    char *name = zone_data_name(scan->part->file, written);
    const struct zone_data_part *part = zone_data_find(scan->data, name);
    if (part != NULL)
        include_part(scan, part);
    else
        zone_records_problem(scan->records, scan->origin, scanner->line_counter, false,
                             "$INCLUDE is refused here: put the records of \"%s\" into this text", written);
    free(name);
}

/* ---- plain lines ---- */

/*
 * After a record the scanner stands at the end of its line.  Plain lines that follow are read without it;
 * then it goes on at the end of the last of them, and knows of their number and their last owner.
 */

static bool is_at_line_end(const struct scan *scan)
{
    const zs_scanner_t *scanner = scan->scanner;
    const char *at = scanner->input.current;
    return at >= scan->part->text && at < scan->lines_end && *at == '\n' && !scanner->multiline;
}

/* The scanner's origin may have changed since the last time; false if it is outside of the zone. */
static bool find_below(struct scan *scan)
{
    struct dns_name origin;
    const zs_scanner_t *scanner = scan->scanner;
    if (dns_name_read(scanner->zone_origin, scanner->zone_origin_length, &origin) == 0 ||
        !dns_name_is_within(&origin, scan->apex))
        return false;
    scan->below_size = (size_t)origin.size - scan->apex->size;
    memcpy(scan->below, origin.bytes, scan->below_size);
    return true;
}

/* Takes the apex off an absolute name; false if it is not within. */
static bool take_off_apex(const struct scan *scan, struct zone_line *line)
{
    const struct dns_name *apex = scan->apex;
    size_t labels = (size_t)apex->size - 1, at = 0; /* the root label is not in the line */
    if (line->name_size < labels || memcmp(line->name + line->name_size - labels, apex->bytes, labels) != 0)
        return false;
    size_t rest = line->name_size - labels;
    while (at < rest)
        at += 1 + (size_t)line->name[at];
    line->name_size = (uint8_t)rest;
    return at == rest;
}

/* Makes the name relative to the apex. */
static bool place_name(const struct scan *scan, struct zone_line *line)
{
    if (line->is_absolute)
        return take_off_apex(scan, line);
    if (line->name_size + scan->below_size + scan->apex->size > DNS_NAME_SIZE_MAX)
        return false;
    memcpy(line->name + line->name_size, scan->below, scan->below_size);
    line->name_size = (uint8_t)(line->name_size + scan->below_size);
    return true;
}

static void go_on_behind(struct scan *scan, const char *at, uint64_t count, const struct zone_line *last)
{
    zs_scanner_t *scanner = scan->scanner;
    const struct dns_name *apex = scan->apex;
    zs_set_input_string(scanner, at - 1, (size_t)(scan->part->text + scan->part->size - at) + 1);
    scanner->line_counter += count;
    memcpy(scanner->r_owner, last->name, last->name_size);
    memcpy(scanner->r_owner + last->name_size, apex->bytes, apex->size);
    scanner->r_owner_length = (uint32_t)last->name_size + apex->size;
}

static void scan_plain_lines(struct scan *scan)
{
    const zs_scanner_t *scanner = scan->scanner;
    if (!is_at_line_end(scan) || !find_below(scan))
        return;
    struct zone_line lines[2], *line = &lines[0], *last = &lines[1];
    const char *at = scanner->input.current + 1;
    uint64_t count = 0;
    size_t size;
    while (at < scan->lines_end && !zone_records_are_hopeless(scan->records) &&
           (size = zone_line_read(at, line)) > 0 && place_name(scan, line)) {
        uint32_t ttl_s = line->has_ttl ? line->ttl_s : scanner->default_ttl;
        if (ttl_s > INT32_MAX)
            break;
        count++;
        at += size;
        memcpy(zone_records_add(scan->records, line->name, line->name_size, line->type, ttl_s,
                                line->rdata_size, scan->origin, scanner->line_counter + count),
               line->rdata, line->rdata_size);
        struct zone_line *read = line;
        line = last;
        last = read;
    }
    if (count > 0)
        go_on_behind(scan, at, count, last);
}

/* ---- the whole text ---- */

/* Handles what the scanner stopped at; false when the reading is over. */
static bool scan_step(struct scan *scan)
{
    zs_scanner_t *scanner = scan->scanner;
    const char *from = place_of(scan);
    if (zs_parse_record(scanner) != 0) {
        zone_records_problem(scan->records, scan->origin, scanner->line_counter, false, "%s",
                             zs_strerror(scanner->error.code));
        return false;
    }
    switch (scanner->state) {
    case ZS_STATE_DATA:
        scan_record(scan, from);
        scan_plain_lines(scan);
        return !zone_records_are_hopeless(scan->records);
    case ZS_STATE_INCLUDE: scan_include(scan); return !zone_records_are_hopeless(scan->records);
    case ZS_STATE_ERROR:
        scan_problem(scan);
        return !scanner->error.fatal && !zone_records_are_hopeless(scan->records);
    default: return false; /* the end */
    }
}

static void scan_all(struct scan *scan, const char *origin_name, uint32_t ttl_s)
{
    const char *text = scan->part->text, *last = memrchr(text, '\n', scan->part->size);
    scan->lines_end = last != NULL ? last + 1 : text;
    scan->scanner = xcalloc(1, sizeof(zs_scanner_t));
    if (zs_init(scan->scanner, origin_name, DNS_IN, ttl_s) != 0 ||
        zs_set_input_string(scan->scanner, scan->part->text, scan->part->size) != 0) {
        zone_records_problem(scan->records, scan->origin, 0, false, "%s",
                             zs_strerror(scan->scanner->error.code));
    } else {
        while (scan_step(scan))
            ;
    }
    zs_deinit(scan->scanner);
    free(scan->scanner);
}

static void scan_part(const struct scan *by, struct zone_records *records, const struct zone_data_part *part,
                      const char *origin_name, uint32_t ttl_s, uint32_t origin)
{
    struct scan scan = { .records = records,
                         .apex = by->apex,
                         .data = by->data,
                         .part = part,
                         .origin = origin,
                         .depth = by->depth + 1,
                         .budget = by->budget };
    scan_all(&scan, origin_name, ttl_s);
}

/* A line that begins with an owner is likely to bring a new one: counted in some places of the text. */
static uint32_t estimate_owners(const char *text, size_t size)
{
    enum { PLACES = 32, PLACE_SIZE = 4096, LINE_SIZE_MIN = 16 };
    size_t owners = 0, looked = 0;
    if (size < (size_t)PLACES * PLACE_SIZE)
        return 0; /* growing costs little */
    for (size_t place = 0; place < PLACES; place++) {
        const char *at = text + size / PLACES * place, *end = at + PLACE_SIZE;
        looked += PLACE_SIZE;
        while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
            at++;
            owners += at<end && * at> ' ' && *at != ';' && *at != '$';
        }
    }
    size_t estimate = size / looked * owners, most = size / LINE_SIZE_MIN;
    return (uint32_t)(estimate < most ? estimate : most);
}

void zone_scan(struct zone_records *records, const struct dns_name *apex, const struct zone_data *data,
               const struct zone_data_part *part, uint32_t origin)
{
    char origin_name[DNS_NAME_TEXT_SIZE];
    struct budget budget = { ZONE_INCLUDE_COUNT_MAX, ZONE_DATA_SIZE_MAX };
    struct scan scan = {
        .records = records, .apex = apex, .data = data, .part = part, .origin = origin, .budget = &budget
    };
    dns_name_format(apex, origin_name);
    zone_records_expect(records, estimate_owners(part->text, part->size));
    scan_all(&scan, origin_name, ZONE_TTL_DEFAULT_S);
}

void zone_scan_text(struct zone_records *records, const struct dns_name *apex, const char *text, size_t size,
                    uint32_t origin)
{
    struct zone_data_part part = { .text = text, .size = size };
    const struct zone_data data = { &part, 1 };
    zone_scan(records, apex, &data, &part, origin);
}

/* ---- includes ---- */

bool zone_scan_may_include(const char *text, size_t size)
{
    static const char word[] = "$INCLUDE";
    const char *at = text, *end = text + size;
    while (at < end && (at = memchr(at, '$', (size_t)(end - at))) != NULL) {
        if ((size_t)(end - at) >= sizeof word - 1 && strncasecmp(at, word, sizeof word - 1) == 0)
            return true;
        at++;
    }
    return false;
}

void zone_scan_includes(const char *text, size_t size,
                        void (*found)(void *context, const char *written, unsigned line), void *context)
{
    if (!zone_scan_may_include(text, size))
        return;
    zs_scanner_t *scanner = xcalloc(1, sizeof *scanner);
    bool goes_on = zs_init(scanner, ".", DNS_IN, ZONE_TTL_DEFAULT_S) == 0 &&
                   zs_set_input_string(scanner, text, size) == 0;
    while (goes_on && zs_parse_record(scanner) == 0) {
        if (scanner->state == ZS_STATE_INCLUDE) {
            finish_include(scanner);
            found(context, written_name(scanner), (unsigned)scanner->line_counter);
        }
        goes_on = scanner->state == ZS_STATE_DATA || scanner->state == ZS_STATE_INCLUDE ||
                  (scanner->state == ZS_STATE_ERROR && !scanner->error.fatal);
    }
    zs_deinit(scanner);
    free(scanner);
}
