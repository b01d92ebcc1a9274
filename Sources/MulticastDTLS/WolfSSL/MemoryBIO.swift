internal import CWolfSSL

/// The memory that a session's records come from and go to. wolfSSL's I/O callbacks read and write it instead of a
/// socket.
@safe
struct MemoryBIO: ~Copyable {
  /// The buffers for the callbacks; a plain struct, since an object would cost reference counting per record.
  @safe
  fileprivate struct Buffers {
    /// The next datagram for wolfSSL; nil once it is taken.
    var input: UnsafeRawBufferPointer?
    /// Room for a record; if nil, wolfSSL's output is discarded.
    var output: UnsafeMutableRawBufferPointer?
    /// The size of the record written to the room.
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

  /// The pointer that wolfSSL passes to the callbacks; valid as long as this value lives.
  var context: UnsafeMutableRawPointer { unsafe UnsafeMutableRawPointer(buffers) }

  /// Lends a datagram for reading during `body`.
  func reading<Value>(_ datagram: UnsafeRawBufferPointer, _ body: () -> Value) -> Value {
    unsafe buffers.pointee.input = datagram
    // A datagram that wolfSSL has not taken must not become the next one.
    defer { unsafe buffers.pointee.input = nil }
    return body()
  }

  /// Lends room for one record during `body`.
  ///
  /// - Returns: The result of `body`, and the record's size; 0 if no record was written, or it did not fit.
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
/// If wolfSSL rejects a record, it asks again within the same read, and would swallow a second datagram unseen.
func takeRecord(
  _: OpaquePointer?, buffer: UnsafeMutablePointer<CChar>?, size: Int32, context: UnsafeMutableRawPointer?
) -> Int32 {
  let nothing = cwolfssl_io_want_read
  guard let buffers = unsafe context?.assumingMemoryBound(to: MemoryBIO.Buffers.self),
    let record = unsafe buffers.pointee.input, let start = record.baseAddress, let buffer = unsafe buffer
  else { return nothing }
  unsafe buffers.pointee.input = nil
  // The validation of the header rejects oversized records; a truncated record must not get in either.
  guard record.count <= Int(size) else { return nothing }
  unsafe UnsafeMutableRawPointer(buffer).copyMemory(from: start, byteCount: record.count)
  return Int32(record.count)
}

/// wolfSSL's send callback (wolfSSL manual, `wolfSSL_CTX_SetIOSend`): keeps the record for the caller of the write.
///
/// It never fails: after a failed send wolfSSL keeps the old record, and skips that many bytes of the next message
/// while it reports success.
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
