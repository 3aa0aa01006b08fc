/*
 * Every fast path of the column loops against the slow way, all of it: some billions of values in
 * some minutes. Prints a line a group; status 1 at the first difference.
 *
 *     long_coerce [SHARE SHARES [GROUP]]      this process takes one of SHARES parts; 0 1 = all
 */
#include <time.h>

#include "coerce_groups.h"

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    compare *c = calloc(1, sizeof *c);
    if (c == NULL || argc == 2) {
        fprintf(stderr, "usage: long_coerce [SHARE SHARES [GROUP]]\n");
        return 2;
    }
    c->share = argc > 2 ? strtoull(argv[1], NULL, 10) : 0;
    c->shares = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    if (c->share >= c->shares) {
        fprintf(stderr, "long_coerce: share %s of %s\n", argv[1], argv[2]);
        return 2;
    }
    for (size_t i = 0; i < COMPARE_GROUPS && !c->has_failed; i++) {
        const uint64_t before = c->count;
        const double start = seconds_now();
        if (argc > 3 && strcmp(argv[3], compare_groups[i].name) != 0)
            continue;
        compare_groups[i].run(c);
        printf("%-10s %14llu values, %7.1f s\n", compare_groups[i].name,
               (unsigned long long)(c->count - before), seconds_now() - start);
        fflush(stdout);
    }
    printf("%-10s %14llu values%s%s\n", "all", (unsigned long long)c->count,
           c->has_failed ? ": " : "", c->message);
    const int status = c->has_failed;
    compare_free(c);
    return status;
}
