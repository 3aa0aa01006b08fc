/* A report of the library as text for people. */
#ifndef MIMIC_CLI_REPORT_H
#define MIMIC_CLI_REPORT_H

#include <stdio.h>

#include <mimic/load.h>

void report_print(FILE *stream, const mimic_report *report);

/* 0, 1 or 3, as the tables and notes of the report ask for. */
int report_exit_status(const mimic_report *report);

#endif
