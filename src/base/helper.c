/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    NOBODY = 65534,
    NICENESS = 10,
    FILES_MOST = 64,
    FILE_SIZE_MOST = 1 << 20,
    DATA_MOST = 256 << 20,
};

static void limit(__rlimit_resource_t what, rlim_t most)
{
    const struct rlimit limits = { most, most };
    (void)setrlimit(what, &limits);
}

/* Plain system calls: those of the C library would change the ids of all our threads. */
static int become_nobody(void)
{
    return syscall(SYS_setgroups, 0, NULL) == 0 && syscall(SYS_setresgid, NOBODY, NOBODY, NOBODY) == 0 &&
                   syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY) == 0
               ? 0
               : -1;
}

/* Only system calls from here on: until execve the child lives in our memory. */
__attribute__((noreturn)) static void helper_run(const struct helper *helper)
{
    static const char cannot[] = "cannot be run: ";
    sigset_t none;
    sigemptyset(&none);
    setsid();
    int input_fd = helper->input_fd >= 0 ? helper->input_fd : open("/dev/null", O_RDONLY);
    if (dup2(input_fd, 0) >= 0 && dup2(helper->output_fd, 1) >= 0 && dup2(1, 2) >= 0 &&
        close_range(3, ~0U, 0) == 0 && chdir("/") == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 &&
        (geteuid() != 0 || become_nobody() == 0)) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        limit(RLIMIT_CORE, 0);
        limit(RLIMIT_NOFILE, FILES_MOST);
        limit(RLIMIT_FSIZE, FILE_SIZE_MOST);
        limit(RLIMIT_DATA, DATA_MOST);
        limit(RLIMIT_CPU, helper->cpu_most_s);
        (void)setpriority(PRIO_PROCESS, 0, NICENESS);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execve(helper->path, helper->arguments, helper->environment);
    }
    const char *words = strerrordesc_np(errno);
    (void)!write(1, cannot, sizeof cannot - 1);
    (void)!write(1, words, strlen(words));
    _exit(127);
}

pid_t helper_start(const struct helper *helper)
{
    pid_t pid = vfork();
    if (pid == 0)
        helper_run(helper);
    return pid;
}
