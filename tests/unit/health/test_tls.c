/* SPDX-License-Identifier: GPL-3.0-or-later */
/* https against `openssl s_server` with certificates that were made a moment ago. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

extern char **environ;

/* A running `openssl s_server` that knows one name. */
struct tls_server {
    pid_t pid;
    int output;
    uint16_t port;
};

static char directory[] = "/tmp/steerd-tls-XXXXXX";

static void run(const char *command)
{
    char *inside = xasprintf("cd %s && %s", directory, command);
    if (system(inside) != 0)
        fail_msg("does not work: %s", inside);
    free(inside);
}

static struct tls_server tls_server_start(const char *certificate)
{
    int pipe_of[2];
    if (pipe2(pipe_of, O_CLOEXEC) != 0)
        abort();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, pipe_of[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addchdir_np(&actions, directory);
    char *const arguments[] = { (char *)"openssl",
                                (char *)"s_server",
                                (char *)"-accept",
                                (char *)"127.0.42.1:0",
                                (char *)"-www",
                                (char *)"-key",
                                (char *)"key.pem",
                                (char *)"-key2",
                                (char *)"key.pem",
                                (char *)"-cert",
                                (char *)certificate,
                                (char *)"-cert2",
                                (char *)certificate,
                                (char *)"-servername",
                                (char *)"web.example.test",
                                (char *)"-servername_fatal",
                                NULL };
    struct tls_server server = { .output = pipe_of[0] };
    if (posix_spawnp(&server.pid, "openssl", &actions, NULL, arguments, environ) != 0)
        abort();
    posix_spawn_file_actions_destroy(&actions);
    close(pipe_of[1]);
    char said[512] = "";
    for (size_t size = 0; strstr(said, "ACCEPT 127.0.42.1:") == NULL || said[size - 1] != '\n'; size++)
        if (size == sizeof said - 1 || read(server.output, said + size, 1) != 1)
            fail_msg("openssl s_server says \"%s\"", said);
    server.port = (uint16_t)atoi(strstr(said, "127.0.42.1:") + strlen("127.0.42.1:"));
    return server;
}

static void tls_server_stop(struct tls_server *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    close(server->output);
}

static int make_certificates(void **state)
{
    if (mkdtemp(directory) == NULL)
        return -1;
    run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out good.pem"
        " -days 2 -subj /CN=web -addext subjectAltName=DNS:web.example.test,IP:127.0.42.1 2>log");
    run("openssl x509 -in good.pem -signkey key.pem -days -1 -out expired.pem 2>log");
    return quiet(state);
}

static int remove_certificates(void **state)
{
    run("rm -f key.pem good.pem expired.pem log");
    rmdir(directory);
    return loud(state);
}

static const struct {
    const char *name, *certificate, *host_header, *sni;
    bool is_trusted, verify; /* trusted: ca_file is the certificate itself */
    bool is_up;
    const char *evidence; /* its beginning */
} cases[] = {
    { "trusted", "good.pem", "web.example.test", NULL, true, true, true, "HTTP 200" },
    { "trusted, named with a port", "good.pem", "web.example.test:443", NULL, true, true, true, "HTTP 200" },
    { "trusted for its address", "good.pem", NULL, NULL, true, true, true, "HTTP 200" },
    { "trusted under another server name", "good.pem", "other.example.test", "web.example.test", true, true,
      true, "HTTP 200" },
    { "not trusted", "good.pem", "web.example.test", NULL, false, true, false,
      "TLS: self-signed certificate" },
    { "not trusted and not verified", "good.pem", "web.example.test", NULL, false, false, true, "HTTP 200" },
    { "expired", "expired.pem", "web.example.test", NULL, true, true, false, "TLS: certificate has expired" },
    { "expired and not verified", "expired.pem", "web.example.test", NULL, false, false, true, "HTTP 200" },
    { "asked for a name that it does not know", "good.pem", "other.example.test", NULL, true, true, false,
      "TLS: " },
};

/* What https says of a good one; tls speaks of the handshake alone. */
static const char *evidence_of(enum check_type type, const char *evidence)
{
    return type == CHECK_TLS && strcmp(evidence, "HTTP 200") == 0 ? "TLS handshake done" : evidence;
}

static void certificates_are_judged_with_evidence(void **state)
{
    (void)state;
    enum { CASES = sizeof cases / sizeof *cases };
    for (size_t k = 0; k < 2 * CASES; k++) {
        size_t i = k % CASES;
        enum check_type type = k < CASES ? CHECK_HTTPS : CHECK_TLS;
        struct bench bench;
        bench_open(&bench, 0, NULL);
        struct tls_server server = tls_server_start(cases[i].certificate);
        struct check *check = check_of(type, server.port, 60000, 10000);
        check->host_header = cases[i].host_header != NULL ? xstrdup(cases[i].host_header) : NULL;
        check->sni = cases[i].sni != NULL ? xstrdup(cases[i].sni) : NULL;
        check->verify = cases[i].verify;
        if (cases[i].is_trusted)
            check->ca_file = xasprintf("%s/%s", directory, cases[i].certificate);
        bench_bind(&bench, 1, check, "127.0.42.1");
        struct health_report *report = bench_report(&bench, PATIENCE_MS);
        const char *evidence = evidence_of(type, cases[i].evidence);
        if (report == NULL || (report->verdict == HEALTH_UP) != cases[i].is_up ||
            strncmp(report->evidence.text, evidence, strlen(evidence)) != 0)
            fail_msg("%s: %s", cases[i].name, report != NULL ? report->evidence.text : "no report");
        health_report_free(report);
        tls_server_stop(&server);
        bench_close(&bench);
    }
}

static void a_ca_file_that_is_not_there_is_said_so(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 0, NULL);
    struct tls_server server = tls_server_start("good.pem");
    struct check *check = check_of(CHECK_HTTPS, server.port, 30, 10000);
    check->ca_file = xasprintf("%s/later.pem", directory);
    bench_bind(&bench, 1, check, "127.0.42.1");
    struct health_report report = bench_await(&bench, HEALTH_DOWN);
    assert_non_null(strstr(report.evidence.text, "later.pem"));
    bench_until(checker_counters(bench.checker)->unmeasured > 2);
    assert_int_equal(checker_counters(bench.checker)->failed, 1); /* only what decided */
    run("ln good.pem later.pem");
    bench_await(&bench, HEALTH_UP);
    run("rm later.pem");
    tls_server_stop(&server);
    bench_close(&bench);
}

static void a_certificate_that_ends_soon_is_a_warning(void **state)
{
    (void)state;
    for (enum check_type type = CHECK_HTTPS; type <= CHECK_TLS; type += CHECK_TLS - CHECK_HTTPS) {
        struct bench bench;
        bench_open(&bench, 0, NULL);
        struct tls_server server = tls_server_start("good.pem"); /* good for two days */
        for (uint64_t days = 1; days <= 3; days += 2) {
            struct check *check = check_of(type, server.port, 60000, 10000);
            check->ca_file = xasprintf("%s/good.pem", directory);
            check->warn_before_ms = days * 86400 * 1000;
            bench_bind(&bench, 1, check, "127.0.42.1");
            struct evidence evidence = bench_await(&bench, HEALTH_UP).evidence;
            int64_t left_s = evidence.certificate_ends_s - clock_wall_ms() / 1000;
            assert_in_range(left_s, 2 * 86400 - 3600, 2 * 86400);
            assert_true((strstr(evidence.text, "; certificate ends 20") != NULL) == (days == 3));
            assert_int_equal(checker_counters(bench.checker)->certificates_ending, days == 3);
        }
        checker_bind(bench.checker, 1, NULL, 0);
        bench_until(checker_counters(bench.checker)->certificates_ending == 0);
        tls_server_stop(&server);
        bench_close(&bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_are_judged_with_evidence),
        cmocka_unit_test(a_ca_file_that_is_not_there_is_said_so),
        cmocka_unit_test(a_certificate_that_ends_soon_is_a_warning),
    };
    return cmocka_run_group_tests(tests, make_certificates, remove_certificates);
}
