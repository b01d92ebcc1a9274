/// An error of a peer.
public struct PeerError: Error, Sendable, CustomStringConvertible {
  /// The kind of an error.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    /// The name of the kind.
    public let description: String

    /// The group or the interface cannot be used; ``PeerError/underlying`` is a ``NetworkError``.
    public static let network = Code("network")
    /// The state on disk cannot be used, another process uses it, there is no epoch left, or encryption could repeat a
    /// nonce; ``PeerError/underlying`` is a ``StateError``.
    public static let state = Code("state")
    /// wolfSSL or libcrypto failed; ``PeerError/underlying`` is a ``WolfSSLError`` or a ``LibcryptoError``.
    public static let cryptography = Code("cryptography")
    /// Messages are signed, and this member has no identity, or the engine of the records cannot verify signatures;
    /// ``PeerError/underlying`` is a ``SigningError``.
    public static let signing = Code("signing")
    /// A call of the system failed; ``PeerError/underlying`` is a ``SystemError``. When sending, the network takes nothing
    /// now, for instance because the interface is down or has no address.
    public static let system = Code("system")
    /// The message has no bytes.
    public static let emptyMessage = Code("emptyMessage")
    /// The message has more bytes than one record can carry.
    public static let messageTooLong = Code("messageTooLong")
    /// The peer was stopped.
    public static let stopped = Code("stopped")
    /// The peer only listens, and cannot send.
    public static let listening = Code("listening")
    /// The call waits for the receive thread, and was made on it: in the handler.
    public static let calledInHandler = Code("calledInHandler")
    /// Another error; see ``PeerError/underlying``.
    public static let other = Code("other")

    private init(_ description: String) {
      self.description = description
    }
  }

  /// The kind of the error.
  public let code: Code
  /// One line for a person: the fault, its values, and a remedy.
  public let description: String
  /// The error behind it; nil if there is none.
  public let underlying: (any Error)?
  /// The facts about the state on disk that were found before the error, where a peer could not be made.
  public internal(set) var notices: [StateNotice] = []

  init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
    underlying = nil
  }

  /// Wraps an error of a part of the library.
  init(_ error: any Error) {
    if let error = error as? PeerError {
      self = error
      return
    }
    description = "\(error)"
    switch error {
    case let error as SendError:
      code = error.code
      underlying = nil
      return
    case is NetworkError: code = .network
    case is StateError: code = .state
    case is SigningError: code = .signing
    case is WolfSSLError, is LibcryptoError: code = .cryptography
    case is SystemError: code = .system
    default: code = .other
    }
    underlying = error
  }

  /// Runs a body, and wraps the error that it throws.
  static func wrapping<Value: ~Copyable>(_ body: () throws -> Value) throws(PeerError) -> Value {
    do { return try body() } catch { throw PeerError(error) }
  }
}

extension SendError {
  fileprivate var code: PeerError.Code {
    switch self {
    case .empty: .emptyMessage
    case .tooLong: .messageTooLong
    case .stopped: .stopped
    case .listening: .listening
    }
  }
}
