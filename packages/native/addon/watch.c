#include <unistd.h>

#include "addon.h"

static void on_poll(uv_poll_t *poll, int status, int events) {
  Watch *watch = (Watch *)poll;
  if (!watch->closing) watch->on_ready(watch, status, events);
}

static void on_poll_closed(uv_handle_t *handle) {
  Watch *watch = (Watch *)handle;
  // `on_closed` may free the memory, and may call JavaScript in this context.
  Watch kept = *watch;
  close(kept.fd);
  watch->on_closed(watch);
  if (!kept.teardown) napi_async_destroy(kept.env, kept.context);
  napi_remove_async_cleanup_hook(kept.cleanup);
}

static void on_teardown(napi_async_cleanup_hook_handle handle, void *data) {
  (void)handle;
  Watch *watch = data;
  watch->teardown = true;
  watch_close(watch);
}

int watch_open(Watch *watch, napi_env env, int fd, const char *name, WatchReady on_ready, WatchClosed on_closed) {
  uv_loop_t *loop;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return EINVAL;
  int failure = uv_poll_init(loop, &watch->poll, fd);
  if (failure != 0) return -failure;
  watch->env = env;
  watch->fd = fd;
  watch->closing = false;
  watch->teardown = false;
  watch->on_ready = on_ready;
  watch->on_closed = on_closed;
  napi_value resource_name;
  napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &resource_name);
  napi_async_init(env, NULL, resource_name, &watch->context);
  napi_add_async_cleanup_hook(env, on_teardown, watch, &watch->cleanup);
  return 0;
}

void watch_events(Watch *watch, int events) {
  if (!watch->closing) uv_poll_start(&watch->poll, events, on_poll);
}

void watch_close(Watch *watch) {
  if (watch->closing) return;
  watch->closing = true;
  uv_close((uv_handle_t *)&watch->poll, on_poll_closed);
}

bool enter(Watch *watch, Entry *entry) {
  if (watch->teardown) return false;
  if (napi_open_handle_scope(watch->env, &entry->handles) != napi_ok) return false;
  napi_value resource = NULL;
  napi_create_object(watch->env, &resource);
  if (napi_open_callback_scope(watch->env, resource, watch->context, &entry->callbacks) != napi_ok) {
    napi_close_handle_scope(watch->env, entry->handles);
    return false;
  }
  return true;
}

void leave(Watch *watch, Entry *entry) {
  napi_close_callback_scope(watch->env, entry->callbacks);
  napi_close_handle_scope(watch->env, entry->handles);
}

void call_reference(Watch *watch, napi_ref reference, napi_value argument) {
  napi_env env = watch->env;
  napi_value function, result;
  napi_get_reference_value(env, reference, &function);
  if (napi_call_function(env, undefined(env), function, 1, &argument, &result) != napi_pending_exception) return;
  napi_value exception;
  if (napi_get_and_clear_last_exception(env, &exception) == napi_ok) napi_fatal_exception(env, exception);
}
