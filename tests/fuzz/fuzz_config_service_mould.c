/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/service_mould.h"

#include "base/memory.h"
#include "config/complaints.h"
#include "config/service_text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { SERVICES = 6, VALUES_MOST = 16 };

/* The first line is a service with a '$' for each value that may change; the others are values. */
struct input {
    const char *form;
    size_t form_size;
    struct span values[VALUES_MOST]; /* in the bytes */
    size_t value_count;              /* >= 1 */
};

static size_t line_size(const uint8_t *bytes, size_t left)
{
    const uint8_t *end = left > 0 ? memchr(bytes, '\n', left) : NULL;
    return end != NULL ? (size_t)(end - bytes) : left;
}

static struct input take_input(const uint8_t *bytes, size_t size)
{
    struct input input = { .form = (const char *)bytes, .form_size = line_size(bytes, size) };
    for (size_t at = input.form_size + 1; at < size && input.value_count < VALUES_MOST;) {
        size_t value = line_size(bytes + at, size - at);
        input.values[input.value_count++] = (struct span){ at, value };
        at += value + 1;
    }
    if (input.value_count == 0)
        input.value_count = 1; /* an empty one */
    return input;
}

/* Each service begins with another value. */
static void write_service(const struct input *input, size_t number, struct text *out)
{
    out->size = 0;
    text_puts(out, "");
    for (size_t i = 0; i < input->form_size; i++) {
        const struct span *value = &input->values[number % input->value_count];
        if (input->form[i] != '$')
            text_add(out, input->form + i, 1);
        else if (value->size > 0)
            text_add(out, input->form + value->at, value->size);
        number += input->form[i] == '$';
    }
}

static struct packed *pack(struct forms *forms, const struct object *object)
{
    struct packing packing;
    if (!forms_pack(forms, object->text, object->text_size, &packing))
        return NULL;
    struct packed *packed = xcalloc(1, packing.size);
    packing_write(forms, &packing, packed);
    return packed;
}

/* What was made of the object, or what is wrong with it. */
static char *said_of(const struct declared_service *service, struct problems *problems)
{
    if (service != NULL && problems->error_count > 0)
        abort();
    return service != NULL ? service_text(service) : complaints_take(problems);
}

static void compare(struct service_moulds *moulds, const struct object *object, const struct packed *packed)
{
    struct problems by_mould = { 0 }, by_parser = { 0 };
    struct declared_service *parsed = declared_service_parse(object, &by_parser);
    struct declared_service *taken = service_moulds_take(moulds, object, packed, true, &by_mould);
    char *expected = said_of(parsed, &by_parser), *got = said_of(taken, &by_mould);
    if (strcmp(expected, got) != 0) {
        fprintf(stderr, "%s\nexpected %s\ngot      %s\n", object->text, expected, got);
        abort();
    }
    if (taken != NULL)
        taken->ttl_s = taken->min_ttl_s = 7; /* as an objective does */
    free(expected);
    free(got);
    declared_service_free(parsed);
    problems_free(&by_mould);
    problems_free(&by_parser);
}

/* Services written alike are the same whether they are parsed or only their values are read. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = take_input(bytes, size);
    struct forms *forms = forms_new();
    struct service_moulds *moulds = service_moulds_new();
    struct packed *packed[SERVICES] = { 0 }; /* moulds look at the text that they were filled with last */
    struct text text = { 0 };
    for (size_t i = 0; i < SERVICES; i++) {
        struct problems problems = { 0 };
        struct document document;
        write_service(&input, i, &text);
        if (document_scan(NULL, text.bytes, text.size, &problems, &document)) {
            struct object object = { .kind = OBJECT_SERVICE,
                                     .name = "example.com/www",
                                     .text = document.text,
                                     .text_size = document.size,
                                     .is_scanned = i % 2 == 0 };
            packed[i] = pack(forms, &object);
            compare(moulds, &object, packed[i]);
            document_free(&document);
        }
        problems_free(&problems);
    }
    service_moulds_free(moulds);
    for (size_t i = 0; i < SERVICES; i++) {
        if (packed[i] != NULL)
            packed_drop(packed[i]);
        free(packed[i]);
    }
    forms_free(forms);
    text_free(&text);
    return 0;
}
