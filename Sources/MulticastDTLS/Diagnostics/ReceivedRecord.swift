/// An accepted record: the size of its payload, and what its number, epoch and key tell about its sender.
struct ReceivedRecord {
  /// The size of the payload in bytes.
  let count: Int
  /// The key that made the record.
  let keyID: KeyID
  /// The number of records before it that are missing; -1 if it was counted as missing itself. 0 after a ``SequenceJump``.
  let lost: Int64
  /// With `isFirstOfEpoch`, the epoch before it under the same key, heard by this process or an earlier one.
  var formerEpoch: Epoch?
  /// The facts about it, in one byte, since every record is copied more than once.
  private var traits: Traits = []

  init(count: Int, keyID: KeyID, lost: Int64, isLate: Bool) {
    self.count = count
    self.keyID = keyID
    self.lost = lost
    if isLate { traits = .late }
  }

  /// True if a later record was accepted before it.
  var isLate: Bool { traits.contains(.late) }

  /// True if it is the first record of an epoch later than all in which the member was heard under this key.
  var isFirstOfEpoch: Bool {
    get { traits.contains(.firstOfEpoch) }
    set { traits.set(.firstOfEpoch, to: newValue) }
  }

  /// True if the member restarted: the record begins an epoch of the key that the member sends with.
  var isRestart: Bool {
    get { traits.contains(.restart) }
    set { traits.set(.restart, to: newValue) }
  }

  /// True if the member began to send with this key.
  var isKeyChange: Bool {
    get { traits.contains(.keyChange) }
    set { traits.set(.keyChange, to: newValue) }
  }

  /// True if the member has begun a later epoch, or sends with another key.
  var isStraggler: Bool {
    get { traits.contains(.straggler) }
    set { traits.set(.straggler, to: newValue) }
  }

  /// True if it says nothing but its number.
  var isPlain: Bool { traits.isSubset(of: .late) }

  private struct Traits: OptionSet {
    let rawValue: UInt8

    static let late = Traits(rawValue: 1)
    static let firstOfEpoch = Traits(rawValue: 2)
    static let restart = Traits(rawValue: 4)
    static let keyChange = Traits(rawValue: 8)
    static let straggler = Traits(rawValue: 16)

    mutating func set(_ trait: Traits, to value: Bool) {
      if value { insert(trait) } else { remove(trait) }
    }
  }
}
