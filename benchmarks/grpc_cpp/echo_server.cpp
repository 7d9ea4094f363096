// The same echo service on gRPC C++, callback API. Prints "ready PORT" and serves until it is ended.
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <memory>

#include "kagzi/conformance/v1/echo.grpc.pb.h"

namespace echo = kagzi::conformance::v1;

class EchoService final : public echo::EchoService::CallbackService {
  grpc::ServerUnaryReactor* Unary(grpc::CallbackServerContext* context, const echo::EchoRequest* request,
                                  echo::EchoResponse* response) override {
    response->set_body(request->body());
    response->set_sequence(1);
    if (request->has_leaf()) *response->mutable_leaf() = request->leaf();
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

int main() {
  EchoService service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (!server) return 1;
  std::printf("ready %d\n", port);
  std::fflush(stdout);
  server->Wait();
}
