import Testing

@testable import MulticastDTLS

@Suite("Interfaces")
struct NetworkInterfaceTests {
  @Test("loopback is found by its name and by its address", arguments: ["lo", "127.0.0.1"])
  func found(text: String) throws {
    let interface = try NetworkInterface(text)
    #expect(interface.name == "lo")
    #expect(interface.index == 1)
  }

  @Test(
    "the error for an unknown interface lists the existing ones",
    arguments: ["nope9", "192.0.2.77", "", "239.255.0.1"])
  func missing(text: String) {
    let error = #expect(throws: NetworkError.self) { try NetworkInterface(text) }
    #expect(error?.description.contains("lo") == true)
  }
}
