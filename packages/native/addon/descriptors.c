// Calls on descriptors, and on the process itself.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "addon.h"

// The only call that may take seconds, so it runs on the thread pool.
typedef struct Sync {
  napi_async_work work;
  napi_deferred done;
  int fd, failure;
} Sync;

static void run_sync(napi_env env, void *data) {
  (void)env;
  Sync *sync = data;
  sync->failure = syncfs(sync->fd) == 0 ? 0 : errno;
}

static void finish_sync(napi_env env, napi_status status, void *data) {
  (void)status;
  Sync *sync = data;
  if (sync->failure == 0) {
    napi_resolve_deferred(env, sync->done, undefined(env));
  } else {
    napi_reject_deferred(env, sync->done, make_error(env, sync->failure, "syncfs", NULL, NULL));
  }
  napi_delete_async_work(env, sync->work);
  free(sync);
}

static napi_value sync_file_system(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  int fd;
  if (!read_int(env, arguments[0], &fd)) return NULL;
  Sync *sync = calloc(1, sizeof *sync);
  napi_value promise, name;
  sync->fd = fd;
  napi_create_promise(env, &sync->done, &promise);
  napi_create_string_utf8(env, "jocker.syncfs", NAPI_AUTO_LENGTH, &name);
  napi_create_async_work(env, NULL, name, run_sync, finish_sync, sync, &sync->work);
  napi_queue_async_work(env, sync->work);
  return promise;
}

static napi_value try_lock(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  int fd;
  if (!read_int(env, arguments[0], &fd)) return NULL;
  bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
  if (!locked && errno != EWOULDBLOCK) return throw_errno(env, errno, "flock", NULL);
  napi_value result;
  napi_get_boolean(env, locked, &result);
  return result;
}

static napi_value make_pipe(napi_env env, napi_callback_info info) {
  (void)info;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return throw_errno(env, errno, "pipe2", NULL);
  napi_value result, end;
  napi_create_array_with_length(env, 2, &result);
  for (uint32_t i = 0; i < 2; i++) {
    napi_create_int32(env, ends[i], &end);
    napi_set_element(env, result, i, end);
  }
  return result;
}

static napi_value open_terminal(napi_env env, napi_callback_info info) {
  (void)info;
  int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (master < 0) return throw_errno(env, errno, "posix_openpt", NULL);
  int slave = grantpt(master) == 0 && unlockpt(master) == 0 ? ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
  if (slave < 0) {
    int failure = errno;
    close(master);
    return throw_errno(env, failure, "openpty", NULL);
  }
  napi_value result, end;
  napi_create_array_with_length(env, 2, &result);
  napi_create_int32(env, master, &end);
  napi_set_element(env, result, 0, end);
  napi_create_int32(env, slave, &end);
  napi_set_element(env, result, 1, end);
  return result;
}

static napi_value set_window_size(napi_env env, napi_callback_info info) {
  ARGUMENTS(3);
  int fd;
  unsigned int columns, rows;
  if (!read_int(env, arguments[0], &fd) || !read_uint(env, arguments[1], &columns) || !read_uint(env, arguments[2], &rows)) return NULL;
  struct winsize size = {.ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows};
  return ioctl(fd, TIOCSWINSZ, &size) == 0 ? undefined(env) : throw_errno(env, errno, "ioctl", NULL);
}

static napi_value set_child_subreaper(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  bool on;
  if (!read_bool(env, arguments[0], &on)) return NULL;
  return prctl(PR_SET_CHILD_SUBREAPER, on ? 1L : 0L, 0L, 0L, 0L) == 0 ? undefined(env) : throw_errno(env, errno, "prctl", NULL);
}

void register_descriptors(napi_env env, napi_value exports) {
  set_method(env, exports, "syncfs", sync_file_system, NULL);
  set_method(env, exports, "tryLock", try_lock, NULL);
  set_method(env, exports, "pipe", make_pipe, NULL);
  set_method(env, exports, "openTerminal", open_terminal, NULL);
  set_method(env, exports, "setWindowSize", set_window_size, NULL);
  set_method(env, exports, "setChildSubreaper", set_child_subreaper, NULL);
}
