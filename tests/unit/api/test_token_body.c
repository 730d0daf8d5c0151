/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "api/token_body.h"

#include <stdlib.h>
#include <string.h>

static bool parse(const char *text, struct problems *problems, struct tokens *out)
{
    struct document document;
    if (!document_scan(NULL, text, strlen(text), problems, &document))
        return false;
    bool is_good = token_body_parse(&document, 1000, problems, out);
    document_free(&document);
    return is_good;
}

static void a_body_becomes_a_token(void **state)
{
    struct problems problems = { 0 };
    struct tokens tokens = { 0 };
    (void)state;
    assert_true(
        parse("{\"name\": \"ci-2.x\", \"role\": \"operator\", \"pools\": [\"us\", \"eu\"], \"zones\": "
              "[\"example.com\"], \"checks\": [\"beat\"], \"expires\": \"2s\", \"comment\": \"builds\"}",
              &problems, &tokens));
    assert_int_equal(tokens.count, 1);
    const struct token *token = &tokens.items[0];
    assert_string_equal(token->name, "ci-2.x");
    assert_string_equal(token->role, "operator");
    assert_string_equal(token->scope, "pool us\npool eu\nzone example.com\ncheck beat");
    assert_string_equal(token->comment, "builds");
    assert_int_equal(token->made_wall_ms, 1000);
    assert_int_equal(token->expires_wall_ms, 3000);
    tokens_free(&tokens);
}

static void what_is_wrong_is_pointed_at(void **state)
{
    static const struct {
        const char *body, *pointer;
    } cases[] = {
        { "[]", "" },
        { "{}", "" },
        { "{\"name\": \"x\"}", "" },
        { "{\"role\": \"viewer\"}", "" },
        { "{\"name\": \"\", \"role\": \"viewer\"}", "/name" },
        { "{\"name\": \"a b\", \"role\": \"viewer\"}", "/name" },
        { "{\"name\": \"a/b\", \"role\": \"viewer\"}", "/name" },
        { "{\"name\": \"admin\", \"role\": \"viewer\"}", "/name" },
        { "{\"name\": 5, \"role\": \"viewer\"}", "/name" },
        { "{\"name\": \"x\", \"role\": \"root\"}", "/role" },
        { "{\"name\": \"x\", \"role\": \"\"}", "/role" },
        { "{\"name\": \"x\", \"role\": \"viewer\", \"pools\": []}",
          "/pools" }, /* nothing is not everything */
        { "{\"name\": \"x\", \"role\": \"viewer\", \"pools\": \"us\"}", "/pools" },
        { "{\"name\": \"x\", \"role\": \"viewer\", \"pools\": [\"\"]}", "/pools" },
        { "{\"name\": \"x\", \"role\": \"viewer\", \"pools\": [\"us\\nzone example.com\"]}", "/pools" },
        { "{\"name\": \"x\", \"role\": \"viewer\", \"zones\": [7]}", "/zones" },
        { "{\"name\": \"x\", \"role\": \"viewer\", \"expires\": 5}", "/expires" },
        { "{\"name\": \"x\", \"role\": \"viewer\", \"expires\": \"0s\"}", "/expires" },
        { "{\"name\": \"x\", \"role\": \"viewer\", \"expires\": \"366d\"}", "/expires" },
        { "{\"name\": \"x\", \"role\": \"viewer\", \"scope\": \"us\"}", "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct problems problems = { 0 };
        struct tokens tokens = { 0 };
        if (parse(cases[i].body, &problems, &tokens) || problems.count == 0 || tokens.count != 0)
            fail_msg("accepted: %s", cases[i].body);
        if (strcmp(problems.items[0].pointer, cases[i].pointer) != 0)
            fail_msg("%s: %s", cases[i].body, problems.items[0].pointer);
        problems_free(&problems);
        tokens_free(&tokens);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_becomes_a_token),
        cmocka_unit_test(what_is_wrong_is_pointed_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
