/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/backups.h"

#include "base/log.h"
#include "base/memory.h"
#include "store/backup.h"

#include <openssl/evp.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct backups {
    const char *state_dir;
    char *path; /* of the copy, while it is being made */
    struct mailbox *box;
    struct letter letter;
    struct command *first, **end; /* the first is being worked on */
    pthread_t thread;
    bool is_at_work, is_over;
};

struct backups *backups_new(const char *state_dir, struct mailbox *box)
{
    struct backups *backups = xcalloc(1, sizeof *backups);
    backups->state_dir = state_dir;
    backups->path = xasprintf("%s/backup.copy", state_dir);
    backups->box = box;
    backups->letter.kind = LETTER_BACKUP;
    backups->end = &backups->first;
    unlink(backups->path); /* of one who was killed amid it */
    return backups;
}

void backups_free(struct backups *backups)
{
    if (backups == NULL)
        return;
    free(backups->path);
    free(backups);
}

/* ---- the thread ---- */

static bool digest_file(int fd, const char *path, struct command *out)
{
    unsigned char bytes[1 << 16];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_good = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
    ssize_t size = 0;
    while (is_good && (size = read(fd, bytes, sizeof bytes)) > 0) {
        is_good = EVP_DigestUpdate(context, bytes, (size_t)size) == 1;
        out->file_size += (uint64_t)size;
    }
    is_good = is_good && size == 0 && EVP_DigestFinal_ex(context, out->file_digest, NULL) == 1;
    EVP_MD_CTX_free(context);
    return is_good || error_set(&out->error, "%s: %s", path, strerrordesc_np(errno));
}

static bool make(const struct backups *backups, struct command *command)
{
    unlink(backups->path);
    if (!backup_make(backups->state_dir, backups->path, &command->error))
        return false;
    command->file = open(backups->path, O_RDONLY | O_CLOEXEC);
    unlink(backups->path); /* whatever happens, nothing stays behind */
    if (command->file < 0)
        return error_set(&command->error, "%s: %s", backups->path, strerrordesc_np(errno));
    return digest_file(command->file, backups->path, command);
}

static void *run(void *context)
{
    struct backups *backups = context;
    struct command *command = backups->first;
    command->result = make(backups, command) ? RESULT_DONE : RESULT_UNAVAILABLE;
    mailbox_post(backups->box, &backups->letter);
    return NULL;
}

/* ---- control ---- */

static void begin(struct backups *backups)
{
    struct command *command = backups->first;
    int code = pthread_create(&backups->thread, NULL, run, backups);
    backups->is_at_work = code == 0;
    if (code == 0) {
        pthread_setname_np(backups->thread, "backup");
        return;
    }
    error_set(&command->error, "cannot start a thread: %s", strerrordesc_np(code));
    command->result = RESULT_UNAVAILABLE;
    mailbox_post(backups->box, &backups->letter);
}

void backups_ask(struct backups *backups, struct command *command)
{
    bool is_first = backups->first == NULL;
    command->letter.next = NULL;
    *backups->end = command;
    backups->end = (struct command **)&command->letter.next; /* the letter is its first member */
    if (is_first)
        begin(backups);
}

static void answer(struct backups *backups)
{
    struct command *command = backups->first;
    backups->first = (struct command *)command->letter.next;
    if (backups->first == NULL)
        backups->end = &backups->first;
    if (command->result == RESULT_DONE)
        log_notice("backup for %s: %llu bytes", command->author != NULL ? command->author : "?",
                   (unsigned long long)command->file_size);
    else
        log_error("backup: %s", command->error.text);
    command_return(command, command->result);
}

void backups_came(struct backups *backups)
{
    if (backups->is_at_work)
        pthread_join(backups->thread, NULL);
    backups->is_at_work = false;
    answer(backups);
    while (backups->is_over && backups->first != NULL) {
        error_set(&backups->first->error, "steerd is stopping");
        backups->first->result = RESULT_UNAVAILABLE;
        answer(backups);
    }
    if (backups->first != NULL)
        begin(backups);
}

void backups_end(struct backups *backups)
{
    backups->is_over = true;
    if (backups->is_at_work)
        pthread_join(backups->thread, NULL);
    backups->is_at_work = false;
}
