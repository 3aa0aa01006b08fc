/* What never changes of the HTML page: its style and its script. */
#ifndef MIMIC_QUALITY_PAGE_H
#define MIMIC_QUALITY_PAGE_H

#include "base/buffer.h"

void mimic__page_style(mimic_buffer *out);
/* Sorts and filters; the page is whole without it. */
void mimic__page_script(mimic_buffer *out);
/* Of the script, as a Content-Security-Policy has it; a test holds it against the script. */
extern const char mimic__page_script_hash[];

#endif
