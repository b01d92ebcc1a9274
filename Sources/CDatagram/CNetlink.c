#define _GNU_SOURCE

#include "CNetlink.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

// Some kernel headers are too old to have these.
#ifndef NETLINK_GET_STRICT_CHK
#define NETLINK_GET_STRICT_CHK 12
#endif
enum { CARRIER_UP_COUNT = 47, ALT_IFNAME = 53, ALT_NAME_SIZE = 128, LINK_NETNSID = 37 };

int cnetlink_open(void) {
  int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (netlink < 0) return -errno;
  // The kernel then lists only the requested interface; older kernels list all.
  const int one = 1;
  setsockopt(netlink, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof one);
  // The kernel answers before send(2) returns. If it does not, the timeout ends the wait.
  const struct timeval patience = {.tv_sec = 1};
  setsockopt(netlink, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return netlink;
}

int cnetlink_open_changes(void) {
  int changes = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  if (changes < 0) return -errno;
  const struct sockaddr_nl address = {
      .nl_family = AF_NETLINK,
      .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
  };
  if (bind(changes, (const struct sockaddr *)&address, sizeof address) == 0) return changes;
  int code = errno;
  close(changes);
  return -code;
}

union answer {
  struct nlmsghdr header;
  char bytes[16384];
};

/// Returns the number of a message's interface; 0 if it has none.
static uint32_t subject(const struct nlmsghdr *message) {
  switch (message->nlmsg_type) {
  case RTM_NEWLINK:
  case RTM_DELLINK:
    if (message->nlmsg_len < NLMSG_LENGTH(sizeof(struct ifinfomsg))) return 0;
    return (uint32_t)((const struct ifinfomsg *)NLMSG_DATA(message))->ifi_index;
  case RTM_NEWADDR:
  case RTM_DELADDR:
    if (message->nlmsg_len < NLMSG_LENGTH(sizeof(struct ifaddrmsg))) return 0;
    return ((const struct ifaddrmsg *)NLMSG_DATA(message))->ifa_index;
  default:
    return 0;
  }
}

int cnetlink_take_changes(int changes, const uint32_t *interfaces, uint32_t count) {
  int has_changed = 0;
  union answer answer;
  // The limit ends the loop if changes arrive faster than we read.
  for (int left = 4096; left > 0; left--) {
    ssize_t received = recv(changes, &answer, sizeof answer, MSG_DONTWAIT | MSG_TRUNC);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0 && errno == EAGAIN) break;
    if (received < 0 && errno != ENOBUFS) return -errno;
    if (received < 0 || (size_t)received > sizeof answer) {
      has_changed = 1;
      continue;
    }
    for (const struct nlmsghdr *message = &answer.header; NLMSG_OK(message, received);
         message = NLMSG_NEXT(message, received)) {
      uint32_t index = subject(message);
      if (count == 0) has_changed = 1;
      for (uint32_t i = 0; i < count; i++) has_changed |= interfaces[i] == index;
    }
  }
  return has_changed;
}

/// A request: a header, the fixed part of its message type, and attributes.
struct question {
  union {
    struct nlmsghdr header;
    char bytes[NLMSG_SPACE(sizeof(struct rtmsg)) + 2 * RTA_SPACE(ALT_NAME_SIZE)];
  };
};

static void *begin(struct question *question, unsigned short type, unsigned short flags, size_t size) {
  memset(question, 0, sizeof *question);
  question->header.nlmsg_type = type;
  question->header.nlmsg_flags = NLM_F_REQUEST | flags;
  question->header.nlmsg_len = (uint32_t)NLMSG_LENGTH(size);
  return NLMSG_DATA(&question->header);
}

static void add(struct question *question, unsigned short type, const void *value, size_t size) {
  struct rtattr *attribute = (struct rtattr *)(question->bytes + NLMSG_ALIGN(question->header.nlmsg_len));
  attribute->rta_type = type;
  attribute->rta_len = (unsigned short)RTA_LENGTH(size);
  memcpy(RTA_DATA(attribute), value, size);
  question->header.nlmsg_len = NLMSG_ALIGN(question->header.nlmsg_len) + (uint32_t)RTA_ALIGN(attribute->rta_len);
}

/// Sends a request, and passes each message of the answer to `take`, which returns 0 to continue.
static int ask(int netlink, struct question *question, int (*take)(const struct nlmsghdr *message, void *context),
               void *context) {
  static _Atomic uint32_t last_sequence;
  const uint32_t sequence = ++last_sequence;
  question->header.nlmsg_seq = sequence;
  if (send(netlink, question, question->header.nlmsg_len, 0) < 0) return -errno;
  union answer answer;
  for (;;) {
    ssize_t received = recv(netlink, &answer, sizeof answer, MSG_TRUNC);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) return -errno;
    if ((size_t)received > sizeof answer) return -EMSGSIZE;
    for (const struct nlmsghdr *message = &answer.header; NLMSG_OK(message, received);
         message = NLMSG_NEXT(message, received)) {
      // A remnant of an earlier answer that timed out.
      if (message->nlmsg_seq != sequence) continue;
      if (message->nlmsg_type == NLMSG_DONE) return 0;
      if (message->nlmsg_type == NLMSG_ERROR) return ((const struct nlmsgerr *)NLMSG_DATA(message))->error;
      int result = take(message, context);
      if (result != 0 || !(message->nlmsg_flags & NLM_F_MULTI)) return result;
    }
  }
}

static uint32_t number(const struct rtattr *attribute) {
  uint32_t value = 0;
  if (RTA_PAYLOAD(attribute) >= sizeof value) memcpy(&value, RTA_DATA(attribute), sizeof value);
  return value;
}

static void text(const struct rtattr *attribute, char *text, size_t size) {
  size_t count = RTA_PAYLOAD(attribute) < size - 1 ? RTA_PAYLOAD(attribute) : size - 1;
  memset(text, 0, size);
  memcpy(text, RTA_DATA(attribute), count);
}

static int take_link(const struct nlmsghdr *message, void *context) {
  struct cnetlink_link *link = context;
  if (message->nlmsg_type != RTM_NEWLINK) return -EBADMSG;
  const struct ifinfomsg *info = NLMSG_DATA(message);
  int is_elsewhere = 0;
  memset(link, 0, sizeof *link);
  link->index = (uint32_t)info->ifi_index;
  link->flags = info->ifi_flags;
  int length = (int)IFLA_PAYLOAD(message);
  for (const struct rtattr *attribute = IFLA_RTA(info); RTA_OK(attribute, length);
       attribute = RTA_NEXT(attribute, length)) {
    switch (attribute->rta_type & NLA_TYPE_MASK) {
    case IFLA_IFNAME: text(attribute, link->name, sizeof link->name); break;
    case IFLA_LINK: link->below = number(attribute); break;
    case LINK_NETNSID: is_elsewhere = 1; break;
    case IFLA_MASTER: link->master = number(attribute); break;
    case CARRIER_UP_COUNT: link->carrier_ups = number(attribute); break;
    case IFLA_LINKINFO: {
      int rest = (int)RTA_PAYLOAD(attribute);
      for (const struct rtattr *nested = RTA_DATA(attribute); RTA_OK(nested, rest); nested = RTA_NEXT(nested, rest)) {
        if (nested->rta_type == IFLA_INFO_KIND) text(nested, link->kind, sizeof link->kind);
        if (nested->rta_type == IFLA_INFO_SLAVE_KIND) text(nested, link->port_kind, sizeof link->port_kind);
      }
      break;
    }
    }
  }
  // The other end of a veth is not a lower interface. A number of another namespace has no meaning here.
  if (is_elsewhere || link->below == link->index || strcmp(link->kind, "veth") == 0) link->below = 0;
  return 0;
}

static int find(int netlink, struct question *question, struct cnetlink_link *link) {
  // Skips the traffic counters, which we do not use.
  const uint32_t mask = RTEXT_FILTER_SKIP_STATS;
  add(question, IFLA_EXT_MASK, &mask, sizeof mask);
  link->index = 0;
  int result = ask(netlink, question, take_link, link);
  if (result < 0) return result;
  return link->index ? 0 : -ENODEV;
}

int cnetlink_find(int netlink, const char *name, struct cnetlink_link *link) {
  size_t size = strlen(name) + 1;
  if (size == 1 || size > ALT_NAME_SIZE) return -ENODEV;
  struct question question;
  begin(&question, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
  add(&question, size <= sizeof link->name ? IFLA_IFNAME : ALT_IFNAME, name, size);
  int result = find(netlink, &question, link);
  // A kernel without alternative names returns these errors.
  return result == -EINVAL || result == -ERANGE ? -ENODEV : result;
}

int cnetlink_find_number(int netlink, uint32_t index, struct cnetlink_link *link) {
  struct question question;
  struct ifinfomsg *info = begin(&question, RTM_GETLINK, 0, sizeof *info);
  info->ifi_index = (int)index;
  return find(netlink, &question, link);
}

struct address_list {
  struct cnetlink_address *list;
  uint32_t capacity, count, interface;
};

static int take_address(const struct nlmsghdr *message, void *context) {
  struct address_list *addresses = context;
  const struct ifaddrmsg *info = NLMSG_DATA(message);
  if (message->nlmsg_type != RTM_NEWADDR || info->ifa_index != addresses->interface) return 0;
  struct cnetlink_address found = {.flags = info->ifa_flags, .scope = info->ifa_scope};
  const struct rtattr *address = NULL, *local = NULL;
  int length = (int)IFA_PAYLOAD(message);
  for (const struct rtattr *attribute = IFA_RTA(info); RTA_OK(attribute, length);
       attribute = RTA_NEXT(attribute, length)) {
    if (attribute->rta_type == IFA_ADDRESS) address = attribute;
    if (attribute->rta_type == IFA_LOCAL) local = attribute;
    if (attribute->rta_type == IFA_FLAGS) found.flags = number(attribute);
  }
  // On a point-to-point link, IFA_ADDRESS is the other end's.
  if (local) address = local;
  if (!address) return 0;
  if (info->ifa_family == AF_INET && RTA_PAYLOAD(address) >= sizeof found.address.ipv4.sin_addr) {
    found.address.ipv4.sin_family = AF_INET;
    memcpy(&found.address.ipv4.sin_addr, RTA_DATA(address), sizeof found.address.ipv4.sin_addr);
  } else if (info->ifa_family == AF_INET6 && RTA_PAYLOAD(address) >= sizeof found.address.ipv6.sin6_addr) {
    found.address.ipv6.sin6_family = AF_INET6;
    memcpy(&found.address.ipv6.sin6_addr, RTA_DATA(address), sizeof found.address.ipv6.sin6_addr);
    found.address.ipv6.sin6_scope_id = info->ifa_index;
  } else {
    return 0;
  }
  if (addresses->count < addresses->capacity) addresses->list[addresses->count] = found;
  addresses->count++;
  return 0;
}

int cnetlink_addresses(int netlink, int family, uint32_t interface, struct cnetlink_address *list, uint32_t capacity) {
  struct question question;
  struct ifaddrmsg *info = begin(&question, RTM_GETADDR, NLM_F_DUMP, sizeof *info);
  info->ifa_family = (unsigned char)family;
  info->ifa_index = interface;
  struct address_list addresses = {.list = list, .capacity = capacity, .interface = interface};
  int result = ask(netlink, &question, take_address, &addresses);
  return result < 0 ? result : (int)addresses.count;
}

static int take_route(const struct nlmsghdr *message, void *context) {
  if (message->nlmsg_type != RTM_NEWROUTE) return -EBADMSG;
  const struct rtmsg *route = NLMSG_DATA(message);
  int length = (int)RTM_PAYLOAD(message);
  for (const struct rtattr *attribute = RTM_RTA(route); RTA_OK(attribute, length);
       attribute = RTA_NEXT(attribute, length)) {
    if (attribute->rta_type == RTA_OIF) *(uint32_t *)context = number(attribute);
  }
  return 0;
}

int cnetlink_route(int netlink, const union cdatagram_address *destination, uint32_t interface) {
  const int is_ipv6 = destination->any.sa_family == AF_INET6;
  struct question question;
  struct rtmsg *route = begin(&question, RTM_GETROUTE, 0, sizeof *route);
  route->rtm_family = (unsigned char)destination->any.sa_family;
  route->rtm_dst_len = is_ipv6 ? 128 : 32;
  if (is_ipv6)
    add(&question, RTA_DST, &destination->ipv6.sin6_addr, sizeof destination->ipv6.sin6_addr);
  else
    add(&question, RTA_DST, &destination->ipv4.sin_addr, sizeof destination->ipv4.sin_addr);
  if (interface) add(&question, RTA_OIF, &interface, sizeof interface);
  uint32_t found = 0;
  int result = ask(netlink, &question, take_route, &found);
  if (result < 0) return result;
  return found ? (int)found : -ENETUNREACH;
}
