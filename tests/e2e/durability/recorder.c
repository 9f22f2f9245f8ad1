/* Preloaded into the engine: records what it does to the files of one folder and what it answers, in one order.
 *
 * RECORDER_FOLDER  the folder whose files are recorded, absolute and without symbolic links
 * RECORDER_LOG     the file that records are appended to; without it nothing is recorded
 *
 * recorder_kill("KIND N") kills this process right before its Nth call from then on of a kind: "log" for a write to the
 * log of SQLite, "file" for one to another file, "sync", "send" for an answer, "any".
 *
 * A write is recorded just before it is made, under a lock that keeps the order of the records that of the calls. Of
 * a sync both ends are recorded: what was written before its begin is on the disk at its end. The index of the log of
 * SQLite (-shm) is memory that a start makes anew; it is left out.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { OPEN = 1, CLOSE, WRITE, TRUNCATE, SYNC, SYNCED, RENAME, UNLINK, MAKE_FOLDER, SEND };

struct header {
    uint32_t kind, process;
    int64_t file, offset; /* the descriptor, and where a write begins, a new length, or whether open made it empty */
    uint64_t at;          /* nanoseconds of the machine's steady clock */
    uint32_t length, zero;
};

#define MOST 65536
static char recorded[MOST]; /* for each descriptor: 0 if it is of no recorded file, 2 if of a log, else 1 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_file = -1;
static char folder[4096];
static size_t folder_length;
static char kill_kind[16];
static long kill_at = -1, calls_any, calls_of_kind;

static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_rename)(const char *, const char *);
static int (*real_unlink)(const char *);
static int (*real_mkdir)(const char *, mode_t);
static ssize_t (*real_send)(int, const void *, size_t, int);
static ssize_t (*real_sendmsg)(int, const struct msghdr *, int);

/* Not every C library has names of its own for large files. */
static void *next_of(const char *large, const char *plain) {
    void *found = dlsym(RTLD_NEXT, large);
    return found != NULL ? found : dlsym(RTLD_NEXT, plain);
}

__attribute__((constructor)) static void begin(void) {
    real_open = next_of("open64", "open");
    real_close = dlsym(RTLD_NEXT, "close");
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = next_of("pwrite64", "pwrite");
    real_ftruncate = next_of("ftruncate64", "ftruncate");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_rename = dlsym(RTLD_NEXT, "rename");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    real_mkdir = dlsym(RTLD_NEXT, "mkdir");
    real_send = dlsym(RTLD_NEXT, "send");
    real_sendmsg = dlsym(RTLD_NEXT, "sendmsg");
    const char *where = getenv("RECORDER_FOLDER"), *log = getenv("RECORDER_LOG");
    if (where != NULL && strlen(where) < sizeof folder) {
        strcpy(folder, where);
        folder_length = strlen(folder);
    }
    if (log != NULL) log_file = real_open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

void recorder_kill(const char *when) {
    calls_any = calls_of_kind = 0;
    if (sscanf(when, "%15s %ld", kill_kind, &kill_at) != 2) kill_at = -1;
}

static int inside(const char *path) {
    if (folder_length == 0 || strncmp(path, folder, folder_length) != 0) return 0;
    if (path[folder_length] != '/' && path[folder_length] != 0) return 0;
    size_t length = strlen(path);
    return length < 4 || strcmp(path + length - 4, "-shm") != 0;
}

static void full(int at, const char *path, char *into) {
    char here[4096];
    if (path[0] == '/' || at != AT_FDCWD || getcwd(here, sizeof here) == NULL) here[0] = 0;
    snprintf(into, 8192, here[0] ? "%s/%s" : "%s%s", here, path);
}

/* Call it with the lock held, right before what it records. */
static void record(enum kind kind, int file, int64_t offset, const void *data, size_t length) {
    struct timespec now;
    struct header header = {kind, (uint32_t)getpid(), file, offset, 0, (uint32_t)length, 0};
    const char *written = kind == WRITE && recorded[file] == 2 ? "log" : "file";
    const char *group = kind == WRITE ? written : kind == SYNC ? "sync" : kind == SEND ? "send" : "other";
    struct iovec parts[2] = {{&header, sizeof header}, {(void *)data, length}};
    if (kind != CLOSE && kind != SYNCED) {
        calls_any++;
        calls_of_kind += strcmp(group, kill_kind) == 0;
        if (kill_at > 0 && (strcmp(kill_kind, "any") == 0 ? calls_any : calls_of_kind) == kill_at) {
            kill(getpid(), SIGKILL);
            pause();
        }
    }
    if (log_file < 0) return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    header.at = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    if (writev(log_file, parts, 2) != (ssize_t)(sizeof header + length)) abort();
}

static int watched(int file) { return file >= 0 && file < MOST && recorded[file]; }

static int opened(int at, const char *path, int flags, mode_t mode) {
    char named[8192];
    full(at, path, named);
    if (!inside(named)) return -2;
    pthread_mutex_lock(&lock);
    int file = real_open(named, flags, mode);
    int failed = errno;
    if (file >= 0 && file < MOST) {
        size_t length = strlen(named);
        recorded[file] = length > 4 && strcmp(named + length - 4, "-wal") == 0 ? 2 : 1;
        record(OPEN, file, (flags & O_TRUNC) != 0, named, length);
    }
    pthread_mutex_unlock(&lock);
    errno = failed;
    return file;
}

#define MODE(last)                                      \
    mode_t mode = 0;                                    \
    if (flags & (O_CREAT | O_TMPFILE)) {                \
        va_list more;                                   \
        va_start(more, last);                           \
        mode = (mode_t)va_arg(more, int);               \
        va_end(more);                                   \
    }

int open64(const char *path, int flags, ...) {
    MODE(flags)
    int file = opened(AT_FDCWD, path, flags, mode);
    return file == -2 ? real_open(path, flags, mode) : file;
}

int open(const char *path, int flags, ...) {
    MODE(flags)
    int file = opened(AT_FDCWD, path, flags, mode);
    return file == -2 ? real_open(path, flags, mode) : file;
}

int openat64(int at, const char *path, int flags, ...) {
    static int (*real)(int, const char *, int, ...);
    MODE(flags)
    if (real == NULL) real = next_of("openat64", "openat");
    int file = opened(at, path, flags, mode);
    return file == -2 ? real(at, path, flags, mode) : file;
}

int openat(int at, const char *path, int flags, ...) {
    MODE(flags)
    return openat64(at, path, flags, mode);
}

int close(int file) {
    if (!watched(file)) return real_close(file);
    pthread_mutex_lock(&lock);
    recorded[file] = 0;
    record(CLOSE, file, 0, NULL, 0);
    int done = real_close(file);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t pwrite64(int file, const void *data, size_t length, off64_t offset) {
    if (!watched(file)) return real_pwrite(file, data, length, offset);
    pthread_mutex_lock(&lock);
    record(WRITE, file, offset, data, length);
    ssize_t done = real_pwrite(file, data, length, offset);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t pwrite(int file, const void *data, size_t length, off_t offset) {
    return pwrite64(file, data, length, offset);
}

ssize_t write(int file, const void *data, size_t length) {
    if (!watched(file)) return real_write(file, data, length);
    pthread_mutex_lock(&lock);
    int appends = fcntl(file, F_GETFL) & O_APPEND;
    record(WRITE, file, lseek(file, 0, appends ? SEEK_END : SEEK_CUR), data, length);
    ssize_t done = real_write(file, data, length);
    pthread_mutex_unlock(&lock);
    return done;
}

int ftruncate64(int file, off64_t length) {
    if (!watched(file)) return real_ftruncate(file, length);
    pthread_mutex_lock(&lock);
    record(TRUNCATE, file, length, NULL, 0);
    int done = real_ftruncate(file, length);
    pthread_mutex_unlock(&lock);
    return done;
}

int ftruncate(int file, off_t length) { return ftruncate64(file, length); }

static int synced(int file, int (*real)(int)) {
    if (!watched(file)) return real(file);
    pthread_mutex_lock(&lock);
    record(SYNC, file, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    int done = real(file);
    pthread_mutex_lock(&lock);
    if (done == 0) record(SYNCED, file, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}

int fsync(int file) { return synced(file, real_fsync); }

int fdatasync(int file) { return synced(file, real_fdatasync); }

int rename(const char *from, const char *to) {
    char names[2 * 8192], second[8192];
    full(AT_FDCWD, from, names);
    full(AT_FDCWD, to, second);
    if (!inside(names) && !inside(second)) return real_rename(from, to);
    size_t first = strlen(names) + 1;
    strcpy(names + first, second);
    pthread_mutex_lock(&lock);
    record(RENAME, -1, 0, names, first + strlen(second));
    int done = real_rename(from, to);
    pthread_mutex_unlock(&lock);
    return done;
}

int unlink(const char *path) {
    char named[8192];
    full(AT_FDCWD, path, named);
    if (!inside(named)) return real_unlink(path);
    pthread_mutex_lock(&lock);
    struct stat found;
    if (lstat(named, &found) == 0) record(UNLINK, -1, 0, named, strlen(named));
    int done = real_unlink(path);
    pthread_mutex_unlock(&lock);
    return done;
}

int mkdir(const char *path, mode_t mode) {
    char named[8192];
    full(AT_FDCWD, path, named);
    if (!inside(named)) return real_mkdir(path, mode);
    pthread_mutex_lock(&lock);
    int done = real_mkdir(path, mode);
    int failed = errno;
    if (done == 0) record(MAKE_FOLDER, -1, 0, named, strlen(named));
    pthread_mutex_unlock(&lock);
    errno = failed;
    return done;
}

static void answered(const void *data, size_t length) {
    if (folder_length == 0 || length < 9 || memcmp(data, "HTTP/1.1 ", 9) != 0) return;
    pthread_mutex_lock(&lock);
    record(SEND, -1, 0, data, length);
    pthread_mutex_unlock(&lock);
}

ssize_t send(int file, const void *data, size_t length, int flags) {
    answered(data, length);
    return real_send(file, data, length, flags);
}

ssize_t sendmsg(int file, const struct msghdr *message, int flags) {
    char data[65536];
    size_t length = 0;
    for (size_t n = 0; n < message->msg_iovlen && length < sizeof data; n++) {
        size_t part = message->msg_iov[n].iov_len;
        if (part > sizeof data - length) part = sizeof data - length;
        memcpy(data + length, message->msg_iov[n].iov_base, part);
        length += part;
    }
    answered(data, length);
    return real_sendmsg(file, message, flags);
}
