// Extended attributes, device nodes, times, openat2.
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "addon.h"

static napi_value set_attribute(napi_env env, napi_callback_info info) {
  ARGUMENTS(3);
  Scratch scratch = {0};
  char *path, *name;
  Bytes value;
  napi_value result = NULL;
  if (read_path(env, arguments[0], &scratch, &path) && read_path(env, arguments[1], &scratch, &name) &&
      read_bytes(env, arguments[2], &scratch, &value)) {
    result = lsetxattr(path, name, value.data, value.length, 0) == 0 ? undefined(env) : throw_errno(env, errno, "lsetxattr", path);
  }
  scratch_free(&scratch);
  return result;
}

// Both calls tell the size first, and another process may change it before the second: ERANGE means asking again.
static ssize_t read_growing(const char *path, const char *name, char **data) {
  for (;;) {
    ssize_t size = name ? lgetxattr(path, name, NULL, 0) : llistxattr(path, NULL, 0);
    if (size <= 0) return size;
    *data = malloc((size_t)size);
    if (*data == NULL) return -1;
    ssize_t length = name ? lgetxattr(path, name, *data, (size_t)size) : llistxattr(path, *data, (size_t)size);
    if (length >= 0) return length;
    free(*data);
    *data = NULL;
    if (errno != ERANGE) return -1;
  }
}

static napi_value get_attribute(napi_env env, napi_callback_info info) {
  ARGUMENTS(2);
  Scratch scratch = {0};
  char *path, *name;
  napi_value result = NULL;
  if (read_path(env, arguments[0], &scratch, &path) && read_path(env, arguments[1], &scratch, &name)) {
    char *data = NULL;
    ssize_t length = read_growing(path, name, &data);
    if (length < 0) {
      throw_errno(env, errno, "lgetxattr", path);
    } else {
      napi_create_buffer_copy(env, (size_t)length, data, NULL, &result);
    }
    free(data);
  }
  scratch_free(&scratch);
  return result;
}

static napi_value list_attributes(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  Scratch scratch = {0};
  char *path;
  napi_value result = NULL;
  if (read_path(env, arguments[0], &scratch, &path)) {
    char *data = NULL;
    ssize_t length = read_growing(path, NULL, &data);
    if (length < 0) {
      throw_errno(env, errno, "llistxattr", path);
    } else {
      napi_create_array(env, &result);
      uint32_t index = 0;
      for (ssize_t start = 0; start < length;) {
        size_t size = strnlen(data + start, (size_t)(length - start));
        napi_value name;
        napi_create_buffer_copy(env, size, data + start, NULL, &name);
        napi_set_element(env, result, index++, name);
        start += (ssize_t)size + 1;
      }
    }
    free(data);
  }
  scratch_free(&scratch);
  return result;
}

static napi_value remove_attribute(napi_env env, napi_callback_info info) {
  ARGUMENTS(2);
  Scratch scratch = {0};
  char *path, *name;
  napi_value result = NULL;
  if (read_path(env, arguments[0], &scratch, &path) && read_path(env, arguments[1], &scratch, &name)) {
    result = lremovexattr(path, name) == 0 ? undefined(env) : throw_errno(env, errno, "lremovexattr", path);
  }
  scratch_free(&scratch);
  return result;
}

static napi_value make_node(napi_env env, napi_callback_info info) {
  ARGUMENTS(4);
  Scratch scratch = {0};
  char *path;
  unsigned int mode, major_number, minor_number;
  napi_value result = NULL;
  if (read_path(env, arguments[0], &scratch, &path) && read_uint(env, arguments[1], &mode) &&
      read_uint(env, arguments[2], &major_number) && read_uint(env, arguments[3], &minor_number)) {
    result = mknod(path, mode, makedev(major_number, minor_number)) == 0 ? undefined(env) : throw_errno(env, errno, "mknod", path);
  }
  scratch_free(&scratch);
  return result;
}

// The C library does this through an O_PATH descriptor where the kernel has no fchmodat2.
static napi_value change_mode(napi_env env, napi_callback_info info) {
  ARGUMENTS(2);
  Scratch scratch = {0};
  char *path;
  unsigned int mode;
  napi_value result = NULL;
  if (read_path(env, arguments[0], &scratch, &path) && read_uint(env, arguments[1], &mode)) {
    result = fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW) == 0 ? undefined(env) : throw_errno(env, errno, "fchmodat", path);
  }
  scratch_free(&scratch);
  return result;
}

static bool read_time(napi_env env, napi_value value, struct timespec *time) {
  int64_t nanoseconds;
  bool lossless;
  if (napi_get_value_bigint_int64(env, value, &nanoseconds, &lossless) != napi_ok || !lossless) {
    napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "a time as a bigint of 64 bits was expected");
    return false;
  }
  time->tv_sec = nanoseconds / 1000000000;
  time->tv_nsec = nanoseconds % 1000000000;
  if (time->tv_nsec < 0) {
    time->tv_sec -= 1;
    time->tv_nsec += 1000000000;
  }
  return true;
}

static napi_value set_times(napi_env env, napi_callback_info info) {
  ARGUMENTS(3);
  Scratch scratch = {0};
  char *path;
  struct timespec times[2];
  napi_value result = NULL;
  if (read_path(env, arguments[0], &scratch, &path) && read_time(env, arguments[1], &times[0]) &&
      read_time(env, arguments[2], &times[1])) {
    result = utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW) == 0 ? undefined(env) : throw_errno(env, errno, "utimensat", path);
  }
  scratch_free(&scratch);
  return result;
}

static napi_value open_below(napi_env env, napi_callback_info info) {
  ARGUMENTS(5);
  Scratch scratch = {0};
  char *path;
  int directory;
  unsigned int flags, mode, resolve;
  napi_value result = NULL;
  if (read_int(env, arguments[0], &directory) && read_path(env, arguments[1], &scratch, &path) && read_uint(env, arguments[2], &flags) &&
      read_uint(env, arguments[3], &mode) && read_uint(env, arguments[4], &resolve)) {
    struct open_how how = {.flags = flags | O_CLOEXEC, .mode = mode, .resolve = resolve};
    long fd;
    // EAGAIN: a rename elsewhere on the machine raced with a resolution that must stay below; the manual says to try again.
    int attempts = 0;
    do {
      fd = syscall(SYS_openat2, directory, path, &how, sizeof how);
    } while (fd < 0 && (errno == EINTR || (errno == EAGAIN && ++attempts < 128)));
    if (fd < 0) {
      throw_errno(env, errno, "openat2", path);
    } else {
      napi_create_int32(env, (int32_t)fd, &result);
    }
  }
  scratch_free(&scratch);
  return result;
}

void register_files(napi_env env, napi_value exports) {
  set_method(env, exports, "lsetxattr", set_attribute, NULL);
  set_method(env, exports, "lgetxattr", get_attribute, NULL);
  set_method(env, exports, "llistxattr", list_attributes, NULL);
  set_method(env, exports, "lremovexattr", remove_attribute, NULL);
  set_method(env, exports, "mknod", make_node, NULL);
  set_method(env, exports, "lchmod", change_mode, NULL);
  set_method(env, exports, "lutimes", set_times, NULL);
  set_method(env, exports, "openat2", open_below, NULL);
}
