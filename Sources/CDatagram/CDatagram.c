#define _GNU_SOURCE  // recvmmsg

#include "CDatagram.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

int cdatagram_socket(void) {
  int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  return descriptor < 0 ? -errno : descriptor;
}

int cdatagram_send(int socket, const void *bytes, size_t count, struct sockaddr_in destination) {
  ssize_t sent;
  do {
    sent = sendto(socket, bytes, count, MSG_DONTWAIT, (const struct sockaddr *)&destination, sizeof destination);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : 0;
}

// What the kernel says of the datagrams that it dropped before this one: socket(7), SO_RXQ_OVFL.
static uint32_t dropped_before(struct msghdr *message) {
  uint32_t dropped = 0;
  for (struct cmsghdr *control = CMSG_FIRSTHDR(message); control; control = CMSG_NXTHDR(message, control)) {
    if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SO_RXQ_OVFL)
      memcpy(&dropped, CMSG_DATA(control), sizeof dropped);
  }
  return dropped;
}

int cdatagram_receive(int socket, struct cdatagram_slot *slots, uint32_t slot_count) {
  struct mmsghdr headers[CDATAGRAM_BATCH];
  struct iovec buffers[CDATAGRAM_BATCH];
  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(uint32_t))];
  } controls[CDATAGRAM_BATCH];
  if (slot_count > CDATAGRAM_BATCH) slot_count = CDATAGRAM_BATCH;

  memset(headers, 0, sizeof headers);
  for (uint32_t i = 0; i < slot_count; i++) {
    buffers[i] = (struct iovec){.iov_base = slots[i].bytes, .iov_len = slots[i].capacity};
    headers[i].msg_hdr.msg_iov = &buffers[i];
    headers[i].msg_hdr.msg_iovlen = 1;
    headers[i].msg_hdr.msg_name = &slots[i].source;
    headers[i].msg_hdr.msg_namelen = sizeof slots[i].source;
    headers[i].msg_hdr.msg_control = &controls[i];
    headers[i].msg_hdr.msg_controllen = sizeof controls[i];
  }

  int received;
  do {
    received = recvmmsg(socket, headers, slot_count, MSG_DONTWAIT, NULL);
  } while (received < 0 && errno == EINTR);
  if (received < 0) return -errno;

  for (int i = 0; i < received; i++) {
    slots[i].count = headers[i].msg_len;
    slots[i].dropped = dropped_before(&headers[i].msg_hdr);
  }
  return received;
}

static int route_interface(int netlink, struct in_addr destination) {
  struct {
    struct nlmsghdr header;
    struct rtmsg route;
    struct rtattr attribute;
    struct in_addr destination;
  } request = {
      .header = {.nlmsg_len = sizeof request, .nlmsg_type = RTM_GETROUTE, .nlmsg_flags = NLM_F_REQUEST},
      .route = {.rtm_family = AF_INET, .rtm_dst_len = 32},
      .attribute = {.rta_len = RTA_LENGTH(sizeof destination), .rta_type = RTA_DST},
      .destination = destination,
  };
  if (send(netlink, &request, sizeof request, 0) < 0) return -errno;

  union {
    struct nlmsghdr header;
    char bytes[4096];
  } answer;
  ssize_t received;
  do {
    received = recv(netlink, &answer, sizeof answer, 0);
  } while (received < 0 && errno == EINTR);
  if (received < 0) return -errno;

  if (!NLMSG_OK(&answer.header, received)) return -EBADMSG;
  if (answer.header.nlmsg_type == NLMSG_ERROR) return ((struct nlmsgerr *)NLMSG_DATA(&answer.header))->error;
  if (answer.header.nlmsg_type != RTM_NEWROUTE) return -EBADMSG;
  int length = RTM_PAYLOAD(&answer.header);
  for (struct rtattr *attribute = RTM_RTA((struct rtmsg *)NLMSG_DATA(&answer.header)); RTA_OK(attribute, length);
       attribute = RTA_NEXT(attribute, length)) {
    if (attribute->rta_type == RTA_OIF) return *(int *)RTA_DATA(attribute);
  }
  return -ENETUNREACH;
}

int cdatagram_route_interface(struct in_addr destination) {
  int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (netlink < 0) return -errno;
  int result = route_interface(netlink, destination);
  close(netlink);
  return result;
}

int cdatagram_event(void) {
  int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return event < 0 ? -errno : event;
}

int cdatagram_event_signal(int event) {
  const uint64_t one = 1;
  ssize_t written;
  do {
    written = write(event, &one, sizeof one);
  } while (written < 0 && errno == EINTR);
  return written < 0 ? -errno : 0;
}

int cdatagram_event_clear(int event) {
  uint64_t count;
  ssize_t result;
  do {
    result = read(event, &count, sizeof count);
  } while (result < 0 && errno == EINTR);
  return result < 0 ? -errno : 0;
}

int cdatagram_set_dumpable(int is_dumpable) {
  return prctl(PR_SET_DUMPABLE, (unsigned long)is_dumpable, 0UL, 0UL, 0UL) < 0 ? -errno : 0;
}
