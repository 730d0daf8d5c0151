/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Who runs first where more threads want to than there are cores: those that answer, then those that notice
 * and publish, then those that serve the API and the disk.  Asks the scheduler for nothing that takes
 * privileges; what a kernel does not know changes nothing.
 */

/** The calling thread answers: once awake it runs at once, for short. */
void priority_go_first(void);
/** The calling thread can wait: it gets less than others while all want to run, and interrupts nobody. */
void priority_give_way(void);
