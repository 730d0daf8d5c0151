/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/mmdb_record.h"

#include "base/memory.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- where the layouts keep what: the first path that says something usable counts ---- */

#define FIRST "[0]" /* the first element of an array */

enum { PATH_DEPTH = 3, PATHS = 5 };

typedef const char *field_paths[PATHS][PATH_DEPTH];

static const field_paths country_paths = {
    { "country", "iso_code" }, { "country_code" }, { "country" }, { "registered_country", "iso_code" }
};
static const field_paths continent_paths = { { "continent", "code" }, { "continent_code" }, { "continent" } };
static const field_paths subdivision_paths = { { "subdivisions", FIRST, "iso_code" }, { "region_code" } };
static const field_paths city_paths = { { "city", "names", "en" }, { "city" } };
static const field_paths asn_paths = { { "autonomous_system_number" },
                                       { "traits", "autonomous_system_number" },
                                       { "asn" },
                                       { "as_number" },
                                       { "as" } };
static const field_paths latitude_paths = { { "location", "latitude" }, { "latitude" }, { "lat" } };
static const field_paths longitude_paths = {
    { "location", "longitude" }, { "longitude" }, { "lng" }, { "lon" }
};

struct record {
    struct mmdb_section section;
    struct mmdb_value root;
    bool is_sound; /* sticky: false after the first bytes that make no sense */
};

/* The value at `path`; type 0 if there is none. */
static struct mmdb_value record_get(struct record *record, const char *const path[PATH_DEPTH])
{
    struct mmdb_value value = record->root;
    for (size_t i = 0; i < PATH_DEPTH && path[i] != NULL && record->is_sound; i++) {
        struct mmdb_value inner;
        record->is_sound = strcmp(path[i], FIRST) == 0
                               ? mmdb_value_first(&record->section, &value, &inner)
                               : mmdb_value_member(&record->section, &value, path[i], &inner);
        value = inner;
    }
    return record->is_sound ? value : (struct mmdb_value){ 0 };
}

/* ---- texts ---- */

/* The longest start of `text` that is whole UTF-8 characters in at most `room` bytes; 0 if any byte is bad.
 */
static size_t utf8_fitting(const uint8_t *text, size_t size, size_t room)
{
    size_t at = 0, fitting = 0;
    while (at < size) {
        uint8_t first = text[at++];
        unsigned more = first < 0x80       ? 0
                        : first >> 5 == 6  ? 1
                        : first >> 4 == 14 ? 2
                        : first >> 3 == 30 ? 3
                                           : 9;
        uint32_t code = more == 0 ? first : first & (0x3fu >> more);
        if (more > 3 || size - at < more)
            return 0;
        for (unsigned i = 0; i < more; i++, at++) {
            if (text[at] >> 6 != 2)
                return 0;
            code = code << 6 | (text[at] & 0x3f);
        }
        static const uint32_t least[] = { 0x20, 0x80, 0x800, 0x10000 }; /* no controls, no overlong forms */
        if (code < least[more] || code == 0x7f || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
            return 0;
        if (at <= room)
            fitting = at;
    }
    return fitting;
}

static void take_text(struct record *record, const field_paths paths, char *out, size_t out_size)
{
    for (size_t i = 0; i < PATHS && paths[i][0] != NULL; i++) {
        struct mmdb_value value = record_get(record, paths[i]);
        if (value.type != MMDB_TEXT)
            continue;
        const uint8_t *text = record->section.bytes + value.at;
        size_t size = utf8_fitting(text, value.size, out_size - 1);
        memcpy(out, text, size);
        out[size] = '\0';
        if (size > 0)
            return;
    }
}

/* A code of letters (and digits, for subdivisions) in capitals; anything else is unknown. */
static void take_code(struct record *record, const field_paths paths, size_t least, size_t most,
                      bool has_digits, char out[4])
{
    out[0] = '\0';
    for (size_t i = 0; i < PATHS && paths[i][0] != NULL; i++) {
        struct mmdb_value value = record_get(record, paths[i]);
        if (value.type != MMDB_TEXT || value.size < least || value.size > most)
            continue;
        bool is_code = true;
        for (size_t j = 0; j < value.size; j++) {
            char c = (char)toupper(record->section.bytes[value.at + j]);
            out[j] = c;
            is_code = is_code && ((c >= 'A' && c <= 'Z') || (has_digits && c >= '0' && c <= '9'));
        }
        out[is_code ? value.size : 0] = '\0';
        if (is_code)
            return;
    }
}

/* ---- numbers, which some write as texts ---- */

static bool take_real(struct record *record, const field_paths paths, double most, float *out)
{
    for (size_t i = 0; i < PATHS && paths[i][0] != NULL; i++) {
        struct mmdb_value value = record_get(record, paths[i]);
        double real = NAN;
        char text[32], *end = text;
        if (value.type == MMDB_TEXT && value.size > 0 && value.size < sizeof text) {
            memcpy(text, record->section.bytes + value.at, value.size);
            text[value.size] = '\0';
            real = strtod(text, &end);
            if (*end != '\0')
                real = NAN;
        } else if (!mmdb_value_real(&record->section, &value, &real)) {
            continue;
        }
        if (real >= -most && real <= most) {
            *out = (float)real;
            return true;
        }
    }
    return false;
}

/* "AS15169", "15169" or a number. */
static uint32_t take_asn(struct record *record)
{
    for (size_t i = 0; i < PATHS && asn_paths[i][0] != NULL; i++) {
        struct mmdb_value value = record_get(record, asn_paths[i]);
        uint64_t number = 0;
        if (value.type == MMDB_TEXT) {
            const uint8_t *text = record->section.bytes + value.at, *end = text + value.size;
            if (end - text > 2 && toupper(text[0]) == 'A' && toupper(text[1]) == 'S')
                text += 2;
            while (text < end && isdigit(*text) && number <= UINT32_MAX)
                number = number * 10 + (uint64_t)(*text++ - '0');
            if (text < end && *text != ' ') /* "AS15169 Google LLC" is common */
                continue;
        } else if (!mmdb_value_uint(&record->section, &value, &number)) {
            continue;
        }
        if (number > 0 && number <= UINT32_MAX)
            return (uint32_t)number;
    }
    return 0;
}

/* ---- records ---- */

static void take_country(struct record *record, struct location *out)
{
    char country[4], continent[4];
    take_code(record, country_paths, 2, 2, false, country);
    take_code(record, continent_paths, 2, 2, false, continent);
    /* Placeholders for "nowhere" and "somewhere in Europe" (in Asia and the Pacific). */
    if (strcmp(country, "ZZ") == 0 || strcmp(country, "XX") == 0)
        country[0] = '\0';
    bool is_region = strcmp(country, "EU") == 0 || strcmp(country, "AP") == 0;
    const char *own = is_region ? (country[0] == 'E' ? "EU" : "AS") : geo_continent_of(country);
    if (continent[0] == '\0' && own != NULL)
        memcpy(continent, own, 3);
    if (!is_region)
        memcpy(out->country, country, 3);
    memcpy(out->continent, continent, 3);
}

bool mmdb_record_read(struct mmdb_file *file, size_t at, struct location *out)
{
    struct record record = { .section = mmdb_file_data(file), .is_sound = true };
    struct location location;
    memset(&location, 0, sizeof location);
    if (!mmdb_value_read(&record.section, at, &record.root))
        return false;
    take_country(&record, &location);
    if (location.country[0] != '\0') {
        char subdivision[4];
        take_code(&record, subdivision_paths, 1, 3, true, subdivision);
        if (subdivision[0] != '\0')
            snprintf(location.subdivision, sizeof location.subdivision, "%.2s-%.3s", location.country,
                     subdivision);
    }
    take_text(&record, city_paths, location.city, sizeof location.city);
    location.asn = take_asn(&record);
    struct coordinates *point = &location.at;
    point->is_known = take_real(&record, latitude_paths, 90, &point->latitude) &&
                      take_real(&record, longitude_paths, 180, &point->longitude);
    if (!point->is_known)
        *point = (struct coordinates){ 0 };
    *out = location;
    return record.is_sound;
}
