/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/webhook.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/rng.h"

#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LETTER_DELIVERY = 0,
    LETTER_STOP,
    TIMEOUT_MS = 10000,
    FIRST_BACKOFF_MS = 1000, /* doubles with each try */
    BACKOFF_MOST_MS = 60000,
};

struct delivery {
    struct letter letter;
    char *body, *kind;
};

struct webhook {
    char *url, *secret;
    char *name; /* for the log */
    struct mailbox *box;
    struct letter *waiting, **waiting_end; /* taken out of the box, in order */
    struct letter stop;
    atomic_bool is_stopping;
    _Atomic uint32_t queued;
    _Atomic uint64_t delivered, failed, dropped;
    struct rng rng;
    CURL *curl;
    pthread_t thread;
};

char *webhook_sign(const char *secret, int64_t unix_s, const char *body)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    struct text out = { 0 };
    char *message = xasprintf("%" PRId64 ".%s", unix_s, body);
    HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)message, strlen(message), digest,
         &size);
    text_printf(&out, "t=%" PRId64 ",v1=", unix_s);
    for (unsigned i = 0; i < size; i++)
        text_printf(&out, "%02x", digest[i]);
    free(message);
    return text_take(&out);
}

static void delivery_free(struct delivery *delivery)
{
    free(delivery->body);
    free(delivery->kind);
    free(delivery);
}

char *webhook_name(const char *url)
{
    const char *scheme_end = strstr(url, "://");
    const char *host = scheme_end != NULL ? scheme_end + 3 : url;
    size_t size = strcspn(host, "/?#");
    for (const char *at; (at = memchr(host, '@', size)) != NULL; host = at + 1)
        size -= (size_t)(at + 1 - host);
    return xasprintf("%.*s%.*s", scheme_end != NULL ? (int)(scheme_end + 3 - url) : 0, url, (int)size, host);
}

/* ---- the queue ---- */

static void take_letters(struct webhook *webhook)
{
    struct letter *next;
    for (struct letter *letter = mailbox_take(webhook->box); letter != NULL; letter = next) {
        next = letter->next;
        if (letter->kind == LETTER_STOP)
            continue;
        letter->next = NULL;
        *webhook->waiting_end = letter;
        webhook->waiting_end = &letter->next;
    }
}

static struct delivery *next_delivery(struct webhook *webhook)
{
    struct letter *first = webhook->waiting;
    if (first == NULL)
        return NULL;
    webhook->waiting = first->next;
    if (webhook->waiting == NULL)
        webhook->waiting_end = &webhook->waiting;
    return (struct delivery *)first;
}

/* Sleeps, unless it is told to stop. */
static void wait_ms(struct webhook *webhook, uint64_t ms)
{
    uint64_t now_ms = clock_monotonic_ms(), end_ms = now_ms + ms;
    while (now_ms < end_ms && !webhook->is_stopping) {
        if (mailbox_wait(webhook->box, (int)(end_ms - now_ms)))
            take_letters(webhook);
        now_ms = clock_monotonic_ms();
    }
}

/* ---- delivery ---- */

static size_t ignore_body(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes, (void)context;
    return size * count;
}

static int is_to_be_aborted(void *context, curl_off_t download_size, curl_off_t downloaded,
                            curl_off_t upload_size, curl_off_t uploaded)
{
    struct webhook *webhook = context;
    (void)download_size, (void)downloaded, (void)upload_size, (void)uploaded;
    return webhook->is_stopping ? 1 : 0;
}

static struct curl_slist *headers_for(const struct webhook *webhook, const struct delivery *delivery)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    char *line = xasprintf("Steerd-Event: %s", delivery->kind);
    headers = curl_slist_append(headers, line);
    free(line);
    if (webhook->secret == NULL)
        return headers;
    char *signature = webhook_sign(webhook->secret, clock_wall_ms() / 1000, delivery->body);
    line = xasprintf("Steerd-Signature: %s", signature);
    headers = curl_slist_append(headers, line);
    free(line);
    free(signature);
    return headers;
}

/* Everything but the URL's own business is fixed: no proxy, no redirect, no other protocol. */
static bool deliver_once(struct webhook *webhook, const struct delivery *delivery, struct error *err)
{
    CURL *curl = webhook->curl;
    char words[CURL_ERROR_SIZE] = "";
    long status = 0;
    struct curl_slist *headers = headers_for(webhook, delivery);
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, webhook->url);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "steerd/" STEERD_VERSION);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, delivery->body);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore_body);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, is_to_be_aborted);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, webhook);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    if (code != CURLE_OK)
        return error_set(err, "%s", words[0] != '\0' ? words : curl_easy_strerror(code));
    return (status >= 200 && status < 300) || error_set(err, "HTTP %ld", status);
}

static void deliver(struct webhook *webhook, const struct delivery *delivery)
{
    struct error err = { "" };
    uint64_t backoff_ms = FIRST_BACKOFF_MS;
    for (unsigned try = 0; try < WEBHOOK_TRIES && !webhook->is_stopping; try++) {
        if (deliver_once(webhook, delivery, &err)) {
            webhook->delivered++;
            return;
        }
        webhook->failed++;
        if (try == 0)
            log_warning("webhook %s: %s; it is tried again", webhook->name, err.text);
        if (try + 1 < WEBHOOK_TRIES)
            wait_ms(webhook, backoff_ms / 2 + rng_next(&webhook->rng) % backoff_ms);
        backoff_ms = 2 * backoff_ms < BACKOFF_MOST_MS ? 2 * backoff_ms : BACKOFF_MOST_MS;
    }
    webhook->dropped++;
    if (!webhook->is_stopping)
        log_error("webhook %s: an event is given up: %s", webhook->name, err.text);
}

static void *webhook_run(void *context)
{
    struct webhook *webhook = context;
    while (!webhook->is_stopping) {
        struct delivery *delivery = next_delivery(webhook);
        if (delivery == NULL) {
            mailbox_wait(webhook->box, -1);
            take_letters(webhook);
            continue;
        }
        deliver(webhook, delivery);
        webhook->queued--;
        delivery_free(delivery);
    }
    return NULL;
}

/* ---- start and stop ---- */

static void webhook_free(struct webhook *webhook)
{
    struct delivery *delivery;
    take_letters(webhook);
    while ((delivery = next_delivery(webhook)) != NULL)
        delivery_free(delivery);
    mailbox_free(webhook->box);
    curl_easy_cleanup(webhook->curl);
    free(webhook->url);
    free(webhook->name);
    free(webhook->secret);
    free(webhook);
}

bool webhook_start(const char *url, const char *secret, struct webhook **out, struct error *err)
{
    struct webhook *webhook = xcalloc(1, sizeof *webhook);
    webhook->url = xstrdup(url);
    webhook->name = webhook_name(url);
    webhook->secret = secret != NULL ? xstrdup(secret) : NULL;
    webhook->box = mailbox_new();
    webhook->waiting_end = &webhook->waiting;
    webhook->curl = curl_easy_init();
    rng_seed(&webhook->rng);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool is_running =
        webhook->curl != NULL && pthread_create(&webhook->thread, NULL, webhook_run, webhook) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!is_running) {
        error_set(err, "webhook %s: cannot start its thread", webhook->name);
        webhook_free(webhook);
        return false;
    }
    pthread_setname_np(webhook->thread, "webhook");
    *out = webhook;
    return true;
}

void webhook_stop(struct webhook *webhook)
{
    if (webhook == NULL)
        return;
    webhook->is_stopping = true;
    webhook->stop.kind = LETTER_STOP;
    mailbox_post(webhook->box, &webhook->stop);
    pthread_join(webhook->thread, NULL);
    webhook_free(webhook);
}

void webhook_post(struct webhook *webhook, char *body, const char *kind)
{
    if (webhook->queued >= WEBHOOK_QUEUE_MOST) {
        webhook->dropped++;
        free(body);
        return;
    }
    struct delivery *delivery = xcalloc(1, sizeof *delivery);
    delivery->letter.kind = LETTER_DELIVERY;
    delivery->body = body;
    delivery->kind = xstrdup(kind);
    webhook->queued++;
    mailbox_post(webhook->box, &delivery->letter);
}

void webhook_count(const struct webhook *webhook, struct webhook_counters *sum)
{
    sum->delivered += webhook->delivered;
    sum->failed += webhook->failed;
    sum->dropped += webhook->dropped;
    sum->waiting += webhook->queued;
}
