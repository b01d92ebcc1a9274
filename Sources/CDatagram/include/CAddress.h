// Socket addresses.
#ifndef CADDRESS_H
#define CADDRESS_H

#include <netinet/in.h>

/// An address of either family, as the socket calls take it. The field `sa_family` has the family.
union cdatagram_address {
  struct sockaddr any;
  struct sockaddr_in ipv4;
  struct sockaddr_in6 ipv6;
};

#endif
