import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("The place of the state")
struct StateDirectoryTests {
  @Test("systemd's directory comes first, then XDG_STATE_HOME, then the home directory")
  func order() throws {
    func path(_ state: String?, _ xdg: String?, _ home: String?) throws -> String {
      try StateDirectory.standard(stateDirectory: state, stateHome: xdg, home: home).path
    }
    #expect(try path("/var/lib/a:/var/lib/b", "/x", "/h") == "/var/lib/a")
    #expect(try path(nil, "/x", "/h") == "/x/mcast-peer")
    #expect(try path("", "relative", "/h") == "/h/.local/state/mcast-peer")
    let error = #expect(throws: StateError.self) { try path(nil, nil, nil) }
    #expect(error?.description.contains("give an epoch") == true)
  }
}
