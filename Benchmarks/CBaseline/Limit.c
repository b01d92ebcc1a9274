#define _GNU_SOURCE  // recvmmsg

#include <errno.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "CBaseline.h"
#include "Protection.h"
#include "Session.h"

enum {
  largest_record = 1400,
  // The kernel's UDP_MAX_SEGMENTS, and what fits an IPv4 datagram: udp(7), RFC 791.
  largest_batch = 128,
  largest_datagram = 65535 - 20 - 8,
  slots = 8,
  slot_size = 65535 + 577,
};

struct cbaseline_limit {
  struct cbaseline_session *session;
  struct sockaddr_in group;
  struct protection *protection;
  size_t overhead;

  // The record that wolfSSL is given next.
  const uint8_t *input;
  size_t input_size;

  // The records that wait to be sent.
  uint8_t batch[largest_batch * largest_record];
  size_t batch_size, batch_count, segment_size;

  uint8_t slots[slots][slot_size];
};

static int seal(WOLFSSL *ssl, unsigned char *mac, const unsigned char *payload, unsigned int count, int type,
                int is_verifying, unsigned char *output, const unsigned char *input, unsigned int size, void *context) {
  (void)ssl, (void)mac, (void)payload, (void)type, (void)is_verifying, (void)input, (void)size;
  const struct cbaseline_limit *limit = context;
  return protection_seal(limit->protection, output, count);
}

static int open_record(WOLFSSL *ssl, unsigned char *output, const unsigned char *input, unsigned int size, int type,
                       int is_verifying, unsigned int *padding, void *context) {
  (void)ssl, (void)type, (void)is_verifying, (void)input;
  const struct cbaseline_limit *limit = context;
  *padding = protection_tag_size(limit->protection);
  return protection_open(limit->protection, output, size) == 0 ? 0 : VERIFY_MAC_ERROR;
}

static int take_record(WOLFSSL *ssl, char *buffer, int size, void *context) {
  (void)ssl;
  struct cbaseline_limit *limit = context;
  if (!limit->input || limit->input_size > (size_t)size) return WOLFSSL_CBIO_ERR_WANT_READ;
  memcpy(buffer, limit->input, limit->input_size);
  limit->input = NULL;
  return (int)limit->input_size;
}

static int capture_record(WOLFSSL *ssl, char *buffer, int size, void *context) {
  (void)ssl;
  struct cbaseline_limit *limit = context;
  memcpy(limit->batch + limit->batch_size, buffer, (size_t)size);
  limit->batch_size += (size_t)size;
  limit->batch_count++;
  limit->segment_size = (size_t)size;
  return size;
}

void cbaseline_free_limit(struct cbaseline_limit *limit) {
  cbaseline_free_session(limit->session);
  if (limit->protection) protection_free(limit->protection);
  free(limit);
}

static struct cbaseline_limit *make_limit(struct cbaseline_session *session, int is_sealing) {
  struct cbaseline_limit *limit = session ? calloc(1, sizeof *limit) : NULL;
  if (!limit) return NULL;
  limit->session = session;
  limit->protection = wolfSSL_GetAeadMacSize(session->ssl) > 0
                          ? protection_of_cipher(wolfSSL_GetClientWriteKey(session->ssl),
                                                 wolfSSL_GetClientWriteIV(session->ssl), is_sealing)
                          : protection_of_mac(wolfSSL_GetMacSecret(session->ssl, 0));
  if (!limit->protection) {
    cbaseline_free_limit(limit);
    return NULL;
  }
  limit->overhead = header_size + protection_tag_size(limit->protection);
  wolfSSL_SSLSetIORecv(session->ssl, take_record);
  wolfSSL_SSLSetIOSend(session->ssl, capture_record);
  wolfSSL_SetIOReadCtx(session->ssl, limit);
  wolfSSL_SetIOWriteCtx(session->ssl, limit);
  wolfSSL_CTX_SetMacEncryptCb(session->context, seal);
  wolfSSL_CTX_SetDecryptVerifyCb(session->context, open_record);
  wolfSSL_SetMacEncryptCtx(session->ssl, limit);
  wolfSSL_SetDecryptVerifyCtx(session->ssl, limit);
  return limit;
}

struct cbaseline_limit *cbaseline_limit_sender(uint8_t member, const char *suite_name, const uint8_t *suite, int socket,
                                               struct sockaddr_in group) {
  struct cbaseline_limit *limit = make_limit(cbaseline_make_session(member, 0, 0, suite_name, suite), 1);
  if (!limit) return NULL;
  limit->session->socket = socket;
  limit->group = group;
  return limit;
}

struct cbaseline_limit *cbaseline_limit_receiver(uint8_t member, int member_count, const char *suite_name,
                                                 const uint8_t *suite, int socket) {
  int reserved = wolfSSL_mcast_get_max_peers() - member_count;
  struct cbaseline_limit *limit =
      make_limit(cbaseline_make_session(member, member_count, reserved, suite_name, suite), 0);
  int on = 1;
  if (!limit || setsockopt(socket, SOL_UDP, UDP_GRO, &on, sizeof on) < 0) return NULL;
  limit->session->socket = socket;
  return limit;
}

int cbaseline_limit_flush(struct cbaseline_limit *limit) {
  if (limit->batch_count == 0) return 0;
  struct iovec buffer = {.iov_base = limit->batch, .iov_len = limit->batch_size};
  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(uint16_t))];
  } control = {.align = {.cmsg_level = SOL_UDP, .cmsg_type = UDP_SEGMENT, .cmsg_len = CMSG_LEN(sizeof(uint16_t))}};
  uint16_t segment = (uint16_t)limit->segment_size;
  memcpy(CMSG_DATA(&control.align), &segment, sizeof segment);
  struct msghdr message = {
      .msg_name = &limit->group,
      .msg_namelen = sizeof limit->group,
      .msg_iov = &buffer,
      .msg_iovlen = 1,
      .msg_control = &control,
      .msg_controllen = sizeof control,
  };
  ssize_t sent = sendmsg(limit->session->socket, &message, 0);
  limit->batch_size = limit->batch_count = 0;
  return sent < 0 ? -errno : 0;
}

int cbaseline_limit_write(struct cbaseline_limit *limit, const void *bytes, size_t count) {
  size_t record_size = count + limit->overhead;
  // One call sends segments of one size.
  if (limit->batch_count > 0 && (record_size != limit->segment_size || limit->batch_count == largest_batch ||
                                 limit->batch_size + record_size > largest_datagram)) {
    int result = cbaseline_limit_flush(limit);
    if (result < 0) return result;
  }
  int written = wolfSSL_write(limit->session->ssl, bytes, (int)count);
  return written == (int)count ? 0 : wolfSSL_get_error(limit->session->ssl, written);
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

// Sleeping and waking costs more than polling for datagrams right after a batch.
static void wait_for_more(int socket, int was_busy) {
  struct pollfd awaited = {.fd = socket, .events = POLLIN};
  if (was_busy) {
    uint64_t end = now() + 20000;
    do {
      if (poll(&awaited, 1, 0) > 0) return;
    } while (now() < end);
  }
  poll(&awaited, 1, -1);
}

int cbaseline_limit_receive(struct cbaseline_limit *limit, cbaseline_deliver deliver, void *context) {
  uint8_t payload[largest_record];
  struct mmsghdr headers[slots];
  struct iovec buffers[slots];
  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int))];
  } controls[slots];
  int was_busy = 0;
  for (;;) {
    wait_for_more(limit->session->socket, was_busy);
    memset(headers, 0, sizeof headers);
    for (int i = 0; i < slots; i++) {
      buffers[i] = (struct iovec){.iov_base = limit->slots[i], .iov_len = slot_size};
      headers[i].msg_hdr.msg_iov = &buffers[i];
      headers[i].msg_hdr.msg_iovlen = 1;
      headers[i].msg_hdr.msg_control = &controls[i];
      headers[i].msg_hdr.msg_controllen = sizeof controls[i];
    }
    int received = recvmmsg(limit->session->socket, headers, slots, MSG_DONTWAIT, NULL);
    if (received < 0 && errno == EAGAIN) continue;
    if (received < 0) return -errno;
    size_t taken = 0;
    for (int i = 0; i < received; i++) {
      size_t total = headers[i].msg_len;
      size_t segment = total;
      struct cmsghdr *control = CMSG_FIRSTHDR(&headers[i].msg_hdr);
      if (control && control->cmsg_level == SOL_UDP && control->cmsg_type == UDP_GRO) {
        int size;
        memcpy(&size, CMSG_DATA(control), sizeof size);
        segment = (size_t)size;
      }
      for (size_t start = 0; start < total; start += segment, taken++) {
        size_t size = total - start < segment ? total - start : segment;
        if (size <= limit->overhead) continue;
        limit->input = limit->slots[i] + start;
        limit->input_size = size;
        // Room for the payload only: wolfSSL clears slightly more than this size for each record.
        int count = wolfSSL_mcast_read(limit->session->ssl, NULL, payload, (int)(size - limit->overhead));
        if (count > 0) {
          deliver(context, payload, (size_t)count);
        } else if (wolfSSL_get_error(limit->session->ssl, count) != WOLFSSL_ERROR_WANT_READ) {
          return wolfSSL_get_error(limit->session->ssl, count);
        }
      }
    }
    was_busy = taken >= slots;
  }
}
