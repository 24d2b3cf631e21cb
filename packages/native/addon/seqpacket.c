#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "addon.h"

enum {
  // conmon reads 32 KiB at a time and drops the rest of a longer packet.
  SEND_BYTES = 16 * 1024,
  RECEIVE_BYTES = 64 * 1024,
  // So that one talkative connection does not keep the event loop from the others.
  PACKETS_PER_TURN = 64,
};

// A packet to send, or (`data` NULL) the end of writing.
typedef struct Outgoing {
  struct Outgoing *next;
  napi_deferred done;
  char *data;
  size_t length, sent;
} Outgoing;

typedef struct Connection {
  Watch watch;
  napi_ref on_packet, on_end;
  Outgoing *first, **last;
  int failure;
  int owners;  // the JavaScript object and the event loop
} Connection;

static void release(Connection *connection) {
  if (--connection->owners == 0) free(connection);
}

static void finalize(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  release(data);
}

static void settle_first(Connection *connection, int failure) {
  Outgoing *outgoing = connection->first;
  napi_env env = connection->watch.env;
  connection->first = outgoing->next;
  if (connection->first == NULL) connection->last = &connection->first;
  if (connection->watch.teardown) {
    // Nobody is left to hear it.
  } else if (failure == 0) {
    napi_resolve_deferred(env, outgoing->done, undefined(env));
  } else {
    napi_reject_deferred(env, outgoing->done, make_error(env, failure, "send", NULL, NULL));
  }
  free(outgoing->data);
  free(outgoing);
}

// Sends what the kernel takes. Between enter and leave, or inside a call from JavaScript.
static void flush(Connection *connection) {
  while (connection->first != NULL) {
    Outgoing *outgoing = connection->first;
    if (outgoing->data == NULL) {
      settle_first(connection, shutdown(connection->watch.fd, SHUT_WR) == 0 || errno == ENOTCONN ? 0 : errno);
      continue;
    }
    size_t rest = outgoing->length - outgoing->sent;
    ssize_t sent = send(connection->watch.fd, outgoing->data + outgoing->sent, rest < SEND_BYTES ? rest : SEND_BYTES,
                        MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) break;
      settle_first(connection, errno);
      continue;
    }
    outgoing->sent += (size_t)sent;
    if (outgoing->sent == outgoing->length) settle_first(connection, 0);
  }
  watch_events(&connection->watch, UV_READABLE | (connection->first != NULL ? UV_WRITABLE : 0));
}

static void receive(Connection *connection) {
  char packet[RECEIVE_BYTES];
  Watch *watch = &connection->watch;
  for (int count = 0; count < PACKETS_PER_TURN && !watch->closing;) {
    ssize_t length = recv(watch->fd, packet, sizeof packet, MSG_DONTWAIT);
    if (length > 0) {
      count++;
      napi_value buffer;
      if (napi_create_buffer_copy(watch->env, (size_t)length, packet, NULL, &buffer) == napi_ok) {
        call_reference(watch, connection->on_packet, buffer);
      }
      continue;
    }
    if (length < 0 && errno == EAGAIN) return;
    // ECONNRESET tells that the peer left before it read all of ours. It comes before the packets that are still queued,
    // and a process that ends without reading its stdin is no error.
    if (length < 0 && (errno == EINTR || errno == ECONNRESET)) continue;
    connection->failure = length < 0 ? errno : 0;
    watch_close(watch);
  }
}

static void on_ready(Watch *watch, int status, int events) {
  Connection *connection = (Connection *)watch;
  Entry entry;
  if (!enter(watch, &entry)) return;
  if (events & UV_WRITABLE) flush(connection);
  if (status < 0 || (events & UV_READABLE)) receive(connection);
  leave(watch, &entry);
  // After an error libuv has stopped watching; what the socket still holds has to be read all the same.
  if (status < 0) watch_events(watch, UV_READABLE);
}

static void on_closed(Watch *watch) {
  Connection *connection = (Connection *)watch;
  napi_env env = watch->env;
  Entry entry;
  if (enter(watch, &entry)) {
    while (connection->first != NULL) settle_first(connection, EPIPE);
    call_reference(watch, connection->on_end, connection->failure == 0 ? undefined(env) : make_error(env, connection->failure, "recv", NULL, NULL));
    leave(watch, &entry);
  }
  while (connection->first != NULL) settle_first(connection, EPIPE);
  napi_delete_reference(env, connection->on_packet);
  napi_delete_reference(env, connection->on_end);
  release(connection);
}

static Connection *unwrap(napi_env env, napi_callback_info info, size_t *count, napi_value *arguments) {
  napi_value self;
  void *connection = NULL;
  napi_get_cb_info(env, info, count, arguments, &self, NULL);
  if (napi_unwrap(env, self, &connection) != napi_ok) napi_throw_type_error(env, "ERR_INVALID_THIS", "not a connection");
  return connection;
}

static napi_value enqueue(napi_env env, Connection *connection, char *data, size_t length) {
  Outgoing *outgoing = calloc(1, sizeof *outgoing);
  napi_value promise;
  napi_create_promise(env, &outgoing->done, &promise);
  outgoing->data = data;
  outgoing->length = length;
  *connection->last = outgoing;
  connection->last = &outgoing->next;
  if (connection->watch.closing) {
    settle_first(connection, EPIPE);
  } else if (connection->first == outgoing) {
    flush(connection);
  }
  return promise;
}

static napi_value send_packet(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  Connection *connection = unwrap(env, info, &count, &argument);
  if (connection == NULL) return NULL;
  Scratch scratch = {0};
  Bytes bytes;
  napi_value result = NULL;
  if (read_bytes(env, argument, &scratch, &bytes)) {
    char *copy = malloc(bytes.length + 1);
    memcpy(copy, bytes.data, bytes.length);
    result = enqueue(env, connection, copy, bytes.length);
  }
  scratch_free(&scratch);
  return result;
}

static napi_value end_writes(napi_env env, napi_callback_info info) {
  size_t count = 0;
  Connection *connection = unwrap(env, info, &count, NULL);
  return connection == NULL ? NULL : enqueue(env, connection, NULL, 0);
}

static napi_value close_connection(napi_env env, napi_callback_info info) {
  size_t count = 0;
  Connection *connection = unwrap(env, info, &count, NULL);
  if (connection != NULL) watch_close(&connection->watch);
  return undefined(env);
}

static int connect_socket(const char *path, int *fd) {
  struct sockaddr_un address;
  int directory;
  int failure = unix_address(path, &address, &directory);
  if (failure != 0) return failure;
  *fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (*fd < 0 || connect(*fd, (struct sockaddr *)&address, sizeof address) != 0) {
    failure = errno;
    if (*fd >= 0) close(*fd);
  }
  if (directory >= 0) close(directory);
  return failure;
}

static napi_value connect_seqpacket(napi_env env, napi_callback_info info) {
  ARGUMENTS(3);
  Scratch scratch = {0};
  char *path;
  int fd = -1;
  if (!read_path(env, arguments[0], &scratch, &path)) {
    scratch_free(&scratch);
    return NULL;
  }
  Connection *connection = calloc(1, sizeof *connection);
  int failure = connect_socket(path, &fd);
  if (failure == 0) {
    failure = watch_open(&connection->watch, env, fd, "jocker.seqpacket", on_ready, on_closed);
    if (failure != 0) close(fd);
  }
  if (failure != 0) {
    free(connection);
    throw_errno(env, failure, "connect", path);
    scratch_free(&scratch);
    return NULL;
  }
  scratch_free(&scratch);
  connection->last = &connection->first;
  connection->owners = 2;
  napi_create_reference(env, arguments[1], 1, &connection->on_packet);
  napi_create_reference(env, arguments[2], 1, &connection->on_end);
  napi_value result;
  napi_create_object(env, &result);
  napi_wrap(env, result, connection, finalize, NULL, NULL);
  set_method(env, result, "send", send_packet, NULL);
  set_method(env, result, "endWrites", end_writes, NULL);
  set_method(env, result, "close", close_connection, NULL);
  watch_events(&connection->watch, UV_READABLE);
  return result;
}

void register_seqpacket(napi_env env, napi_value exports) { set_method(env, exports, "connectSeqpacket", connect_seqpacket, NULL); }
