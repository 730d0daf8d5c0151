/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/zone_data.h"

#include "base/memory.h"
#include "base/text.h"
#include "config/file.h"
#include "config/zone_scan.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC        ";steerd zone data 1\n"
#define PART         ";file "
#define COUNT_DIGITS 10

/* ---- taking apart ---- */

static struct zone_data_part *add_part(struct zone_data *data, char *file, const char *text, size_t size)
{
    data->parts = xrealloc(data->parts, data->count + 1, sizeof *data->parts);
    data->parts[data->count] = (struct zone_data_part){ file, text, size };
    return &data->parts[data->count++];
}

void zone_data_close(struct zone_data *data)
{
    for (size_t i = 0; i < data->count; i++)
        free(data->parts[i].file);
    free(data->parts);
    *data = (struct zone_data){ 0 };
}

/* The byte behind `lines` lines; NULL if there are fewer. */
static const char *skip_lines(const char *at, const char *end, size_t lines)
{
    for (; lines > 0; lines--) {
        at = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
        if (at == NULL)
            return NULL;
        at++;
    }
    return at;
}

/* One ";file COUNT NAME" with its lines; NULL if it is none. */
static const char *read_part(struct zone_data *data, const char *at, const char *end)
{
    const char *line_end = memchr(at, '\n', (size_t)(end - at));
    size_t head = strlen(PART), lines = 0, digits = 0;
    if (line_end == NULL || (size_t)(line_end - at) < head || memcmp(at, PART, head) != 0)
        return NULL;
    for (at += head; *at >= '0' && *at <= '9' && digits < COUNT_DIGITS; at++, digits++)
        lines = lines * 10 + (size_t)(*at - '0');
    if (digits == 0 || *at != ' ' || line_end == at + 1)
        return NULL;
    const char *text = line_end + 1, *behind = skip_lines(text, end, lines);
    if (behind != NULL)
        add_part(data, xstrndup(at + 1, (size_t)(line_end - at) - 1), text, (size_t)(behind - text));
    return behind;
}

bool zone_data_open(const char *text, size_t size, struct zone_data *out, struct error *err)
{
    size_t head = strlen(MAGIC);
    *out = (struct zone_data){ 0 };
    if (size < head || memcmp(text, MAGIC, head) != 0) {
        add_part(out, NULL, text, size);
        return true;
    }
    const char *at = text + head, *end = text + size;
    while (at != NULL && at < end)
        at = read_part(out, at, end);
    if (at != NULL && out->count > 0)
        return true;
    zone_data_close(out);
    return error_set(err, "begins like the data of a zone with its included files, but is cut short: import "
                          "the zone's file anew");
}

char *zone_data_name(const char *file, const char *written)
{
    char *directory = file_directory(file != NULL ? file : ""), *name = file_path(directory, written);
    free(directory);
    return name;
}

const struct zone_data_part *zone_data_find(const struct zone_data *data, const char *name)
{
    for (size_t i = 0; i < data->count; i++) {
        if (data->parts[i].file != NULL && strcmp(data->parts[i].file, name) == 0)
            return &data->parts[i];
    }
    return NULL;
}

/* ---- putting together ---- */

/* A file being read, and those that include it. */
struct chain {
    const struct chain *by;
    const char *real; /* its path without links */
    unsigned depth;
};

struct loading {
    char *roots[2]; /* real paths of the directories that files may lie in */
    struct problems *problems;
    struct zone_data data; /* owns its texts, too */
    size_t total;
    bool is_good;
};

/* What one file includes. */
struct including {
    struct loading *loading;
    const struct chain *chain;
    const char *file;
};

static void refuse(struct including *including, unsigned line, const char *name, const char *why)
{
    problems_add(including->loading->problems, including->file, line, 0, "", "$INCLUDE: %s %s", name, why);
    including->loading->is_good = false;
}

static bool lies_in(const char *real, const char *root)
{
    size_t size = root != NULL ? strlen(root) : 0;
    if (size == 1)
        return true; /* "/" */
    return size > 0 && strncmp(real, root, size) == 0 && real[size] == '/';
}

static void find_includes(struct loading *loading, const struct chain *chain, const char *file,
                          const char *text, size_t size);

/* The file is new to this zone: takes it in with all that it includes. */
static void take_file(struct including *including, unsigned line, const char *name, const char *real)
{
    struct loading *loading = including->loading;
    struct error err;
    size_t size;
    char *text = file_read(real, &size, &err);
    if (text == NULL) {
        refuse(including, line, name, err.text);
        return;
    }
    loading->total += size;
    add_part(&loading->data, xstrdup(name), text, size);
    if (loading->total > ZONE_DATA_SIZE_MAX) {
        refuse(including, line, name, "makes the zone larger than 900 MiB");
        return;
    }
    const struct chain chain = { including->chain, real, including->chain->depth + 1 };
    find_includes(loading, &chain, name, text, size);
}

static bool includes_itself(const struct chain *chain, const char *real)
{
    for (; chain != NULL; chain = chain->by) {
        if (strcmp(chain->real, real) == 0)
            return true;
    }
    return false;
}

static void include(void *context, const char *written, unsigned line)
{
    struct including *including = context;
    struct loading *loading = including->loading;
    char *name = zone_data_name(including->file, written);
    char *real = realpath(name, NULL);
    if (strpbrk(name, "\r\n") != NULL)
        refuse(including, line, "the name", "has a line end in it");
    else if (real == NULL)
        refuse(including, line, name, "cannot be opened: there is no such file, or it may not be read");
    else if (!lies_in(real, loading->roots[0]) && !lies_in(real, loading->roots[1]))
        refuse(including, line, name,
               "lies outside the directories of the zone's file and of the steering file: move it there");
    else if (includes_itself(including->chain, real))
        refuse(including, line, name, "includes itself, by way of this line");
    else if (including->chain->depth == ZONE_INCLUDE_DEPTH_MAX)
        refuse(including, line, name, "is nested too deep");
    else if (loading->data.count > ZONE_INCLUDE_COUNT_MAX)
        refuse(including, line, name, "is one file too many: a zone can include 1000");
    else if (zone_data_find(&loading->data, name) == NULL)
        take_file(including, line, name, real);
    free(real);
    free(name);
}

static void find_includes(struct loading *loading, const struct chain *chain, const char *file,
                          const char *text, size_t size)
{
    struct including including = { loading, chain, file };
    if (loading->is_good)
        zone_scan_includes(text, size, include, &including);
}

static size_t count_lines(const char *text, size_t size)
{
    size_t count = 0;
    const char *at = text, *end = text + size;
    while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        at++;
        count++;
    }
    return count;
}

static char *join(const struct zone_data *data, size_t *size)
{
    struct text out = { 0 };
    text_puts(&out, MAGIC);
    for (size_t i = 0; i < data->count; i++) {
        const struct zone_data_part *part = &data->parts[i];
        bool has_end = part->size == 0 || part->text[part->size - 1] == '\n';
        text_printf(&out, PART "%zu %s\n", count_lines(part->text, part->size) + !has_end, part->file);
        text_add(&out, part->text, part->size);
        text_puts(&out, has_end ? "" : "\n");
    }
    *size = out.size;
    return text_take(&out);
}

static char *real_directory(const char *path)
{
    char *directory = file_directory(path), *real = realpath(directory, NULL);
    free(directory);
    return real;
}

/* With what it includes; takes over `text`. */
static char *load_includes(const char *path, const char *root, char *text, size_t *size,
                           struct problems *problems)
{
    char *real = realpath(path, NULL), *whole = NULL;
    struct loading loading = { .roots = { real_directory(path), realpath(root != NULL ? root : ".", NULL) },
                               .problems = problems,
                               .total = *size,
                               .is_good = true };
    const struct chain chain = { .real = real != NULL ? real : path };
    add_part(&loading.data, xstrdup(path), text, *size);
    find_includes(&loading, &chain, path, text, *size);
    if (loading.is_good && loading.data.count == 1) {
        whole = text;
        loading.data.parts[0].text = NULL;
    } else if (loading.is_good) {
        whole = join(&loading.data, size);
    }
    for (size_t i = 0; i < loading.data.count; i++)
        free((char *)(uintptr_t)loading.data.parts[i].text);
    zone_data_close(&loading.data);
    free(loading.roots[0]);
    free(loading.roots[1]);
    free(real);
    return whole;
}

char *zone_data_load(const char *path, const char *root, size_t *size, struct problems *problems,
                     struct error *err)
{
    char *text = file_read(path, size, err);
    if (text == NULL || !zone_scan_may_include(text, *size))
        return text;
    return load_includes(path, root, text, size, problems);
}
