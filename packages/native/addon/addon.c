#include "addon.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct ScratchBlock {
  struct ScratchBlock *next;
  max_align_t data[];
};

void *scratch_take(Scratch *scratch, size_t size) {
  struct ScratchBlock *block = malloc(sizeof *block + size);
  if (block == NULL) abort();
  block->next = scratch->blocks;
  scratch->blocks = block;
  return block->data;
}

void scratch_free(Scratch *scratch) {
  while (scratch->blocks != NULL) {
    struct ScratchBlock *next = scratch->blocks->next;
    free(scratch->blocks);
    scratch->blocks = next;
  }
}

static bool wrong_type(napi_env env, const char *message) {
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message);
  return false;
}

bool read_bytes(napi_env env, napi_value value, Scratch *scratch, Bytes *result) {
  bool is_buffer = false;
  napi_is_buffer(env, value, &is_buffer);
  if (is_buffer) {
    void *data = NULL;
    napi_get_buffer_info(env, value, &data, &result->length);
    result->data = scratch_take(scratch, result->length + 1);
    if (result->length > 0) memcpy(result->data, data, result->length);
    result->data[result->length] = '\0';
    return true;
  }
  if (napi_get_value_string_utf8(env, value, NULL, 0, &result->length) != napi_ok) {
    return wrong_type(env, "a string or a Buffer was expected");
  }
  result->data = scratch_take(scratch, result->length + 1);
  napi_get_value_string_utf8(env, value, result->data, result->length + 1, &result->length);
  return true;
}

bool read_path(napi_env env, napi_value value, Scratch *scratch, char **result) {
  Bytes bytes;
  if (!read_bytes(env, value, scratch, &bytes)) return false;
  if (memchr(bytes.data, '\0', bytes.length) != NULL) return wrong_type(env, "a string without NUL bytes was expected");
  *result = bytes.data;
  return true;
}

bool read_int(napi_env env, napi_value value, int *result) {
  return napi_get_value_int32(env, value, result) == napi_ok || wrong_type(env, "a number was expected");
}

bool read_uint(napi_env env, napi_value value, unsigned int *result) {
  return napi_get_value_uint32(env, value, result) == napi_ok || wrong_type(env, "a number was expected");
}

bool read_bool(napi_env env, napi_value value, bool *result) {
  return napi_get_value_bool(env, value, result) == napi_ok || wrong_type(env, "a boolean was expected");
}

napi_value get_property(napi_env env, napi_value object, const char *name) {
  napi_value result = NULL;
  if (napi_get_named_property(env, object, name, &result) != napi_ok) return undefined(env);
  return result;
}

bool is_absent(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  return type == napi_undefined || type == napi_null;
}

bool read_array_length(napi_env env, napi_value value, uint32_t *length) {
  bool is_array = false;
  napi_is_array(env, value, &is_array);
  if (!is_array) return wrong_type(env, "an array was expected");
  return napi_get_array_length(env, value, length) == napi_ok;
}

bool read_string_array(napi_env env, napi_value value, Scratch *scratch, char ***result) {
  uint32_t length;
  if (!read_array_length(env, value, &length)) return false;
  char **strings = scratch_take(scratch, (length + 1) * sizeof *strings);
  for (uint32_t i = 0; i < length; i++) {
    napi_value element;
    napi_get_element(env, value, i, &element);
    if (!read_path(env, element, scratch, &strings[i])) return false;
  }
  strings[length] = NULL;
  *result = strings;
  return true;
}

napi_value make_error(napi_env env, int number, const char *syscall, const char *subject, const char *explanation) {
  const char *name = strerrorname_np(number);
  const char *description = strerrordesc_np(number);
  char text[1024];
  snprintf(text, sizeof text, "%s: %s, %s%s%s%s%s%s", name ? name : "UNKNOWN", description ? description : "unknown error", syscall,
           subject ? " '" : "", subject ? subject : "", subject ? "'" : "", explanation ? ": " : "", explanation ? explanation : "");
  napi_value code, message, call, error;
  napi_create_string_utf8(env, name ? name : "UNKNOWN", NAPI_AUTO_LENGTH, &code);
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &message);
  napi_create_string_utf8(env, syscall, NAPI_AUTO_LENGTH, &call);
  if (napi_create_error(env, code, message, &error) != napi_ok) return undefined(env);
  set_int(env, error, "errno", -number);
  napi_set_named_property(env, error, "syscall", call);
  return error;
}

napi_value throw_errno(napi_env env, int number, const char *syscall, const char *subject) {
  napi_throw(env, make_error(env, number, syscall, subject, NULL));
  return NULL;
}

void set_int(napi_env env, napi_value object, const char *name, int64_t value) {
  napi_value number;
  napi_create_int64(env, value, &number);
  napi_set_named_property(env, object, name, number);
}

void set_method(napi_env env, napi_value object, const char *name, napi_callback callback, void *data) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, data, &function);
  napi_set_named_property(env, object, name, function);
}

napi_value undefined(napi_env env) {
  napi_value result;
  napi_get_undefined(env, &result);
  return result;
}

int unix_address(const char *path, struct sockaddr_un *address, int *directory) {
  *directory = -1;
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  if (strlen(path) < sizeof address->sun_path) {
    strcpy(address->sun_path, path);
    return 0;
  }
  const char *slash = strrchr(path, '/');
  if (slash == NULL) return ENAMETOOLONG;
  char *parent = strndup(path, (size_t)(slash - path) + 1);
  if (parent == NULL) return ENOMEM;
  *directory = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
  free(parent);
  if (*directory < 0) return errno;
  int length = snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", *directory, slash + 1);
  if (length >= (int)sizeof address->sun_path) {
    close(*directory);
    *directory = -1;
    return ENAMETOOLONG;
  }
  return 0;
}

NAPI_MODULE_INIT() {
  register_files(env, exports);
  register_mounts(env, exports);
  register_descriptors(env, exports);
  register_spawn(env, exports);
  register_seqpacket(env, exports);
  register_receive_descriptor(env, exports);
  register_netlink(env, exports);
  return exports;
}
