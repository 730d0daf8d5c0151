/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes a manual page of its skeleton, at build time: every line that starts with "@" is replaced by what the
 * tables of the program say, so that no option is missing in the manual.
 *
 *     @commands           the commands of steerctl and their options
 *     @options            the options that all of them take
 *     @settings           steerd.json
 *     @shape NAME         one kind of object in steering.json
 *
 * Usage: manual SKELETON VERSION > PAGE
 */
#include "base/text.h"
#include "cli/command.h"
#include "config/model.h"

#include <cjson/cJSON.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const cJSON *member(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* A hyphen is a minus, for people who copy; nothing is taken for a request. */
static void put_plain(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        bool is_first = at == text;
        if (is_first && (*at == '.' || *at == '\''))
            fputs("\\&", stdout);
        if (*at == '\\')
            fputs("\\e", stdout);
        else if (*at == '-')
            fputs("\\-", stdout);
        else
            fputc(*at, stdout);
    }
}

/* "why, for the history": "Why, for the history." */
static void put_sentence(const char *text)
{
    char first[2] = { text[0], '\0' };
    if (text[0] == '\0')
        return;
    if (first[0] >= 'a' && first[0] <= 'z')
        first[0] = (char)(first[0] - 'a' + 'A');
    put_plain(first);
    put_plain(text + 1);
    puts(text[strlen(text) - 1] == '.' ? "" : ".");
}

static void put_styled(const char *style, const char *text)
{
    printf("\\f%s", style);
    put_plain(text);
    fputs("\\fR", stdout);
}

/* ---- steerctl ---- */

static void put_option(const struct option_row *row)
{
    char name[64];
    puts(".TP");
    if (row->letter != 0) {
        snprintf(name, sizeof name, "-%c", row->letter);
        put_styled("B", name);
        fputs(", ", stdout);
    }
    snprintf(name, sizeof name, "--%s", row->name);
    put_styled("B", name);
    if (row->value != NULL) {
        fputs(" ", stdout);
        put_styled("I", row->value);
    }
    fputs("\n", stdout);
    put_sentence(row->doc);
}

static void put_options(unsigned bits)
{
    const struct option_row *row;
    for (size_t i = 0; (row = option_at(i)) != NULL; i++)
        if (bits == 0 ? row->bit == 0 : (row->bit & bits) != 0)
            put_option(row);
}

static void put_commands(void)
{
    const struct command_row *row;
    for (size_t i = 0; (row = command_at(i)) != NULL; i++) {
        puts(".TP");
        put_styled("B", row->name);
        if (row->arguments[0] != '\0') {
            fputs(" ", stdout);
            put_styled("I", row->arguments);
        }
        fputs("\n", stdout);
        put_sentence(row->summary);
        put_sentence(row->doc);
        if (row->options != 0) {
            puts(".RS");
            put_options(row->options);
            puts(".RE");
        }
    }
}

/* ---- configuration, by its JSON Schema ---- */

static void put_type(const cJSON *schema);

static void put_words(const cJSON *words)
{
    const cJSON *word;
    cJSON_ArrayForEach(word, words)
    {
        char *printed = cJSON_PrintUnformatted(word);
        fputs(word->prev != NULL && word != words->child ? ", " : "", stdout);
        put_plain(printed);
        cJSON_free(printed);
    }
}

static void put_forms(const cJSON *forms)
{
    const cJSON *form;
    cJSON_ArrayForEach(form, forms)
    {
        fputs(form != forms->child ? " or " : "", stdout);
        put_type(form);
    }
}

static void put_number(const cJSON *schema)
{
    const cJSON *least = member(schema, "minimum"), *most = member(schema, "maximum");
    fputs("number", stdout);
    if (cJSON_IsNumber(least) && cJSON_IsNumber(most)) {
        char range[64];
        snprintf(range, sizeof range, " %.0f to %.0f", least->valuedouble, most->valuedouble);
        put_plain(range);
    }
}

static void put_type(const cJSON *schema)
{
    const char *type = cJSON_GetStringValue(member(schema, "type"));
    const char *reference = cJSON_GetStringValue(member(schema, "$ref"));
    const char *pattern = cJSON_GetStringValue(member(schema, "pattern"));
    if (member(schema, "anyOf") != NULL)
        put_forms(member(schema, "anyOf"));
    else if (member(schema, "enum") != NULL)
        put_words(member(schema, "enum"));
    else if (reference != NULL)
        put_plain(strrchr(reference, '/') + 1);
    else if (type == NULL)
        fputs("object", stdout);
    else if (strcmp(type, "integer") == 0)
        put_number(schema);
    else if (strcmp(type, "string") == 0 && pattern != NULL && strstr(pattern, "(ms|s|m|h|d)") != NULL)
        fputs("duration", stdout);
    else if (strcmp(type, "array") == 0 && member(schema, "items") != NULL) {
        fputs("list of: ", stdout);
        put_type(member(schema, "items"));
    } else
        put_plain(type);
}

/* The object that the field holds, alone or in a list; NULL: none of its own. */
static const cJSON *inner_fields(const cJSON *field)
{
    const cJSON *object = cJSON_GetArrayItem(member(field, "allOf"), 0);
    if (object == NULL)
        object = member(field, "items");
    return member(object != NULL ? object : field, "properties");
}

static void put_fields(const char *before, const cJSON *properties)
{
    const cJSON *field;
    cJSON_ArrayForEach(field, properties)
    {
        struct text name = { 0 };
        text_printf(&name, "%s%s%s", before, before[0] != '\0' ? "." : "", field->string);
        const char *doc = cJSON_GetStringValue(member(field, "description"));
        const cJSON *fallback = member(field, "default"), *below = inner_fields(field);
        puts(".TP");
        put_styled("B", name.bytes);
        fputs(" (", stdout);
        put_type(field);
        if (fallback != NULL && below == NULL) {
            char *printed = cJSON_PrintUnformatted(fallback);
            fputs("; default ", stdout);
            put_plain(printed);
            cJSON_free(printed);
        }
        puts(")");
        put_sentence(doc != NULL ? doc : field->string);
        put_fields(name.bytes, below);
        text_free(&name);
    }
}

static void put_settings(void)
{
    char *text = schema_of_settings();
    cJSON *schema = cJSON_Parse(text);
    put_fields("", member(schema, "properties"));
    cJSON_Delete(schema);
    free(text);
}

static bool put_shape(const char *name)
{
    char *text = schema_of_steering();
    cJSON *schema = cJSON_Parse(text);
    const cJSON *shape = member(member(schema, "$defs"), name);
    put_fields("", member(shape, "properties"));
    bool is_there = member(shape, "properties") != NULL;
    cJSON_Delete(schema);
    free(text);
    return is_there || fprintf(stderr, "manual: there is no shape \"%s\"\n", name) < 0;
}

/* ---- the page ---- */

static bool put_line(char *line, const char *version)
{
    line[strcspn(line, "\n")] = '\0';
    if (strcmp(line, "@commands") == 0)
        put_commands();
    else if (strcmp(line, "@options") == 0)
        put_options(0);
    else if (strcmp(line, "@settings") == 0)
        put_settings();
    else if (strncmp(line, "@shape ", 7) == 0)
        return put_shape(line + 7);
    else if (strncmp(line, ".TH ", 4) == 0)
        printf("%s \"steerd %s\"\n", line, version);
    else
        puts(line);
    return true;
}

int main(int argc, char **argv)
{
    char line[4096];
    FILE *skeleton = argc == 3 ? fopen(argv[1], "re") : NULL;
    if (skeleton == NULL) {
        fputs("usage: manual SKELETON VERSION\n", stderr);
        return 2;
    }
    bool is_good = true;
    while (is_good && fgets(line, sizeof line, skeleton) != NULL)
        is_good = put_line(line, argv[2]);
    fclose(skeleton);
    return is_good && fflush(stdout) == 0 ? 0 : 1;
}
