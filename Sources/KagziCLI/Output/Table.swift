internal import Foundation
internal import Glibc

/// Aligned columns with a header in capitals.
struct Table {
  var header: [String]
  var rows: [[String]] = []

  init(_ header: String...) { self.header = header.map { $0.uppercased() } }

  mutating func add(_ cells: String...) { rows.append(cells) }

  /// The lines; the last column is cut at `width`, if there is one.
  func lines(width: Int?) -> [String] {
    let all = [header] + rows
    let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let isLast = column == row.count - 1
        line += isLast ? cell : cell + String(repeating: " ", count: widths[column] - cell.count + 2)
      }
      while line.last == " " { line.removeLast() }
      if let width, line.count > width { line = line.prefix(max(1, width - 1)) + "…" }
      return line
    }
  }

  func print() { for line in lines(width: Terminal.width) { Swift.print(line) } }
}

enum Terminal {
  /// Writes a line to standard error.
  static func complain(_ message: String) { FileHandle.standardError.write(Data("Error: \(message)\n".utf8)) }

  /// Columns of the terminal on standard output; nil when it is none.
  static var width: Int? {
    guard isatty(STDOUT_FILENO) == 1 else { return nil }
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }
}
