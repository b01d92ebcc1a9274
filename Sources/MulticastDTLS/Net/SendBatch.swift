internal import CDatagram

/// Records to send together, in a buffer that is reused.
@safe
struct SendBatch: ~Copyable {
  /// The most records in a batch: as many as one call sends.
  static let capacity = Int(CDATAGRAM_SEND_BATCH)

  private let capacity: Int
  private let storage: UnsafeMutableRawBufferPointer
  private let sizes: UnsafeMutablePointer<UInt16>
  /// The number of records, and their total size in bytes.
  private(set) var count = 0
  private var byteCount = 0

  /// Allocates room for a batch of the largest records. Tests ask for more room than one call takes.
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

  /// Removes all records.
  mutating func clear() {
    (count, byteCount) = (0, 0)
  }

  /// Adds a record. `write` puts it into the given room and returns its size.
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

  /// Lends the records in the form of the socket calls: contiguous bytes, and the sizes.
  func withRecords<Value, Failure: Error>(
    _ body: (UnsafeRawPointer, UnsafeBufferPointer<UInt16>) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    try unsafe body(
      UnsafeRawPointer(storage.baseAddress.unsafelyUnwrapped), UnsafeBufferPointer(start: sizes, count: count))
  }
}
