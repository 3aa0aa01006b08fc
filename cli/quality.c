/*
 * What the commands that describe data have in common: the form of a report, and where it goes.
 */
#include "quality.h"

#include <string.h>

#include "talk.h"

mimic_quality_format quality_format_of(const char *path)
{
    static const struct {
        const char *ending;
        mimic_quality_format format;
    } forms[] = {{".html", MIMIC_QUALITY_HTML},
                 {".htm", MIMIC_QUALITY_HTML},
                 {".json", MIMIC_QUALITY_JSON},
                 {".txt", MIMIC_QUALITY_PLAIN}};
    const size_t size = strlen(path);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const size_t ending = strlen(forms[i].ending);
        if (size > ending && strcmp(path + size - ending, forms[i].ending) == 0)
            return forms[i].format;
    }
    return 0;
}

int quality_write(const session *s, const cli_arguments *arguments, const mimic_quality *quality,
                  mimic_quality_format format, const char *path)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_quality_options options = MIMIC_QUALITY_OPTIONS_INIT;
    char *text = NULL;
    options.no_values = arguments->no_values;
    options.min_count = arguments->min_count;
    if (mimic_quality_text(quality, format, &options, &text, &err) != MIMIC_OK)
        return talk_mimic_error(&err);
    const int status = session_write_text(path, text);
    mimic_free(s->ctx, text);
    return status;
}
