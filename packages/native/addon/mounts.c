#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "addon.h"

// <sys/mount.h> and <linux/mount.h> contradict each other in glibc before 2.37.
int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int umount2(const char *target, int flags);

static napi_value make_mount(napi_env env, napi_callback_info info) {
  ARGUMENTS(5);
  Scratch scratch = {0};
  char *source, *target, *type, *data;
  unsigned int flags;
  napi_value result = NULL;
  if (read_path(env, arguments[0], &scratch, &source) && read_path(env, arguments[1], &scratch, &target) &&
      read_path(env, arguments[2], &scratch, &type) && read_uint(env, arguments[3], &flags) &&
      read_path(env, arguments[4], &scratch, &data)) {
    result = mount(source, target, type, flags, data) == 0 ? undefined(env) : throw_errno(env, errno, "mount", target);
  }
  scratch_free(&scratch);
  return result;
}

static napi_value unmount(napi_env env, napi_callback_info info) {
  ARGUMENTS(2);
  Scratch scratch = {0};
  char *target;
  int flags;
  napi_value result = NULL;
  if (read_path(env, arguments[0], &scratch, &target) && read_int(env, arguments[1], &flags)) {
    result = umount2(target, flags) == 0 ? undefined(env) : throw_errno(env, errno, "umount2", target);
  }
  scratch_free(&scratch);
  return result;
}

static bool configure(int fd, unsigned int command, const char *key, const char *value) {
  return syscall(SYS_fsconfig, fd, command, key, value, 0) == 0;
}

// `name=value` or a flag.
static bool configure_option(int fd, char *option) {
  for (char *equals = option; *equals != '\0'; equals++) {
    if (*equals != '=') continue;
    *equals = '\0';
    return configure(fd, FSCONFIG_SET_STRING, option, equals + 1);
  }
  return configure(fd, FSCONFIG_SET_FLAG, option, NULL);
}

static bool attach_overlay(int fd, char **lower, const char *upper, const char *work, char **extra, const char *target) {
  for (; *lower != NULL; lower++) {
    if (!configure(fd, FSCONFIG_SET_STRING, "lowerdir+", *lower)) return false;
  }
  if (upper != NULL && !configure(fd, FSCONFIG_SET_STRING, "upperdir", upper)) return false;
  if (work != NULL && !configure(fd, FSCONFIG_SET_STRING, "workdir", work)) return false;
  for (; *extra != NULL; extra++) {
    if (!configure_option(fd, *extra)) return false;
  }
  if (!configure(fd, FSCONFIG_CMD_CREATE, NULL, NULL)) return false;
  int mounted = (int)syscall(SYS_fsmount, fd, FSMOUNT_CLOEXEC, 0);
  if (mounted < 0) return false;
  bool attached = syscall(SYS_move_mount, mounted, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) == 0;
  int failure = errno;
  close(mounted);
  errno = failure;
  return attached;
}

static bool read_optional_path(napi_env env, napi_value value, Scratch *scratch, char **result) {
  *result = NULL;
  return is_absent(env, value) || read_path(env, value, scratch, result);
}

static napi_value mount_overlay(napi_env env, napi_callback_info info) {
  ARGUMENTS(2);
  Scratch scratch = {0};
  char *target, *upper, *work, **lower, *nothing[] = {NULL}, **extra = nothing;
  napi_value result = NULL;
  napi_value extra_value = get_property(env, arguments[1], "extra");
  if (read_path(env, arguments[0], &scratch, &target) &&
      read_string_array(env, get_property(env, arguments[1], "lower"), &scratch, &lower) &&
      read_optional_path(env, get_property(env, arguments[1], "upper"), &scratch, &upper) &&
      read_optional_path(env, get_property(env, arguments[1], "work"), &scratch, &work) &&
      (is_absent(env, extra_value) || read_string_array(env, extra_value, &scratch, &extra))) {
    int fd = (int)syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC);
    if (fd >= 0 && attach_overlay(fd, lower, upper, work, extra, target)) {
      result = undefined(env);
    } else {
      int failure = errno;
      // The kernel's own sentence, as `e overlay: …`.
      char text[512];
      ssize_t length = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
      text[length > 0 ? length : 0] = '\0';
      napi_throw(env, make_error(env, failure, "mount", target, length > 2 ? text + 2 : NULL));
    }
    if (fd >= 0) close(fd);
  }
  scratch_free(&scratch);
  return result;
}

void register_mounts(napi_env env, napi_value exports) {
  set_method(env, exports, "mount", make_mount, NULL);
  set_method(env, exports, "unmount", unmount, NULL);
  set_method(env, exports, "mountOverlay", mount_overlay, NULL);
}
