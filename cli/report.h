/* A report of the library as text for people. */
#ifndef MIMIC_CLI_REPORT_H
#define MIMIC_CLI_REPORT_H

#include <stdio.h>

#include <mimic/load.h>

/* `known_error` is a message that is said elsewhere and need not stand here too; "" = none. */
void report_print(FILE *stream, const mimic_report *report, const char *known_error);

/* 0, 1 or 3, as the tables and notes of the report ask for. */
int report_exit_status(const mimic_report *report);

#endif
