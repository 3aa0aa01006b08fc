/*
 * The bar and the signals. There is one terminal and one set of signals a process, so the state is
 * static. The bar is redrawn at most ten times a second; parts that do not fit the terminal are
 * left out, the least useful first.
 */
#include "progress.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "talk.h"

enum { LINE_BYTES = 256, REDRAW_NS = 100000000 };

static volatile sig_atomic_t stop_was_asked;

static struct {
    enum { SILENT, LINES, BAR } mode;
    int is_drawn;
    int64_t begun_ns;
    int64_t table_begun_ns;
    int64_t drawn_ns;
    int64_t finished_rows; /* of the tables before this one */
    struct sigaction old_int;
    struct sigaction old_term;
} state;

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void ask_to_stop(int number)
{
    (void)number;
    stop_was_asked = 1;
}

void progress_begin(int is_quiet)
{
    memset(&state, 0, sizeof state);
    state.mode = is_quiet ? SILENT : isatty(STDERR_FILENO) ? BAR : LINES;
    state.begun_ns = state.table_begun_ns = now_ns();
    stop_was_asked = 0;
    /* Without SA_RESTART a read that waits for input is interrupted; SA_RESETHAND lets the second
       signal end a process that does not come to its callback. */
    struct sigaction action = {.sa_handler = ask_to_stop, .sa_flags = (int)SA_RESETHAND};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, &state.old_int);
    (void)sigaction(SIGTERM, &action, &state.old_term);
}

void progress_clear(void)
{
    if (state.is_drawn)
        (void)fputs("\r\033[K", stderr);
    state.is_drawn = 0;
}

void progress_end(void)
{
    progress_clear();
    (void)sigaction(SIGINT, &state.old_int, NULL);
    (void)sigaction(SIGTERM, &state.old_term, NULL);
    state.mode = SILENT;
}

/* "812 ", "45.1 k", "3.2 M": a unit can follow. */
static const char *short_number(double value, char text[NUMBER_BYTES])
{
    static const char *const suffixes[] = {" ", " k", " M", " G", " T", " P"};
    size_t power = 0;
    for (; value >= 999.5 && power < 5; power++)
        value /= 1000;
    (void)snprintf(text, NUMBER_BYTES, power == 0 || value >= 99.95 ? "%.0f%s" : "%.1f%s", value,
                   suffixes[power]);
    return text;
}

static void duration(double seconds, char text[NUMBER_BYTES])
{
    const long long whole = (long long)(seconds + 0.5);
    if (whole >= 3600)
        (void)snprintf(text, NUMBER_BYTES, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60,
                       whole % 60);
    else
        (void)snprintf(text, NUMBER_BYTES, "%lld:%02lld", whole / 60, whole % 60);
}

/* Adds a part to the line if it fits. */
static void add_part(char *line, size_t width, const char *part)
{
    const size_t used = strlen(line);
    if (used + 2 + strlen(part) <= width)
        (void)snprintf(line + used, LINE_BYTES - used, "  %s", part);
}

static void add_bar(char *line, double share, int cells)
{
    const size_t used = strlen(line);
    const int filled = (int)(share * cells + 0.5);
    char bar[LINE_BYTES] = "";
    for (int i = 0; i < cells; i++)
        bar[i] = i < filled ? '#' : '.';
    (void)snprintf(line + used, LINE_BYTES - used, "[%.*s] %3.0f%%", cells, bar, share * 100);
}

static size_t terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 20)
        return 80;
    return size.ws_col > LINE_BYTES - 1 ? LINE_BYTES - 1 : size.ws_col;
}

static void draw(const mimic_progress *now, int64_t time_ns)
{
    char line[LINE_BYTES] = "";
    char part[LINE_BYTES];
    char a[NUMBER_BYTES];
    char b[NUMBER_BYTES];
    const size_t width = terminal_width() - 1; /* a full last column would wrap */
    const double seconds = (double)(time_ns - state.begun_ns) / 1e9;
    const int has_total = now->all_total_bytes > 0;
    const double done = (double)now->all_bytes;
    double share = has_total ? done / (double)now->all_total_bytes : 0;
    share = share > 1 ? 1 : share;

    if (has_total)
        add_bar(line, share, width >= 100 ? 24 : width >= 70 ? 12 : 6);
    if (now->table_count > 1)
        (void)snprintf(part, sizeof part, "%zu/%zu %.40s", now->table_index + 1, now->table_count,
                       now->table);
    else
        (void)snprintf(part, sizeof part, "%.40s", now->table);
    add_part(line, width, part);
    if (has_total && share > 0 && seconds > 0.5) {
        duration(seconds / share * (1 - share), a);
        (void)snprintf(part, sizeof part, "ETA %s", a);
        add_part(line, width, part);
    }
    const double rows = (double)(state.finished_rows + now->rows);
    if (seconds > 0) {
        (void)snprintf(part, sizeof part, "%s rows/s", talk_number((int64_t)(rows / seconds), a));
        add_part(line, width, part);
        (void)snprintf(part, sizeof part, "%.1f MB/s", done / 1e6 / seconds);
        add_part(line, width, part);
    }
    if (has_total)
        (void)snprintf(part, sizeof part, "%sB of %sB", short_number(done, a),
                       short_number((double)now->all_total_bytes, b));
    else
        (void)snprintf(part, sizeof part, "%sB", short_number(done, a));
    add_part(line, width, part);
    (void)fputc('\r', stderr);
    talk_print(stderr, "%s", line);
    (void)fputs("\033[K", stderr);
    (void)fflush(stderr);
    state.is_drawn = 1;
    state.drawn_ns = time_ns;
}

static void print_line(const mimic_progress *now, int64_t time_ns)
{
    char rows[NUMBER_BYTES];
    char bytes[NUMBER_BYTES];
    talk_print(stderr, "mimic: %s: %s rows, %sB, %.1f s", now->table, talk_number(now->rows, rows),
               short_number((double)now->bytes, bytes),
               (double)(time_ns - state.table_begun_ns) / 1e9);
    if (now->table_count > 1)
        (void)fprintf(stderr, " (%zu of %zu)", now->table_index + 1, now->table_count);
    (void)fputc('\n', stderr);
}

int progress_update(const mimic_progress *progress, void *ctx)
{
    (void)ctx;
    const int64_t time_ns = now_ns();
    if (state.mode == BAR && time_ns - state.drawn_ns >= REDRAW_NS)
        draw(progress, time_ns);
    if (state.mode == LINES && progress->is_done)
        print_line(progress, time_ns);
    if (progress->is_done) {
        state.finished_rows += progress->rows;
        state.table_begun_ns = time_ns;
    }
    return stop_was_asked;
}
