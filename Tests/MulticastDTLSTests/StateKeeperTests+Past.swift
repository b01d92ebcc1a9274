import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

// MARK: - Members with a past

extension StateKeeperTests {
  @Test(
    "with encryption, a member without a state starts only if the user vouches for it, and later starts need no voucher"
  )
  func unknownPast() throws {
    let error = #expect(throws: StateError.self) { try open(isEncrypting: true) }
    guard case .unknownPast(let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(
      reason.contains("start it once as a new member")
        && reason.contains("if it has ever sent with this secret, change the secret"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["9ab7-6d2d-0.lock"])
    #expect(try open(isEncrypting: true, voucher: .user).epoch == .first)
    #expect(lines.count == 1 && lines[0].contains("nonces repeat"), "\(lines)")
    #expect(try open(isEncrypting: true).epoch.rawValue == 2)
    // The same voucher again is ignored, with a warning.
    #expect(try open(isEncrypting: true, voucher: .user).epoch.rawValue == 3)
    #expect(lines.count == 2 && lines[1].contains("is not new"), "\(lines)")
  }

  @Test(
    "a lost state is detected by the mark, and the user's voucher then leaps to a later epoch")
  func lost() throws {
    let mark = MarkFile(in: directory, keyID: keyID)
    try mark.make()
    #expect(try open(isEncrypting: true).epoch == .first && open(member: 1, isEncrypting: true).epoch == .first)
    try FileManager.default.removeItem(atPath: path)
    #expect(throws: StateError.self) { try open(isEncrypting: true) }
    #expect(try open(isEncrypting: true, voucher: .user).epoch.rawValue >= 65)
    #expect(lines.last?.contains("its state was lost") == true)
    try FileManager.default.removeItem(atPath: directory.path)
    for member in [0, 1] as [MemberID] {
      #expect(throws: StateError.self) { try open(member: member, isEncrypting: true) }
    }
    // The start of one member does not vouch for another.
    #expect(try open(isEncrypting: true, voucher: .user).epoch == .first)
    #expect(throws: StateError.self) { try open(member: 1, isEncrypting: true) }
  }

  @Test("starts without encryption do not vouch for a start with encryption")
  func plainBetween() throws {
    #expect(try open().epoch == .first && open().epoch.rawValue == 2)
    #expect(throws: StateError.self) { try open(isEncrypting: true) }
    #expect(recorded.lines.count { $0.contains("no state: first start, epoch 1") } == 1)
  }

  @Test("a copied or restored state causes a warning and a leap to a later epoch", arguments: [true, false])
  func copied(isWhole: Bool) async throws {
    _ = try open(isEncrypting: true, voucher: .user)
    try await Task.sleep(for: .milliseconds(50))
    #expect(system("cp -a '\(directory)' '\(scratch.path)/backup'") == 0)
    for _ in 0..<5 { _ = try open(isEncrypting: true) }
    let line = isWhole ? "rm -r state && cp -a backup state" : "cp backup/9ab7-6d2d-0 state"
    #expect(system("cd '\(scratch.path)' && \(line)") == 0)
    let epoch = try open(isEncrypting: true).epoch
    #expect((65...1001).contains(epoch.rawValue))
    #expect(lines.last?.contains("is a copy") == true && lines.last?.contains("change the secret") == true)
    let count = lines.count
    #expect(try open(isEncrypting: true).epoch == epoch.next && lines.count == count)
  }

  @Test(
    "a running member's new secret begins in a far epoch after a restart, and a used one without its state is an error"
  )
  func vouched() throws {
    let running = try open(isEncrypting: true, voucher: .user)
    #expect(running.isInUse)
    func hold(_ keyID: KeyID) throws -> StateKeeper {
      try StateKeeper(
        directory: directory, beginning: .next, identity: .init(keyID: keyID, member: 0, isEncrypting: true),
        report: report)
    }
    let next = KeyID([1, 2, 3, 4])
    do {
      let keeper = try hold(next)
      keeper.vouch()
      keeper.finish()
    }
    // A restart with the new secret first.
    let keeper = try hold(next)
    try keeper.begin(.nothing, isStart: true)
    #expect(try (1064...9193).contains(keeper.reserveEpoch().rawValue))
    keeper.finish()
    try FileManager.default.removeItem(atPath: "\(directory)/\(next)-0")
    let lost = try hold(next)
    lost.vouch()
    #expect(throws: StateError.self) { try lost.begin(.running, isStart: false) }
    running.finish()
    #expect(!running.isInUse)
  }

  @Test(
    "files removed from a running member are written again, with one log line",
    arguments: ["rm -r state", "rm state/9ab7-6d2d-0", "rm state/*.lock", "mv state away", "rm state/9ab7-6d2d-0*"])
  func removed(line: String) throws {
    let keeper = try open(isEncrypting: true, voucher: .user)
    let count = lines.count
    func look() {
      keeper.look { Issue.record("\($0)") }
      keeper.flush()
    }
    look()
    #expect(lines.count == count)
    #expect(system("cd '\(scratch.path)' && \(line)") == 0)
    #expect(keeper.isInUse == false)
    look()
    #expect(lines.count == count + 1 && lines.last?.contains("was removed or replaced") == true, "\(lines)")
    #expect(try onDisk() == keeper.state)
    #expect(MarkFile(in: directory, keyID: keyID).read()?.members == [0])
    let error = #expect(throws: StateError.self) { try open() }
    guard case .inUse = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    look()
    #expect(lines.count == count + 1)
  }

  @Test("a state taken by another process is reported once")
  func taken() throws {
    let keeper = try open()
    try FileManager.default.removeItem(atPath: directory.path)
    let other = try open()
    let told = RecordedLog()
    for _ in 0..<3 {
      keeper.look { told.logger.info("\($0)") }
      keeper.flush()
    }
    #expect(told.lines.count == 1 && told.lines[0].contains("runs on this machine already"), "\(told.lines)")
    #expect(try onDisk() == other.state)
  }

  @Test("a start for another group with the same secret causes a warning, and one for the same group does not")
  func groups() throws {
    func start(_ group: String) throws {
      let keeper = try StateKeeper(
        directory: directory, beginning: .next,
        identity: .init(keyID: keyID, member: 0, isEncrypting: true, group: group), report: report)
      try keeper.begin(.user, isStart: true)
      _ = try keeper.reserveEpoch()
    }
    func warned() -> Int { lines.count { $0.contains("records name no group") } }
    try start("239.255.0.1:12345")
    try start("239.255.0.1:12345")
    #expect(warned() == 0)
    try start("239.255.0.2:12345")
    #expect(warned() == 1 && lines.contains { $0.contains("239.255.0.1:12345") && $0.contains("239.255.0.2:12345") })
    try start("239.255.0.2:12345")
    #expect(warned() == 1)
  }

  @Test("an epoch used by another peer is skipped, and the next is on disk before use")
  func contested() throws {
    let keeper = try open(isEncrypting: true, voucher: .user)
    let next = try keeper.reserveEpoch(farPast: Epoch(500))
    #expect((564...1500).contains(next.rawValue) && keeper.epoch == next)
    #expect(try onDisk().epoch == next)
    keeper.skip(past: try Epoch(2000))
    keeper.skip(past: try Epoch(3))
    #expect(try onDisk().epoch?.rawValue == 2000 && keeper.reserveEpoch().rawValue == 2001)
  }
}
