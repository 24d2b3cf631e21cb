// A netlink socket, in a network namespace of choice. Messages are made and read by the caller.
#include <linux/netlink.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <fcntl.h>
#include <stdlib.h>

#include "addon.h"

enum { REPLY_BYTES = 64 * 1024 };

#ifndef NETLINK_EXT_ACK
#define NETLINK_EXT_ACK 11
#endif

// Opens the socket in the namespace of `namespace` (-1: this one). A namespace belongs to a thread, and a socket stays in the one
// where it was made: the thread comes back before this returns. 0 or an errno.
static int open_in_namespace(int namespace, int *result) {
  int home = -1;
  if (namespace >= 0) {
    home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (home < 0) return errno;
    if (setns(namespace, CLONE_NEWNET) != 0) {
      int failure = errno;
      close(home);
      return failure;
    }
  }
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  int failure = fd < 0 ? errno : 0;
  if (home >= 0) {
    // A thread that cannot come back would go on in a container's network.
    if (setns(home, CLONE_NEWNET) != 0) abort();
    close(home);
  }
  *result = fd;
  return failure;
}

static napi_value open_netlink(napi_env env, napi_callback_info info) {
  ARGUMENTS(1);
  int namespace = -1, fd = -1;
  if (!is_absent(env, arguments[0]) && !read_int(env, arguments[0], &namespace)) return NULL;
  int failure = open_in_namespace(namespace, &fd);
  if (failure == 0) {
    int on = 1;
    struct timeval patience = {.tv_sec = 10};
    setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0) failure = errno;
  }
  if (failure != 0) {
    if (fd >= 0) close(fd);
    return throw_errno(env, failure, "netlink", NULL);
  }
  napi_value result;
  napi_create_int32(env, fd, &result);
  return result;
}

// The kernel's own sentence about a refused message, when it gave one.
static const char *explanation_of(struct nlmsghdr *header) {
  struct nlmsgerr *error = NLMSG_DATA(header);
  if (!(header->nlmsg_flags & NLM_F_ACK_TLVS)) return NULL;
  size_t offset = sizeof *error;
  if (!(header->nlmsg_flags & NLM_F_CAPPED)) offset += NLMSG_ALIGN(error->msg.nlmsg_len) - sizeof error->msg;
  char *data = (char *)error;
  size_t length = NLMSG_PAYLOAD(header, 0);
  while (offset + sizeof(struct nlattr) <= length) {
    struct nlattr *attribute = (struct nlattr *)(data + offset);
    if (attribute->nla_len < sizeof *attribute || offset + attribute->nla_len > length) return NULL;
    if (attribute->nla_type == 1) return data + offset + NLA_HDRLEN;
    offset += NLA_ALIGN(attribute->nla_len);
  }
  return NULL;
}

// Sends one message and collects what comes back until the acknowledgement or the end of a dump.
static napi_value netlink_request(napi_env env, napi_callback_info info) {
  ARGUMENTS(2);
  int fd;
  Scratch scratch = {0};
  Bytes message;
  if (!read_int(env, arguments[0], &fd)) return NULL;
  napi_value result = NULL;
  char *collected = NULL;
  size_t collected_length = 0;
  if (!read_bytes(env, arguments[1], &scratch, &message)) goto end;
  if (message.length < sizeof(struct nlmsghdr) || ((struct nlmsghdr *)message.data)->nlmsg_len != message.length) {
    throw_errno(env, EINVAL, "netlink", NULL);
    goto end;
  }
  uint32_t sequence = ((struct nlmsghdr *)message.data)->nlmsg_seq;
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  if (sendto(fd, message.data, message.length, 0, (struct sockaddr *)&kernel, sizeof kernel) < 0) {
    throw_errno(env, errno, "netlink", NULL);
    goto end;
  }
  char *reply = scratch_take(&scratch, REPLY_BYTES);
  for (bool done = false; !done;) {
    ssize_t received = recv(fd, reply, REPLY_BYTES, 0);
    if (received < 0) {
      if (errno == EINTR) continue;
      throw_errno(env, errno, "netlink", NULL);
      goto end;
    }
    int left = (int)received;
    for (struct nlmsghdr *header = (struct nlmsghdr *)reply; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
      if (header->nlmsg_seq != sequence) continue;
      if (header->nlmsg_type == NLMSG_ERROR) {
        int number = -((struct nlmsgerr *)NLMSG_DATA(header))->error;
        if (number != 0) {
          napi_throw(env, make_error(env, number, "netlink", NULL, explanation_of(header)));
          goto end;
        }
        done = true;
        break;
      }
      if (header->nlmsg_type == NLMSG_DONE) {
        done = true;
        break;
      }
      size_t aligned = NLMSG_ALIGN(header->nlmsg_len);
      char *grown = realloc(collected, collected_length + aligned);
      if (grown == NULL) abort();
      collected = grown;
      memset(collected + collected_length, 0, aligned);
      memcpy(collected + collected_length, header, header->nlmsg_len);
      collected_length += aligned;
    }
  }
  napi_create_buffer_copy(env, collected_length, collected == NULL ? "" : collected, NULL, &result);
end:
  free(collected);
  scratch_free(&scratch);
  return result;
}

void register_netlink(napi_env env, napi_value exports) {
  set_method(env, exports, "openNetlink", open_netlink, NULL);
  set_method(env, exports, "netlinkRequest", netlink_request, NULL);
}
