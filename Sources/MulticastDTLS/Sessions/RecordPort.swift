import CWolfSSL

/// Where a session's records come in and go out: wolfSSL's I/O callbacks read from it and write to it, and no socket
/// is near.
@safe
final class RecordPort {
  /// The largest record that is captured. Larger than any that a session can make.
  static let capacity = RecordHeader.maximumAccepted

  /// The datagram that the next read is to be given; nil once it is taken.
  var input: UnsafeRawBufferPointer?

  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 16)
  private var capturedCount = 0

  deinit {
    unsafe buffer.deallocate()
  }

  /// The record that the session wrote since ``clear()``, or nil.
  var captured: UnsafeRawBufferPointer? {
    capturedCount == 0 ? nil : unsafe UnsafeRawBufferPointer(rebasing: buffer[..<capturedCount])
  }

  /// Forgets the captured record.
  func clear() {
    capturedCount = 0
  }

  fileprivate func capture(_ record: UnsafeRawBufferPointer) {
    guard unsafe record.count <= buffer.count else { return }
    unsafe buffer.copyMemory(from: record)
    capturedCount = record.count
  }

  fileprivate static func of(_ context: UnsafeMutableRawPointer?) -> RecordPort? {
    unsafe context.map { unsafe Unmanaged<RecordPort>.fromOpaque($0).takeUnretainedValue() }
  }
}

/// wolfSSL's receive callback (wolfSSL manual, `wolfSSL_CTX_SetIORecv`): hands over one datagram, then 'nothing there'.
///
/// wolfSSL asks again within one read when it refuses a record; a second datagram would then be swallowed unseen.
func takeRecord(
  _: OpaquePointer?,
  buffer: UnsafeMutablePointer<CChar>?,
  size: Int32,
  context: UnsafeMutableRawPointer?
) -> Int32 {
  let nothing = cwolfssl_io_want_read
  guard let port = unsafe RecordPort.of(context), let record = unsafe port.input, let start = record.baseAddress,
    let buffer = unsafe buffer
  else { return nothing }
  unsafe port.input = nil
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
  _: OpaquePointer?,
  buffer: UnsafeMutablePointer<CChar>?,
  size: Int32,
  context: UnsafeMutableRawPointer?
) -> Int32 {
  if let port = unsafe RecordPort.of(context), let buffer = unsafe buffer {
    unsafe port.capture(UnsafeRawBufferPointer(start: buffer, count: Int(size)))
  }
  return size
}
