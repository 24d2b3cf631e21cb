#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "addon.h"

// The listening socket, the connection once there is one, and a timer (as a descriptor: when a thread ends, only watches are
// sure to be closed before the addon's code is unmapped).
typedef struct Receiver {
  Watch listener;
  Watch connection;
  Watch timer;
  napi_deferred descriptor;
  char *path;
  bool settled, connected;
  int owners;  // the JavaScript object and each open watch
} Receiver;

static void release(Receiver *receiver) {
  if (--receiver->owners > 0) return;
  free(receiver->path);
  free(receiver);
}

static void finalize(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  release(data);
}

static void on_listener_closed(Watch *watch) { release((Receiver *)watch); }
static void on_timer_closed(Watch *watch) { release((Receiver *)((char *)watch - offsetof(Receiver, timer))); }
static void on_connection_closed(Watch *watch) { release((Receiver *)((char *)watch - offsetof(Receiver, connection))); }

static void stop(Receiver *receiver) {
  unlink(receiver->path);
  watch_close(&receiver->listener);
  if (receiver->connected) watch_close(&receiver->connection);
  watch_close(&receiver->timer);
}

// `fd` or, when it is negative, the failure. Between enter and leave, or inside a call from JavaScript.
static void settle(Receiver *receiver, int fd, int failure) {
  napi_env env = receiver->listener.env;
  if (receiver->settled) return;
  receiver->settled = true;
  if (fd >= 0) {
    napi_value number;
    napi_create_int32(env, fd, &number);
    napi_resolve_deferred(env, receiver->descriptor, number);
  } else {
    napi_reject_deferred(env, receiver->descriptor, make_error(env, failure, "recvmsg", receiver->path, NULL));
  }
  stop(receiver);
}

static void settle_from_loop(Receiver *receiver, int fd, int failure) {
  Entry entry;
  if (enter(&receiver->listener, &entry)) {
    settle(receiver, fd, failure);
    leave(&receiver->listener, &entry);
  }
}

static void on_message(Watch *watch, int status, int events) {
  (void)status;
  (void)events;
  Receiver *receiver = (Receiver *)((char *)watch - offsetof(Receiver, connection));
  char text[4096];
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } control;
  struct iovec part = {.iov_base = text, .iov_len = sizeof text};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  ssize_t length = recvmsg(watch->fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
  int fd = -1, failure = length < 0 ? errno : ENOMSG;
  struct cmsghdr *header = length < 0 ? NULL : CMSG_FIRSTHDR(&message);
  if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) memcpy(&fd, CMSG_DATA(header), sizeof fd);
  // A terminal whose other side does not read would stop the event loop, or a thread of its pool, at a write.
  if (fd >= 0) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  settle_from_loop(receiver, fd, failure);
}

static void on_connection(Watch *watch, int status, int events) {
  (void)status;
  (void)events;
  Receiver *receiver = (Receiver *)watch;
  int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)) return;
  int failure = fd < 0 ? errno : 0;
  Entry entry;
  if (!enter(watch, &entry)) {
    if (fd >= 0) close(fd);
    return;
  }
  if (failure == 0) {
    failure = watch_open(&receiver->connection, watch->env, fd, "jocker.descriptor", on_message, on_connection_closed);
    if (failure != 0) close(fd);
  }
  if (failure == 0) {
    receiver->connected = true;
    receiver->owners++;
    uv_poll_stop(&watch->poll);
    watch_events(&receiver->connection, UV_READABLE);
  } else {
    settle(receiver, -1, failure);
  }
  leave(watch, &entry);
}

static void on_timeout(Watch *watch, int status, int events) {
  (void)status;
  (void)events;
  settle_from_loop((Receiver *)((char *)watch - offsetof(Receiver, timer)), -1, ETIMEDOUT);
}

static napi_value cancel(napi_env env, napi_callback_info info) {
  napi_value self;
  void *receiver = NULL;
  napi_get_cb_info(env, info, NULL, NULL, &self, NULL);
  if (napi_unwrap(env, self, &receiver) == napi_ok) settle(receiver, -1, ECANCELED);
  return undefined(env);
}

static int listen_at(const char *path, int *fd) {
  struct sockaddr_un address;
  int directory;
  int failure = unix_address(path, &address, &directory);
  if (failure != 0) return failure;
  *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (*fd < 0 || bind(*fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(*fd, 1) != 0) {
    failure = errno;
    if (*fd >= 0) close(*fd);
  }
  if (directory >= 0) close(directory);
  return failure;
}

static int start_timer(unsigned int timeout_ms, int *fd) {
  *fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (*fd < 0) return errno;
  // All zeros would disarm it.
  struct itimerspec when = {.it_value = {.tv_sec = timeout_ms / 1000, .tv_nsec = (timeout_ms % 1000) * 1000000L + 1}};
  return timerfd_settime(*fd, 0, &when, NULL) == 0 ? 0 : errno;
}

// 0 or an errno; then nothing is left open.
static int open_receiver(napi_env env, Receiver *receiver, unsigned int timeout_ms) {
  int listener = -1, timer = -1;
  int failure = listen_at(receiver->path, &listener);
  if (failure != 0) return failure;
  failure = start_timer(timeout_ms, &timer);
  if (failure == 0) failure = watch_open(&receiver->timer, env, timer, "jocker.descriptor", on_timeout, on_timer_closed);
  if (failure != 0) {
    if (timer >= 0) close(timer);
    close(listener);
    return failure;
  }
  receiver->owners = 1;
  failure = watch_open(&receiver->listener, env, listener, "jocker.descriptor", on_connection, on_listener_closed);
  if (failure != 0) {
    close(listener);
    return failure;
  }
  receiver->owners = 2;
  return 0;
}

static napi_value receive_descriptor(napi_env env, napi_callback_info info) {
  ARGUMENTS(2);
  Scratch scratch = {0};
  char *path;
  unsigned int timeout_ms;
  napi_value result = NULL;
  if (read_path(env, arguments[0], &scratch, &path) && read_uint(env, arguments[1], &timeout_ms)) {
    Receiver *receiver = calloc(1, sizeof *receiver);
    receiver->path = strdup(path);
    int failure = open_receiver(env, receiver, timeout_ms);
    if (failure != 0) {
      throw_errno(env, failure, "bind", path);
      // With its timer open it goes when that is closed.
      if (receiver->owners > 0) {
        watch_close(&receiver->timer);
      } else {
        receiver->owners = 1;
        release(receiver);
      }
    } else {
      receiver->owners++;
      napi_value promise;
      napi_create_promise(env, &receiver->descriptor, &promise);
      napi_create_object(env, &result);
      napi_wrap(env, result, receiver, finalize, NULL, NULL);
      napi_set_named_property(env, result, "descriptor", promise);
      set_method(env, result, "cancel", cancel, NULL);
      watch_events(&receiver->listener, UV_READABLE);
      watch_events(&receiver->timer, UV_READABLE);
    }
  }
  scratch_free(&scratch);
  return result;
}

void register_receive_descriptor(napi_env env, napi_value exports) {
  set_method(env, exports, "receiveDescriptor", receive_descriptor, NULL);
}
