/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * One line an event on standard error: time, level, message.  Lines pass through a bounded queue to
 * the logger thread, so that a stuck terminal stops nobody; what did not fit is counted and said.
 * Before log_start and after log_stop lines are written at once.  Workers never log.
 */
enum log_level { LOG_ERROR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG };

void log_start(enum log_level most);
void log_stop(void); /* writes what is queued, ends the thread */

void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)   log_line(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)  log_line(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)    log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_DEBUG, __VA_ARGS__)
