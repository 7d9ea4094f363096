internal import GRPC
internal import Messages

extension Status {
  /// The typed detail of this kind, if the status carries one.
  func detail<Detail: WireMessage>() -> Detail? {
    guard let details else { return nil }
    let suffix = "kagzi.v1.\(Detail.self)"
    return details.withUnsafeBytes { bytes in
      guard let status = try? RPCStatus(wire: bytes) else { return nil }
      for detail in status.details where detail.typeURL.hasSuffix(suffix) {
        return detail.value.withUnsafeBytes { try? Detail(wire: $0) }
      }
      return nil
    }
  }
}
