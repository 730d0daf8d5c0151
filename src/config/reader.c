/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reader.h"

#include "base/memory.h"
#include "base/text.h"
#include "config/model.h"
#include "json.h"
#include "json_tree.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOT_SIZE 64 /* of a value in a message, at most */

/* ---- places ---- */

/* A place inside the object's text as a place in its file. */
static void place_in_file(const struct object *object, unsigned *line, unsigned *column)
{
    if (*line == 1)
        *column += object->column > 0 ? object->column - 1 : 0;
    *line += object->line > 0 ? object->line - 1 : 0;
}

static void find_place(const struct object *object, const char *pointer, unsigned *line, unsigned *column)
{
    *line = *column = 0;
    if (object->file == NULL || object->text == NULL)
        return;
    if (object->kind == OBJECT_ZONE_DATA) {
        *line = object->line;
        *column = object->column;
        return;
    }
    struct document document = { .text = object->text, .size = object->text_size };
    document_locate(&document, (struct span){ 0, object->text_size }, pointer, line, column);
    place_in_file(object, line, column);
}

static void add_problem(struct problems *problems, const struct object *object, const char *pointer,
                        bool is_warning, const char *message)
{
    unsigned line, column;
    find_place(object, pointer, &line, &column);
    char *above = object_pointer(object), *full = xasprintf("%s%s", above, pointer);
    if (is_warning)
        problems_warn(problems, object->file, line, column, full, "%s", message);
    else
        problems_add(problems, object->file, line, column, full, "%s", message);
    free(full);
    free(above);
}

void object_problem(struct problems *problems, const struct object *object, const char *pointer,
                    bool is_warning, const char *format, ...)
{
    char *message;
    va_list args;
    va_start(args, format);
    int size = vasprintf(&message, format, args);
    va_end(args);
    if (size < 0)
        return;
    add_problem(problems, object, pointer, is_warning, message);
    free(message);
}

/* ---- opening ---- */

/* What the scan found, with the object's place put in front. */
static void move_problems(const struct object *object, struct problems *from, struct problems *to)
{
    char *pointer = object_pointer(object);
    for (size_t i = 0; i < from->count; i++) {
        struct problem *problem = &from->items[i];
        place_in_file(object, &problem->line, &problem->column);
        problems_add(to, object->file, problem->line, problem->column, pointer, "%s", problem->message);
    }
    free(pointer);
    problems_free(from);
}

static bool parse(const struct object *object, struct problems *problems, struct reader *out)
{
    struct problems found = { 0 };
    struct document document;
    const char *text = object_text(object, &out->tree);
    if (object->is_scanned) {
        out->root = json_tree(text, object->text_size, &out->tree);
        return true;
    }
    if (!document_scan(object->file, text, object->text_size, &found, &document)) {
        move_problems(object, &found, problems);
        return false;
    }
    out->root = json_tree(document.text, document.size, &out->tree);
    document_free(&document);
    return true;
}

bool reader_open(const struct object *object, struct problems *problems, struct reader *out)
{
    out->object = object;
    out->problems = problems;
    out->step_count = 0;
    out->depth = 0;
    out->places = NULL;
    out->errors_before = problems->error_count;
    out->tree = arena_in(out->room, sizeof out->room);
    if (!parse(object, problems, out))
        return false;
    if (cJSON_IsObject(out->root))
        return true;
    reader_expect(out, out->root, "must be an object {…}");
    return reader_close(out);
}

bool reader_close(struct reader *reader)
{
    arena_free(&reader->tree);
    return reader->problems->error_count == reader->errors_before;
}

/* ---- where we are ---- */

static size_t step(struct reader *reader, struct reader_step to)
{
    size_t before = reader->step_count;
    assert(before < READER_STEPS_MAX);
    reader->steps[reader->step_count++] = to;
    return before;
}

size_t reader_enter(struct reader *reader, const char *key)
{
    return step(reader, (struct reader_step){ .key = key });
}

size_t reader_enter_index(struct reader *reader, size_t index)
{
    return step(reader, (struct reader_step){ .index = index });
}

void reader_leave(struct reader *reader, size_t before)
{
    reader->step_count = before;
}

char *reader_pointer(const struct reader *reader)
{
    struct text pointer = { 0 };
    for (size_t i = 0; i < reader->step_count; i++) {
        if (reader->steps[i].key != NULL) {
            json_pointer_add(&pointer, reader->steps[i].key);
            continue;
        }
        text_add(&pointer, "/", 1);
        text_put_number(&pointer, reader->steps[i].index);
    }
    return text_take(&pointer);
}

/* ---- complaints ---- */

static void refuse(struct reader *reader, const char *message)
{
    char *pointer = reader_pointer(reader);
    add_problem(reader->problems, reader->object, pointer, false, message);
    free(pointer);
}

bool reader_refuse(struct reader *reader, const char *format, ...)
{
    char *message;
    va_list args;
    va_start(args, format);
    int size = vasprintf(&message, format, args);
    va_end(args);
    if (size >= 0) {
        refuse(reader, message);
        free(message);
    }
    return false;
}

/* Cut between characters, so that the message stays UTF-8. */
static void describe_string(const char *string, char out[GOT_SIZE])
{
    size_t size = strlen(string), most = GOT_SIZE - 8;
    bool is_cut = size > most;
    if (is_cut) {
        for (size = most; size > 0 && ((unsigned char)string[size] & 0xc0) == 0x80;)
            size--;
    }
    snprintf(out, GOT_SIZE, "\"%.*s%s\"", (int)size, string, is_cut ? "…" : "");
}

static void describe(const cJSON *value, char out[GOT_SIZE])
{
    if (cJSON_IsString(value))
        describe_string(value->valuestring, out);
    else if (cJSON_IsNumber(value))
        snprintf(out, GOT_SIZE, "%.15g", value->valuedouble);
    else if (cJSON_IsObject(value))
        snprintf(out, GOT_SIZE, value->child != NULL ? "an object" : "an empty object");
    else if (cJSON_IsArray(value))
        snprintf(out, GOT_SIZE, value->child != NULL ? "a list" : "an empty list");
    else
        snprintf(out, GOT_SIZE, "%s",
                 cJSON_IsTrue(value) ? "true" : (cJSON_IsFalse(value) ? "false" : "null"));
}

bool reader_expect(struct reader *reader, const cJSON *value, const char *format, ...)
{
    char got[GOT_SIZE];
    struct text message = { 0 };
    char *expected;
    va_list args;
    va_start(args, format);
    int size = vasprintf(&expected, format, args);
    va_end(args);
    if (size < 0)
        return false;
    describe(value, got);
    text_printf(&message, "%s, got %s", expected, got);
    refuse(reader, message.bytes);
    text_free(&message);
    free(expected);
    return false;
}

bool reader_expect_word(struct reader *reader, const cJSON *value, const char *expected, const char *meant)
{
    char got[GOT_SIZE];
    if (meant == NULL)
        return reader_expect(reader, value, "%s", expected);
    describe(value, got);
    return reader_refuse(reader, "%s, got %s: did you mean \"%s\"?", expected, got, meant);
}
