import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Rules for the owners and modes of state files")
struct StateRulesTests {
  private let scratch = TemporaryDirectory()
  private var directory: StateDirectory { StateDirectory(path: "\(scratch.path)/state") }
  private var state: String { "\(directory)/9ab7-6d2d-0" }

  private func open(_ directory: StateDirectory? = nil) throws(StateError) -> MemberState? {
    try StateFile(in: directory ?? self.directory, keyID: KeyID([0x9A, 0xB7, 0x6D, 0x2D]), member: 0).read()?
      .state
  }

  /// Makes a state of epoch 7.
  private func write() throws {
    try StateFile(in: directory, keyID: KeyID([0x9A, 0xB7, 0x6D, 0x2D]), member: 0).write(MemberState(epoch: Epoch(7)))
  }

  /// The reason that the state is unusable. It is neither read nor called damaged.
  private func reason(_ directory: StateDirectory? = nil) -> String {
    let error = #expect(throws: StateError.self) { try open(directory) }
    guard let error, case .unusable(let reason) = error else {
      Issue.record("\(String(describing: error))")
      return ""
    }
    #expect("\(error)".hasPrefix("\(reason); mend that, or give an epoch"))
    return reason
  }

  @Test("a state is unusable if other users can write its directory or any parent", arguments: [0o777, 0o775, 0o2775])
  func modes(mode: Int) throws {
    try write()
    for place in [directory.path, scratch.path] {
      #expect(chmod(place, mode_t(mode)) == 0)
      let text = reason()
      #expect(text.contains("\(place) (mode 0\(String(mode, radix: 8)))") && text.contains("-w '\(place)'"), "\(text)")
      #expect(throws: StateError.self) { try directory.probe() }
      #expect(chmod(place, 0o700) == 0)
    }
    #expect(try open()?.epoch?.rawValue == 7 && directory.probe())
  }

  @Test("no state is made below a directory that other users can write")
  func notMade() throws {
    #expect(chmod(scratch.path, 0o777) == 0)
    #expect(reason(StateDirectory(path: "\(scratch.path)/a/b")).contains(scratch.path))
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == [])
  }

  @Test(
    "a state is unusable if its directory or any parent belongs to another user",
    .enabled(if: getuid() == 0, "needs root"))
  func owners() throws {
    try write()
    for place in [directory.path, scratch.path] {
      #expect(chown(place, 4242, 4242) == 0)
      #expect(reason().contains("\(place) belongs to another user (uid 4242)"))
      #expect(chown(place, 0, 0) == 0)
    }
  }

  @Test(
    "a file that another user made first in a sticky directory is unusable and stays unchanged",
    .enabled(if: getuid() == 0, "needs root"), arguments: ["", ".lock"])
  func madeFirst(ending: String) throws {
    #expect(mkdir(directory.path, 0o1777) == 0 && chmod(directory.path, 0o1777) == 0)
    let path = state + ending
    for content in [
      "", "mcast-peer state 1\n", SealedText(lines: MemberState(epoch: .last).lines(for: "9ab7-6d2d 0")).text,
    ] {
      scratch.write(content, to: "state/9ab7-6d2d-0\(ending)", mode: 0o644)
      #expect(chown(path, 4242, 4242) == 0)
      let text = reason()
      #expect(text.contains("\(path) belongs to another user (uid 4242)") && text.contains("sudo chown 0"), "\(text)")
      #expect(throws: StateError.self) { try directory.probe() }
      #expect(try String(contentsOfFile: path, encoding: .utf8) == content)
    }
    // Our own file is usable there, as in /tmp.
    #expect(unlink(path) == 0)
    try write()
    #expect(try open()?.epoch?.rawValue == 7)
  }

  @Test(
    "a state or a lock is unusable if other users can write it, or if it is no regular file", arguments: ["", ".lock"])
  func kinds(ending: String) throws {
    try write()
    let path = state + ending
    #expect(chmod(path, 0o666) == 0)
    #expect(reason().contains("others may change the state file \(path) (mode 0666): chmod go-w '\(path)'"))
    #expect(throws: StateError.self) { try directory.probe() }
    #expect(chmod(path, 0o644) == 0)
    #expect(try open()?.epoch?.rawValue == 7)
    #expect(rename(path, "\(path).real") == 0 && symlink("\(path).real", path) == 0)
    #expect(reason().contains("\(path) is not a regular file"))
    #expect(unlink(path) == 0 && mkfifo(path, 0o600) == 0)
    #expect(reason().contains("\(path) is not a regular file"))
  }

  @Test("a link to the directory is followed if the user or root owns it, as systemd's for a dynamic user")
  func linked() throws {
    let unit = TemporaryDirectory()
    try FileManager.default.createDirectory(
      atPath: "\(unit.path)/private/mcast-peer", withIntermediateDirectories: true)
    #expect(symlink("private/mcast-peer", "\(unit.path)/mcast-peer") == 0)
    #expect(try open(StateDirectory(path: "\(unit.path)/mcast-peer/7")) == nil)
    #expect(FileManager.default.fileExists(atPath: "\(unit.path)/private/mcast-peer/7/9ab7-6d2d-0.lock"))
    #expect(chmod("\(unit.path)/private", 0o777) == 0)
    #expect(reason(StateDirectory(path: "\(unit.path)/mcast-peer/7")).contains("\(unit.path)/private (mode 0777)"))
  }
}
