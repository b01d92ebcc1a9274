/// Judges a payload that its tag has authenticated, before wolfSSL or this library accepts its record.
protocol PayloadInspection: AnyObject {
  /// Judges one payload.
  ///
  /// - Parameter number: Bytes 3 to 10 of the record, as in memory: epoch, member and sequence.
  /// - Returns: The reason to reject it; nil to accept it.
  func inspect(_ payload: UnsafeRawBufferPointer, number: UInt64) -> RejectionReason?
}
