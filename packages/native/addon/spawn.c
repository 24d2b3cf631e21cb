#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "addon.h"

enum { CHILD_STACK_BYTES = 256 * 1024, LEAVE_CLOSED = -1, OPEN_NULL = -2 };

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

typedef struct ChildMount {
  char *source, *target, *type, *data;
  unsigned int flags;
} ChildMount;

// What the child needs, made before it exists: it shares this memory and must not allocate.
typedef struct ChildPlan {
  char *file, *cwd, **args, **env;
  int *descriptors;
  uint32_t descriptor_count, mount_count;
  ChildMount *mounts;
  bool private_mounts, new_session;
  // The child's answer.
  int failure;
  const char *failed_step, *failed_subject;
} ChildPlan;

static int give_up(ChildPlan *plan, const char *step, const char *subject) {
  plan->failure = errno;
  plan->failed_step = step;
  plan->failed_subject = subject;
  _exit(127);
}

static void make_private_mounts(ChildPlan *plan) {
  if (unshare(CLONE_NEWNS) != 0) give_up(plan, "unshare", NULL);
  if (mount("", "/", "", MS_REC | MS_SLAVE, "") != 0) give_up(plan, "mount", "/");
  for (uint32_t i = 0; i < plan->mount_count; i++) {
    ChildMount *entry = &plan->mounts[i];
    if (mount(entry->source, entry->target, entry->type, entry->flags, entry->data) != 0) give_up(plan, "mount", entry->target);
  }
}

// Every source goes above the targets first, so that none is overwritten before it was used.
static void place_descriptors(ChildPlan *plan) {
  int count = (int)plan->descriptor_count;
  for (int i = 0; i < count; i++) {
    int source = plan->descriptors[i];
    if (source == LEAVE_CLOSED) continue;
    if (source == OPEN_NULL) source = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (source < 0) give_up(plan, "open", "/dev/null");
    if (source < count) source = fcntl(source, F_DUPFD_CLOEXEC, count);
    if (source < 0) give_up(plan, "dup", NULL);
    plan->descriptors[i] = source;
  }
  for (int i = 0; i < count; i++) {
    if (plan->descriptors[i] == LEAVE_CLOSED) {
      close(i);
    } else if (dup2(plan->descriptors[i], i) < 0) {
      give_up(plan, "dup2", NULL);
    }
  }
  if (syscall(SYS_close_range, (unsigned int)count, UINT_MAX, 0) != 0) give_up(plan, "close_range", NULL);
}

static int run_child(void *argument) {
  ChildPlan *plan = argument;
  // Handlers are the parent's code and the memory is the parent's too: none may run here. Signals are still blocked.
  struct sigaction plain = {.sa_handler = SIG_DFL};
  for (int number = 1; number < NSIG; number++) sigaction(number, &plain, NULL);
  if (plan->new_session && setsid() < 0) give_up(plan, "setsid", NULL);
  if (plan->private_mounts) make_private_mounts(plan);
  if (plan->cwd != NULL && chdir(plan->cwd) != 0) give_up(plan, "chdir", plan->cwd);
  place_descriptors(plan);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  execvpe(plan->file, plan->args, plan->env);
  return give_up(plan, "execve", plan->file);
}

// Returns the pid, or -1 with the reason in the plan. The calling thread sleeps until the child has called exec or exit.
static pid_t start_child(ChildPlan *plan, int *pidfd) {
  char *stack = mmap(NULL, CHILD_STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) {
    plan->failure = errno;
    plan->failed_step = "mmap";
    return -1;
  }
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t pid = clone(run_child, stack + CHILD_STACK_BYTES, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, plan, pidfd);
  int clone_failure = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  munmap(stack, CHILD_STACK_BYTES);
  if (pid < 0) {
    plan->failure = clone_failure;
    plan->failed_step = "clone";
    return -1;
  }
  if (plan->failure != 0) {
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
    close(*pidfd);
    return -1;
  }
  return pid;
}

typedef struct Child {
  Watch watch;
  napi_deferred exited;
} Child;

static void on_child_closed(Watch *watch) { free(watch); }

static void on_child_exit(Watch *watch, int status, int events) {
  (void)status;
  (void)events;
  Child *child = (Child *)watch;
  siginfo_t status_info = {0};
  if (waitid((idtype_t)P_PIDFD, (id_t)watch->fd, &status_info, WEXITED | WNOHANG) != 0) {
    // ECHILD: somebody else reaped it, and its status is lost.
    status_info.si_code = CLD_EXITED;
    status_info.si_status = 255;
  } else if (status_info.si_pid == 0) {
    return;
  }
  bool by_signal = status_info.si_code != CLD_EXITED;
  Entry entry;
  if (enter(watch, &entry)) {
    napi_value result;
    napi_create_object(watch->env, &result);
    set_int(watch->env, result, "exitCode", by_signal ? 128 + status_info.si_status : status_info.si_status);
    set_int(watch->env, result, "signal", by_signal ? status_info.si_status : 0);
    napi_resolve_deferred(watch->env, child->exited, result);
    watch_close(watch);
    leave(watch, &entry);
  } else {
    watch_close(watch);
  }
}

static bool read_descriptors(napi_env env, napi_value value, Scratch *scratch, ChildPlan *plan) {
  if (!read_array_length(env, value, &plan->descriptor_count)) return false;
  plan->descriptors = scratch_take(scratch, plan->descriptor_count * sizeof *plan->descriptors);
  for (uint32_t i = 0; i < plan->descriptor_count; i++) {
    napi_value element;
    napi_valuetype type;
    napi_get_element(env, value, i, &element);
    napi_typeof(env, element, &type);
    if (type == napi_null) {
      plan->descriptors[i] = LEAVE_CLOSED;
    } else if (type == napi_string) {
      plan->descriptors[i] = OPEN_NULL;
    } else if (!read_int(env, element, &plan->descriptors[i])) {
      return false;
    } else if (plan->descriptors[i] < 0) {
      throw_errno(env, EBADF, "spawn", plan->file);
      return false;
    }
  }
  return true;
}

static bool read_mounts(napi_env env, napi_value value, Scratch *scratch, ChildPlan *plan) {
  if (is_absent(env, value)) return true;
  if (!read_array_length(env, value, &plan->mount_count)) return false;
  plan->private_mounts = true;
  plan->mounts = scratch_take(scratch, plan->mount_count * sizeof *plan->mounts);
  for (uint32_t i = 0; i < plan->mount_count; i++) {
    ChildMount *entry = &plan->mounts[i];
    napi_value element;
    napi_get_element(env, value, i, &element);
    if (!read_path(env, get_property(env, element, "source"), scratch, &entry->source) ||
        !read_path(env, get_property(env, element, "target"), scratch, &entry->target) ||
        !read_path(env, get_property(env, element, "type"), scratch, &entry->type) ||
        !read_path(env, get_property(env, element, "data"), scratch, &entry->data) ||
        !read_uint(env, get_property(env, element, "flags"), &entry->flags)) {
      return false;
    }
  }
  return true;
}

static bool read_plan(napi_env env, napi_value options, Scratch *scratch, ChildPlan *plan) {
  napi_value cwd = get_property(env, options, "cwd");
  napi_value new_session = get_property(env, options, "newSession");
  return read_path(env, get_property(env, options, "file"), scratch, &plan->file) &&
         read_string_array(env, get_property(env, options, "args"), scratch, &plan->args) &&
         read_string_array(env, get_property(env, options, "env"), scratch, &plan->env) &&
         (is_absent(env, cwd) || read_path(env, cwd, scratch, &plan->cwd)) &&
         (is_absent(env, new_session) || read_bool(env, new_session, &plan->new_session)) &&
         read_descriptors(env, get_property(env, options, "descriptors"), scratch, plan) &&
         read_mounts(env, get_property(env, options, "mounts"), scratch, plan);
}

static napi_value spawn(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  Scratch scratch = {0};
  ChildPlan plan = {0};
  napi_value result = NULL;
  if (read_plan(env, arguments[0], &scratch, &plan)) {
    int pidfd = -1;
    pid_t pid = start_child(&plan, &pidfd);
    Child *child = pid < 0 ? NULL : calloc(1, sizeof *child);
    if (pid < 0) {
      napi_throw(env, make_error(env, plan.failure, plan.failed_step, plan.failed_subject, "while a process was started"));
    } else {
      napi_value exited;
      napi_create_object(env, &result);
      napi_create_promise(env, &child->exited, &exited);
      set_int(env, result, "pid", pid);
      napi_set_named_property(env, result, "exited", exited);
      int failure = watch_open(&child->watch, env, pidfd, "jocker.child", on_child_exit, on_child_closed);
      if (failure == 0) {
        watch_events(&child->watch, UV_READABLE);
      } else {
        close(pidfd);
        free(child);
        result = throw_errno(env, failure, "uv_poll_init", plan.file);
      }
    }
  }
  scratch_free(&scratch);
  return result;
}

void register_spawn(napi_env env, napi_value exports) { set_method(env, exports, "spawn", spawn, NULL); }
