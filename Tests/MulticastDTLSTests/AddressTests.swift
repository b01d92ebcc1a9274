import CDatagram
import Glibc
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Addresses")
struct AddressTests {
  @Test(
    "an address is written as in RFC 5952, and the text reads back as the same address",
    arguments: [
      ("192.0.2.7", "192.0.2.7"), ("2001:DB8:0:0:0:0:0:7", "2001:db8::7"), ("::1", "::1"), ("::", "::"),
      ("ff15:0:0:1:0:0:0:1", "ff15:0:0:1::1"), ("::ffff:192.0.2.7", "192.0.2.7"), ("fe80::1%lo", "fe80::1%lo"),
      ("fe80::1%1", "fe80::1%lo"), ("fe80::1", "fe80::1"),
    ])
  func description(text: String, expected: String) throws {
    let address = try #require(IPAddress(text))
    #expect(address.description == expected)
    #expect(IPAddress(expected) == address)
  }

  @Test(
    "any other text is no address",
    arguments: [
      "", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.04x", " 1.2.3.4", "1.2.3.4%lo", "::g", "1::2::3", "fe80::1%",
      "fe80::1%no-such-interface", "2001:db8::1%lo", "localhost", "[::1]",
    ])
  func none(text: String) {
    #expect(IPAddress(text) == nil)
  }

  @Test("groups and unicast addresses of both families are told apart")
  func kinds() {
    let groups = ["224.0.0.0", "239.255.255.255", "ff00::", "ff02::1", "ffff::"]
    let single = ["223.255.255.255", "240.0.0.0", "255.255.255.255", "0.0.0.0", "::", "fe80::1", "feff::1", "::1"]
    for text in groups { #expect(IPAddress(text)?.isMulticast == true, "\(text)") }
    for text in single { #expect(IPAddress(text)?.isMulticast == false, "\(text)") }
    for text in groups + single { #expect(IPAddress(text)?.isIPv4 == !text.contains(":"), "\(text)") }
    let zoned = ["fe80::1", "febf::1", "ff01::1", "ff02::1", "ff12::1"]
    for text in zoned { #expect(IPAddress(text)?.hasZone == true, "\(text)") }
    for text in ["fec0::1", "ff05::1", "ff15::1", "ff00::1", "::1", "239.255.0.1"] {
      #expect(IPAddress(text)?.hasZone == false, "\(text)")
    }
  }

  @Test("an endpoint is written as address and port, with brackets around IPv6")
  func endpoint() throws {
    #expect(Endpoint(try #require(IPAddress("192.0.2.7")), port: 5000).description == "192.0.2.7:5000")
    #expect(Endpoint(try #require(IPAddress("2001:db8::7")), port: 5000).description == "[2001:db8::7]:5000")
    #expect(Endpoint(try #require(IPAddress("fe80::7%lo")), port: 5000).description == "[fe80::7%lo]:5000")
  }

  @Test("a socket address keeps its IP address and port", arguments: ["192.0.2.7", "2001:db8::7", "fe80::7%lo"])
  func socketAddress(text: String) throws {
    let address = try #require(IPAddress(text))
    #expect(SocketAddress(address, port: 5000).endpoint == Endpoint(address, port: 5000))
  }

  @Test(
    "an interface is found by its name, its index or its IPv4 address", arguments: ["lo", "1", "127.0.0.1"])
  func interface(text: String) throws {
    let interface = try NetworkInterface(text)
    #expect(interface.name == "lo" && interface.index == 1)
    #expect(interface.address == (text == "127.0.0.1" ? IPAddress("127.0.0.1") : nil))
    #expect(loopback.index == 1 && loopback.isLoopback)
  }

  @Test(
    "an interface is found by its IPv6 address", .enabled(if: access("/proc/net/if_inet6", F_OK) == 0, "needs IPv6"))
  func interfaceByIPv6() throws {
    let interface = try NetworkInterface("::1")
    #expect(interface.name == "lo" && interface.address == IPAddress("::1"))
  }

  @Test("a socket needs an interface, and sources of the same address family as its group")
  func unfit() throws {
    let error = #expect(throws: NetworkError.self) {
      try MulticastSocket(
        group: GroupAddress("239.255.0.1"), interfaces: [], sources: [], timeToLive: 0, multicastLoopback: true)
    }
    #expect(error?.description.contains("no interface") == true)
    let other = #expect(throws: NetworkError.self) {
      try MulticastSocket(
        group: makeTestGroup(), interfaces: [loopback], sources: [#require(IPAddress("::1"))], timeToLive: 0,
        multicastLoopback: true)
    }
    #expect(other?.description.contains("::1 cannot send to 239.") == true)
  }
}
