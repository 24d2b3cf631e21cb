// What the files of the addon share. Nothing here is global state: the addon is loaded once per worker thread.
#ifndef JOCKER_ADDON_H
#define JOCKER_ADDON_H

#define NAPI_VERSION 9
#include <errno.h>
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#define ARGUMENTS(count)           \
  napi_value arguments[count];     \
  size_t argument_count = (count); \
  napi_get_cb_info(env, info, &argument_count, arguments, NULL, NULL)

// Memory that lives as long as one call; `scratch_free` gives all of it back.
typedef struct Scratch {
  struct ScratchBlock *blocks;
} Scratch;
void *scratch_take(Scratch *scratch, size_t size);
void scratch_free(Scratch *scratch);

typedef struct Bytes {
  char *data;  // with a NUL behind the last byte
  size_t length;
} Bytes;

// Reading arguments. False: a JavaScript exception is pending.
bool read_bytes(napi_env env, napi_value value, Scratch *scratch, Bytes *result);  // string or Buffer
bool read_path(napi_env env, napi_value value, Scratch *scratch, char **result);   // the same, without NUL inside
bool read_int(napi_env env, napi_value value, int *result);
bool read_uint(napi_env env, napi_value value, unsigned int *result);
bool read_bool(napi_env env, napi_value value, bool *result);
// An absent property reads as undefined.
napi_value get_property(napi_env env, napi_value object, const char *name);
bool is_absent(napi_env env, napi_value value);  // undefined or null
bool read_array_length(napi_env env, napi_value value, uint32_t *length);
bool read_string_array(napi_env env, napi_value value, Scratch *scratch, char ***result);  // NULL-terminated

// Errors in the shape of node:fs: code, errno (negative), syscall. `subject` and `explanation` may be NULL.
napi_value make_error(napi_env env, int number, const char *syscall, const char *subject, const char *explanation);
napi_value throw_errno(napi_env env, int number, const char *syscall, const char *subject);  // returns NULL

void set_int(napi_env env, napi_value object, const char *name, int64_t value);
void set_method(napi_env env, napi_value object, const char *name, napi_callback callback, void *data);
napi_value undefined(napi_env env);

// A descriptor watched by this thread's event loop; the first member of what embeds it.
typedef struct Watch Watch;
typedef void (*WatchReady)(Watch *watch, int status, int events);
typedef void (*WatchClosed)(Watch *watch);
struct Watch {
  uv_poll_t poll;
  napi_env env;
  napi_async_context context;
  napi_async_cleanup_hook_handle cleanup;
  int fd;
  bool closing;
  bool teardown;  // the environment ends: JavaScript must not be called any more
  WatchReady on_ready;
  WatchClosed on_closed;
};
// Takes the descriptor over in case of success. 0 or an errno.
int watch_open(Watch *watch, napi_env env, int fd, const char *name, WatchReady on_ready, WatchClosed on_closed);
void watch_events(Watch *watch, int events);
// `on_closed` runs later, once, from the event loop.
void watch_close(Watch *watch);

// JavaScript may be called between `enter` and `leave`; `leave` runs the microtasks.
typedef struct Entry {
  napi_handle_scope handles;
  napi_callback_scope callbacks;
} Entry;
bool enter(Watch *watch, Entry *entry);
void leave(Watch *watch, Entry *entry);
// Calls a function; what it throws becomes an uncaught exception, as from any event handler.
void call_reference(Watch *watch, napi_ref function, napi_value argument);

// A unix socket's address; a path too long for sun_path is reached through /proc/self/fd. 0 or an errno; close `*directory`
// (-1 when unused) after bind or connect.
struct sockaddr_un;
int unix_address(const char *path, struct sockaddr_un *address, int *directory);

void register_files(napi_env env, napi_value exports);
void register_mounts(napi_env env, napi_value exports);
void register_descriptors(napi_env env, napi_value exports);
void register_spawn(napi_env env, napi_value exports);
void register_seqpacket(napi_env env, napi_value exports);
void register_netlink(napi_env env, napi_value exports);
void register_receive_descriptor(napi_env env, napi_value exports);

#endif
