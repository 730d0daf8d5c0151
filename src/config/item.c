/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/item.h"

#include "base/memory.h"
#include "base/table.h"

#include <zstd.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USES_USUAL 4 /* a power of two */

static char *put_string(char **at, const char *bytes, size_t size)
{
    char *start = *at;
    memcpy(start, bytes, size);
    start[size] = '\0';
    *at += size + 1;
    return start;
}

static bool is_json(enum object_kind kind)
{
    return kind != OBJECT_ZONE_DATA && kind != OBJECT_SERIAL;
}

/* Where the text stands: packed first behind the struct, for it is aligned, or copied last. */
static void put_text(struct source *source, struct object *from, char *at)
{
    struct object *object = &source->object;
    object->text_size = from->text_size;
    if (object->packed != NULL)
        return;
    source->owns_text = !from->is_borrowed;
    object->text = source->owns_text ? from->text : put_string(&at, from->text, from->text_size);
    from->is_borrowed = true;
}

struct source *source_new(struct forms *forms, struct object *object)
{
    struct packing packing = { 0 };
    size_t name_size = strlen(object->name) + 1;
    size_t pointer_size = object->pointer != NULL ? strlen(object->pointer) + 1 : 0;
    bool is_packed = is_json(object->kind) && forms_pack(forms, object->text, object->text_size, &packing);
    size_t text_size = is_packed ? packing.size : (object->is_borrowed ? object->text_size + 1 : 0);
    struct source *source = xcalloc(1, sizeof *source + name_size + pointer_size + text_size);
    char *at = (char *)(source + 1);
    if (is_packed) {
        packing_write(forms, &packing, (struct packed *)(void *)at);
        source->object.packed = (const struct packed *)(void *)at;
        at += packing.size;
    }
    source->users = 1;
    source->object.kind = object->kind;
    source->object.name = put_string(&at, object->name, name_size - 1);
    if (pointer_size > 0)
        source->object.pointer = put_string(&at, object->pointer, pointer_size - 1);
    put_text(source, object, at);
    return source;
}

struct source *source_use(struct source *source)
{
    source->users++;
    return source;
}

void source_drop(struct source *source)
{
    if (source == NULL || --source->users > 0)
        return;
    if (source->owns_text)
        free(source->object.text);
    if (source->object.packed != NULL)
        packed_drop((struct packed *)(source + 1));
    free(source->references);
    free(source);
}

/* ---- texts that nobody reads ---- */

#define SHRUNK_FROM  ((size_t)256 << 10) /* bytes of text */
#define SHRINK_LEVEL 2                   /* half a gigabyte a second; more would hardly save more */

struct shrunk_text {
    size_t size;
    uint8_t bytes[];
};

static struct shrunk_text *shrink(const struct object *object)
{
    size_t bound = ZSTD_compressBound(object->text_size);
    struct shrunk_text *shrunk = xrealloc(NULL, 1, sizeof *shrunk + bound);
    shrunk->size = ZSTD_compress(shrunk->bytes, bound, object->text, object->text_size, SHRINK_LEVEL);
    if (ZSTD_isError(shrunk->size)) { /* no memory for its tables */
        free(shrunk);
        return NULL;
    }
    return xrealloc(shrunk, 1, sizeof *shrunk + shrunk->size);
}

void source_close(struct source *source)
{
    struct object *object = &source->object;
    if (object->kind != OBJECT_ZONE_DATA || object->text == NULL || !source->owns_text ||
        object->text_size < SHRUNK_FROM)
        return;
    if (source->shrunk == NULL)
        source->shrunk = shrink(object);
    if (source->shrunk == NULL)
        return;
    free(object->text);
    object->text = NULL;
}

void source_open(struct source *source)
{
    struct object *object = &source->object;
    if (object->kind != OBJECT_ZONE_DATA || object->text != NULL)
        return;
    object->text = xrealloc(NULL, object->text_size + 1, 1);
    size_t size =
        ZSTD_decompress(object->text, object->text_size, source->shrunk->bytes, source->shrunk->size);
    if (size != object->text_size) {
        fputs("steerd: a compressed text is damaged: the memory of this machine is not sound\n", stderr);
        abort();
    }
    object->text[size] = '\0';
}

struct item *item_new(struct source *source)
{
    struct item *item = xcalloc(1, sizeof *item);
    item->source = source;
    return item;
}

void item_free(struct item *item)
{
    if (item == NULL)
        return;
    if (item->source != NULL && item->source->object.kind == OBJECT_CHECK && item->check != NULL)
        check_release(item->check);
    if (item->source != NULL && item->source->object.kind == OBJECT_RRSET)
        free(item->seed);
    if (item->source != NULL && item->source->object.kind == OBJECT_MAP)
        name_map_free(item->map);
    if (item->source != NULL && item->source->object.kind == OBJECT_LOCATIONS)
        declared_locations_free(item->locations);
    source_drop(item->source);
    free(item->uses);
    free(item);
}

void item_add_use(struct item *item, struct interned *interned)
{
    if (item->use_count == 0 ||
        (item->use_count >= USES_USUAL && (item->use_count & (item->use_count - 1)) == 0))
        item->uses = xrealloc(item->uses, item->use_count == 0 ? USES_USUAL : item->use_count * 2,
                              sizeof(struct interned *));
    item->uses[item->use_count++] = interned;
}

static size_t position_of(struct reference_list *list, const char *name)
{
    if (list->index == NULL)
        list->index = table_new();
    uintptr_t known = (uintptr_t)table_find(list->index, name);
    if (known != 0)
        return known - 1;
    if (list->count == list->room) {
        list->room = list->room == 0 ? 8 : list->room * 2;
        list->items = xrealloc(list->items, list->room, sizeof *list->items);
    }
    table_put(list->index, name, (void *)(uintptr_t)(list->count + 1));
    list->items[list->count] = (struct reference){ .name = xstrdup(name), .is_for_names = true };
    list->name_bytes += strlen(name) + 1;
    return list->count++;
}

static struct reference *reach(struct reference_list *list, const char *name, unsigned depth)
{
    size_t position = position_of(list, name); /* may move the items */
    struct reference *reference = &list->items[position];
    uint8_t at = depth > UINT8_MAX ? UINT8_MAX : (uint8_t)depth;
    if (reference->depth < at)
        reference->depth = at;
    return reference;
}

void reference_list_add_names(struct reference_list *list, const char *name, unsigned depth)
{
    reach(list, name, depth);
}

void reference_list_add(struct reference_list *list, const char *name, unsigned depth)
{
    reach(list, name, depth)->is_for_names = false;
}

void reference_list_store(struct reference_list *list, struct source *source)
{
    source->reference_count = list->count;
    if (list->count > 0) {
        source->references = xcalloc(1, list->count * sizeof *list->items + list->name_bytes);
        char *at = (char *)(source->references + list->count);
        for (size_t i = 0; i < list->count; i++) {
            char *name = (char *)(uintptr_t)list->items[i].name;
            source->references[i] = list->items[i];
            source->references[i].name = put_string(&at, name, strlen(name));
            free(name);
        }
    }
    table_free(list->index);
    free(list->items);
    *list = (struct reference_list){ 0 };
}
