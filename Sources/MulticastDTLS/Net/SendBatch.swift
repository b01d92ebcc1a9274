import CDatagram

/// Records that wait to be sent together, in a buffer that is used again and again.
@safe
struct SendBatch: ~Copyable {
  /// The most records of a batch: as many as one call sends.
  static let capacity = Int(CDATAGRAM_SEND_BATCH)

  private let capacity: Int
  private let storage: UnsafeMutableRawBufferPointer
  private let sizes: UnsafeMutablePointer<UInt16>
  /// How many records there are, and how many bytes they have.
  private(set) var count = 0
  private var byteCount = 0

  /// Allocates room for a batch of the largest records; tests make more room than the kernel takes.
  init(capacity: Int = capacity) {
    self.capacity = capacity
    unsafe storage = .allocate(byteCount: capacity * RecordHeader.maximumRecord, alignment: 16)
    unsafe sizes = .allocate(capacity: capacity)
    unsafe sizes.initialize(repeating: 0, count: capacity)
  }

  deinit {
    unsafe storage.deallocate()
    unsafe sizes.deallocate()
  }

  /// Takes all records out.
  mutating func clear() {
    (count, byteCount) = (0, 0)
  }

  /// Adds a record that `write` puts into the room that it is given; it returns the record's size.
  mutating func append<Failure: Error>(
    _ write: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
  ) throws(Failure) {
    precondition(count < capacity, "a batch that is full must be sent first")
    let room = unsafe UnsafeMutableRawBufferPointer(
      rebasing: storage[byteCount..<(byteCount + RecordHeader.maximumRecord)])
    let size = try unsafe write(room)
    unsafe sizes[count] = UInt16(size)
    count += 1
    byteCount += size
  }

  /// Lends each record.
  func forEach(_ body: (UnsafeRawBufferPointer) -> Void) {
    var start = 0
    for index in 0..<count {
      let end = unsafe start + Int(sizes[index])
      unsafe body(UnsafeRawBufferPointer(rebasing: storage[start..<end]))
      start = end
    }
  }

  /// Lends the records as the kernel takes them: one after the other, and their sizes.
  func withRecords<Value, Failure: Error>(
    _ body: (UnsafeRawPointer, UnsafeBufferPointer<UInt16>) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    try unsafe body(
      UnsafeRawPointer(storage.baseAddress.unsafelyUnwrapped), UnsafeBufferPointer(start: sizes, count: count))
  }
}
