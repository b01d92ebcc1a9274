import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import mcast_peer

@Suite("The settings of the service, for other commands")
struct ServiceSettingTests {
  private func values(_ text: String) -> [String] {
    (try? EnvironmentFile(Array(text.utf8)))?.variables.map { "\($0.name)=\($0.value)" } ?? ["unreadable"]
  }

  @Test("a file of settings is read as systemd reads it")
  func syntax() {
    #expect(values("A=1\nB=\n# C=2\n ; D=3\n  E = x y \n\nno assignment\nF=a=b") == ["A=1", "B=", "E=x y", "F=a=b"])
    #expect(
      values("A=\"x y \"\nB='it''s'\nC=\"a\\\"b\\\\ \\n\"\nD='a\\b'\nE=\"two\nlines\"") == [
        "A=x y ", "B=its", "C=a\"b\\ \\n", "D=a\\b", "E=two\nlines",
      ])
    #expect(values("A=one \\\n  two\nB=a\\ b\\\\\nC='open") == ["A=one   two", "B=a b\\", "C=open"])
    #expect(values("1A=x\nA-B=x\n=x\nÄ=x\nA=\r\n") == ["A="])
    #expect(values("A=1\nA=2") == ["A=1", "A=2"])
    #expect(values("A=Bob's robot\nB=1") == ["A=Bob's robot", "B=1"])
    #expect(values("A=\"0\" \"-2\" 'x'y 'z'\rB=x\\\r\nC=1") == ["A=0-2xy 'z'", "B=x", "C=1"])
    #expect(values("# a \\\nA=1\nB=\"x\\") == ["B=x"])
    #expect(values("=A\nB=1\n==x=y\nC = 2") == ["B=1", "C=2"])
    #expect(values("A=1\nB=\u{0}") == ["unreadable"])
    #expect((try? EnvironmentFile(Array("# ".utf8) + [0xE4] + Array("\nA=1".utf8)))?.variables.count == 1)
    #expect((try? EnvironmentFile(Array("A=".utf8) + [0xE4])) == nil)
    #expect(values("") == [] && values("\n \n") == [] && values("A=\\") == ["A="])
  }

  @Test("a unit's own settings come after the shared ones, and its secret and state are the service's")
  func unit() throws {
    let directory = TemporaryDirectory()
    directory.write("MCAST_PEER_INTERFACE=eth0\nMCAST_PEER_ENCRYPT=1\nOTHER=2\n", to: "environment")
    directory.write("MCAST_PEER_INTERFACE=eth1\n", to: "7.environment")
    var settings = ServiceSettings()
    (settings.directory, settings.stateDirectory) = (FilePath(directory.path), "/var/lib/somewhere")
    func all(_ variables: [EnvironmentFile.Variable]) -> [String: String] {
      Dictionary(variables.map { ($0.name, $0.value) }) { $1 }
    }
    #expect(
      all(try settings.variables(of: 7)) == [
        "MCAST_PEER_SECRET_FILE": "\(directory.path)/secret", "MCAST_PEER_NODE_ID": "7",
        "MCAST_PEER_STATE_DIR": "/var/lib/somewhere/7", "MCAST_PEER_LISTEN": "1", "MCAST_PEER_INTERFACE": "eth1",
        "MCAST_PEER_ENCRYPT": "1",
      ])
    #expect(
      all(try settings.variables(of: nil)) == [
        "MCAST_PEER_SECRET_FILE": "\(directory.path)/secret", "MCAST_PEER_INTERFACE": "eth0", "MCAST_PEER_ENCRYPT": "1",
      ])
    try Data([0xFF, 0x3D]).write(to: URL(filePath: "\(directory.path)/7.environment"))
    #expect(throws: (any Error).self) { try settings.variables(of: 7) }
  }
}
