import Messages

/// The embedded contract, found by file name or by symbol.
struct ReflectionIndex: Sendable {
  private struct File {
    var imports: [String]
    var serialized: [UInt8]
  }

  /// The services that this server answers, sorted.
  let services: [String]
  private let files: [String: File]
  private let fileBySymbol: [String: String]

  init(services: some Sequence<String>, files: [DescriptorSet.File] = DescriptorSet.files) {
    self.services = Set(services).sorted()
    self.files = Dictionary(
      uniqueKeysWithValues: files.map { ($0.name, File(imports: $0.imports, serialized: $0.serialized())) })
    fileBySymbol = Dictionary(files.flatMap { file in file.symbols.map { ($0, file.name) } }) { first, _ in first }
  }

  /// The file that declares a service, method, message or enum.
  func file(declaring symbol: String) -> String? {
    fileBySymbol[symbol]
  }

  /// The file, and what it imports directly or not, without those in `sent`, which grows by what is returned. Nil:
  /// there is no such file. The file itself is always returned.
  func fileWithImports(_ name: String, sent: inout Set<String>) -> [[UInt8]]? {
    guard let file = files[name] else { return nil }
    sent.insert(name)
    var result = [file.serialized]
    var waiting = file.imports
    while let next = waiting.popLast() {
      guard sent.insert(next).inserted, let imported = files[next] else { continue }
      result.append(imported.serialized)
      waiting += imported.imports
    }
    return result
  }
}
