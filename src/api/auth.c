/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api/auth.h"

#include "api/token_file.h"
#include "base/memory.h"

#include <openssl/crypto.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char how_token[] = "token";

struct auth {
    unsigned char bootstrap[TOKEN_DIGEST_SIZE];
    pthread_mutex_t mutex;
    struct tokens tokens; /* by name */
    bool *is_used;        /* since auth_take_used; as many as there is room for tokens */
};

bool auth_open(const char *token_file, struct auth **out, struct error *err)
{
    struct auth *auth = xcalloc(1, sizeof *auth);
    pthread_mutex_init(&auth->mutex, NULL);
    if (!token_file_load(token_file, auth->bootstrap, err)) {
        auth_close(auth);
        return false;
    }
    *out = auth;
    return true;
}

void auth_close(struct auth *auth)
{
    if (auth == NULL)
        return;
    pthread_mutex_destroy(&auth->mutex);
    tokens_free(&auth->tokens);
    free(auth->is_used);
    free(auth);
}

/* ---- checking ---- */

/* Looks at all of them, whether or not one was found. */
static size_t find_digest(const struct auth *auth, const unsigned char digest[TOKEN_DIGEST_SIZE])
{
    size_t found = SIZE_MAX;
    for (size_t i = 0; i < auth->tokens.count; i++)
        if (CRYPTO_memcmp(digest, auth->tokens.items[i].digest, TOKEN_DIGEST_SIZE) == 0)
            found = i;
    return found;
}

static bool is_valid_at(const struct token *token, int64_t wall_ms)
{
    return token->expires_wall_ms == 0 || wall_ms < token->expires_wall_ms;
}

static bool check_digest(struct auth *auth, const unsigned char digest[TOKEN_DIGEST_SIZE], int64_t wall_ms,
                         struct who *out)
{
    pthread_mutex_lock(&auth->mutex);
    size_t index = find_digest(auth, digest);
    bool is_good = index != SIZE_MAX && is_valid_at(&auth->tokens.items[index], wall_ms);
    if (is_good) {
        struct token *token = &auth->tokens.items[index];
        token->used_wall_ms = wall_ms;
        auth->is_used[index] = true;
        who_set(out, role_parse(token->role), token->name, how_token, token->scope);
        out->made_wall_ms = token->made_wall_ms;
    }
    pthread_mutex_unlock(&auth->mutex);
    return is_good && out->role != ROLE_NONE;
}

bool auth_check(struct auth *auth, const char *header, int64_t wall_ms, struct who *out)
{
    unsigned char digest[TOKEN_DIGEST_SIZE];
    if (header == NULL || strncasecmp(header, "Bearer ", 7) != 0)
        return false;
    const char *text = header + 7;
    text += strspn(text, " ");
    token_digest(text, strlen(text), digest);
    bool is_bootstrap = CRYPTO_memcmp(digest, auth->bootstrap, sizeof digest) == 0;
    if (check_digest(auth, digest, wall_ms, out))
        return true;
    if (is_bootstrap)
        who_set(out, ROLE_ADMIN, AUTH_BOOTSTRAP_NAME, "bootstrap", "");
    return is_bootstrap;
}

/* ---- keeping ---- */

static size_t find_name(const struct auth *auth, const char *name)
{
    size_t i = 0;
    while (i < auth->tokens.count && strcmp(auth->tokens.items[i].name, name) != 0)
        i++;
    return i < auth->tokens.count ? i : SIZE_MAX;
}

bool auth_still_holds(struct auth *auth, const struct who *who, int64_t wall_ms)
{
    if (who->how == NULL || strcmp(who->how, how_token) != 0)
        return true;
    pthread_mutex_lock(&auth->mutex);
    size_t index = find_name(auth, who->name);
    const struct token *token = index != SIZE_MAX ? &auth->tokens.items[index] : NULL;
    bool is_good = token != NULL && token->made_wall_ms == who->made_wall_ms && is_valid_at(token, wall_ms);
    pthread_mutex_unlock(&auth->mutex);
    return is_good;
}

static void move_to_place(struct auth *auth)
{
    struct token *items = auth->tokens.items;
    for (size_t i = auth->tokens.count - 1; i > 0 && strcmp(items[i - 1].name, items[i].name) > 0; i--) {
        struct token token = items[i];
        bool is_used = auth->is_used[i];
        items[i] = items[i - 1];
        auth->is_used[i] = auth->is_used[i - 1];
        items[i - 1] = token;
        auth->is_used[i - 1] = is_used;
    }
}

void auth_add(struct auth *auth, const struct token *token)
{
    pthread_mutex_lock(&auth->mutex);
    tokens_add(&auth->tokens, token);
    auth->is_used = xrealloc(auth->is_used, auth->tokens.room, sizeof *auth->is_used);
    auth->is_used[auth->tokens.count - 1] = false;
    move_to_place(auth);
    pthread_mutex_unlock(&auth->mutex);
}

bool auth_remove(struct auth *auth, const char *name)
{
    pthread_mutex_lock(&auth->mutex);
    size_t index = find_name(auth, name);
    if (index != SIZE_MAX) {
        tokens_remove(&auth->tokens, index);
        memmove(&auth->is_used[index], &auth->is_used[index + 1],
                (auth->tokens.count - index) * sizeof *auth->is_used);
    }
    pthread_mutex_unlock(&auth->mutex);
    return index != SIZE_MAX;
}

bool auth_has(struct auth *auth, const char *name)
{
    pthread_mutex_lock(&auth->mutex);
    bool is_there = find_name(auth, name) != SIZE_MAX;
    pthread_mutex_unlock(&auth->mutex);
    return is_there;
}

void auth_list(struct auth *auth, struct tokens *out)
{
    pthread_mutex_lock(&auth->mutex);
    for (size_t i = 0; i < auth->tokens.count; i++)
        memset(tokens_add(out, &auth->tokens.items[i])->digest, 0, TOKEN_DIGEST_SIZE);
    pthread_mutex_unlock(&auth->mutex);
}

void auth_take_used(struct auth *auth, struct tokens *out)
{
    pthread_mutex_lock(&auth->mutex);
    for (size_t i = 0; i < auth->tokens.count; i++) {
        if (auth->is_used[i])
            tokens_add(out, &auth->tokens.items[i]);
        auth->is_used[i] = false;
    }
    pthread_mutex_unlock(&auth->mutex);
}
