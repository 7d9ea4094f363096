import Messages
import Testing

@Suite("The embedded contract is complete")
struct DescriptorSetTests {
  @Test("Every file stands behind those it imports")
  func order() {
    var seen: Set<String> = []
    for file in DescriptorSet.files {
      #expect(seen.isSuperset(of: file.imports), "\(file.name)")
      seen.insert(file.name)
    }
    #expect(seen.contains("kagzi/v1/worker_service.proto"))
  }

  @Test("Every RPC is declared by exactly one file")
  func methods() {
    for method in WorkflowService.methods + WorkerService.methods + ReflectionV1AlphaService.methods {
      let symbol = "\(method.service).\(method.name)"
      #expect(DescriptorSet.files.count { $0.symbols.contains(symbol) } == 1, "\(symbol)")
      #expect(method.path == "/\(method.service)/\(method.name)")
    }
  }

  @Test("A file's bytes begin with its name", arguments: DescriptorSet.files.map(\.name))
  func serialized(name: String) throws {
    let file = try #require(DescriptorSet.files.first { $0.name == name })
    #expect(file.serialized().starts(with: [0x0A, UInt8(name.utf8.count)] + Array(name.utf8)))
  }
}
