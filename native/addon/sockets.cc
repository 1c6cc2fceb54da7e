#include <cerrno>

#include "addon/arguments.h"
#include "addon/errors.h"
#include "addon/facilities.h"
#include "sys/unix_socket.h"

namespace prefork::addon {

namespace {

Napi::Value accept(Call call) {
  int listener = int_argument(call, 0);
  int fd = sys::accept_connection(listener);
  if (fd < 0) throw_system_error(call.Env(), errno, "accept4", descriptor_subject(listener));
  return number(call, fd);
}

Napi::Value peer_credentials(Call call) {
  int fd = int_argument(call, 0);
  sys::Credentials credentials{};
  if (sys::peer_credentials(fd, &credentials) < 0) {
    throw_system_error(call.Env(), errno, "getsockopt SO_PEERCRED", descriptor_subject(fd));
  }
  Napi::Object result = Napi::Object::New(call.Env());
  result.Set("pid", number(call, credentials.pid));
  result.Set("uid", number(call, credentials.uid));
  result.Set("gid", number(call, credentials.gid));
  return result;
}

Napi::Value bound_path(Call call) {
  int fd = int_argument(call, 0);
  char path[sizeof(sockaddr_un::sun_path) + 1];
  if (sys::bound_path(fd, path) < 0) throw_system_error(call.Env(), errno, "getsockname", descriptor_subject(fd));
  return Napi::String::New(call.Env(), path);
}

Napi::Value receive(Call call) {
  int fd = int_argument(call, 0);
  Napi::Uint8Array into = bytes_argument(call, 1);
  size_t maximum = call[2].As<Napi::Number>().Uint32Value();
  int descriptors[sys::DESCRIPTORS_PER_MESSAGE];
  size_t count = 0;
  ssize_t bytes = sys::receive(fd, into.Data(), into.ByteLength(), descriptors, maximum, &count, int_argument(call, 3));
  if (bytes < 0) throw_system_error(call.Env(), errno, "recvmsg", descriptor_subject(fd));
  Napi::Array list = Napi::Array::New(call.Env(), count);
  for (uint32_t i = 0; i < count; i++) list.Set(i, number(call, descriptors[i]));
  Napi::Object result = Napi::Object::New(call.Env());
  result.Set("bytes", number(call, static_cast<double>(bytes)));
  result.Set("descriptors", list);
  return result;
}

Napi::Value peek(Call call) {
  int fd = int_argument(call, 0);
  Napi::Uint8Array into = bytes_argument(call, 1);
  ssize_t bytes = sys::peek(fd, into.Data(), into.ByteLength());
  if (bytes < 0 && errno != EAGAIN) throw_system_error(call.Env(), errno, "recv", descriptor_subject(fd));
  return number(call, static_cast<double>(bytes));
}

Napi::Value queued(Call call) {
  int fd = int_argument(call, 0);
  int bytes = 0;
  if (sys::queued(fd, &bytes) < 0) throw_system_error(call.Env(), errno, "ioctl SIOCINQ", descriptor_subject(fd));
  return number(call, bytes);
}

Napi::Value send(Call call) {
  int fd = int_argument(call, 0);
  Napi::Uint8Array data = bytes_argument(call, 1);
  Napi::Array list = call[2].As<Napi::Array>();
  int descriptors[sys::DESCRIPTORS_PER_MESSAGE];
  size_t count = list.Length();
  // More than that is sys::send's to refuse; only as many are read as there is room for.
  for (uint32_t i = 0; i < count && i < sys::DESCRIPTORS_PER_MESSAGE; i++) {
    descriptors[i] = list.Get(i).As<Napi::Number>().Int32Value();
  }
  iovec piece{data.Data(), data.ByteLength()};
  ssize_t sent = sys::send(fd, &piece, 1, descriptors, count, int_argument(call, 3));
  if (sent < 0) throw_system_error(call.Env(), errno, "sendmsg", descriptor_subject(fd));
  return number(call, static_cast<double>(sent));
}

Napi::Value shutdown(Call call) {
  int fd = int_argument(call, 0);
  if (::shutdown(fd, int_argument(call, 1)) < 0) {
    throw_system_error(call.Env(), errno, "shutdown", descriptor_subject(fd));
  }
  return call.Env().Undefined();
}

Napi::Value send_datagram(Call call) {
  std::string path = text_argument(call, 0);
  Napi::Uint8Array data = bytes_argument(call, 1);
  if (sys::send_datagram(path.c_str(), data.Data(), data.ByteLength()) < 0) {
    throw_system_error(call.Env(), errno, "sendto", path);
  }
  return call.Env().Undefined();
}

Napi::Value socket_pair(Call call) {
  int ends[2];
  if (sys::socket_pair(ends) < 0) throw_system_error(call.Env(), errno, "socketpair", "AF_UNIX");
  return pair(call, ends);
}

}  // namespace

void export_sockets(Napi::Env env, Napi::Object exports) {
  export_function<accept>(env, exports, "accept");
  export_function<peer_credentials>(env, exports, "peerCredentials");
  export_function<bound_path>(env, exports, "boundPath");
  export_function<receive>(env, exports, "receive");
  export_function<peek>(env, exports, "peek");
  export_function<queued>(env, exports, "queued");
  export_function<send>(env, exports, "send");
  export_function<shutdown>(env, exports, "shutdown");
  export_function<send_datagram>(env, exports, "sendDatagram");
  export_function<socket_pair>(env, exports, "socketPair");
}

}  // namespace prefork::addon
