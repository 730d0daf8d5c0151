/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every row of the table says all that the document needs. */
#include "support/cmocka_all.h"

#include "api/openapi.h"
#include "api/parameter.h"
#include "api/problem.h"
#include "api/state.h"

#include <cjson/cJSON.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cJSON *document;

static int print_document(void **state)
{
    (void)state;
    char *text = openapi_print(api_routes, api_route_count);
    document = cJSON_Parse(text);
    free(text);
    return document != NULL ? 0 : -1;
}

static int free_document(void **state)
{
    (void)state;
    cJSON_Delete(document);
    return 0;
}

static const cJSON *member(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

#define fail_at(route, ...)                                                  \
    do {                                                                     \
        print_error("%s %s: ", method_name((route)->method), (route)->path); \
        fail_msg(__VA_ARGS__);                                               \
    } while (0)

static void every_row_has_a_contract(void **state)
{
    (void)state;
    for (size_t i = 0; i < api_route_count; i++) {
        const struct route *row = &api_routes[i];
        if (row->contract.gives == NULL || row->contract.errors == NULL)
            fail_at(row, "the row says not what it gives: see struct contract in src/api/router.h");
        if ((row->contract.takes == NULL) != (row->contract.example == NULL))
            fail_at(row, "a body needs its type and an example, in src/api/examples.h");
        bool is_put = row->method == METHOD_PUT || row->method == METHOD_PATCH;
        if (is_put && row->contract.takes == NULL)
            fail_at(row, "the row says not what it takes: see struct contract in src/api/router.h");
    }
}

static void check_names(const struct route *row, bool is_in_path, const char *list, const char *separators)
{
    char copy[256];
    snprintf(copy, sizeof copy, "%s", list);
    for (char *name = strtok(copy, separators); name != NULL; name = strtok(NULL, separators)) {
        const struct parameter *parameter = parameter_find(row, is_in_path, name);
        if (parameter == NULL)
            fail_at(row, "parameter \"%s\" needs a row in src/api/parameter.c", name);
        if (parameter->is_required && parameter_example(parameter, row) == NULL)
            fail_at(row, "parameter \"%s\" needs an example in src/api/parameter.c", name);
    }
}

static void every_parameter_is_described(void **state)
{
    (void)state;
    for (size_t i = 0; i < api_route_count; i++) {
        const struct route *row = &api_routes[i];
        for (const char *at = row->path; (at = strchr(at, '{')) != NULL; at++) {
            char name[64];
            snprintf(name, sizeof name, "%.*s", (int)strcspn(at + 1, "}"), at + 1);
            check_names(row, true, name, " ");
        }
        if (row->params != NULL)
            check_names(row, false, row->params, " ");
    }
}

static void every_status_is_one_of_ours(void **state)
{
    (void)state;
    for (size_t i = 0; i < api_route_count; i++) {
        char copy[128];
        snprintf(copy, sizeof copy, "%s", api_routes[i].contract.errors);
        for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
            if (strcmp(problem_title((unsigned)atoi(word)), "Error") == 0)
                fail_at(&api_routes[i], "status \"%s\" needs a title in src/api/problem.c", word);
    }
}

static void check_references(const cJSON *at)
{
    static const char start[] = "#/components/schemas/";
    for (const cJSON *one = at->child; one != NULL; one = one->next) {
        const char *reference =
            one->string != NULL && strcmp(one->string, "$ref") == 0 ? one->valuestring : "";
        const char *name = reference != NULL && strncmp(reference, start, sizeof start - 1) == 0
                               ? reference + sizeof start - 1
                               : NULL;
        if (name != NULL && member(member(member(document, "components"), "schemas"), name) == NULL)
            fail_msg("there is no form \"%s\": add it to src/api/forms.c", name);
        check_references(one);
    }
}

static void every_form_that_is_named_exists(void **state)
{
    (void)state;
    check_references(document);
}

static void every_row_is_an_operation(void **state)
{
    (void)state;
    size_t count = 0;
    const cJSON *path;
    cJSON_ArrayForEach(path, member(document, "paths")) count += (size_t)cJSON_GetArraySize(path);
    assert_int_equal(count, api_route_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_a_contract),    cmocka_unit_test(every_parameter_is_described),
        cmocka_unit_test(every_status_is_one_of_ours), cmocka_unit_test(every_form_that_is_named_exists),
        cmocka_unit_test(every_row_is_an_operation),
    };
    return cmocka_run_group_tests(tests, print_document, free_document);
}
