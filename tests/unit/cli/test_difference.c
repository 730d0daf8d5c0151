/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "base/rng.h"
#include "cli/difference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *differ(const char *before, const char *after)
{
    struct text out = { 0 };
    difference_print(before, after, false, &out);
    return text_take(&out);
}

static void equal_texts_have_none(void **state)
{
    (void)state;
    char *out = differ("a\nb\n", "a\nb\n");
    assert_string_equal(out, "");
    free(out);
}

static void lines_around_a_change_are_shown(void **state)
{
    (void)state;
    char *out = differ("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\n5\nsix\n7\n8\n9\n");
    assert_string_equal(out, "  ...\n  3\n  4\n  5\n- 6\n+ six\n  7\n  8\n  9\n");
    free(out);
}

static void what_a_terminal_obeys_is_not_printed(void **state)
{
    (void)state;
    char *out = differ("", "\033[2J\n");
    assert_string_equal(out, "+ ?[2J\n");
    free(out);
}

/* ---- against the definition ---- */

static size_t longest_common(const char *a, const char *b)
{
    if (*a == '\0' || *b == '\0')
        return 0;
    if (*a == *b)
        return 1 + longest_common(a + 1, b + 1);
    size_t left = longest_common(a + 1, b), right = longest_common(a, b + 1);
    return left > right ? left : right;
}

/* At most four lines, so that all are near a change. */
static void make_text(struct rng *rng, char letters[8], char text[16])
{
    size_t count = (size_t)(rng_next(rng) % 5);
    for (size_t i = 0; i < count; i++) {
        letters[i] = (char)('a' + rng_next(rng) % 3);
        text[2 * i] = letters[i];
        text[2 * i + 1] = '\n';
    }
    letters[count] = text[2 * count] = '\0';
}

static void what_is_printed_leads_from_one_to_the_other_by_the_fewest_lines(void **state)
{
    struct rng rng;
    (void)state;
    rng_seed(&rng);
    for (int round = 0; round < 3000; round++) {
        char a[8], b[8], before[16], after[16], from[8] = "", to[8] = "";
        size_t same = 0;
        make_text(&rng, a, before);
        make_text(&rng, b, after);
        char *out = differ(before, after);
        for (char *line = out; *line != '\0'; line += 4) {
            strncat(from, line + 2, line[0] != '+');
            strncat(to, line + 2, line[0] != '-');
            same += line[0] == ' ';
        }
        bool is_equal = strcmp(a, b) == 0;
        bool is_right = is_equal ? out[0] == '\0'
                                 : strcmp(from, a) == 0 && strcmp(to, b) == 0 && same == longest_common(a, b);
        if (!is_right)
            fail_msg("\"%s\" and \"%s\": %s", a, b, out);
        free(out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_texts_have_none),
        cmocka_unit_test(lines_around_a_change_are_shown),
        cmocka_unit_test(what_a_terminal_obeys_is_not_printed),
        cmocka_unit_test(what_is_printed_leads_from_one_to_the_other_by_the_fewest_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
