internal import Foundation
internal import Messages

/// JSON payloads as they are given on the command line.
enum PayloadText {
  /// A payload from a file, standard input (`-`) or the text itself; nil when nothing is given.
  static func read(_ text: String?, file: String?, _ what: String) throws -> Payload? {
    var data: Data?
    if let file {
      guard let contents = FileManager.default.contents(atPath: file) else {
        throw Failed("the file \(file) cannot be read")
      }
      data = contents
    } else if text == "-" {
      data = FileHandle.standardInput.readDataToEndOfFile()
    } else if let text {
      data = Data(text.utf8)
    }
    guard let data else { return nil }
    guard (try? JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)) != nil else {
      throw Failed("\(what) is not valid JSON")
    }
    return Payload(data: Array(data), encoding: "json")
  }
}
