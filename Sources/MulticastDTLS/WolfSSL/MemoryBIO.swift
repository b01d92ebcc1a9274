import CWolfSSL

/// The memory that a session's records come from and go to: wolfSSL's I/O callbacks read and write it, and no socket is
/// near.
@safe
struct MemoryBIO: ~Copyable {
  /// The callbacks see this. It is no object, so that a record costs no reference count.
  @safe
  fileprivate struct Buffers {
    /// The datagram that wolfSSL is given next; nil once it is taken.
    var input: UnsafeRawBufferPointer?
    /// Room for a record; nil swallows what wolfSSL writes.
    var output: UnsafeMutableRawBufferPointer?
    /// The size of the record that was written to the room.
    var outputCount = 0
  }

  private let buffers: UnsafeMutablePointer<Buffers>

  init() {
    unsafe buffers = .allocate(capacity: 1)
    unsafe buffers.initialize(to: Buffers())
  }

  deinit {
    unsafe buffers.deallocate()
  }

  /// The pointer that wolfSSL hands to the callbacks; valid as long as this lives.
  var context: UnsafeMutableRawPointer { unsafe UnsafeMutableRawPointer(buffers) }

  /// Lends a datagram to be read during `body`.
  func reading<Value>(_ datagram: UnsafeRawBufferPointer, _ body: () -> Value) -> Value {
    unsafe buffers.pointee.input = datagram
    // A datagram that wolfSSL has not taken must not be taken for the next one.
    defer { unsafe buffers.pointee.input = nil }
    return body()
  }

  /// Lends room for one record during `body`.
  ///
  /// - Returns: What `body` returns, and the record's size; 0 if none was written, or none that fits.
  func writing<Value>(to room: UnsafeMutableRawBufferPointer, _ body: () -> Value) -> (value: Value, size: Int) {
    unsafe buffers.pointee.output = room
    unsafe buffers.pointee.outputCount = 0
    defer { unsafe buffers.pointee.output = nil }
    let value = body()
    return (value, unsafe buffers.pointee.outputCount)
  }
}

/// wolfSSL's receive callback (wolfSSL manual, `wolfSSL_CTX_SetIORecv`): hands over one datagram, then 'nothing there'.
///
/// wolfSSL asks again within one read when it rejects a record; a second datagram would then be swallowed unseen.
func takeRecord(
  _: OpaquePointer?, buffer: UnsafeMutablePointer<CChar>?, size: Int32, context: UnsafeMutableRawPointer?
) -> Int32 {
  let nothing = cwolfssl_io_want_read
  guard let buffers = unsafe context?.assumingMemoryBound(to: MemoryBIO.Buffers.self),
    let record = unsafe buffers.pointee.input, let start = record.baseAddress, let buffer = unsafe buffer
  else { return nothing }
  unsafe buffers.pointee.input = nil
  // Admission keeps out what does not fit; a part of a record must not get in either.
  guard record.count <= Int(size) else { return nothing }
  unsafe UnsafeMutableRawPointer(buffer).copyMemory(from: start, byteCount: record.count)
  return Int32(record.count)
}

/// wolfSSL's send callback (wolfSSL manual, `wolfSSL_CTX_SetIOSend`): keeps the record for the caller of the write.
///
/// It never fails: after a failed send wolfSSL keeps the old record, and skips as many bytes of the next message while
/// it reports success.
func captureRecord(
  _: OpaquePointer?, buffer: UnsafeMutablePointer<CChar>?, size: Int32, context: UnsafeMutableRawPointer?
) -> Int32 {
  let count = Int(size)
  if let buffers = unsafe context?.assumingMemoryBound(to: MemoryBIO.Buffers.self), let buffer = unsafe buffer,
    let room = unsafe buffers.pointee.output, let start = room.baseAddress, count <= room.count
  {
    unsafe start.copyMemory(from: buffer, byteCount: count)
    unsafe buffers.pointee.outputCount = count
  }
  return size
}
