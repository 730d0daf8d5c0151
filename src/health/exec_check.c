/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exec: a program says how the endpoint is: exit code 0 is good.  Its environment names the endpoint; the
 * first line of its output is the evidence.  Past the time limit its whole process group is killed.
 */
#include "health/probe.h"

#include "base/helper.h"
#include "base/memory.h"
#include "health/checker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    EXEC_OUTPUT_MOST = 120,
    EXEC_PATIENCE_MS = 1000,
    EXEC_NOBODY_ANSWERED = 75, /* EX_TEMPFAIL of sysexits(3) */
};

/* A killed process that has not ended yet: somebody has to wait for it. */
struct orphan {
    struct watcher watcher; /* its pidfd */
    struct exec_shared *shared;
    struct orphan *next;
};

struct exec_shared {
    struct loop *loop;
    bool is_allowed;
    struct orphan *orphans;
};

struct exec_probe {
    struct probe probe;
    struct exec_shared *shared;
    char *peer;
    pid_t pid;
    struct watcher exit, output; /* pidfd and pipe; -1 at rest */
    char text[EXEC_OUTPUT_MOST + 1];
    size_t text_size;
};

/* ---- processes ---- */

static void orphan_ready(void *owner, uint32_t events)
{
    (void)events;
    struct orphan *orphan = owner, **place = &orphan->shared->orphans;
    siginfo_t info;
    (void)waitid(P_PIDFD, (id_t)orphan->watcher.fd, &info, WEXITED | WNOHANG);
    while (*place != orphan)
        place = &(*place)->next;
    *place = orphan->next;
    loop_forget(orphan->shared->loop, &orphan->watcher);
    close(orphan->watcher.fd);
    free(orphan);
}

static void orphan_new(struct exec_shared *shared, int pidfd)
{
    struct orphan *orphan = xcalloc(1, sizeof *orphan);
    orphan->watcher = (struct watcher){ .fd = pidfd, .ready = orphan_ready, .owner = orphan };
    orphan->shared = shared;
    orphan->next = shared->orphans;
    shared->orphans = orphan;
    loop_watch(shared->loop, &orphan->watcher, EPOLLIN);
}

static void watcher_close(struct loop *loop, struct watcher *watcher)
{
    loop_forget(loop, watcher);
    if (watcher->fd >= 0)
        close(watcher->fd);
    watcher->fd = -1;
}

/* ---- output ---- */

/* Its beginning is kept, the rest is read so that the program does not wait. */
static void exec_read(struct exec_probe *exec)
{
    char bytes[4096];
    ssize_t got;
    for (int most = 16; most > 0 && (got = read(exec->output.fd, bytes, sizeof bytes)) > 0; most--) {
        size_t room = EXEC_OUTPUT_MOST - exec->text_size, size = (size_t)got < room ? (size_t)got : room;
        memcpy(exec->text + exec->text_size, bytes, size);
        exec->text_size += size;
    }
}

static void exec_output_ready(void *owner, uint32_t events)
{
    struct exec_probe *exec = owner;
    exec_read(exec);
    if ((events & EPOLLHUP) != 0 && (events & EPOLLIN) == 0)
        loop_forget(exec->shared->loop, &exec->output); /* nobody holds the other end any more */
}

/* ---- the end ---- */

/* A program that says what is wrong has heard from the endpoint, as far as we know.  One that hangs has not:
 * where this server is cut off all of them do, so that is silence. */
static void exec_judge(const struct exec_probe *exec, const siginfo_t *info, struct finding *out)
{
    bool is_good = info->si_code == CLD_EXITED && info->si_status == 0;
    int line_size = (int)strcspn(exec->text, "\r\n");
    const char *colon = line_size > 0 ? ": " : "";
    finding_set(out, is_good ? FINDING_SUCCESS : FINDING_FAILURE, "%s %d%s%.*s",
                info->si_code == CLD_EXITED ? "exit" : "killed by signal", info->si_status, colon, line_size,
                exec->text);
    out->is_silent = info->si_code == CLD_EXITED && info->si_status == EXEC_NOBODY_ANSWERED;
}

/* The group is killed before the process is reaped: until then nobody else can get its number. */
static void exec_exited(void *owner, uint32_t events)
{
    (void)events;
    struct exec_probe *exec = owner;
    struct finding finding = { 0 };
    siginfo_t info = { 0 };
    kill(-exec->pid, SIGKILL);
    if (waitid(P_PIDFD, (id_t)exec->exit.fd, &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0)
        return;
    exec->pid = 0;
    exec_read(exec);
    exec->text[exec->text_size] = '\0';
    exec_judge(exec, &info, &finding);
    probe_end(&exec->probe, &finding);
}

/* ---- its life ---- */

static struct probe *exec_new(void *shared, struct loop *loop, const struct check *check, const char *peer)
{
    (void)loop, (void)check;
    struct exec_probe *exec = xcalloc(1, sizeof *exec);
    exec->shared = shared;
    exec->peer = xstrdup(peer);
    exec->exit = (struct watcher){ .fd = -1, .ready = exec_exited, .owner = exec };
    exec->output = (struct watcher){ .fd = -1, .ready = exec_output_ready, .owner = exec };
    return &exec->probe;
}

static pid_t exec_spawn(const struct exec_probe *exec, const struct address *address, uint16_t port,
                        int output_fd)
{
    const struct check *check = exec->probe.check;
    char literal[ADDRESS_TEXT_SIZE], *arguments[CHECK_ARGUMENTS_MAX + 1] = { NULL };
    address_format(address, literal);
    for (size_t i = 0; i < check->command_count && i < CHECK_ARGUMENTS_MAX; i++)
        arguments[i] = check->command[i];
    char *environment[] = { xstrdup("PATH=/usr/local/bin:/usr/bin:/bin"),
                            xstrdup("LC_ALL=C"),
                            xasprintf("STEERD_CHECK=%s", check->name),
                            xasprintf("STEERD_ADDRESS=%s", literal),
                            xasprintf("STEERD_PORT=%u", port),
                            xasprintf("STEERD_HOST=%s", exec->peer),
                            xasprintf("STEERD_TIMEOUT_MS=%u", check->timeout_ms),
                            NULL };
    const struct helper helper = { .path = arguments[0],
                                   .arguments = arguments,
                                   .environment = environment,
                                   .input_fd = -1,
                                   .output_fd = output_fd,
                                   .cpu_most_s = check->timeout_ms / 1000 + 1 };
    pid_t pid = helper_start(&helper);
    int error_number = errno;
    for (size_t i = 0; environment[i] != NULL; i++)
        free(environment[i]);
    errno = error_number;
    return pid;
}

/* False with errno: nothing was started. */
static bool exec_launch(struct exec_probe *exec, const struct address *address, uint16_t port)
{
    int pipe_of[2];
    if (pipe2(pipe_of, O_CLOEXEC | O_NONBLOCK) != 0)
        return false;
    exec->output.fd = pipe_of[0];
    exec->pid = exec_spawn(exec, address, port, pipe_of[1]);
    int error_number = errno;
    close(pipe_of[1]);
    errno = error_number;
    if (exec->pid < 0)
        return false;
    exec->exit.fd = pidfd_open(exec->pid, 0);
    if (exec->exit.fd >= 0)
        return true;
    error_number = errno;
    kill(-exec->pid, SIGKILL);
    waitpid(exec->pid, NULL, 0);
    errno = error_number;
    return false;
}

static void exec_start(struct probe *probe, const struct address *address, uint16_t port)
{
    struct exec_probe *exec = (struct exec_probe *)probe;
    struct finding finding = { 0 };
    exec->pid = 0;
    exec->text_size = 0;
    if (!exec->shared->is_allowed) {
        finding_set(&finding, FINDING_UNUSABLE,
                    "programs may not be run here: steerd.json does not say \"exec_checks\": true");
    } else if (!exec_launch(exec, address, port)) {
        exec->pid = 0;
        finding_set(&finding, FINDING_NONE, "cannot start a process: %s", strerrordesc_np(errno));
    } else {
        loop_watch(exec->shared->loop, &exec->exit, EPOLLIN);
        loop_watch(exec->shared->loop, &exec->output, EPOLLIN);
        return;
    }
    probe_end(probe, &finding);
}

static void exec_explain_timeout(struct probe *probe, struct finding *out)
{
    finding_set_timeout(out, probe->check, "exit");
}

static void exec_stop(struct probe *probe)
{
    struct exec_probe *exec = (struct exec_probe *)probe;
    struct loop *loop = exec->shared->loop;
    if (exec->pid > 0) {
        kill(-exec->pid, SIGKILL);
        loop_forget(loop, &exec->exit);
        orphan_new(exec->shared, exec->exit.fd);
        exec->exit.fd = -1;
        exec->pid = 0;
    }
    watcher_close(loop, &exec->exit);
    watcher_close(loop, &exec->output);
}

static void exec_free(struct probe *probe)
{
    struct exec_probe *exec = (struct exec_probe *)probe;
    exec_stop(probe);
    free(exec->peer);
    free(exec);
}

static void *exec_open(struct loop *loop, const struct checker_settings *settings)
{
    struct exec_shared *shared = xcalloc(1, sizeof *shared);
    *shared = (struct exec_shared){ .loop = loop, .is_allowed = settings->allows_exec };
    return shared;
}

/* They were killed and end at once, unless the kernel holds them: then init will wait for them. */
static void exec_close(void *context)
{
    struct exec_shared *shared = context;
    while (shared->orphans != NULL) {
        struct pollfd poller = { .fd = shared->orphans->watcher.fd, .events = POLLIN };
        (void)poll(&poller, 1, EXEC_PATIENCE_MS);
        orphan_ready(shared->orphans, 0);
    }
    free(shared);
}

const struct probe_type probe_exec = {
    .open = exec_open,
    .close = exec_close,
    .new = exec_new,
    .free = exec_free,
    .start = exec_start,
    .explain_timeout = exec_explain_timeout,
    .stop = exec_stop,
};
