import Glibc
import SystemPackage

/// A system call that failed.
public struct SystemError: Error, Hashable, CustomStringConvertible {
  /// The call, as named in its man page.
  public let call: String
  /// The reason of the failure.
  public let errno: Errno

  /// One line for a person: the call and the reason.
  public var description: String {
    "\(call): \(errno)"
  }

  /// Makes the error of a call.
  ///
  /// - Parameters:
  ///   - call: The name of the call.
  ///   - code: The value of errno.
  public init(_ call: String, _ code: CInt) {
    self.call = call
    self.errno = Errno(rawValue: code)
  }
}

/// Makes a system call, repeats it if a signal interrupts it, and reads errno before anything else can change it.
///
/// - Throws: ``SystemError`` if the call returns a negative number.
@discardableResult
func system<Count: SignedInteger>(_ name: String, _ call: () -> Count) throws(SystemError) -> Count {
  while true {
    let result = call()
    if result >= 0 { return result }
    let code = errno
    guard code == EINTR else { throw SystemError(name, code) }
  }
}
