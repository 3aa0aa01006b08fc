/* The texts of --help, made from the tables of the commands. */
#ifndef MIMIC_CLI_HELP_H
#define MIMIC_CLI_HELP_H

#include <stdio.h>

#include "options.h"

void help_overview(FILE *stream);
void help_schema(FILE *stream);
void help_command(FILE *stream, const cli_command *command);

#endif
