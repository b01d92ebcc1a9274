import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

// MARK: - Positions

extension StateKeeperTests {
  @Test("positions survive a restart, also those of members not heard since")
  func heard() throws {
    let (early, late) = (ReplayPosition(epoch: .first, next: 5), ReplayPosition(epoch: .last, next: 70_000))
    do {
      let keeper = try open()
      #expect(keeper.heardBefore.isEmpty)
      keeper.save([1: early, 2: early])
      keeper.finish()
      keeper.finish()
    }
    let second = try open()
    second.save([1: late])
    second.finish()
    #expect(try open().heardBefore == [1: late, 2: early])
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == [
        "9ab7-6d2d-0", "9ab7-6d2d-0.lock", "9ab7-6d2d.nodes",
      ])
  }

  @Test("positions are written before the end")
  func heardSoon() async throws {
    let keeper = try open()
    keeper.save([1: ReplayPosition(epoch: .first, next: 5)])
    try await eventually("the state") { try onDisk().heard == [1: ReplayPosition(epoch: .first, next: 5)] }
    #expect(keeper.epoch == .first)
  }

  @Test("a failing disk is reported once, and positions are written when it works again")
  func failingDisk() throws {
    let keeper = try open()
    // A directory blocks the temporary file of the state.
    try FileManager.default.createDirectory(atPath: "\(path).new", withIntermediateDirectories: false)
    for next in [5, 6] as [UInt64] {
      keeper.save([1: ReplayPosition(epoch: .first, next: next)])
      keeper.flush()
    }
    #expect(lines.count == 1 && lines[0].contains("cannot write the state file"), "\(lines)")
    try FileManager.default.removeItem(atPath: "\(path).new")
    keeper.save([1: ReplayPosition(epoch: .first, next: 7)])
    keeper.finish()
    #expect(try onDisk().heard == [1: ReplayPosition(epoch: .first, next: 7)])
  }

  @Test("a stopped member has released its state and no longer writes it")
  func givenBack() throws {
    let stopped = try open()
    stopped.finish()
    #expect(try open().epoch.rawValue == 2)
    // The stopped member does not write into the state of the new process.
    stopped.save([1: ReplayPosition(epoch: .first, next: 5)])
    stopped.finish()
    #expect(try onDisk().heard == [:])
  }
}
