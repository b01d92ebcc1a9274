import MulticastDTLS

/// The quoted names of interfaces, by the kernel's index.
struct InterfaceNames {
  private struct Name: Equatable, CustomStringConvertible {
    let index: UInt32
    static func == (left: Name, right: Name) -> Bool { left.index == right.index }

    /// The current name; the index if the interface is gone.
    var description: String {
      NetworkInterface(index: index)?.name ?? String(index)
    }
  }

  private var last = LastValue<Name>()

  mutating func quoted(_ index: UInt32) -> [UInt8] {
    last.quoted(Name(index: index))
  }
}
