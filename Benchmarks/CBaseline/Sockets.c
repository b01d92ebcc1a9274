#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "CBaseline.h"

static int close_failed(int descriptor) {
  int error = errno;
  close(descriptor);
  return -error;
}

int cbaseline_sending_socket(void) {
  int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -errno;
  unsigned char ttl = 0;
  struct in_addr loopback = {.s_addr = htonl(INADDR_LOOPBACK)};
  if (setsockopt(descriptor, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof ttl) < 0 ||
      setsockopt(descriptor, IPPROTO_IP, IP_MULTICAST_IF, &loopback, sizeof loopback) < 0) {
    return close_failed(descriptor);
  }
  return descriptor;
}

int cbaseline_receiving_socket(struct sockaddr_in group, int buffer_size) {
  int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -errno;
  int on = 1;
  struct ip_mreq membership = {.imr_multiaddr = group.sin_addr, .imr_interface = {.s_addr = htonl(INADDR_LOOPBACK)}};
  if (setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
      bind(descriptor, (const struct sockaddr *)&group, sizeof group) < 0 ||
      setsockopt(descriptor, IPPROTO_IP, IP_ADD_MEMBERSHIP, &membership, sizeof membership) < 0) {
    return close_failed(descriptor);
  }
  cbaseline_set_receive_buffer(descriptor, buffer_size);
  return descriptor;
}

int cbaseline_set_receive_buffer(int socket, int size) {
  if (setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0) {
    setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  }
  int granted = 0;
  socklen_t length = sizeof granted;
  return getsockopt(socket, SOL_SOCKET, SO_RCVBUF, &granted, &length) < 0 ? 0 : granted;
}
