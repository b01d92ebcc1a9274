import Testing

@testable import MulticastDTLS

@Suite("Probe datagrams of doctor, received by a peer")
struct ProbeDatagramTests {
  private let start = BootInstant.now
  private let own = Endpoint(IPAddress(ipv4: 0x7F00_0001), port: 5000)

  private func isProbe(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return ProbeDatagram.isProbe(bytes.span)
  }

  @Test("a probe is recognised by its form, and no two are the same")
  func form() {
    let probes = (0..<100).map { _ in ProbeDatagram.make() }
    for probe in probes {
      let isProbe = ProbeDatagram.isProbe(probe.span)
      #expect(isProbe)
    }
    #expect(Set(probes).count == 100)
    for text in [
      "", "mcast-peer doctor", "mcast-peer doctor ", "mcast-peer doctor x", "mcast-peer doctor 1 ",
      "mcast-peer Doctor 1",
      "mcast-peer doctor 123456789012345678901", " mcast-peer doctor 1", "\u{17}\u{FE}\u{FD}",
    ] { #expect(!isProbe(text), "\(text)") }
  }

  /// True if the probe counts as sent by this machine.
  private func isOwn(_ probe: inout ProbeDatagram, _ text: String?, from source: Endpoint, after time: Duration) -> Bool
  {
    let datagram = text.map { Array($0.utf8) } ?? ProbeDatagram.make()
    return probe.isOwn(datagram.span, from: source, now: start + time)
  }

  @Test("a probe is our machine's own if its source is an address of the machine")
  func source() {
    var probe = ProbeDatagram()
    for (other, isExpected) in [
      ("127.0.0.1", true), ("192.0.2.99", false), ("2001:db8::99", false),
      // A machine with no address except loopback sends from 0.0.0.0.
      ("0.0.0.0", true),
    ] {
      guard let address = IPAddress(other) else { continue }
      let isOurs = isOwn(&probe, nil, from: Endpoint(address, port: 5000), after: .zero)
      #expect(isOurs == isExpected, "\(other)")
    }
    let text = isOwn(&probe, "hello", from: own, after: .seconds(4))
    #expect(!text)
  }

  @Test("in a flood of probes, four a second are checked, and the others count as foreign")
  func flood() {
    var probe = ProbeDatagram()
    let counts = [Duration.seconds(10), .seconds(10.5), .seconds(11)].map { time in
      (0..<1000).reduce(0) { count, _ in count + (isOwn(&probe, nil, from: own, after: time) ? 1 : 0) }
    }
    #expect(counts == [4, 0, 4])
  }
}
