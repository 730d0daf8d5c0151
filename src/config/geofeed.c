/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "geofeed.h"

#include "base/address.h"
#include "base/memory.h"
#include "base/table.h"
#include "base/text.h"
#include "json.h"
#include "place.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NETWORK, COUNTRY, SUBDIVISION, CITY, POSTAL_CODE, LATITUDE, LONGITUDE, ASN, COLUMN_COUNT };

struct geofeed {
    const char *file;
    struct problems *problems;
    struct table *lines; /* network → line that named it */
    struct text json;
    unsigned line;
};

static bool refuse(struct geofeed *feed, const char *format, const char *what)
{
    problems_add(feed->problems, feed->file, feed->line, 1, "", format, what);
    return false;
}

/* ---- a line into its columns (RFC 4180) ---- */

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

/* Without blanks around it, in place. */
static char *trimmed(char *text)
{
    while (is_blank(*text))
        text++;
    size_t size = strlen(text);
    while (size > 0 && is_blank(text[size - 1]))
        size--;
    text[size] = '\0';
    return text;
}

/* Takes the quotes off in place; NULL if the last one is missing.  `*end` is what follows it. */
static char *unquoted(char *text, char **end)
{
    char *from = text + 1, *to = text;
    for (; *from != '\0'; *to++ = *from++) {
        if (*from != '"')
            continue;
        if (from[1] != '"') {
            *to = '\0';
            *end = from + 1;
            return text;
        }
        from++;
    }
    return NULL;
}

/* Cuts the next column out in place; false if its quotes are wrong.  `*at` is NULL behind the last one. */
static bool next_column(char **at, char **out)
{
    char *text = *at, *end;
    while (is_blank(*text))
        text++;
    if (*text != '"') {
        end = strchr(text, ',');
        *at = end != NULL ? end + 1 : NULL;
        if (end != NULL)
            *end = '\0';
        *out = trimmed(text);
        return true;
    }
    if ((*out = unquoted(text, &end)) == NULL)
        return false;
    while (is_blank(*end))
        end++;
    *at = *end == ',' ? end + 1 : NULL;
    return *end == ',' || *end == '\0';
}

/* ---- columns into JSON ---- */

static void to_capitals(char *text)
{
    for (; *text != '\0'; text++)
        *text = (char)toupper((unsigned char)*text);
}

/* The same network again, however it is written, is a mistake of whoever put the file together. */
static bool check_network(struct geofeed *feed, const char *text)
{
    struct prefix prefix;
    char key[ADDRESS_TEXT_SIZE], line[16];
    if (!prefix_parse(text, &prefix))
        return refuse(feed, "\"%s\" is no network: write one without host bits, such as 198.51.100.0/24",
                      text);
    prefix_format(&prefix, key);
    uintptr_t before = (uintptr_t)table_put(feed->lines, key, (void *)(uintptr_t)feed->line);
    if (before == 0)
        return true;
    snprintf(line, sizeof line, "%u", (unsigned)before);
    return refuse(feed, "the same network as in line %s", line);
}

static bool check_words(struct geofeed *feed, char *const columns[COLUMN_COUNT])
{
    struct error err;
    const char *country = columns[COUNTRY], *subdivision = columns[SUBDIVISION], *city = columns[CITY];
    if (country[0] != '\0' && !place_accept_country(country, &err))
        return refuse(feed, "the country %s", err.text);
    if (subdivision[0] != '\0' && !place_accept_subdivision(subdivision, &err))
        return refuse(feed, "the subdivision %s", err.text);
    if (country[0] != '\0' && subdivision[0] != '\0' && strncmp(country, subdivision, 2) != 0)
        return refuse(feed, "the subdivision %s is not in the country", subdivision);
    if (strpbrk(city, "\t\r") != NULL)
        return refuse(feed, "%s", "the city must not hold tabs or line ends");
    if (strlen(city) > PLACE_CITY_MAX)
        return refuse(feed, "the city \"%s\" has too long a name, at most 47 bytes", city);
    return true;
}

static bool is_number(const char *text, double most)
{
    char *end;
    if (!isdigit((unsigned char)text[text[0] == '-' || text[0] == '+']))
        return false;
    double value = strtod(text, &end);
    return *end == '\0' && value >= -most && value <= most && strpbrk(text, "xXpPnNeE") == NULL;
}

static bool check_numbers(struct geofeed *feed, char *const columns[COLUMN_COUNT])
{
    const char *latitude = columns[LATITUDE], *longitude = columns[LONGITUDE], *asn = columns[ASN];
    if ((latitude[0] != '\0' || longitude[0] != '\0') &&
        (!is_number(latitude, 90) || !is_number(longitude, 180)))
        return refuse(feed, "latitude and longitude must be -90..90 and -180..180, got \"%s\" first",
                      latitude);
    if (asn[0] != '\0' &&
        (strspn(asn, "0123456789") != strlen(asn) || !is_number(asn, UINT32_MAX) || strtod(asn, NULL) == 0))
        return refuse(feed, "the AS number must be 1..4294967295, got \"%s\"", asn);
    return true;
}

static void put_member(struct text *json, const char *key, const char *value, bool *is_first)
{
    if (value[0] == '\0')
        return;
    text_printf(json, "%s\"%s\": ", *is_first ? "" : ", ", key);
    text_put_json(json, value);
    *is_first = false;
}

static void put_place(struct text *json, char *const columns[COLUMN_COUNT])
{
    bool is_first = true;
    text_puts(json, json->size > 1 ? ",\n" : "\n");
    text_put_json(json, columns[NETWORK]);
    text_puts(json, ": {");
    put_member(json, "country", columns[COUNTRY], &is_first);
    put_member(json, "subdivision", columns[SUBDIVISION], &is_first);
    put_member(json, "city", columns[CITY], &is_first);
    if (columns[LATITUDE][0] != '\0') {
        text_printf(json, "%s\"location\": [%.6f, %.6f]", is_first ? "" : ", ",
                    strtod(columns[LATITUDE], NULL), strtod(columns[LONGITUDE], NULL));
        is_first = false;
    }
    if (columns[ASN][0] != '\0')
        text_printf(json, "%s\"asn\": %.0f", is_first ? "" : ", ", strtod(columns[ASN], NULL));
    text_puts(json, "}");
}

static bool is_text(const char *line)
{
    size_t left = strlen(line), size;
    for (; left > 0; line += size, left -= size) {
        size = json_utf8_size((const unsigned char *)line, left);
        if (size == 0 || (iscntrl((unsigned char)*line) && !is_blank(*line)))
            return false;
    }
    return true;
}

static bool read_line(struct geofeed *feed, char *line)
{
    static char nothing[1];
    char *columns[COLUMN_COUNT], *at = line, *beyond;
    line[strcspn(line, "#")] = '\0';
    if (trimmed(line)[0] == '\0')
        return true;
    if (!is_text(line))
        return refuse(feed, "%s", "is not UTF-8 text");
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        columns[i] = nothing;
        if (at != NULL && !next_column(&at, &columns[i]))
            return refuse(feed, "%s", "quotes must stand around a whole column");
    }
    while (at != NULL) {
        if (!next_column(&at, &beyond))
            return refuse(feed, "%s", "quotes must stand around a whole column");
    }
    to_capitals(columns[COUNTRY]);
    to_capitals(columns[SUBDIVISION]);
    if (!check_network(feed, columns[NETWORK]) || !check_words(feed, columns) ||
        !check_numbers(feed, columns))
        return false;
    put_place(&feed->json, columns);
    return true;
}

char *geofeed_to_json(const char *file, const char *text, size_t size, struct problems *problems,
                      size_t *json_size)
{
    struct geofeed feed = { .file = file, .problems = problems, .lines = table_new() };
    bool is_good = true;
    text_puts(&feed.json, "{");
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end != NULL ? (size_t)(end - text) - at : size - at;
        char *line = xstrndup(text + at, length);
        feed.line++;
        if (memchr(text + at, '\0', length) != NULL)
            is_good = refuse(&feed, "%s", "holds a byte of value zero");
        else
            is_good = read_line(&feed, line) && is_good;
        free(line);
        at += length + 1;
    }
    table_free(feed.lines);
    text_puts(&feed.json, "\n}");
    *json_size = feed.json.size;
    if (is_good)
        return text_take(&feed.json);
    text_free(&feed.json);
    return NULL;
}
