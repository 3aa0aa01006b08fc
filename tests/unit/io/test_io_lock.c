/* One writer at a time, and hidden files that nobody writes any more. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>

#include "check_main.h"
#include "io_support.h"

#include "io/target_lock.h"
#include "io/temporary.h"

static int stop_waiting(void *ctx)
{
    int *const asked = ctx;
    return ++*asked > 2;
}

START_TEST(lock__one_at_a_time)
{
    mimic_context *ctx = plain_context();
    test_folder folder = test_folder_make();
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_target_lock *first = NULL;
    mimic_target_lock *second = NULL;
    int asked = 0;
    char holder[MIMIC_TARGET_HOLDER_BYTES];
    char path[1024];
    snprintf(path, sizeof path, "%s/made/here", folder.path);
    for (int is_folder = 0; is_folder < 2; is_folder++) {
        mimic_target_place place = {path, is_folder != 0, NULL, NULL};
        ck_assert_int_eq(mimic__target_lock_holder(ctx, &place, holder, &err), MIMIC_OK);
        ck_assert_str_eq(holder, "");
        ck_assert_int_eq(mimic__target_lock_take(ctx, &place, &first, &err), MIMIC_OK);
        ck_assert_int_eq(mimic__target_lock_holder(ctx, &place, holder, &err), MIMIC_OK);
        ck_assert_ptr_nonnull(strstr(holder, "process "));
        ck_assert_ptr_nonnull(strstr(holder, " since 2"));
        ck_assert_int_eq(mimic__target_lock_take(ctx, &place, &second, &err), MIMIC_ERR_BACKEND);
        ck_assert_ptr_nonnull(strstr(err.message, holder));
        place.interrupted = stop_waiting;
        place.interrupted_ctx = &asked;
        asked = 0;
        ck_assert_int_eq(mimic__target_lock_take(ctx, &place, &second, &err), MIMIC_ERR_CANCELLED);
        mimic__target_lock_free(first);
        ck_assert_int_eq(mimic__target_lock_holder(ctx, &place, holder, &err), MIMIC_OK);
        ck_assert_str_eq(holder, "");
        ck_assert_int_eq(mimic__target_lock_take(ctx, &place, &second, &err), MIMIC_OK);
        mimic__target_lock_free(second);
        ck_assert(!test_exists(test_path(&folder, "made/.here.mimic-lock")));
        ck_assert(!test_exists(test_path(&folder, "made/here"))); /* made for the lock only */
    }
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

/* Of a process that was killed only the file is left. */
START_TEST(lock__a_file_is_no_lock)
{
    mimic_context *ctx = plain_context();
    test_folder folder = test_folder_make();
    mimic_target_lock *lock = NULL;
    char path[1024];
    snprintf(path, sizeof path, "%s/x.db", folder.path);
    const mimic_target_place place = {path, false, NULL, NULL};
    test_write_file(test_path(&folder, ".x.db.mimic-lock"), "process 1 on here", 17);
    ck_assert_int_eq(mimic__target_lock_take(ctx, &place, &lock, NULL), MIMIC_OK);
    mimic__target_lock_free(lock);
    ck_assert(!test_exists(test_path(&folder, ".x.db.mimic-lock")));
    /* A link that somebody put there is not followed. */
    ck_assert_int_eq(symlink(test_path(&folder, "victim"), path), 0);
    ck_assert_int_eq(rename(path, test_path(&folder, ".x.db.mimic-lock")), 0);
    ck_assert_int_eq(mimic__target_lock_take(ctx, &place, &lock, NULL), MIMIC_ERR_IO);
    ck_assert(!test_exists(test_path(&folder, "victim")));
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

#define TURNS 200

typedef struct contest {
    const mimic_context *ctx;
    const char *path;
    int inside; /* changed under the lock only */
    int most;
} contest;

static void *contend(void *argument)
{
    contest *const c = argument;
    const mimic_target_place place = {c->path, false, NULL, NULL};
    for (int i = 0; i < TURNS; i++) {
        mimic_target_lock *lock = NULL;
        if (mimic__target_lock_take(c->ctx, &place, &lock, NULL) != MIMIC_OK)
            continue; /* waited too long: no matter here */
        c->inside++;
        c->most = c->inside > c->most ? c->inside : c->most;
        c->inside--;
        mimic__target_lock_free(lock);
    }
    return NULL;
}

/* The file is removed and made again all the time: nobody may hold a lock on one that is gone. */
START_TEST(lock__removal_is_no_gap)
{
    mimic_context *ctx = plain_context();
    test_folder folder = test_folder_make();
    char path[1024];
    pthread_t threads[3];
    snprintf(path, sizeof path, "%s/x.db", folder.path);
    contest c = {ctx, path, 0, 0};
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, contend, &c), 0);
    for (size_t i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(c.most, 1);
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(temporary__stale_ones_go)
{
    static const char *const kept[] = {".x.db.7-0.tmp.more", ".x.db.7.tmp", ".y.db.7-0.tmp",
                                       "x.db.7-0.tmp", ".x.db.-0.tmp"};
    test_folder folder = test_folder_make();
    char path[1024];
    char name[1024 + MIMIC_TEMPORARY_EXTRA];
    char other[1024 + MIMIC_TEMPORARY_EXTRA];
    int files[2];
    snprintf(path, sizeof path, "%s/x.db", folder.path);
    test_write_file(test_path(&folder, ".x.db.7-0.tmp"), "old", 3);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        test_write_file(test_path(&folder, kept[i]), "", 0);
    ck_assert(mimic__temporary_create(path, 0600, name, &files[0]));
    ck_assert(!test_exists(test_path(&folder, ".x.db.7-0.tmp")));
    ck_assert(mimic__temporary_create(path, 0600, other, &files[1])); /* one that is written stays */
    ck_assert(test_exists(name));
    ck_assert(test_exists(other));
    close(files[0]);
    close(files[1]);
    mimic__temporary_remove_stale(path);
    ck_assert(!test_exists(name));
    ck_assert(!test_exists(other));
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        ck_assert(test_exists(test_path(&folder, kept[i])));
    test_folder_remove(&folder);
}
END_TEST

MIMIC_TEST_MAIN(io_lock, lock__one_at_a_time, lock__a_file_is_no_lock, lock__removal_is_no_gap,
                temporary__stale_ones_go)
