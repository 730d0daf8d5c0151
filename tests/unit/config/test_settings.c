/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/settings.h"

#include "base/memory.h"
#include "config/complaints.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char directory[] = "/tmp/steerd-test-settings-XXXXXX";
static char *file;

static int make_directory(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(directory));
    file = xasprintf("%s/steerd.json", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    unlink(file);
    free(file);
    return rmdir(directory);
}

static bool load(const char *text, struct problems *problems, struct settings *out)
{
    FILE *stream = fopen(file, "w");
    assert_non_null(stream);
    fputs(text, stream);
    fclose(stream);
    return settings_load(file, problems, out);
}

static void assert_path(const char *path, const char *name)
{
    char *expected = xasprintf("%s/%s", directory, name);
    assert_string_equal(path, expected);
    free(expected);
}

static void an_empty_file_gives_the_defaults(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    struct settings settings;
    assert_true(load("{}", &problems, &settings));
    assert_int_equal(settings.listen_count, 2);
    assert_int_equal(settings.listen[0].port, 53);
    assert_int_equal(settings.listen[0].address.family, ADDRESS_V4);
    assert_int_equal(settings.listen[1].address.family, ADDRESS_V6);
    assert_int_equal(settings.api_listen_count, 1);
    assert_int_equal(settings.api_listen[0].port, 8053);
    assert_string_equal(settings.state_dir, "/var/lib/steerd");
    assert_string_equal(settings.token_file, "/var/lib/steerd/admin.token");
    assert_null(settings.steering);
    assert_true(settings.workers >= 1);
    assert_null(settings.user);
    assert_null(settings.nsid);
    assert_int_equal(settings.geoip_count, 0);
    assert_false(settings.is_file_mode);
    assert_int_equal(settings.udp_size, 1232);
    assert_int_equal(settings.tcp_connections, 1000);
    assert_int_equal(settings.tcp_idle_ms, 10000);
    assert_int_equal(settings.keep_generations, 1000);
    assert_true(settings.has_cookies);
    assert_false(settings.requires_cookie);
    assert_string_equal(settings.cookie_secret_file, "/var/lib/steerd/cookie.secrets");
    assert_int_equal(settings.rate_limit.responses_per_second, 0);
    assert_int_equal(settings.udp_size_without_cookie, 0);
    assert_int_equal(settings.tcp_connections_per_client, 100);
    assert_null(settings.version);
    assert_null(settings.identity);
    settings_free(&settings);
}

static void the_query_log_and_dnstap_have_samples(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    struct settings settings;
    assert_true(load("{ \"query_log\": { \"file\": \"/q\" }, \"dnstap\": { \"socket\": \"/tap\" } }",
                     &problems, &settings));
    assert_string_equal(settings.query_log.path, "/q");
    assert_int_equal(settings.query_log.chance, UINT32_MAX / 100);
    assert_string_equal(settings.dnstap.path, "/tap");
    assert_int_equal(settings.dnstap.chance, UINT32_MAX);
    settings_free(&settings);
    assert_true(load("{ \"query_log\": { \"file\": \"/q\", \"sample\": 1e-30 } }", &problems, &settings));
    assert_int_equal(settings.query_log.chance, 1); /* never nothing at all */
    assert_null(settings.dnstap.path);
    settings_free(&settings);
}

static void a_rate_limit_is_an_object_with_defaults(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    struct settings settings;
    assert_true(
        load("{ \"rate_limit\": { \"responses_per_second\": 5, \"exempt\": [\"192.0.2.0/24\", \"::1\"] } }",
             &problems, &settings));
    assert_int_equal(settings.rate_limit.responses_per_second, 5);
    assert_int_equal(settings.rate_limit.slip, 2);
    assert_int_equal(settings.rate_limit.ipv4_prefix, 24);
    assert_int_equal(settings.rate_limit.ipv6_prefix, 56);
    assert_int_equal(settings.rate_limit.exempt_count, 2);
    assert_int_equal(settings.rate_limit.exempt[0].length, 24);
    assert_int_equal(settings.rate_limit.exempt[1].length, 128);
    settings_free(&settings);
}

static void steering_json_is_taken_where_it_lies_beside(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    struct settings settings;
    char *path = xasprintf("%s/steering.json", directory);
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    fclose(stream);
    assert_true(load("{}", &problems, &settings));
    unlink(path);
    assert_string_equal(settings.steering, path);
    settings_free(&settings);
    free(path);
}

static void every_option_is_taken(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    struct settings settings;
    assert_true(load(
        "// this server\n"
        "{ \"$schema\": \"x\", \"listen\": [\"127.0.0.1:5300\", \"[::1]:5300\"], \"workers\": 2, \"user\": "
        "\"steerd\",\n"
        "  \"state_dir\": \"state\", \"steering\": \"conf/steering.json\", \"steering_mode\": \"file\",\n"
        "  \"geoip\": [\"a.mmdb\", \"/b.mmdb\"], \"nsid\": \"ns1\", \"udp_size\": 1400,\n"
        "  \"tcp_connections\": 7, \"tcp_idle\": \"2s\", \"keep_generations\": 5,\n"
        "  \"api\": { \"listen\": [\"127.0.0.1:8053\", \"unix:/run/steerd/api.sock\", \"unix:a.sock\"],\n"
        "    \"token_file\": \"token\" } }",
        &problems, &settings));
    assert_int_equal(settings.listen[1].port, 5300);
    assert_int_equal(settings.workers, 2);
    assert_string_equal(settings.user, "steerd");
    assert_path(settings.state_dir, "state");
    assert_path(settings.steering, "conf/steering.json");
    assert_true(settings.is_file_mode);
    assert_int_equal(settings.geoip_count, 2);
    assert_path(settings.geoip[0], "a.mmdb");
    assert_string_equal(settings.geoip[1], "/b.mmdb");
    assert_string_equal(settings.nsid, "ns1");
    assert_int_equal(settings.udp_size, 1400);
    assert_int_equal(settings.tcp_connections, 7);
    assert_int_equal(settings.tcp_idle_ms, 2000);
    assert_int_equal(settings.keep_generations, 5);
    assert_int_equal(settings.api_listen_count, 3);
    assert_string_equal(settings.api_listen[1].unix_path, "/run/steerd/api.sock");
    assert_int_equal(settings.api_listen[1].address.family, ADDRESS_NONE);
    assert_path(settings.api_listen[2].unix_path, "a.sock");
    assert_path(settings.token_file, "token");
    settings_free(&settings);
}

static void all_that_is_wrong_is_said_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *complaints; /* after the file's name, one a line */
    } rows[] = {
        { "[]", ":1:1: must be an object {…}, got an empty list" },
        { "{\n \"worker\": 2 }", ":2:12: /worker: unknown key: did you mean \"workers\"?" },
        { "{ /* c */ \"tcp_idle\": 10 }",
          ":1:23: /tcp_idle: a duration needs its unit: write \"10s\", got 10" },
        { "{ \"listen\": [] }", ":1:13: /listen: must be a list of addresses with ports, got an empty list" },
        { "{ \"listen\": [\"127.0.0.1\"] }",
          ":1:14: /listen/0: must be an address with a port such as \"127.0.0.1:53\" or \"[::1]:53\", got "
          "\"127.0.0.1\"" },
        { "{ \"listen\": [\"unix:/x\"] }",
          ":1:14: /listen/0: must be an address with a port such as \"127.0.0.1:53\" or \"[::1]:53\", got "
          "\"unix:/x\"" },
        { "{ \"listen\": [\"127.0.0.1:0\"] }",
          ":1:14: /listen/0: port must be 1..65535, got \"127.0.0.1:0\"" },
        { "{ \"listen\": [\"[::1]:53\", \"[0::1]:53\"] }",
          ":1:26: /listen/1: \"[0::1]:53\" stands here twice" },
        { "{ \"api\": { \"listen\": [\"unix:\"] } }",
          ":1:23: /api/listen/0: a unix socket needs a path of 1 to 107 bytes, got \"unix:\"" },
        { "{ \"api\": { \"tokenfile\": \"x\" } }",
          ":1:25: /api/tokenfile: unknown key: did you mean \"token_file\"?" },
        { "{ \"steering_mode\": \"files\" }",
          ":1:20: /steering_mode: must be \"store\" or \"file\", got \"files\": did you mean \"file\"?" },
        { "{ \"geoip\": \"a.mmdb\" }", ":1:12: /geoip: must be a list of strings, got \"a.mmdb\"" },
        { "{ \"rate_limit\": { \"slip\": 11 } }",
          ":1:27: /rate_limit/slip: must be 0..10, got 11\n"
          ":1:17: /rate_limit: \"responses_per_second\" is missing\n" },
        { "{ \"udp_size_without_cookie\": 511 }",
          ":1:30: /udp_size_without_cookie: must be 0 or 512..4096 bytes, got 511\n" },
        { "{ \"udp_size\": 100,\n  \"nsid\": \"a\\nb\",\n  \"user\": \"\" }",
          ":1:15: /udp_size: must be 512..4096 bytes, got 100\n"
          ":2:11: /nsid: must not hold control characters\n"
          ":3:11: /user: must not be empty" },
        { "{ \"cpus\": [] }", ":1:11: /cpus: must be a list of CPUs such as [0, 1], got an empty list" },
        { "{ \"cpus\": [-1, 0.5, 1024] }", ":1:12: /cpus/0: must be the number of a CPU 0..1023, got -1\n"
                                           ":1:16: /cpus/1: must be the number of a CPU 0..1023, got 0.5\n"
                                           ":1:21: /cpus/2: must be the number of a CPU 0..1023, got 1024" },
        { "{ \"spin\": 50 }",
          ":1:11: /spin: must be a duration of \"0us\"..\"1000000us\" such as \"50us\", got 50" },
        { "{ \"spin\": \"2000ms\" }",
          ":1:11: /spin: must be a duration of \"0us\"..\"1000000us\" such as \"50us\", got \"2000ms\"" },
        { "{ \"busy_poll\": \"us\" }",
          ":1:16: /busy_poll: must be a duration of \"0us\"..\"10000us\" such as \"50us\", got \"us\"" },
        { "{ \"busy_poll\": \"99999999999999999999999us\" }",
          ":1:16: /busy_poll: must be a duration of \"0us\"..\"10000us\" such as \"50us\", got "
          "\"99999999999999999999999us\"" },
        { "{ \"receive_buffer\": 100, \"send_buffer\": \"1M\" }",
          ":1:21: /receive_buffer: must be 4096..1073741824 bytes, got 100\n"
          ":1:41: /send_buffer: must be a whole number 4096..1073741824 bytes, got \"1M\"" },
        { "{ \"workers\": 1.5 }", ":1:14: /workers: must be a whole number 1..1024, got 1.5" },
        { "{ \"workers\": 1, \"Workers\": 2 }",
          ":1:17: duplicate key \"Workers\": the first is at line 1, column 3 (case does not count)" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct problems problems = { 0 };
        struct settings settings;
        struct text expected = { 0 };
        assert_false(load(rows[i].text, &problems, &settings));
        for (const char *at = rows[i].complaints; *at != '\0';) {
            size_t size = strcspn(at, "\n");
            text_printf(&expected, "%s%s%.*s", expected.size > 0 ? "\n" : "", file, (int)size, at);
            at += size + (at[size] == '\n');
        }
        char *got = complaints_take(&problems);
        assert_string_equal(got, expected.bytes);
        assert_null(settings.listen);
        free(got);
        text_free(&expected);
    }
}

static unsigned cpu_of_ours(void)
{
    cpu_set_t allowed;
    unsigned cpu = 0;
    assert_int_equal(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    while (!CPU_ISSET(cpu, &allowed))
        cpu++;
    return cpu;
}

static void workers_are_tuned(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    struct settings settings;
    struct text text = { 0 };
    text_printf(&text,
                "{ \"cpus\": [%u], \"spin\": \"50us\", \"busy_poll\": \"2ms\", "
                "\"receive_buffer\": 8192, \"send_buffer\": 1073741824 }",
                cpu_of_ours());
    assert_true(load(text.bytes, &problems, &settings));
    assert_int_equal(settings.cpu_count, 1);
    assert_int_equal(settings.cpus[0], cpu_of_ours());
    assert_int_equal(settings.workers, 1); /* one a CPU */
    assert_int_equal(settings.spin_us, 50);
    assert_int_equal(settings.busy_poll_us, 2000);
    assert_int_equal(settings.receive_buffer, 8192);
    assert_int_equal(settings.send_buffer, 1 << 30);
    settings_free(&settings);
    text_free(&text);
}

static void cpus_are_those_that_we_may_use(void **state)
{
    (void)state;
    cpu_set_t before, one;
    unsigned ours = cpu_of_ours();
    struct problems problems = { 0 };
    struct settings settings;
    struct text text = { 0 }, expected = { 0 };
    CPU_ZERO(&one);
    CPU_SET(ours, &one);
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    text_printf(&text, "{ \"cpus\": [%u, %u, %u] }", ours, ours, ours + 1);
    assert_false(load(text.bytes, &problems, &settings));
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
    text_printf(&expected, "/cpus/1: CPU %u stands here twice", ours);
    char *got = complaints_take(&problems);
    assert_non_null(strstr(got, expected.bytes));
    text_free(&expected);
    text_printf(&expected, "/cpus/2: steerd may run on the CPUs %u of this machine, got %u", ours, ours + 1);
    assert_non_null(strstr(got, expected.bytes));
    free(got);
    text_free(&expected);
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_file_gives_the_defaults),
        cmocka_unit_test(the_query_log_and_dnstap_have_samples),
        cmocka_unit_test(a_rate_limit_is_an_object_with_defaults),
        cmocka_unit_test(steering_json_is_taken_where_it_lies_beside),
        cmocka_unit_test(every_option_is_taken),
        cmocka_unit_test(workers_are_tuned),
        cmocka_unit_test(cpus_are_those_that_we_may_use),
        cmocka_unit_test(all_that_is_wrong_is_said_with_its_place),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
