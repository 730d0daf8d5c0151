/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/zone_data.h"

#include "base/memory.h"
#include "base/text.h"
#include "config/complaints.h"
#include "config/zone_file.h"
#include "dns/type.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[] = "/tmp/steerd-test-data-XXXXXX"; /* has zones/, common/ and the file "outside" */

static char *path_of(const char *name)
{
    return xasprintf("%s/conf/%s", top, name);
}

static void write_file(const char *name, const char *text)
{
    char *path = path_of(name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    free(path);
}

static int make_directories(void **state)
{
    static const char *const names[] = { "", "zones", "zones/parts", "common" };
    (void)state;
    assert_non_null(mkdtemp(top));
    for (size_t i = 0; i < 4; i++) {
        char *path = path_of(names[i]);
        assert_int_equal(mkdir(path, 0700), 0);
        free(path);
    }
    write_file("../outside", "x A 192.0.2.1\n");
    return 0;
}

static int remove_directories(void **state)
{
    (void)state;
    char *command = xasprintf("rm -rf %s", top);
    int status = system(command);
    free(command);
    return status;
}

/* Loads conf/zones/z.zone; NULL with what was said. */
static char *load(size_t *size, char **said)
{
    struct problems problems = { 0 };
    struct error err = { .text = "" };
    char *path = path_of("zones/z.zone"), *root = path_of("");
    char *text = zone_data_load(path, root, size, &problems, &err);
    if (said != NULL)
        *said = complaints_take(&problems);
    else
        assert_int_equal(problems.count, 0);
    free(path);
    free(root);
    return text;
}

static struct dns_name apex;

/* Reads the data; NULL if that is refused, with what was said. */
static struct zone_edit *read_data(const char *text, size_t size, struct edition *edition, char **said)
{
    const struct zone_source source = { "z.zone", text, size };
    struct problems problems = { 0 };
    assert_true(dns_name_parse("z.test.", NULL, &apex));
    struct zone_edit *edit = zone_edit_begin(&apex, NULL, edition);
    bool is_good = zone_source_read(&source, &apex, edit, &problems);
    *said = complaints_take(&problems);
    if (is_good)
        return edit;
    zone_edit_abandon(edit);
    return NULL;
}

static bool has(const struct zone_edit *edit, const char *owner)
{
    struct dns_name name;
    assert_true(dns_name_parse(owner, &apex, &name));
    return zone_edit_find(edit, &name, DNS_A) != NULL;
}

static void a_file_without_includes_is_its_own_text(void **state)
{
    (void)state;
    static const char text[] = "a A 192.0.2.1\n; $include is only spoken of\nb A 192.0.2.2";
    size_t size;
    write_file("zones/z.zone", text);
    char *data = load(&size, NULL);
    assert_int_equal(size, strlen(text));
    assert_string_equal(data, text);
    free(data);
}

static void included_files_come_with_it(void **state)
{
    (void)state;
    struct edition edition = { 0 };
    size_t size;
    char *said;
    write_file("zones/z.zone",
               "a A 192.0.2.1\n$INCLUDE parts/p sub.z.test.\nb A 192.0.2.2\n$include ../common/c\n");
    write_file("zones/parts/p", "c A 192.0.2.3\n$INCLUDE q\nd A 192.0.2.4"); /* no line end */
    write_file("zones/parts/q", "");
    write_file("common/c", "e A 192.0.2.5\n");
    char *data = load(&size, NULL);
    assert_int_equal(strncmp(data, ";steerd zone data 1\n;file 4 ", 28), 0);
    struct zone_edit *edit = read_data(data, size, &edition, &said);
    assert_non_null(edit);
    assert_true(has(edit, "a") && has(edit, "b") && has(edit, "c.sub") && has(edit, "d.sub") &&
                has(edit, "e"));
    zone_edit_abandon(edit);
    free(said);
    free(data);
}

static void a_file_may_be_included_twice(void **state)
{
    (void)state;
    struct edition edition = { 0 };
    size_t size;
    char *said;
    write_file("zones/z.zone", "$INCLUDE ../common/c one.z.test.\n$INCLUDE ../common/c two.z.test.\n");
    write_file("common/c", "e A 192.0.2.5\n");
    char *data = load(&size, NULL);
    struct zone_edit *edit = read_data(data, size, &edition, &said);
    assert_true(has(edit, "e.one") && has(edit, "e.two"));
    zone_edit_abandon(edit);
    free(said);
    free(data);
}

static void a_file_may_include_hundreds(void **state)
{
    (void)state;
    struct edition edition = { 0 };
    struct text lines = { 0 };
    size_t size;
    char *said;
    for (unsigned i = 0; i < 300; i++)
        text_printf(&lines, "$INCLUDE ../common/c n%u.z.test.\n", i);
    write_file("zones/z.zone", lines.bytes);
    write_file("common/c", "e A 192.0.2.5\n");
    char *data = load(&size, NULL);
    struct zone_edit *edit = read_data(data, size, &edition, &said);
    assert_true(has(edit, "e.n0") && has(edit, "e.n16") && has(edit, "e.n17") && has(edit, "e.n299"));
    zone_edit_abandon(edit);
    free(said);
    free(data);
    assert_null(
        read_data(lines.bytes, lines.size, &edition, &said)); /* in a text of its own they are refused */
    assert_non_null(strstr(said, "z.zone:20: $INCLUDE"));
    free(said);
    text_free(&lines);
}

static void errors_name_the_included_file_and_its_line(void **state)
{
    (void)state;
    struct edition edition = { 0 };
    size_t size;
    char *said;
    write_file("zones/z.zone", "a A 192.0.2.1\n$INCLUDE parts/p\nb A 1\n");
    write_file("zones/parts/p", "\n\nc A 2\n");
    char *data = load(&size, NULL);
    assert_null(read_data(data, size, &edition, &said));
    assert_non_null(strstr(said, "/conf/zones/parts/p:3: invalid IPv4 address"));
    assert_non_null(strstr(said, "/conf/zones/z.zone:3: invalid IPv4 address"));
    free(said);
    free(data);
}

static void what_cannot_be_included_is_refused_at_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *part, *said;
    } rows[] = {
        { "\n$INCLUDE parts/none\n", "", "/zones/z.zone:2: $INCLUDE: " },
        { "$INCLUDE parts/none\n", "", "cannot be opened" },
        { "$INCLUDE ../../outside\n", "", "lies outside the directories of the zone's file" },
        { "$INCLUDE /etc/passwd\n", "", "lies outside" },
        { "$INCLUDE parts/link\n", "", "lies outside" },
        { "$INCLUDE parts/p\n", "x A 192.0.2.1\n$INCLUDE ../z.zone\n", "/zones/parts/p:2: $INCLUDE: " },
        { "$INCLUDE parts/p\n", "$INCLUDE p\n", "includes itself" },
        { "$INCLUDE parts\n", "", "is not a regular file" },
    };
    char *from = path_of("../outside"), *to = path_of("zones/parts/link");
    assert_int_equal(symlink(from, to), 0);
    free(from);
    free(to);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t size;
        char *said;
        write_file("zones/z.zone", rows[i].zone);
        write_file("zones/parts/p", rows[i].part);
        char *data = load(&size, &said);
        assert_null(data);
        if (strstr(said, rows[i].said) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", said, rows[i].said);
        free(said);
    }
}

/* Each file includes the next one twice: 2^depth if nobody counts. */
static void nesting_is_bounded(void **state)
{
    (void)state;
    struct edition edition = { 0 };
    size_t size;
    char *said;
    for (int i = 0; i < 20; i++) {
        char name[32], text[64];
        snprintf(name, sizeof name, "zones/parts/n%d", i);
        snprintf(text, sizeof text, "$INCLUDE n%d\n$INCLUDE n%d\n", i + 1, i + 1);
        write_file(name, i == 7 ? "a A 192.0.2.1\n" : text);
    }
    write_file("zones/z.zone", "$INCLUDE parts/n0\n");
    char *data = load(&size, NULL);
    struct zone_edit *edit = read_data(data, size, &edition, &said);
    assert_non_null(edit); /* eight deep, 255 in all */
    zone_edit_abandon(edit);
    free(said);
    free(data);
    write_file("zones/parts/n7", "$INCLUDE n8\n");
    assert_null(load(&size, &said));
    assert_non_null(strstr(said, "is nested too deep"));
    free(said);
}

static void the_missing_zone_file_itself_is_the_callers_to_tell(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    struct error err;
    size_t size;
    assert_null(zone_data_load("/nowhere/at/all", NULL, &size, &problems, &err));
    assert_int_equal(problems.count, 0);
    assert_string_equal(err.text, "cannot be opened: No such file or directory");
}

static void a_cut_container_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        ";steerd zone data 1\n",
        ";steerd zone data 1\n;file",
        ";steerd zone data 1\n;file 1 a\n",
        ";steerd zone data 1\n;file 2 a\nx\n",
        ";steerd zone data 1\n;file  a\nx\n",
        ";steerd zone data 1\n;file 99999999999999999999 a\nx\n",
        ";steerd zone data 1\n;file 1 a\nx\n;file 1 b\n",
        ";steerd zone data 1\n;file 1 a\nx\ny\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct zone_data data;
        struct error err;
        char *copy = xmemdup(texts[i], strlen(texts[i])); /* without the NUL: nothing is read beyond */
        assert_false(zone_data_open(copy, strlen(texts[i]), &data, &err));
        assert_non_null(strstr(err.text, "import"));
        free(copy);
    }
}

static void a_container_cannot_loop(void **state)
{
    (void)state;
    static const char text[] = ";steerd zone data 1\n;file 2 a\n$INCLUDE b\n$INCLUDE b\n;file 2 b\n$INCLUDE "
                               "a\n$INCLUDE a\n";
    struct edition edition = { 0 };
    char *said;
    assert_null(read_data(text, strlen(text), &edition, &said));
    assert_non_null(strstr(said, "is nested too deep, or one file too many"));
    free(said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_without_includes_is_its_own_text),
        cmocka_unit_test(included_files_come_with_it),
        cmocka_unit_test(a_file_may_be_included_twice),
        cmocka_unit_test(a_file_may_include_hundreds),
        cmocka_unit_test(errors_name_the_included_file_and_its_line),
        cmocka_unit_test(what_cannot_be_included_is_refused_at_its_line),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(the_missing_zone_file_itself_is_the_callers_to_tell),
        cmocka_unit_test(a_cut_container_is_refused),
        cmocka_unit_test(a_container_cannot_loop),
    };
    return cmocka_run_group_tests(tests, make_directories, remove_directories);
}
