/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/geo_rule.h"

#include "policy/name_map.h"
#include "snapshot/geo.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMS                                                                                     \
    "continent:EU, country:US, subdivision:US-CA, city:Berlin, asn:64500, map:offices/berlin, a " \
    "prefix such as 198.51.100.0/24, or default"

static bool is_continent(const char *code)
{
    static const char *const codes[] = { "AF", "AN", "AS", "EU", "NA", "OC", "SA" };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(codes[i], code) == 0)
            return true;
    return false;
}

/* Two letters in capitals; anything else gives "". */
static void code_of(const char *text, char out[3])
{
    bool is_code = strlen(text) == 2 && isalpha((unsigned char)text[0]) && isalpha((unsigned char)text[1]);
    for (size_t i = 0; i < 2; i++)
        out[i] = is_code ? (char)toupper((unsigned char)text[i]) : '\0';
    out[2] = '\0';
}

/* ASCII letters only: names of cities are UTF-8, and the rest must fit as it is. */
static void lower(char *text)
{
    for (; *text != '\0'; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text - 'A' + 'a');
}

/* "country:" and "US"; a code fits behind any word. */
static void write_key(char out[GEO_KEY_SIZE], const char *word, const char *code)
{
    strcpy(stpcpy(out, word), code);
}

/* ---- one function a form: what follows the colon ---- */

static bool parse_continent(const char *text, struct geo_rule *out, struct error *err)
{
    char code[3];
    code_of(text, code);
    if (!is_continent(code))
        return error_set(err, "there is no continent \"%s\": AF, AN, AS, EU, NA, OC or SA", text);
    out->kind = GEO_CONTINENT;
    write_key(out->key, "continent:", code);
    return true;
}

static bool check_country(const char *text, char code[3], struct error *err)
{
    code_of(text, code);
    if (geo_continent_of(code) != NULL)
        return true;
    if (geo_country_meant(text) != NULL)
        return error_set(err, "there is no country code \"%s\": did you mean %s?", text,
                         geo_country_meant(text));
    if (is_continent(code))
        return error_set(err, "there is no country \"%s\", but a continent: write continent:%s", text, code);
    return error_set(err, "there is no country code \"%s\" (ISO 3166-1, two letters)", text);
}

static bool parse_country(const char *text, struct geo_rule *out, struct error *err)
{
    char code[3];
    if (!check_country(text, code, err))
        return false;
    out->kind = GEO_COUNTRY;
    write_key(out->key, "country:", code);
    return true;
}

static bool parse_subdivision(const char *text, struct geo_rule *out, struct error *err)
{
    char country[3] = "", code[3], part[4] = "";
    size_t size = strlen(text);
    bool is_sound = size >= 4 && size <= 6 && text[2] == '-';
    for (size_t i = 3; is_sound && i < size; i++) {
        is_sound = isalnum((unsigned char)text[i]);
        part[i - 3] = (char)toupper((unsigned char)text[i]);
    }
    if (!is_sound)
        return error_set(err, "\"%s\" is no subdivision (ISO 3166-2): write one as subdivision:US-CA", text);
    memcpy(country, text, 2);
    if (!check_country(country, code, err))
        return false;
    out->kind = GEO_SUBDIVISION;
    snprintf(out->key, sizeof out->key, "subdivision:%s-%s", code, part);
    return true;
}

/* "Berlin" or "DE/Berlin"; a slash elsewhere belongs to the name. */
static bool parse_city(const char *text, struct geo_rule *out, struct error *err)
{
    char start[3] = "", code[3] = "";
    if (strlen(text) > 3 && text[2] == '/') {
        memcpy(start, text, 2);
        if (!check_country(start, code, err))
            return false;
        text += 3;
    }
    size_t most = sizeof((struct location *)NULL)->city - 1;
    if (text[0] == '\0' || strlen(text) > most)
        return error_set(err, "a city has a name of 1 to %zu bytes: city:Berlin or city:DE/Berlin", most);
    out->kind = code[0] != '\0' ? GEO_CITY_IN_COUNTRY : GEO_CITY;
    snprintf(out->key, sizeof out->key, "city:%s%s%s", code, code[0] != '\0' ? "/" : "", text);
    lower(out->key);
    return true;
}

static bool parse_asn(const char *text, struct geo_rule *out, struct error *err)
{
    uint64_t number = 0;
    const char *at = text;
    for (; isdigit((unsigned char)*at) && number <= UINT32_MAX; at++)
        number = number * 10 + (uint64_t)(*at - '0');
    if (*at != '\0' || number == 0 || number > UINT32_MAX)
        return error_set(err, "\"%s\" is no AS number: write a number up to 4294967295, as in asn:64500",
                         text);
    out->kind = GEO_ASN;
    snprintf(out->key, sizeof out->key, "asn:%u", (unsigned)number);
    return true;
}

static bool is_name(const char *text, size_t size)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return size > 0 && size < NAME_SIZE && strspn(text, letters) >= size;
}

static bool parse_map(const char *text, struct geo_rule *out, struct error *err)
{
    size_t size = strcspn(text, "/");
    if (text[size] != '/' || !is_name(text, size) || !is_name(text + size + 1, strlen(text + size + 1)))
        return error_set(err, "\"%s\" is no map and name in it: write them as in map:offices/berlin", text);
    out->kind = GEO_MAP;
    snprintf(out->key, sizeof out->key, "map:%s", text);
    return true;
}

static const struct form {
    const char *word;
    bool (*parse)(const char *text, struct geo_rule *out, struct error *err);
} forms[] = {
    { "continent:", parse_continent }, { "country:", parse_country }, { "subdivision:", parse_subdivision },
    { "city:", parse_city },           { "asn:", parse_asn },         { "map:", parse_map },
};

/* ---- what is none of them ---- */

/* "198.51.100.7/24": says which prefix is meant. */
static bool refuse_host_bits(const char *text, struct error *err)
{
    char copy[ADDRESS_TEXT_SIZE], meant[ADDRESS_TEXT_SIZE];
    struct prefix prefix;
    const char *slash = strchr(text, '/');
    if (slash == NULL || (size_t)(slash - text) >= sizeof copy)
        return true;
    memcpy(copy, text, (size_t)(slash - text));
    copy[slash - text] = '\0';
    if (!address_parse(copy, &prefix.address))
        return true;
    char *end;
    unsigned long length = strtoul(slash + 1, &end, 10);
    if (!isdigit((unsigned char)slash[1]) || *end != '\0' || length > address_bits(&prefix.address))
        return error_set(err, "\"%s\" is no prefix: its length must be 0 to %u", text,
                         address_bits(&prefix.address));
    prefix.length = (uint8_t)length;
    address_mask(&prefix.address, prefix.length);
    prefix_format(&prefix, meant);
    return error_set(err, "\"%s\" has bits behind its length: write %s", text, meant);
}

static bool refuse(const char *text, struct error *err)
{
    char code[3];
    code_of(text, code);
    bool is_country = geo_continent_of(code) != NULL;
    if (is_continent(code) && is_country)
        return error_set(err, "\"%s\" is a country and a continent: write country:%s or continent:%s", text,
                         code, code);
    if (is_continent(code) || is_country)
        return error_set(err, "\"%s\" lacks its kind: write %s:%s", text,
                         is_country ? "country" : "continent", code);
    if (!refuse_host_bits(text, err))
        return false;
    return error_set(err, "\"%s\" is no place: write " FORMS, text);
}

static const struct form *find_form(const char *text)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strncmp(text, forms[i].word, strlen(forms[i].word)) == 0)
            return &forms[i];
    return NULL;
}

bool geo_rule_parse(const char *text, struct geo_rule *out, struct error *err)
{
    struct geo_rule rule = { .kind = GEO_DEFAULT };
    const struct form *form = find_form(text); /* no address begins with such a word */
    bool is_good = true;
    if (form != NULL) {
        is_good = form->parse(text + strlen(form->word), &rule, err);
    } else if (strcmp(text, "default") == 0) {
        strcpy(rule.key, text);
    } else if (prefix_parse(text, &rule.prefix)) {
        char key[ADDRESS_TEXT_SIZE];
        rule.kind = GEO_PREFIX;
        prefix_format(&rule.prefix, key);
        strcpy(rule.key, key);
    } else {
        is_good = refuse(text, err);
    }
    if (is_good)
        *out = rule;
    return is_good;
}

bool geo_rule_key_of(enum geo_rule_kind kind, const struct location *at, char out[GEO_KEY_SIZE])
{
    switch (kind) {
    case GEO_ASN: snprintf(out, GEO_KEY_SIZE, "asn:%u", (unsigned)at->asn); return at->asn != 0;
    case GEO_CITY_IN_COUNTRY:
        snprintf(out, GEO_KEY_SIZE, "city:%s/%s", at->country, at->city);
        lower(out);
        return at->city[0] != '\0' && at->country[0] != '\0';
    case GEO_CITY:
        snprintf(out, GEO_KEY_SIZE, "city:%s", at->city);
        lower(out);
        return at->city[0] != '\0';
    case GEO_SUBDIVISION:
        snprintf(out, GEO_KEY_SIZE, "subdivision:%s", at->subdivision);
        return at->subdivision[0] != '\0';
    case GEO_COUNTRY: write_key(out, "country:", at->country); return at->country[0] != '\0';
    case GEO_CONTINENT: write_key(out, "continent:", at->continent); return at->continent[0] != '\0';
    case GEO_DEFAULT: strcpy(out, "default"); return true;
    case GEO_PREFIX:
    case GEO_MAP:
    case GEO_KINDS: break;
    }
    return false;
}
