/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/document.h"

#include "config/json_tree.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* What the scanner accepts cJSON reads and our tree has the same values, the walk passes over whole, and a
 * place is found in. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct problems problems = { 0 };
    struct document document;
    bool is_good = document_scan(NULL, (const char *)bytes, size, &problems, &document);
    if (is_good != (problems.count == 0))
        abort();
    struct span whole = { 0, document.size }, value;
    char *key;
    for (size_t at = 0; is_good && document_next_member(&document, whole, &at, &key, &value); free(key)) {
        cJSON *json = document_parse(&document, value);
        struct arena arena = { 0 };
        if (json == NULL ||
            !cJSON_Compare(json, json_tree(document.text + value.at, value.size, &arena), true))
            abort();
        arena_free(&arena);
        cJSON_Delete(json);
    }
    unsigned line, column;
    if (is_good)
        document_locate(&document, whole, "/a/0/b", &line, &column);
    document_free(&document);
    problems_free(&problems);
    return 0;
}
