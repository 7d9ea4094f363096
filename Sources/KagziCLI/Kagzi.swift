@main
enum KagziCommand {
  static func main() {}
}
