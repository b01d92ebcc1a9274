#define _GNU_SOURCE  // recvmmsg, sendmmsg

#include "CDatagram.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/if_packet.h>
#include <linux/sock_diag.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static socklen_t address_size(const union cdatagram_address *address) {
  return address->any.sa_family == AF_INET6 ? sizeof address->ipv6 : sizeof address->ipv4;
}

int cdatagram_socket(int family) {
  int descriptor = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  return descriptor < 0 ? -errno : descriptor;
}

int cdatagram_bind(int socket, const union cdatagram_address *address) {
  return bind(socket, &address->any, address_size(address)) < 0 ? -errno : 0;
}

int cdatagram_port(int socket) {
  union cdatagram_address address;
  socklen_t size = sizeof address;
  if (getsockname(socket, &address.any, &size) < 0) return -errno;
  return ntohs(address.any.sa_family == AF_INET6 ? address.ipv6.sin6_port : address.ipv4.sin_port);
}

static int level(const union cdatagram_address *group) {
  return group->any.sa_family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
}

int cdatagram_join(int socket, uint32_t interface, const union cdatagram_address *group,
                   const union cdatagram_address *source) {
  if (source) {
    struct group_source_req request = {.gsr_interface = interface};
    memcpy(&request.gsr_group, group, address_size(group));
    memcpy(&request.gsr_source, source, address_size(source));
    return setsockopt(socket, level(group), MCAST_JOIN_SOURCE_GROUP, &request, sizeof request) < 0 ? -errno : 0;
  }
  struct group_req request = {.gr_interface = interface};
  memcpy(&request.gr_group, group, address_size(group));
  return setsockopt(socket, level(group), MCAST_JOIN_GROUP, &request, sizeof request) < 0 ? -errno : 0;
}

int cdatagram_leave(int socket, uint32_t interface, const union cdatagram_address *group) {
  struct group_req request = {.gr_interface = interface};
  memcpy(&request.gr_group, group, address_size(group));
  return setsockopt(socket, level(group), MCAST_LEAVE_GROUP, &request, sizeof request) < 0 ? -errno : 0;
}

// Space for a source address (ipv6(7), IPV6_PKTINFO) and the size of segments (udp(7), UDP_SEGMENT).
union send_control {
  struct cmsghdr align;
  char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(uint16_t))];
};

static void add_control(struct msghdr *message, int level, int type, const void *value, size_t size) {
  struct cmsghdr *control = (struct cmsghdr *)((char *)message->msg_control + message->msg_controllen);
  control->cmsg_level = level;
  control->cmsg_type = type;
  control->cmsg_len = CMSG_LEN(size);
  memcpy(CMSG_DATA(control), value, size);
  message->msg_controllen += CMSG_SPACE(size);
}

static void add_source(struct msghdr *message, const union cdatagram_address *source) {
  const struct in6_pktinfo info = {.ipi6_addr = source->ipv6.sin6_addr, .ipi6_ifindex = source->ipv6.sin6_scope_id};
  add_control(message, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
}

static int send_message(int socket, const struct msghdr *message) {
  ssize_t sent;
  do {
    sent = sendmsg(socket, message, MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : 0;
}

int cdatagram_send(int socket, const void *bytes, size_t count, const union cdatagram_address *destination,
                   const union cdatagram_address *source) {
  // Only sendmsg(2) can set a source.
  if (source) return cdatagram_send_segments(socket, bytes, count, 0, destination, source);
  ssize_t sent;
  do {
    sent = sendto(socket, bytes, count, MSG_DONTWAIT, &destination->any, address_size(destination));
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : 0;
}

int cdatagram_send_segments(int socket, const void *bytes, size_t count, uint16_t segment,
                            const union cdatagram_address *destination, const union cdatagram_address *source) {
  struct iovec buffer = {.iov_base = (void *)bytes, .iov_len = count};
  union send_control control = {0};
  struct msghdr message = {
      .msg_name = (void *)destination,
      .msg_namelen = address_size(destination),
      .msg_iov = &buffer,
      .msg_iovlen = 1,
      .msg_control = &control,
  };
  if (segment) add_control(&message, SOL_UDP, UDP_SEGMENT, &segment, sizeof segment);
  if (source) add_source(&message, source);
  return send_message(socket, &message);
}

int cdatagram_send_many(int socket, const void *bytes, const uint16_t *sizes, uint32_t count,
                        const union cdatagram_address *destination, const union cdatagram_address *source) {
  struct mmsghdr headers[CDATAGRAM_SEND_BATCH];
  struct iovec buffers[CDATAGRAM_SEND_BATCH];
  // The kernel only reads it, so all messages can share it.
  union send_control control = {0};
  struct msghdr controlled = {.msg_control = &control};
  if (source) add_source(&controlled, source);
  if (count > CDATAGRAM_SEND_BATCH) count = CDATAGRAM_SEND_BATCH;

  memset(headers, 0, sizeof headers);
  const char *next = bytes;
  for (uint32_t i = 0; i < count; i++) {
    buffers[i] = (struct iovec){.iov_base = (void *)next, .iov_len = sizes[i]};
    headers[i].msg_hdr.msg_iov = &buffers[i];
    headers[i].msg_hdr.msg_iovlen = 1;
    headers[i].msg_hdr.msg_name = (void *)destination;
    headers[i].msg_hdr.msg_namelen = address_size(destination);
    if (source) {
      headers[i].msg_hdr.msg_control = controlled.msg_control;
      headers[i].msg_hdr.msg_controllen = controlled.msg_controllen;
    }
    next += sizes[i];
  }

  int sent;
  do {
    sent = sendmmsg(socket, headers, count, MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : sent;
}

int cdatagram_wait_to_send(int socket, int milliseconds) {
  struct pollfd awaited = {.fd = socket, .events = POLLOUT};
  return poll(&awaited, 1, milliseconds) > 0;
}

int cdatagram_enable_gro(int socket) {
  const int one = 1;
  return setsockopt(socket, SOL_UDP, UDP_GRO, &one, sizeof one) < 0 ? -errno : 0;
}

int cdatagram_discard_own(int socket, uint16_t port) {
  // This host's datagrams come back by the loopback interface, or by the sending interface, marked as looped.
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, SKF_AD_OFF + SKF_AD_PKTTYPE),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_LOOPBACK, 2, 0),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, SKF_AD_OFF + SKF_AD_HATYPE),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARPHRD_LOOPBACK, 0, 2),
      // The UDP header begins with the source port. No two sockets of a host send from the same port.
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
  return setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0 ? -errno : 0;
}

int cdatagram_receive_buffer(int socket, int bytes) {
  // SO_RCVBUFFORCE ignores net.core.rmem_max, and needs CAP_NET_ADMIN.
  if (setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  int granted = 0;
  socklen_t size = sizeof granted;
  if (getsockopt(socket, SOL_SOCKET, SO_RCVBUF, &granted, &size) < 0) return -errno;
  // The kernel doubles the size for its own needs, and returns the doubled value: socket(7).
  return granted / 2;
}

int64_t cdatagram_dropped(int socket) {
  uint32_t memory[SK_MEMINFO_VARS] = {0};
  socklen_t size = sizeof memory;
  if (getsockopt(socket, SOL_SOCKET, SO_MEMINFO, memory, &size) < 0) return -errno;
  return memory[SK_MEMINFO_DROPS];
}

// Reads a datagram's control messages: the size of the joined datagrams (udp(7), UDP_GRO), and the receiving interface
// and destination (ip(7), IP_PKTINFO; ipv6(7), IPV6_PKTINFO).
static void read_controls(struct msghdr *message, struct cdatagram_slot *slot) {
  slot->segment = 0;
  slot->interface = 0;
  memset(&slot->destination, 0, sizeof slot->destination);
  for (struct cmsghdr *control = CMSG_FIRSTHDR(message); control; control = CMSG_NXTHDR(message, control)) {
    if (control->cmsg_level == SOL_UDP && control->cmsg_type == UDP_GRO) {
      int size;
      memcpy(&size, CMSG_DATA(control), sizeof size);
      slot->segment = size > 0 ? (uint32_t)size : 0;
    } else if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
      struct in_pktinfo info;
      memcpy(&info, CMSG_DATA(control), sizeof info);
      slot->interface = (uint32_t)info.ipi_ifindex;
      slot->destination.ipv4.sin_family = AF_INET;
      slot->destination.ipv4.sin_addr = info.ipi_addr;
    } else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
      struct in6_pktinfo info;
      memcpy(&info, CMSG_DATA(control), sizeof info);
      slot->interface = info.ipi6_ifindex;
      slot->destination.ipv6.sin6_family = AF_INET6;
      slot->destination.ipv6.sin6_addr = info.ipi6_addr;
    }
  }
}

int cdatagram_receive(int socket, struct cdatagram_slot *slots, uint32_t slot_count) {
  struct mmsghdr headers[CDATAGRAM_BATCH];
  struct iovec buffers[CDATAGRAM_BATCH];
  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct in6_pktinfo))];
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
    read_controls(&headers[i].msg_hdr, &slots[i]);
  }
  return received;
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

int cdatagram_name_thread(const char *name) {
  return prctl(PR_SET_NAME, (unsigned long)name, 0UL, 0UL, 0UL) < 0 ? -errno : 0;
}

int cdatagram_set_dumpable(int is_dumpable) {
  return prctl(PR_SET_DUMPABLE, (unsigned long)is_dumpable, 0UL, 0UL, 0UL) < 0 ? -errno : 0;
}

int cdatagram_tap(int family, uint32_t interface) {
  struct sockaddr_ll address = {
      .sll_family = AF_PACKET,
      .sll_protocol = htons(family == AF_INET6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP),
      .sll_ifindex = (int)interface,
  };
  // Without a protocol, the socket receives nothing until bind.
  int descriptor = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -errno;
  if (bind(descriptor, (struct sockaddr *)&address, sizeof address) == 0) return descriptor;
  int code = errno;
  close(descriptor);
  return -code;
}

/// Returns whether a packet is an unfragmented UDP datagram to a group's address and port.
static int is_for_group(const uint8_t *packet, size_t count, const union cdatagram_address *group) {
  struct udphdr udp;
  if (group->any.sa_family == AF_INET6) {
    struct ip6_hdr header;
    if (count < sizeof header + sizeof udp) return 0;
    memcpy(&header, packet, sizeof header);
    memcpy(&udp, packet + sizeof header, sizeof udp);
    return header.ip6_nxt == IPPROTO_UDP && udp.uh_dport == group->ipv6.sin6_port &&
           memcmp(&header.ip6_dst, &group->ipv6.sin6_addr, sizeof header.ip6_dst) == 0;
  }
  struct iphdr header;
  if (count < sizeof header) return 0;
  memcpy(&header, packet, sizeof header);
  size_t start = header.ihl * 4u;
  if (start < sizeof header || count < start + sizeof udp) return 0;
  memcpy(&udp, packet + start, sizeof udp);
  return header.protocol == IPPROTO_UDP && udp.uh_dport == group->ipv4.sin_port &&
         header.daddr == group->ipv4.sin_addr.s_addr;
}

int cdatagram_tap_count(int tap, const union cdatagram_address *group) {
  int total = 0;
  uint8_t packet[128];
  // The limit ends the loop if a flood arrives faster than we read.
  for (int left = 100000; left > 0; left--) {
    struct sockaddr_ll from;
    socklen_t size = sizeof from;
    ssize_t count = recvfrom(tap, packet, sizeof packet, MSG_DONTWAIT, (struct sockaddr *)&from, &size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;
    total += from.sll_pkttype != PACKET_OUTGOING && is_for_group(packet, (size_t)count, group);
  }
  return total;
}

int cdatagram_birth(int file, int64_t *seconds, uint32_t *nanoseconds, uint64_t *inode) {
  struct statx status;
  if (statx(file, "", AT_EMPTY_PATH, STATX_BTIME | STATX_INO, &status) < 0) return -errno;
  if (!(status.stx_mask & STATX_BTIME)) return -ENOTSUP;
  *seconds = status.stx_btime.tv_sec;
  *nanoseconds = status.stx_btime.tv_nsec;
  *inode = status.stx_ino;
  return 0;
}

int64_t cdatagram_file_system(const char *path) {
  struct statfs status;
  return statfs(path, &status) < 0 ? -errno : (int64_t)(unsigned long)status.f_type;
}
