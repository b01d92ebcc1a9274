import Testing

@testable import MulticastDTLS

@Suite("The rule for a member's start")
struct StartRuleTests {
  private static let used = MemberState(epoch: .first, isComplete: true)
  private static let unsure = MemberState(epoch: .first)
  private static let unused = MemberState(isComplete: true)
  private static let madeHere = SecretMark(isMadeHere: true)
  private static let named = SecretMark(isMadeHere: true, members: [7])
  private static let other = SecretMark(members: [1])

  private func decide(
    _ state: MemberState = MemberState(), isCopy: Bool = false, _ mark: SecretMark? = nil,
    _ voucher: StartRule.Voucher = .nothing, isEncrypting: Bool = true
  ) -> StartRule.Verdict {
    StartRule.decide(
      .init(state: state, isCopy: isCopy, mark: mark), of: 7, voucher: voucher, isEncrypting: isEncrypting)
  }

  @Test(
    "a member with its state goes on with any mark and voucher, and leaps if the state is a copy",
    arguments: [nil, madeHere, named, other], [true, false])
  func goesOn(mark: SecretMark?, isEncrypting: Bool) {
    for voucher in [StartRule.Voucher.nothing, .user, .running] {
      #expect(decide(Self.used, mark, voucher, isEncrypting: isEncrypting) == .goOn)
      #expect(decide(Self.used, isCopy: true, mark, voucher, isEncrypting: isEncrypting) == .leapFromCopy)
    }
  }

  @Test(
    "without a state, a member is new if the secret was made here and the mark does not list it, or if the user says so"
  )
  func new() {
    #expect(decide(Self.madeHere) == .beginAsNew)
    #expect(decide(SecretMark(isMadeHere: true, members: [1, 8])) == .beginAsNew)
    #expect(decide(nil) == .refuseUnknown && decide(Self.other) == .refuseUnknown)
    #expect(decide(nil, .user) == .beginAsNew && decide(Self.other, .user) == .beginAsNew)
    // The mark overrules an earlier note that the member is new.
    #expect(decide(Self.unused, Self.named) == .refuseLost)
    // The note was made when the secret came to a running member.
    #expect(decide(Self.unused) == .beginAsNew && decide(Self.unused, isCopy: true) == .refuseUnknown)
  }

  @Test("with a new secret, a running member begins as new if the mark says so, and else in a far epoch")
  func running() {
    #expect(decide(nil, .running) == .beginFar && decide(Self.other, .running) == .beginFar)
    #expect(decide(Self.madeHere, .running) == .beginAsNew)
    #expect(decide(nil, .running, isEncrypting: false) == .beginUnsure)
  }

  @Test("a lost state is detected by the mark, also for a running member")
  func lost() {
    for mark in [Self.named, SecretMark(members: [7])] {
      #expect(decide(mark) == .refuseLost && decide(mark, .running) == .refuseLost)
      #expect(decide(mark, .user) == .leapAgainstWord)
      // A start without encryption left this state in its place.
      #expect(decide(Self.unsure, mark) == .refuseLost)
    }
    #expect(decide(Self.unsure) == .refuseLost && decide(Self.unsure, nil, .user) == .leapAgainstWord)
  }

  @Test("without encryption, a member always begins")
  func plain() {
    #expect(decide(isEncrypting: false) == .beginUnsure && decide(Self.named, isEncrypting: false) == .beginAgain)
    #expect(decide(Self.unsure, isEncrypting: false) == .goOn)
    #expect(decide(Self.madeHere, isEncrypting: false) == .beginAsNew)
  }

  private func decide(
    _ mark: SecretMark?, _ voucher: StartRule.Voucher = .nothing, isEncrypting: Bool = true
  ) -> StartRule.Verdict {
    decide(MemberState(), mark, voucher, isEncrypting: isEncrypting)
  }
}

@Suite("Leaps to later epochs")
struct EpochLeapTests {
  @Test("a far epoch is also past epoch 1000")
  func far() throws {
    for last in [nil, Epoch.first, try Epoch(999)] {
      let far = try #require(Epoch.far(past: last))
      #expect((1064...9192).contains(far.rawValue))
    }
    #expect(try #require(Epoch.far(past: Epoch(5000))).rawValue > 5000 && Epoch.far(past: .last) == nil)
  }

  @Test("a leap is a random 64 to 1000 epochs, and there is none if too few are left")
  func distance() throws {
    let chosen = Set((0..<1000).compactMap { _ in Epoch.leap(past: .first)?.rawValue })
    #expect(chosen.allSatisfy { (65...1001).contains($0) } && chosen.count > 500)
    for left in [128, 999] as [UInt16] {
      let next = try #require(Epoch.leap(past: Epoch(UInt16.max - left)))
      #expect(next.rawValue >= UInt16.max - left + 64)
    }
    // With fewer epochs left, two leaps would often be the same.
    #expect(try Epoch.leap(past: Epoch(UInt16.max - 127)) == nil && Epoch.leap(past: .last) == nil)
    #expect(Epoch.leap(past: nil) != nil)
  }

  @Test("two contests in an hour are tolerated, and a third is not")
  func contests() {
    let start = BootInstant.now
    func answers(_ times: [Int]) -> [Bool] {
      var count = ContestCount()
      return times.map { count.admits(now: start + .seconds($0)) }
    }
    #expect(answers([0, 10, 3599]) == [true, true, false])
    #expect(answers([0, 10, 3600, 3609, 3610]) == [true, true, true, false, false])
    #expect(answers([0, 1800, 3600, 5400, 7200]) == [true, true, true, true, true])
  }
}
