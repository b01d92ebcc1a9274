import Synchronization

/// What this node has sent lately, by which its own records, which multicast brings back to it, are told from those of
/// another node that uses its member ID.
final class SentRecords: Sendable {
  /// What can be said of a record that carries this node's member ID, before any cryptography.
  enum Verdict {
    /// This node sent it.
    case ours
    /// This node did not: if it authenticates, another node uses the same ID.
    case notOurs
    /// This node may have sent the like, if it authenticates: from another address, longer ago than it remembers, or
    /// before it was started.
    case repeated
  }

  /// How many records are remembered.
  static let capacity = 256

  private struct Entry {
    /// Bytes 3 to 10 of the record: epoch, member and sequence.
    var number: UInt64 = .max
    /// The last 8 bytes of its tag.
    var tag: UInt64 = 0
  }

  private struct Sent {
    /// The epoch of the latest record, or the one that the node begins in.
    var epoch: UInt16
    var next: UInt64 = 0
    var entries = [Entry](repeating: Entry(), count: capacity)
  }

  private let firstEpoch: UInt16
  private let port: UInt16
  private let sent: Mutex<Sent>

  /// - Parameters:
  ///   - epoch: The epoch that the node begins in.
  ///   - port: The UDP port that it sends from.
  init(epoch: Epoch, port: UInt16) {
    firstEpoch = epoch.rawValue
    self.port = port
    sent = Mutex(Sent(epoch: epoch.rawValue))
  }

  /// Remembers a record. To be called before it is sent, or it could be back sooner.
  func remember(_ record: UnsafeRawBufferPointer) {
    guard let header = unsafe RecordHeader(record.bindMemory(to: UInt8.self).span) else { return }
    let entry = unsafe Entry(number: Self.integer(record, at: 3), tag: Self.integer(record, at: record.count - 8))
    sent.withLock { sent in
      sent.epoch = header.epoch
      sent.next = header.sequence + 1
      sent.entries[Self.place(of: header.sequence)] = entry
    }
  }

  /// Judges an admitted record that carries this node's ID.
  func judge(_ record: UnsafeBufferPointer<UInt8>, header: RecordHeader, from source: Endpoint) -> Verdict {
    let record = UnsafeRawBufferPointer(record)
    let (number, tag) = unsafe (Self.integer(record, at: 3), Self.integer(record, at: record.count - 8))
    return sent.withLock { sent in
      let entry = sent.entries[Self.place(of: header.sequence)]
      // Another node with our ID may say just what we say. What comes back comes from our port.
      if entry.number == number && entry.tag == tag { return source.port == port ? .ours : .repeated }
      let isRemembered =
        header.epoch > sent.epoch
        || header.epoch == sent.epoch && header.sequence + UInt64(Self.capacity) >= sent.next
      if isRemembered { return .notOurs }
      // A receive loop that is behind finds its own records older than that.
      return source.port == port && header.epoch >= firstEpoch ? .ours : .repeated
    }
  }

  private static func place(of sequence: UInt64) -> Int {
    Int(sequence % UInt64(capacity))
  }

  private static func integer(_ record: UnsafeRawBufferPointer, at offset: Int) -> UInt64 {
    unsafe record.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
  }
}
