/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "map_file.h"

#include "base/address.h"
#include "base/memory.h"
#include "base/table.h"
#include "base/text.h"
#include "model_parts.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct map_file {
    const char *file;
    struct problems *problems;
    struct table *lines; /* network → line that named it */
    struct text json;
    unsigned line;
};

static bool refuse(struct map_file *map, const char *format, const char *what)
{
    problems_add(map->problems, map->file, map->line, 1, "", format, what);
    return false;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

/* The next word of the line, cut out in place; NULL at its end. */
static char *next_word(char **at)
{
    while (is_blank(**at))
        (*at)++;
    if (**at == '\0')
        return NULL;
    char *word = *at;
    while (**at != '\0' && !is_blank(**at))
        (*at)++;
    if (**at != '\0')
        *(*at)++ = '\0';
    return word;
}

/* The same network again, however it is written, is a mistake of whoever put the file together. */
static bool is_new(struct map_file *map, const struct prefix *prefix)
{
    char text[ADDRESS_TEXT_SIZE], line[16];
    prefix_format(prefix, text);
    uintptr_t before = (uintptr_t)table_put(map->lines, text, (void *)(uintptr_t)map->line);
    if (before == 0)
        return true;
    snprintf(line, sizeof line, "%u", (unsigned)before);
    return refuse(map, "the same network as in line %s", line);
}

static bool read_line(struct map_file *map, char *line)
{
    struct prefix prefix;
    struct error err;
    line[strcspn(line, "#")] = '\0';
    const char *network = next_word(&line), *name = next_word(&line), *more = next_word(&line);
    if (network == NULL)
        return true;
    if (!prefix_parse(network, &prefix))
        return refuse(map, "\"%s\" is no network: write one without host bits, such as 198.51.100.0/24",
                      network);
    if (name == NULL || more != NULL)
        return refuse(map, "behind %s must stand one name", network);
    if (!name_accept(name, &err))
        return refuse(map, "the name %s", err.text);
    if (!is_new(map, &prefix))
        return false;
    text_puts(&map->json, map->json.size > 1 ? ",\n" : "\n");
    text_put_json(&map->json, network);
    text_puts(&map->json, ": ");
    text_put_json(&map->json, name);
    return true;
}

char *map_file_to_json(const char *file, const char *text, size_t size, struct problems *problems,
                       size_t *json_size)
{
    struct map_file map = { .file = file, .problems = problems, .lines = table_new() };
    bool is_good = true;
    text_puts(&map.json, "{");
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end != NULL ? (size_t)(end - text) - at : size - at;
        char *line = xstrndup(text + at, length);
        map.line++;
        if (memchr(text + at, '\0', length) != NULL)
            is_good = refuse(&map, "%s", "holds a byte of value zero");
        else
            is_good = read_line(&map, line) && is_good;
        free(line);
        at += length + 1;
    }
    table_free(map.lines);
    text_puts(&map.json, "\n}");
    *json_size = map.json.size;
    if (is_good)
        return text_take(&map.json);
    text_free(&map.json);
    return NULL;
}
