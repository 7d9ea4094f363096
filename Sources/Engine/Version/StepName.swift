/// What a step is called in the code, apart from which use of the name it is: `poll#3` is the step `poll`, and
/// `users#2/fetch#4` is `users/fetch`.
package struct StepName: Sendable, Hashable {
  package let text: String
  package let kind: StepKind

  package init(text: String, kind: StepKind) {
    self.text = text
    self.kind = kind
  }

  package init(key: String, kind: StepKind) {
    let parts = key.split(separator: "/", omittingEmptySubsequences: false).map { part in
      guard let mark = part.lastIndex(of: "#"), mark != part.startIndex else { return part }
      let digits = part[part.index(after: mark)...]
      return !digits.isEmpty && digits.utf8.allSatisfy { (0x30...0x39).contains($0) } ? part[..<mark] : part
    }
    self.init(text: parts.joined(separator: "/"), kind: kind)
  }
}
