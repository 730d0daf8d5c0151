/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/openapi_schemas.h"

#include "api/form.h"
#include "config/model.h"

#include <cjson/cJSON.h>

#include <stdlib.h>
#include <string.h>

#define FROM "#/$defs/"
#define TO   "#/components/schemas/"

/* The schema of steering.json with its references as this document has them. */
static cJSON *read_steering(void)
{
    char *schema = schema_of_steering();
    struct text moved = { 0 };
    const char *at = schema, *next;
    while ((next = strstr(at, FROM)) != NULL) {
        text_add(&moved, at, (size_t)(next - at));
        text_puts(&moved, TO);
        at = next + strlen(FROM);
    }
    text_puts(&moved, at);
    free(schema);
    cJSON *steering = cJSON_Parse(moved.bytes);
    text_free(&moved);
    cJSON_DeleteItemFromObjectCaseSensitive(steering, "$schema");
    return steering;
}

/* What `base` has and `form` has not. */
static void add_base(cJSON *form, const cJSON *base)
{
    cJSON *properties = cJSON_GetObjectItemCaseSensitive(form, "properties");
    cJSON *required = cJSON_GetObjectItemCaseSensitive(form, "required");
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(base, "properties"))
    {
        if (cJSON_GetObjectItemCaseSensitive(properties, one->string) == NULL)
            cJSON_AddItemToObject(properties, one->string, cJSON_Duplicate(one, true));
    }
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(base, "required"))
        cJSON_AddItemToArray(required, cJSON_Duplicate(one, true));
}

static cJSON *read_form(const struct form *form, const cJSON *config)
{
    struct text text = { 0 };
    form_describe(&text, form);
    cJSON *schema = cJSON_Parse(text.bytes);
    text_free(&text);
    if (form->with != NULL)
        add_base(schema, cJSON_GetObjectItemCaseSensitive(config, form->with));
    return schema;
}

void openapi_put_schemas(struct writer *json)
{
    cJSON *steering = read_steering();
    cJSON *schemas = cJSON_DetachItemFromObjectCaseSensitive(steering, "$defs");
    const struct form *form;
    for (size_t i = 0; (form = form_at(i)) != NULL; i++)
        cJSON_AddItemToObject(schemas, form->name, read_form(form, schemas));
    cJSON_AddItemToObject(schemas, "steering", steering);
    char *printed = cJSON_PrintUnformatted(schemas);
    writer_raw(json, "schemas", printed, strlen(printed));
    cJSON_free(printed);
    cJSON_Delete(schemas);
}
