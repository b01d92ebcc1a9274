#include <errno.h>
#include <sys/socket.h>

#include "CBaseline.h"

int cbaseline_plain_send(int socket, struct sockaddr_in group, const void *bytes, size_t count) {
  ssize_t sent = sendto(socket, bytes, count, 0, (const struct sockaddr *)&group, sizeof group);
  return sent < 0 ? -errno : 0;
}

int cbaseline_plain_receive(int socket, cbaseline_deliver deliver, void *context) {
  uint8_t buffer[1500];
  for (;;) {
    ssize_t count = recv(socket, buffer, sizeof buffer, 0);
    if (count < 0) return -errno;
    deliver(context, buffer, (size_t)count);
  }
}
