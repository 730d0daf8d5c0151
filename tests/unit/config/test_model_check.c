/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/declared.h"

static void a_check_has_the_defaults_of_the_manual(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    struct object object = object_of(OBJECT_CHECK, "web", "{\"type\": \"https\"}");
    struct check *check = check_parse(&object, &problems);
    assert_non_null(check);
    assert_string_equal(check->name, "web");
    assert_int_equal(check->type, CHECK_HTTPS);
    assert_int_equal(check->interval_ms, 3000);
    assert_int_equal(check->timeout_ms, 1000);
    assert_int_equal(check->rise, 2);
    assert_int_equal(check->fall, 3);
    assert_int_equal(check->port, 0);
    assert_string_equal(check->path, "/");
    assert_string_equal(check->method, "GET");
    assert_true(check->verify);
    assert_int_equal(check->code_count, 1);
    assert_int_equal(check->codes[0].low, 200);
    assert_int_equal(check->codes[0].high, 299);
    assert_null(check->target_host);
    assert_ptr_equal(check_acquire(check), check);
    check_release(check);
    assert_string_equal(check->name, "web"); /* one reference is left */
    check_release(check);
}

static void every_option_of_a_check_is_taken(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    struct object object = object_of(
        OBJECT_CHECK, "web",
        "{\"type\": \"https\", \"interval\": \"250ms\", \"timeout\": \"1m\", \"rise\": 1, \"fall\": 100,"
        " \"port\": 8443, \"host\": \"192.0.2.1\", \"path\": \"/x?y=1\", \"method\": \"GET\","
        " \"host_header\": \"h:1\", \"sni\": \"s.example\", \"body_contains\": \"ok\\n\", \"ca_file\": "
        "\"/ca\","
        " \"verify\": false, \"codes\": [\"200-204, 301\", 401], \"jitter_percent\": 0}");
    struct check *check = check_parse(&object, &problems);
    assert_non_null(check);
    assert_int_equal(check->interval_ms, 250);
    assert_int_equal(check->timeout_ms, 60000);
    assert_int_equal(check->fall, 100);
    assert_int_equal(check->port, 8443);
    assert_string_equal(check->target_host, "192.0.2.1");
    assert_string_equal(check->path, "/x?y=1");
    assert_string_equal(check->host_header, "h:1");
    assert_string_equal(check->sni, "s.example");
    assert_string_equal(check->body_contains, "ok\n");
    assert_string_equal(check->ca_file, "/ca");
    assert_false(check->verify);
    assert_int_equal(check->code_count, 3);
    assert_int_equal(check->codes[0].high, 204);
    assert_int_equal(check->codes[1].low, 301);
    assert_int_equal(check->codes[1].high, 301);
    assert_int_equal(check->codes[2].low, 401);
    assert_int_equal(check->jitter_percent, 0);
    check_release(check);
}

static struct check *parsed(const char *text)
{
    struct problems problems = { 0 };
    struct object object = object_of(OBJECT_CHECK, "web", text);
    struct check *check = check_parse(&object, &problems);
    assert_non_null(check);
    return check;
}

static void the_options_of_each_type_are_taken(void **state)
{
    (void)state;
    struct check *check =
        parsed("{\"type\": \"http\", \"method\": \"POST\", \"body\": \"a\\nb\", \"headers\": {\"X-A\": \"1\","
               " \"X-B\": \"\"}, \"body_matches\": \"^ok$\", \"redirects\": 2, \"reuse\": \"5m\","
               " \"source\": \"2001:db8::1\", \"confirm\": true, \"damp\": {\"hold\": \"1m\"}}");
    assert_string_equal(check->body, "a\nb");
    assert_int_equal(check->header_count, 2);
    assert_string_equal(check->headers[0], "X-A: 1");
    assert_string_equal(check->headers[1], "X-B: ");
    assert_string_equal(check->body_matches, "^ok$");
    assert_int_equal(check->redirects, 2);
    assert_int_equal(check->reuse_ms, 300000);
    assert_int_equal(check->source.family, ADDRESS_V6);
    assert_true(check->confirm);
    assert_int_equal(check->damping.flaps, 4);
    assert_int_equal(check->damping.within_ms, 600000);
    assert_int_equal(check->damping.hold_ms, 60000);
    check_release(check);
    check = parsed("{\"type\": \"push\", \"ttl\": \"30s\"}");
    assert_int_equal(check->ttl_ms, 30000);
    assert_int_equal(check->rise, 1);
    assert_int_equal(check->fall, 1);
    check_release(check);
    check = parsed("{\"type\": \"push\", \"ttl\": \"1m\", \"rise\": 2, \"fall\": 3}");
    assert_int_equal(check->rise, 2);
    assert_int_equal(check->fall, 3);
    check_release(check);
    check = parsed(
        "{\"type\": \"dns\", \"query\": \"A.example\", \"query_type\": \"aaaa\", \"answer\": \"::1\"}");
    assert_int_equal(check->query_type, 28);
    assert_int_equal(check->rcode, 0);
    assert_string_equal(check->answer, "::1");
    check_release(check);
    check = parsed(
        "{\"type\": \"grpc\", \"port\": 1, \"tls\": true, \"service\": \"s\", \"warn_before\": \"60d\"}");
    assert_true(check->uses_tls && check->verify);
    assert_string_equal(check->service, "s");
    assert_int_equal(check->warn_before_ms, UINT64_C(60) * 86400 * 1000);
    check_release(check);
    check = parsed("{\"type\": \"exec\", \"command\": [\"/bin/a\", \"b c\"]}");
    assert_int_equal(check->command_count, 2);
    assert_string_equal(check->command[1], "b c");
    assert_int_equal(check->damping.flaps, 0);
    check_release(check);
}

static void checks_are_equal_when_every_option_is(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"type\": \"http\"}",
        "{\"type\": \"https\"}",
        "{\"type\": \"http\", \"fall\": 4}",
        "{\"type\": \"http\", \"confirm\": true}",
        "{\"type\": \"http\", \"damp\": {}}",
        "{\"type\": \"http\", \"headers\": {\"A\": \"1\"}}",
        "{\"type\": \"http\", \"headers\": {\"A\": \"2\"}}",
        "{\"type\": \"http\", \"source\": \"192.0.2.1\"}",
        "{\"type\": \"http\", \"codes\": 200}",
        "{\"type\": \"http\", \"latency_of\": \"first_byte\"}",
        "{\"type\": \"http\", \"body_matches\": \"x\"}",
        "{\"type\": \"push\", \"ttl\": \"30s\"}",
        "{\"type\": \"push\", \"ttl\": \"31s\"}",
        "{\"type\": \"calculated\", \"of\": [\"a\", \"b\"]}",
        "{\"type\": \"calculated\", \"of\": [\"a\", \"!b\"]}",
        "{\"type\": \"calculated\", \"of\": [\"a\", \"b\"], \"require\": 1}",
        "{\"type\": \"exec\", \"command\": [\"/a\"]}",
        "{\"type\": \"exec\", \"command\": [\"/a\", \"b\"]}",
    };
    enum { COUNT = sizeof texts / sizeof *texts };
    struct check *checks_of[2][COUNT];
    for (size_t i = 0; i < 2 * COUNT; i++)
        checks_of[i / COUNT][i % COUNT] = parsed(texts[i % COUNT]);
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < COUNT; j++)
            assert_int_equal(check_equal(checks_of[0][i], checks_of[1][j]), i == j);
    for (size_t i = 0; i < 2 * COUNT; i++)
        check_release(checks_of[i / COUNT][i % COUNT]);
}

static const struct row checks[] = {
    { "{\"type\": \"tcp\", \"port\": 25}", NULL },
    { "{}", "s.json:10:5: /c: \"type\" is missing" },
    { "[1]", "s.json:10:5: /c: must be an object {…}, got a list" },
    { "{\"type\": \"smtp\"}",
      "s.json:10:14: /c/type: must be \"http\", \"https\", \"tcp\", \"tls\", \"dns\", "
      "\"grpc\", \"icmp\", \"exec\", \"push\" or \"calculated\", got \"smtp\"" },
    { "{\"type\": \"push\", \"ttl\": \"30s\", \"rise\": 2, \"damp\": {}}", NULL },
    { "{\"type\": \"push\"}", "s.json:10:5: /c: a check of type \"push\" needs a \"ttl\"" },
    { "{\"type\": \"push\", \"ttl\": 30}",
      "s.json:10:29: /c/ttl: a duration needs its unit: write \"30s\", got 30" },
    { "{\"type\": \"push\", \"ttl\": \"2d\"}", "s.json:10:29: /c/ttl: must be 1s..1d, got \"2d\"" },
    { "{\"type\": \"push\", \"ttl\": \"30s\", \"interval\": \"3s\", \"host\": \"a\"}",
      "s.json:10:48: /c/interval: has no meaning for a check of type \"push\"\n"
      "s.json:10:62: /c/host: has no meaning for a check of type \"push\"" },
    { "{\"type\": \"tcp\", \"port\": 1, \"ttl\": \"30s\"}",
      "s.json:10:39: /c/ttl: has no meaning for a check of type \"tcp\"" },
    { "{\"type\": \"calculated\", \"of\": [\"a\", \"!b\"], \"require\": \"any\"}", NULL },
    { "{\"type\": \"calculated\"}", "s.json:10:5: /c: a check of type \"calculated\" needs a \"of\"" },
    { "{\"type\": \"calculated\", \"of\": []}", "s.json:10:34: /c/of: must name at least one check" },
    { "{\"type\": \"calculated\", \"of\": [\"a\", \"!a\"]}", "s.json:10:34: /c/of: names a check twice" },
    { "{\"type\": \"calculated\", \"of\": [\"a b\"]}",
      "s.json:10:35: /c/of/0: must be the name of a check, with \"!\" in front if it is to be down, got \"a "
      "b\"" },
    { "{\"type\": \"calculated\", \"of\": [\"a\"], \"require\": 2}",
      "s.json:10:52: /c/require: is more than there are in \"of\"" },
    { "{\"type\": \"calculated\", \"of\": [\"a\"], \"require\": \"most\"}",
      "s.json:10:52: /c/require: must be \"all\", \"any\" or how many, 1..12, got \"most\"" },
    { "{\"type\": \"calculated\", \"of\": [\"a\"], \"fall\": 2}",
      "s.json:10:49: /c/fall: has no meaning for a check of type \"calculated\"" },
    { "{\"type\": \"icmp\"}", NULL },
    { "{\"type\": \"tls\", \"sni\": \"a.example\", \"warn_before\": \"30d\"}", NULL },
    { "{\"type\": \"icmp\", \"port\": 1}",
      "s.json:10:30: /c/port: has no meaning for a check of type \"icmp\"" },
    { "{\"type\": \"grpc\"}", "s.json:10:5: /c: a check of type \"grpc\" needs a \"port\"" },
    { "{\"type\": \"grpc\", \"port\": 1, \"verify\": false}",
      "s.json:10:43: /c/verify: has no meaning without \"tls\"" },
    { "{\"type\": \"dns\"}", "s.json:10:5: /c: a check of type \"dns\" needs a \"query\"" },
    { "{\"type\": \"dns\", \"query\": \"a..b\"}",
      "s.json:10:30: /c/query: must be a domain name, got \"a..b\"" },
    { "{\"type\": \"dns\", \"query\": \"a\", \"query_type\": \"WHAT\"}",
      "s.json:10:49: /c/query_type: must be a record type such as \"A\" or \"TYPE65280\", got \"WHAT\"" },
    { "{\"type\": \"dns\", \"query\": \"a\", \"answer\": \"2001:db8::1\"}",
      "s.json:10:45: /c/answer: must be an address for A and AAAA, a name for CNAME, NS and PTR, a text for "
      "TXT; other types cannot be compared" },
    { "{\"type\": \"dns\", \"query\": \"a\", \"rcode\": \"NXDOMAIN\", \"answer\": \"192.0.2.1\"}",
      "s.json:10:66: /c/answer: has no meaning for another rcode than \"NOERROR\"" },
    { "{\"type\": \"exec\"}", "s.json:10:5: /c: a check of type \"exec\" needs a \"command\"" },
    { "{\"type\": \"exec\", \"command\": [\"true\"]}",
      "s.json:10:33: /c/command: must start with an absolute path" },
    { "{\"type\": \"exec\", \"command\": []}", "s.json:10:33: /c/command: must start with an absolute path" },
    { "{\"type\": \"tcp\", \"port\": 1, \"source\": \"here\"}",
      "s.json:10:42: /c/source: must be an address, got \"here\"" },
    { "{\"type\": \"http\", \"headers\": {\"Host\": \"a\", \"A B\": \"c\", \"X\": \"a\\r\\nb\", \"Y\": 1}}",
      "s.json:10:42: /c/headers/Host: is not to be set here: use \"host_header\"\n"
      "s.json:10:54: /c/headers/A B: is no name of a header\n"
      "s.json:10:64: /c/headers/X: must not hold control characters\n"
      "s.json:10:79: /c/headers/Y: must be a string of at most 4096 bytes, got 1" },
    { "{\"type\": \"http\", \"body_matches\": \"(\"}",
      "s.json:10:38: /c/body_matches: must be a POSIX extended regular expression (Unmatched ( or \\(), got "
      "\"(\"" },
    { "{\"type\": \"http\", \"body_matches\": \"(a)\\\\1\"}",
      "s.json:10:38: /c/body_matches: must not refer back, got \"(a)\\1\"" },
    { "{\"type\": \"http\", \"body_matches\": \"(a{9}){9}\"}",
      "s.json:10:38: /c/body_matches: must not hold more than one \"{\", got \"(a{9}){9}\"" },
    { "{\"type\": \"http\", \"body\": \"x\"}",
      "s.json:10:5: /c: \"body\" needs a \"method\" such as \"POST\"" },
    { "{\"type\": \"http\", \"damp\": {\"flaps\": 1}}", "s.json:10:40: /c/damp/flaps: must be 2..16, got 1" },
    { "{\"type\": \"http\", \"damp\": {\"flap\": 3}}",
      "s.json:10:39: /c/damp/flap: unknown key: did you mean \"flaps\"?" },
    { "{\"type\": \"htps\"}",
      "s.json:10:14: /c/type: must be \"http\", \"https\", \"tcp\", \"tls\", \"dns\", \"grpc\", \"icmp\", "
      "\"exec\", \"push\" or \"calculated\", got \"htps\": did you mean \"https\"?" },
    { "{\"type\": \"tcp\"}", "s.json:10:5: /c: a check of type \"tcp\" needs a \"port\"" },
    { "{\"type\": \"tcp\", \"port\": 1,\n \"path\": \"/\", \"sni\": \"a\"}",
      "s.json:11:10: /c/path: has no meaning for a check of type \"tcp\"\n"
      "s.json:11:22: /c/sni: has no meaning for a check of type \"tcp\"" },
    { "{\"type\": \"http\", \"verify\": false}",
      "s.json:10:32: /c/verify: has no meaning for a check of type \"http\"" },
    { "{\"type\": \"http\", \"interval\": 3}",
      "s.json:10:34: /c/interval: a duration needs its unit: write \"3s\", got 3" },
    { "{\"type\": \"http\", \"interval\": 0.25}",
      "s.json:10:34: /c/interval: a duration needs its unit: write \"3s\", got 0.25" },
    { "{\"type\": \"http\", \"interval\": \"50ms\"}",
      "s.json:10:34: /c/interval: must be 100ms..1h, got \"50ms\"" },
    { "{\"type\": \"http\", \"timeout\": \"2m\"}", "s.json:10:33: /c/timeout: must be 10ms..1m, got \"2m\"" },
    { "{\"type\": \"http\", \"timeout\": \"3 s\"}", "s.json:10:33: /c/timeout: must be a duration such as "
                                                    "\"250ms\", \"3s\", \"5m\" or \"1h\", got \"3 s\"" },
    { "{\"type\": \"http\", \"rise\": 0, \"fall\": 101, \"port\": 65536}",
      "s.json:10:30: /c/rise: must be 1..100, got 0\n"
      "s.json:10:41: /c/fall: must be 1..100, got 101\n"
      "s.json:10:54: /c/port: must be 1..65535, got 65536" },
    { "{\"type\": \"http\", \"fall\": \"3\"}",
      "s.json:10:30: /c/fall: must be a whole number 1..100, got \"3\"" },
    { "{\"type\": \"http\", \"path\": \"x\"}", "s.json:10:30: /c/path: must start with \"/\", got \"x\"" },
    { "{\"type\": \"http\", \"path\": \"/a b\"}",
      "s.json:10:30: /c/path: must not hold blanks, got \"/a b\"" },
    { "{\"type\": \"http\", \"path\": \"/a\\r\\nX: y\"}",
      "s.json:10:30: /c/path: must not hold control characters" },
    { "{\"type\": \"http\", \"method\": \"get\"}",
      "s.json:10:32: /c/method: must be a method such as \"GET\", \"HEAD\" or \"POST\", got \"get\"" },
    { "{\"type\": \"http\", \"method\": \"CONNECT\"}",
      "s.json:10:32: /c/method: must not be \"CONNECT\", got \"CONNECT\"" },
    { "{\"type\": \"http\", \"method\": \"HEAD\", \"body_contains\": \"x\"}",
      "s.json:10:5: /c: \"body_contains\" needs method \"GET\": an answer to HEAD has no body" },
    { "{\"type\": \"http\", \"host\": \"a..b\"}",
      "s.json:10:30: /c/host: must be a host name or an address, got \"a..b\"" },
    { "{\"type\": \"https\", \"sni\": \"192.0.2.1\"}",
      "s.json:10:30: /c/sni: must be a host name, not an address, got \"192.0.2.1\"" },
    { "{\"type\": \"https\", \"ca_file\": \"ca.pem\"}",
      "s.json:10:34: /c/ca_file: must be an absolute path, got \"ca.pem\"" },
    { "{\"type\": \"http\", \"codes\": \"2xx\"}",
      "s.json:10:31: /c/codes: must be status codes or ranges such as \"200-299,401\", at most 8 in all, got "
      "\"2xx\"" },
    { "{\"type\": \"http\", \"codes\": [200, \"300-299\"]}",
      "s.json:10:37: /c/codes/1: must be status codes or ranges such as \"200-299,401\", at most 8 in all, "
      "got "
      "\"300-299\"" },
    { "{\"type\": \"http\", \"codes\": []}", "s.json:10:31: /c/codes: must be status codes or ranges such as "
                                             "\"200-299,401\", at most 8 in all, got an "
                                             "empty list" },
    { "{\"type\": \"http\", \"verify\": 1, \"intervall\": \"3s\"}",
      "s.json:10:32: /c/verify: must be true or false, got 1\n"
      "s.json:10:48: /c/intervall: unknown key: did you mean \"interval\"?\n"
      "s.json:10:32: /c/verify: has no meaning for a check of type \"http\"" },
    { "{\"type\": \"http\", }", "s.json:10:20: /c: trailing comma: none may stand in front of \"}\"" },
};

static void what_is_wrong_with_a_check_is_said_with_its_place(void **state)
{
    (void)state;
    ASSERT_COMPLAINTS(OBJECT_CHECK, "web", checks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_has_the_defaults_of_the_manual),
        cmocka_unit_test(every_option_of_a_check_is_taken),
        cmocka_unit_test(the_options_of_each_type_are_taken),
        cmocka_unit_test(checks_are_equal_when_every_option_is),
        cmocka_unit_test(what_is_wrong_with_a_check_is_said_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
