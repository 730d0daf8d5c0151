/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/program.h"

#include "base/clock.h"
#include "base/duration.h"
#include "base/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_MOST = 120 };

struct running {
    pid_t pid;
    int input_fd, output_fd, exit_fd;
    char text[OUTPUT_MOST + 1];
    size_t text_size;
};

/* A file without a name: nobody has to write while the program reads. */
static int open_input(const char *input)
{
    size_t size = strlen(input), written = 0;
    int fd = memfd_create("event", MFD_CLOEXEC);
    while (fd >= 0 && written < size) {
        ssize_t one = write(fd, input + written, size - written);
        if (one <= 0) {
            close(fd);
            return -1;
        }
        written += (size_t)one;
    }
    if (fd >= 0)
        lseek(fd, 0, SEEK_SET);
    return fd;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* With all that it started: the group is killed before the process is reaped, until then nobody else can get
 * its number. */
static siginfo_t end(struct running *running)
{
    siginfo_t info = { 0 };
    if (running->pid > 0) {
        kill(-running->pid, SIGKILL);
        kill(running->pid, SIGKILL); /* before it has a group of its own */
        while (waitid(P_PID, (id_t)running->pid, &info, WEXITED) != 0 && errno == EINTR)
            continue;
    }
    close_fd(running->exit_fd);
    close_fd(running->input_fd);
    close_fd(running->output_fd);
    return info;
}

static bool start(const struct program *program, struct running *out)
{
    int output[2] = { -1, -1 };
    *out = (struct running){ .input_fd = open_input(program->input), .output_fd = -1, .exit_fd = -1 };
    if (out->input_fd < 0 || pipe2(output, O_CLOEXEC | O_NONBLOCK) != 0)
        return false;
    out->output_fd = output[0];
    const struct helper helper = { .path = program->arguments[0],
                                   .arguments = program->arguments,
                                   .environment = program->environment,
                                   .input_fd = out->input_fd,
                                   .output_fd = output[1],
                                   .cpu_most_s = program->timeout_ms / 1000 + 1 };
    out->pid = helper_start(&helper);
    int error_number = errno;
    close(output[1]);
    if (out->pid > 0) {
        out->exit_fd = pidfd_open(out->pid, 0);
        error_number = errno;
    }
    errno = error_number;
    return out->exit_fd >= 0;
}

/* Its beginning is kept, the rest is read so that the program does not wait.  False: nobody writes any more.
 */
static bool read_output(struct running *running)
{
    char bytes[4096];
    ssize_t got = read(running->output_fd, bytes, sizeof bytes);
    if (got <= 0)
        return got < 0 && errno == EAGAIN;
    size_t room = OUTPUT_MOST - running->text_size, size = (size_t)got < room ? (size_t)got : room;
    memcpy(running->text + running->text_size, bytes, size);
    running->text_size += size;
    return true;
}

/* True once it has ended by itself. */
static bool await(const struct program *program, struct running *running)
{
    uint64_t end_ms = clock_monotonic_ms() + program->timeout_ms, now_ms;
    struct pollfd fds[] = { { .fd = running->exit_fd, .events = POLLIN },
                            { .fd = program->wake_fd, .events = POLLIN },
                            { .fd = running->output_fd, .events = POLLIN } };
    while ((now_ms = clock_monotonic_ms()) < end_ms) {
        poll(fds, 3, (int)(end_ms - now_ms));
        if ((fds[2].revents & (POLLIN | POLLHUP)) != 0 && !read_output(running))
            fds[2].fd = -1;
        if ((fds[0].revents & POLLIN) != 0)
            return true;
        if ((fds[1].revents & POLLIN) != 0 && !program->may_go_on(program->context))
            return false;
    }
    return false;
}

bool program_run(const struct program *program, struct error *err)
{
    struct running running;
    char timeout[DURATION_TEXT_SIZE];
    if (!start(program, &running)) {
        int error_number = errno;
        end(&running);
        return error_set(err, "cannot start a process: %s", strerrordesc_np(error_number));
    }
    bool has_ended = await(program, &running);
    if (has_ended)
        (void)read_output(&running);
    siginfo_t info = end(&running);
    int line_size = (int)strcspn(running.text, "\r\n");
    if (has_ended && info.si_code == CLD_EXITED && info.si_status == 0)
        return true;
    if (has_ended)
        return error_set(err, "%s %d%s%.*s", info.si_code == CLD_EXITED ? "exit" : "killed by signal",
                         info.si_status, line_size > 0 ? ": " : "", line_size, running.text);
    duration_format(program->timeout_ms, timeout);
    return error_set(err, "killed: it has not ended within %s", timeout);
}
