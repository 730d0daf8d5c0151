/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/cmocka_all.h"

#include "cli/grid.h"

static const char *const headings[] = { "NAME", ">WEIGHT", "WHY", NULL };

static void columns_are_aligned_by_characters(void **state)
{
    struct grid grid;
    struct text out = { 0 };
    (void)state;
    grid_begin(&grid, headings);
    grid_add(&grid, GRID_GOOD, "z\xc3\xbcrich");
    grid_add(&grid, GRID_PLAIN, "3");
    grid_add(&grid, GRID_PLAIN, "fine");
    grid_add(&grid, GRID_PLAIN, "us");
    grid_add(&grid, GRID_PLAIN, "12345678");
    grid_add(&grid, GRID_PLAIN, NULL);
    grid_print(&grid, false, &out);
    assert_string_equal(out.bytes, "NAME      WEIGHT  WHY\n"
                                   "z\xc3\xbcrich         3  fine\n"
                                   "us      12345678  -\n");
    text_free(&out);
    grid_free(&grid);
}

static void colour_does_not_move_columns(void **state)
{
    struct grid grid;
    struct text out = { 0 };
    static const char *const two[] = { "A", "B", NULL };
    (void)state;
    grid_begin(&grid, two);
    grid_add(&grid, GRID_GOOD, "up");
    grid_add(&grid, GRID_PLAIN, "x");
    grid_print(&grid, true, &out);
    assert_string_equal(out.bytes, "\033[2mA\033[0m   \033[2mB\033[0m\n\033[32mup\033[0m  x\n");
    text_free(&out);
    grid_free(&grid);
}

static void a_server_cannot_command_the_terminal(void **state)
{
    static const struct {
        const char *text, *wanted;
        bool keeps_lines;
    } cases[] = {
        { "\033[2J\rgone", "?[2J?gone", false },
        { "a\nb", "a?b", false },
        { "a\nb", "a\nb", true },
        { "\xc2\x9b"
          "31m",
          "?31m", false },
        { "\x7f\t", "??", false },
        { "caf\xc3\xa9", "caf\xc3\xa9", false },
        { "\xc2", "\xc2", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text out = { 0 };
        grid_add_safe(&out, cases[i].text, cases[i].keeps_lines);
        assert_string_equal(out.bytes, cases[i].wanted);
        text_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_aligned_by_characters),
        cmocka_unit_test(colour_does_not_move_columns),
        cmocka_unit_test(a_server_cannot_command_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
